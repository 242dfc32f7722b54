"""Random shapes, indices and subscripts for hypothesis, small enough to compute a gradient of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from .case import spaced

quick = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

shapes = st.lists(st.integers(0, 3), max_size=3).map(tuple)


def array(shape: tuple[int, ...]) -> np.ndarray:
    return spaced(shape)[0]


@st.composite
def basic_index(draw: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Ints, slices of any step, None and at most one ``...``, for some of the axes."""
    used = draw(st.integers(0, len(shape)))
    key: list[Any] = [_one_axis(draw, n) for n in shape[:used]]
    if draw(st.booleans()):
        rest = draw(st.integers(0, len(shape) - used))
        key += [..., *(_one_axis(draw, n) for n in shape[len(shape) - rest :])]
    for _ in range(draw(st.integers(0, 2))):
        key.insert(draw(st.integers(0, len(key))), None)
    return tuple(key)


def _one_axis(draw: Any, n: int) -> Any:
    if n and draw(st.booleans()):
        return draw(st.integers(-n, n - 1))
    bound = st.none() | st.integers(-n - 1, n + 1)
    return slice(draw(bound), draw(bound), draw(st.sampled_from([None, 1, 2, -1, -2])))


@st.composite
def array_index(draw: Any, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Integer arrays that broadcast together, slices, ints and masks, one for each of the first axes."""
    joint = draw(st.sampled_from([(), (2,), (3, 2), (0,)]))
    key: list[Any] = []
    for n in shape[: draw(st.integers(1, len(shape)))]:
        kind = draw(st.sampled_from(["array", "array", "list", "slice", "int", "None"]))
        if kind in ("array", "list") and n:
            places = [draw(st.integers(-n, n - 1)) for _ in range(int(np.prod(joint)))]
            whole = np.array(places, dtype=np.int64).reshape(joint)
            key.append(whole.tolist() if kind == "list" and joint else whole)
        elif kind == "int" and n:
            key.append(draw(st.integers(-n, n - 1)))
        else:
            key += [None, slice(None)] if kind == "None" else [slice(None, None, draw(st.sampled_from([1, -1, 2])))]
    return tuple(key)


@st.composite
def einsum_call(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
    """Subscripts of one to three terms over four letters, repeated letters and sizes 0 to 3 among them."""
    sizes = {c: draw(st.integers(1, 3)) for c in "abcd"}
    terms = draw(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3))
    used = sorted(set("".join(terms)))
    if used and draw(st.integers(0, 9)) == 0:
        sizes[used[0]] = 0
    out = draw(st.permutations(used))[: draw(st.integers(0, len(used)))]
    arrow = "->" + "".join(out) if draw(st.booleans()) else ""
    return ",".join(terms) + arrow, [tuple(sizes[c] for c in term) for term in terms]
