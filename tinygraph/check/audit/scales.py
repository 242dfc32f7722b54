"""Scales: the number by which a gradient is off, by its name: a sign, a 2, the number of steps, the logarithm of 2."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from ...core.structure import leaves
from .cases import Cases
from .naming import TARGETS, role_of
from .subject import Case

Sizes = Mapping[str, int]
"""``T`` time steps, ``B`` rows of a batch, ``outputs`` or classes; those that are known."""

NEAR = 1e-6
"""Relative difference up to which a scale has a name: rounding of a float64 gradient is far below, names far apart."""

_SIZES = ("B", "T", "outputs")


def name_of_scale(scales: Sequence[float], sizes: Sequence[Sizes], near: float = NEAR) -> str:
    """The name of the number that a gradient is off by at several sizes; empty if there is none, or if it is 1.

    Of names that fit the first of: one word, then a product of two, then such a product and a sign.
    """
    if all(abs(scale - 1) <= near for scale in scales):
        return ""
    for name, values in _names(sizes):
        if all(abs(scale - value) <= near * abs(value) for scale, value in zip(scales, values, strict=True)):
            return name
    return ""


def _names(sizes: Sequence[Sizes]) -> Iterator[tuple[str, list[float]]]:
    n = len(sizes)
    words: dict[str, list[float]] = {"sign": [-1.0] * n, "2": [2.0] * n, "1/2": [0.5] * n}
    known = [size for size in _SIZES if all(size in each for each in sizes)]
    for size in known:
        words[size] = [float(each[size]) for each in sizes]
        words[f"1/{size}"] = [1 / each[size] for each in sizes]
    words |= {"ln 2": [math.log(2)] * n, "1/ln 2": [1 / math.log(2)] * n}
    if "T" in known and "B" in known:
        words["T * B"] = [float(each["T"] * each["B"]) for each in sizes]
        words["1/(T * B)"] = [1 / each["T"] / each["B"] for each in sizes]
    yield from words.items()
    both = combinations_with_replacement(words.items(), 2)
    pairs = [(f"{a} * {b}", [x * y for x, y in zip(xs, ys, strict=True)]) for (a, xs), (b, ys) in both]
    yield from pairs
    yield from ((f"sign * {name}", [-x for x in values]) for name, values in pairs if "sign" not in name)


def sizes_of(cases: Cases, case: Case, outputs: Any = None) -> dict[str, int]:
    """The sizes of a case, as its arrays tell them: what all have in common besides time is the batch."""
    sizes = {} if case.steps is None else {"T": case.steps}
    shapes = [*_without_time(case.arguments, cases, ())]
    others = [rest for name, rest in sorted(shapes, key=lambda pair: role_of(pair[0]) == TARGETS) if rest]
    common = set.intersection(*[{n for n in rest if n > 1} for rest in others]) if len(others) > 1 else set()
    if len(common) == 1:
        sizes["B"] = common.pop()
    own = [n for n in (others[-1] if others else ()) if n > 1 and n != sizes.get("B")]
    if outputs is not None:
        own = [n for n in np.shape(leaves(outputs)[0])[-2:] if n > 1 and n not in (sizes.get("B"), case.steps)] or own
    if own:
        sizes["outputs"] = own[-1]
    return sizes


def _without_time(x: Any, cases: Cases, path: tuple[Any, ...]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of the arrays in the arguments without the axis of time; of a list that of its first array."""
    axis, name = cases.places.get(path), str(path[0]) if path else ""
    if isinstance(x, Mapping):
        for key, part in x.items():
            yield from _without_time(part, cases, (*path, key))
    elif isinstance(x, (list, tuple)) and axis is None:
        for k, part in enumerate(x):
            yield from _without_time(part, cases, (*path, k))
    elif isinstance(x, (list, tuple)):
        yield name, np.shape(x[0]) if x else ()
    elif isinstance(x, np.ndarray):
        yield name, x.shape if axis is None else x.shape[:axis] + x.shape[axis + 1 :]
