"""Random right passes as files: cells, layouts, losses and styles by chance, for the test that none is called wrong.

for one in right_passes(300, seed=0, folder=folder):
    arguments, keywords = one.call(loaded(one.file))
    report = tg.check.audit(*arguments, **keywords)
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .passes import Call, Pass
from .right_style import NAMES, Style
from .right_text import Writer

CELLS = ("tanh", "tanh", "sigmoid", "relu", "lstm", "packed", "gru")
LAYOUTS = ("column", "vector", "batch", "batch_first")
LOSSES = ("half", "full", "mean", "nats", "bits", "binary")
FORMS = ("functions", "dict", "step", "attributes", "updated")
KEEPS = {"attributes": "attributes", "updated": "updated"}


@dataclass(frozen=True)
class Right(Pass):
    """A right pass and how it is written."""

    style: Style | None = None


def right_passes(count: int, seed: int, folder: Path) -> Iterator[Right]:
    """Writes so many passes into a folder; the same seed writes the same."""
    chance = random.Random(seed)
    for n in range(count):
        yield written(_style(chance), f"right_{seed}_{n}", folder)


def written(style: Style, name: str, folder: Path) -> Right:
    """One pass in one style."""
    file = folder / f"{name}.py"
    file.write_text(Writer(style).text(), encoding="utf-8")
    inside = {"step": "step", "attributes": "Net.backward", "updated": "Net.backward"}.get(style.form, "backward")
    keep = KEEPS.get(style.form, "returned")
    return Right(name, file, tuple(style.weights()), (inside,), partial(call, style), keep, style)


def call(style: Style, m: ModuleType) -> Call:
    """The arguments for `tg.check.audit`."""
    rng, dtype = np.random.default_rng(29), np.float32 if style.float32 else np.float64
    weights = {name: (rng.normal(size=shape) * 0.5).astype(dtype) for name, shape in style.weights().items()}
    xs, ts, h0 = (value.astype(dtype) for value in (_inputs(style, rng), _targets(style, rng), _first(style, rng)))
    if style.owned:
        return (m.Net(**weights),), {"loss": m.loss, "inputs": xs, "targets": ts}
    arguments = {"xs": xs, "ts": ts, "h0": h0}
    if style.form == "step":
        return (m.step,), {"parameters": weights, "arguments": arguments}
    return (m.backward, m.loss, weights, arguments), {}


def _style(chance: random.Random) -> Style:
    sizes = (chance.choice((3, 4, 5)), chance.choice((2, 3)), *chance.sample((2, 3, 4, 5, 6, 7), 3))
    style = Style(
        cell=chance.choice(CELLS),
        layout=chance.choice(LAYOUTS),
        loss=chance.choice(LOSSES),
        form=chance.choice(FORMS),
        states=chance.choice(("list", "dict")),
        product=chance.choice(("@", "np.dot")),
        names=chance.choice(NAMES),
        every=chance.random() < 0.75,
        clip=chance.choice(("", "", "", "value", "norm")),
        bound=chance.choice((5.0, 1.0, 0.5)),
        float32=chance.random() < 0.1,
        sizes=sizes,
    )
    cut = chance.random() < 0.25 and style.every and style.cell in ("tanh", "sigmoid", "relu", "gru")
    return (
        replace(style, truncated=2) if cut and style.form in ("functions", "dict") and style.loss != "mean" else style
    )


def _shape(style: Style, size: int, steps: bool) -> tuple[int, ...]:
    T, B = style.sizes[:2]
    one = {"column": (size, 1), "vector": (size,)}.get(style.layout, (B, size))
    if not steps:
        return one
    return (B, T, size) if style.layout == "batch_first" else (T, *one)


def _inputs(style: Style, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=_shape(style, style.sizes[2], steps=True))


def _targets(style: Style, rng: np.random.Generator) -> np.ndarray:
    numbers: Any = rng.normal(size=_shape(style, style.sizes[4], steps=style.every))
    if style.loss == "binary":
        return (numbers > 0) * 1.0
    if style.loss in ("nats", "bits"):
        axis = numbers.ndim - (2 if style.layout == "column" else 1)
        return (numbers == numbers.max(axis=axis, keepdims=True)) * 1.0
    return numbers


def _first(style: Style, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=_shape(style, style.sizes[3], steps=False))
