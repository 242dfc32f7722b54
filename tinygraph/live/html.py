"""A live page as HTML: its own markup, style and script, and a policy that allows nothing else."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from ..draw.write.page import data_element, source_hash

SCRIPTS = ("words", "scene", "charts", "paint", "readout", "controls", "keys", "start")
"""Files of the page's script, in the order in which they are joined, after the module and `network.js`."""


def html(data: dict[str, Any], module: str) -> str:
    """The text of the file."""
    program = script(module)
    style = _file("style.css")
    policy = (
        f"default-src 'none'; script-src '{source_hash(program)}'; style-src '{source_hash(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{data["lang"]}"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(data['title'])}</title>\n<style>{style}</style></head>\n"
        f"<body>{_file('body.html')}{data_element({**data, 'zh': _chinese()})}"
        f'<script type="module">{program}</script>\n</body></html>\n'
    )


def script(module: str) -> str:
    """The module, the network and the page, as one module: its policy lets no module be imported."""
    page = "\n".join(_file(f"{name}.js") for name in SCRIPTS)
    return f"{module}\n{_file('network.js')}\n{{\n'use strict';\n{page}}}\n".replace("</", "<\\/")


@cache
def _chinese() -> dict[str, str]:
    lines = _file("zh.txt").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / "shown" / name).read_text(encoding="utf-8")
