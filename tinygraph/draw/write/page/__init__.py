"""A drawing as an interactive page: one HTML file with its own SVG, style and script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ...picture import Picture
from ...views.formulas import LocalRule
from ...words import markup, said
from ..look import text
from ..margin import description, title_of
from .beside import differences, keys, legend, table
from .columns import Column
from .curve import curve, losses
from .facts import fixed, users
from .numbers import numbers
from .palette import Palette
from .replay import one_scale, shots
from .svg import Drawn, drawn, extent, faces

SCRIPTS = ("state", "view", "fold", "loose", "panel", "walk", "search", "table", "replay", "ribbon", "theme", "start")
"""Files of the script, in the order in which they are concatenated."""


def page(picture: Picture, snapshots: Sequence[Picture] = ()) -> str:
    """Returns the HTML page of a picture; ``snapshots``: pictures of the same network at earlier times of training.

    The same picture gives the same text. The content security policy allows only the page's own style and script, by
    their hashes: no network, no other script, no style attributes.

    Raises:
        GraphError: a snapshot differs from the picture in more than numbers.
    """
    colours = Palette(lang=picture.lang)
    pictures = one_scale([*snapshots, picture])
    picture, moments = pictures[-1], shots(pictures, colours)
    rules: dict[LocalRule, int] = {}
    boxes = [fixed(box, rules, picture.lang) for box in picture.boxes]
    svg = drawn(picture, colours)
    for facts, c in zip(boxes, svg.owner, strict=True):
        facts["column"] = c
    loss = losses(pictures)
    data = {
        "boxes": boxes,
        "arrows": [[x.tail, x.head, int(x.dashed)] for x in picture.arrows],
        "columns": [_column(step) for step in svg.steps],
        "rules": [*rules],
        "shots": moments,
        "users": users(picture),
        "extent": extent(picture),
        "loss": loss,
        "words": said(_script(), picture.lang),
    }
    side = legend(picture, colours)
    style = colours.css() + faces() + _file("style.css")
    replay = markup(_file("replay.html"), picture.lang).replace("{last}", str(len(moments) - 1))
    footer = replay.replace("{curve}", curve(loss, picture.lang)) if len(moments) > 1 else ""
    return (
        f"{_head(picture, style, _script())}{_body(picture, svg, side, footer)}"
        f"{data_element(data)}<script>{_script()}</script>\n</body></html>\n"
    )


@cache
def _script() -> str:
    return "".join(["(() => {\n'use strict';\n", *(_file(f"{name}.js") for name in SCRIPTS), "})();\n"])


def _column(step: Column) -> dict[str, Any]:
    edges = {"left": step.left, "right": step.right, "foot": -step.foot, "top": -step.top}
    return {k: round(v, 1) for k, v in edges.items()} | {"title": step.title, "short": step.short}


def _head(picture: Picture, style: str, script: str) -> str:
    policy = (
        f"default-src 'none'; script-src '{source_hash(script)}'; style-src '{source_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{picture.lang}"><head><meta charset="utf-8"/>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{text(title_of(picture))}</title>\n<style>{style}</style></head>\n"
    )


def _body(picture: Picture, svg: Drawn, side: str, footer: str) -> str:
    title = f"<h1>{text(picture.title)}</h1>" if picture.title else ""
    subtitle = f"<p>{text(picture.subtitle)}</p>" if picture.subtitle else ""
    tools, panel = (markup(_file(f"{name}.html"), picture.lang) for name in ("tools", "panel"))
    return (
        f'<body><header><div class="titles">{title}{subtitle}</div>{tools}</header>\n'
        '<main><div class="middle"><div id="stage">'
        '<svg id="picture" xmlns="http://www.w3.org/2000/svg" role="tree" tabindex="0" text-anchor="middle" '
        f'viewBox="{_window(picture)}" aria-label="{text(description(picture), 400)}">\n'
        f'<g id="world" role="presentation">{svg.markup}</g></svg>'
        f'<canvas id="ribbon" height="56" hidden="" aria-hidden="true"></canvas></div>{numbers(picture)}</div>\n'
        f"<aside>{panel}{table(picture)}{side}{differences(picture)}{keys(picture)}</aside></main>\n{footer}"
    )


def _window(picture: Picture) -> str:
    left, top, right, foot = extent(picture)
    return f"{left - 20:.1f} {top - 20:.1f} {right - left + 40:.1f} {foot - top + 40:.1f}"


def data_element(data: Any) -> str:
    """Returns the data in a script element, with the signs escaped that could end it early."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        body = body.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/json" id="data">{body}</script>\n'


def source_hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
