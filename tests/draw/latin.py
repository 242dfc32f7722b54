"""What of a Chinese picture is still in Latin letters: its texts, and the names that may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from tinygraph import ops
from tinygraph.core.graph import ancestors
from tinygraph.core.traced import Traced
from tinygraph.draw.picture import Part, Picture

OPS = {part for name in dir(ops) for part in name.split("_")}
OPS |= {"reduce", "excess", "quotient", "entry", "CE", "glogits"}
NAMES = set(re.findall(r"\w+", "BPTT FLOP kFLOP kB NaN float int bool gz gx gy gw gb GRU LSTM RNN MLP"))
VARIABLES = "lower upper cell function low high total both loss joined context max nodes Wz Wr Wn"
"""Of the networks' code."""
CODE = r"#[0-9a-f]{6}|https?://\S+|\b\w+\(.*?\)|\w+\[.*?\]|\w+@\w+|\b\w+=\S+|^\w+ = .*gz.*|\[…?.*None.*\]"
KEYS = {"Home", "End", "Enter", "Tab", "Esc"}


def english(words: str, names: set[str]) -> set[str]:
    """Words of at least two Latin letters that are no names and no ops; settings (``axis=1``) and rules are code."""
    bare = re.sub(rf"{CODE}|[.1-9a-i?_]{{40,}}", " ", words)  # the last: numbers as characters
    lowered = {x.lower() for x in OPS | NAMES | KEYS | names}
    return {x for x in re.findall(r"[A-Za-z]{2,}", bare) if x.lower() not in lowered}


def names_of(picture: Picture) -> set[str]:
    """Words in names of nodes, scopes, parameters and functions: these stay."""
    nodes = [box.node for box in picture.boxes if box.node is not None]
    whole = ancestors(nodes) if nodes and not any(isinstance(x, Traced) for x in nodes) else nodes
    texts = [f"{x.name} {x.scope}" for x in whole] + [use.name for use in picture.uses]
    texts += [part.text for box in picture.boxes for part in box.title if part.kind == "chip"]
    texts += [b.token for b in picture.bands if not re.search("[\u4e00-\u9fff]", b.token)]
    texts += [f"{tile.cell.row} {tile.cell.column}" for tile in picture.tiles if tile.cell is not None]
    texts += [picture.truncation, picture.beside] if picture.view == "compare" else []  # what the user calls the two
    texts.append(VARIABLES)
    return {word for text in texts for word in re.findall(r"[A-Za-z]+", text)}


def told_by(x: Any) -> Iterator[str]:
    """All texts in nested data, but for colours, roles and the English side of a list of words."""
    if isinstance(x, str):
        yield x
    elif isinstance(x, Part):
        yield x.text
    elif isinstance(x, (list, tuple)):
        for part in x:
            yield from told_by(part)
    elif isinstance(x, dict):
        for key, part in x.items():
            if key == "words":
                yield from part.values()
            elif key not in ("role", "rules", "bars", "fill"):
                yield from told_by(part)
    elif is_dataclass(x):
        yield from told_by({f.name: getattr(x, f.name) for f in fields(x) if f.name not in SILENT})


SILENT = ("cell", "view", "lang", "aside", "beside", "truncation", "differs", "role", "fill", "colour", "node", "level")
