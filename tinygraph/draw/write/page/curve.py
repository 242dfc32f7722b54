"""The loss over the snapshots of a page: its values, their unit, and the curve beside the slider."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ....core.leaves import Constant
from ....core.node import Node
from ...labels import clean, number
from ...picture import Box, Picture
from ...words import told
from ..look import text

NATS = ("softmax_cross_entropy", "sigmoid_cross_entropy", "log_softmax", "log", "log1p", "logaddexp")
"""Ops whose results are in nats; those of a user may have any unit."""
KEEP = {"sum", "mean", "add", "subtract", "negative", "reshape", "transpose", "stack", "concatenate", "getitem"}
KEEP |= {"where", "broadcast_to", "copy", "multiply", "divide"}
"""Ops whose results have the unit of what they take; of a product or quotient one operand is a plain number."""
LEFT, TOP, WIDE, HIGH = 62, 8, 186, 30


def unit(node: Node) -> str:
    """Returns ``nats`` or ``bits`` if every part of a loss is measured in it, else an empty text."""
    units, seen, todo = set(), {node}, [node]
    while todo:
        x = todo.pop()
        name = "" if x.op is None else x.op.name
        inputs = [v for v in x.inputs if not isinstance(v, Constant)]
        is_scaled = name in ("multiply", "divide")
        if name not in KEEP or (is_scaled and len(inputs) > 1):
            units.add("nats" if name in NATS and type(x.op).__module__.startswith("tinygraph.") else "")
            continue
        if is_scaled and any(_is_ln2(v, name) for v in x.inputs if isinstance(v, Constant)):
            units.add("bits")
            continue
        todo += [v for v in inputs if v not in seen]
        seen.update(inputs)
    return units.pop() if len(units) == 1 else ""


def _is_ln2(factor: Node, op: str) -> bool:
    due = factor.dtype.type(math.log(2) if op == "divide" else 1 / math.log(2))  # in float32 it is another number
    return factor.size == 1 and factor.dtype.kind == "f" and math.isclose(factor.item(), due)


def losses(pictures: Sequence[Picture]) -> dict[str, Any]:
    """Returns name, unit, texts and points of the curve; empty if no box shows a number in all pictures."""
    shown = ([x.node if _tells(x) else None for x in picture.boxes[::-1]] for picture in pictures)
    last = next((row for row in zip(*shown, strict=True) if all(x is not None for x in row)), ())
    nodes = [node for node in last if node is not None]
    if len(nodes) < 2:
        return {}
    lang, node = pictures[-1].lang, nodes[-1]
    values = [x.item() for x in nodes]
    name = clean((node.name or "").strip()) or told("loss", lang)
    finite = [v for v in values if math.isfinite(v)] or [0.0]
    low, span = min(finite), max(finite) - min(finite) or 1.0
    heights = [round(TOP + HIGH * (1 - (v - low) / span), 1) if math.isfinite(v) else None for v in values]
    points = [(round(LEFT + WIDE * k / (len(values) - 1), 1), y) for k, y in enumerate(heights)]
    of = f"{name} ({told(unit(node) or 'no unit', lang)})"
    return {"of": of, "texts": [number(v, 4) for v in values], "points": points, "ends": [low, max(finite)]}


def _tells(box: Box) -> bool:
    return box.node is not None and box.node.size == 1 and any(part.kind == "value" for part in box.title)


def curve(loss: dict[str, Any], lang: str) -> str:
    """Returns the curve with its unit and the numbers at its ends; the script moves the mark to the slider's place."""
    if not loss:
        return ""
    runs: list[list[str]] = [[]]
    for x, y in loss["points"]:
        runs = [*runs, []] if y is None else [*runs[:-1], [*runs[-1], f"{x},{y}"]]
    lines = "".join(f'<polyline points="{" ".join(run)}"/>' for run in runs if run)
    low, high = (number(x, 3) for x in loss["ends"])
    name = f"{loss['of']}: {loss['texts'][0]} → {loss['texts'][-1]}"
    count = told(f"{len(loss['texts'])} snapshots", lang)
    return (
        f'<svg id="curve" viewBox="0 0 256 58" role="img" aria-label="{text(name)}">'
        f'<text class="end" x="{LEFT - 8}" y="{TOP + 4}">{high}</text>'
        f'<text class="end" x="{LEFT - 8}" y="{TOP + HIGH + 4}">{low}</text>'
        f'<line id="now" x1="0" x2="0" y1="{TOP - 6}" y2="{TOP + HIGH + 4}"/>{lines}<circle id="dot" r="4"/>'
        f'<text x="{LEFT + WIDE / 2}" y="55">{text(loss["of"], 60)} · {text(count)}</text></svg>'
    )
