"""np.nditer in recorded files: what is written to an element is in the array, in numpy's order; elsewhere refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

X = np.arange(6.0).reshape(2, 3) / 4 + 0.5


def constants_written(x: Any) -> Any:
    h = np.zeros((2, 3))
    for v in np.nditer(h, op_flags=["readwrite"]):
        v[...] = 5
    return h * x


def nodes_written(x: Any) -> Any:
    h = x * 2.0
    with np.nditer(h, [], [["readwrite"]]) as steps:
        for v in steps:
            v[...] = v * v
    return h


def by_places(x: Any) -> Any:
    h = np.zeros((2, 3))
    it = np.nditer(h, flags=["multi_index"], op_flags=["readwrite"])
    while not it.finished:
        i, j = it.multi_index
        h[i, j] = x[i, j] * it.iterindex
        it[0][...] += x[0, j]
        it.iternext()
    return h


def in_memorys_order(x: Any) -> Any:
    h = np.copy(x)
    rows = [v * (k + 1) for k, v in enumerate(np.nditer(h.T))]
    return np.stack([r * 1.0 for r in rows])


def in_another_order(x: Any) -> Any:
    h, total = np.copy(x)[::-1], 0.0
    for k, v in enumerate(np.nditer(h, order="F")):
        total = total + v * v * k
    return total


def of_plain_numbers(x: Any) -> Any:
    numbers, total = np.arange(6).reshape(2, 3), 0.0
    for k, v in enumerate(np.nditer(numbers, order="F")):
        total = total + x[0, 0] * v * k
    for v, w in np.nditer([numbers, numbers.T.reshape(2, 3)], ["external_loop"], order="C"):
        total = total + x[0, 1] * (v @ w)
    return total


def of_a_view(x: Any) -> Any:
    h = np.zeros((3, 3))
    it = np.nditer(h[1:], flags=["c_index"], op_flags=["readwrite"])
    for v in it:
        v[...] = x[0, 1] * it.index
    return h


def of_integers(x: Any) -> Any:
    return np.stack([x[0] * int(n) for n in np.nditer(np.arange(3))])


CALLS = [
    constants_written,
    nodes_written,
    by_places,
    in_memorys_order,
    in_another_order,
    of_a_view,
    of_integers,
    of_plain_numbers,
]


@each("call", {fn.__name__: fn for fn in CALLS}.values())
def test_values_are_numpys_and_gradients_those_of_finite_differences(call: Any) -> None:
    w = tg.parameter(X)
    z = tg.recorded(call)(w)
    np.testing.assert_allclose(z.value, call(X), 1e-14)
    total = lambda x: np.sum(np.sin(call(x)))  # noqa: E731
    slopes = [(total(X + d) - total(X - d)) / 2e-6 for d in np.eye(6).reshape(6, 2, 3) * 1e-6]
    np.testing.assert_allclose(tg.grad(tg.sum(tg.sin(z)), w).value.ravel(), slopes, 1e-6, 1e-8)
    np.testing.assert_allclose(tg.compile(tg.recorded(call))(w), call(X), 1e-14)


@each("way", ["recorded", "plain", "compiled"])
def test_what_it_cannot_do_is_refused_by_line(way: str) -> None:
    calls = [
        lambda x: [a * b for a, b in np.nditer([x * 1.0, x])],
        lambda x: list(np.nditer(x * 1.0, flags=["external_loop"])),
        lambda x: list(np.nditer(x * 1.0, op_dtypes=[np.float32])),
    ]
    if way != "recorded":
        calls.append(lambda x: sum(v for v in np.nditer(x * 1.0)))
    for call in calls:
        with pytest.raises(
            tg.GraphError, match=r"np\.nditer goes over (?s:.*)got .*test_nditer.*\n  fix .*np\.ndindex"
        ):
            {"recorded": tg.recorded, "compiled": tg.compile}.get(way, lambda fn: fn)(call)(tg.parameter(X))


def test_other_ways_over_the_elements_work_everywhere() -> None:
    calls: list[Any] = [
        lambda x: sum(v * v * (i + j) for (i, j), v in np.ndenumerate(x * 1.0)),
        lambda x: sum(x[at] * x[at] * sum(at) for at in np.ndindex(x.shape)),
        lambda x: sum(v * v * (k // 3 + k % 3) for k, v in enumerate((x * 1.0).flat)),
    ]
    for call in calls:
        for z in (call(tg.parameter(X)), tg.recorded(call)(tg.parameter(X)), tg.compile(call)(tg.parameter(X))):
            np.testing.assert_allclose(z.value if isinstance(z, tg.Node) else z, call(X), 1e-14)


def test_it_has_the_names_of_numpys_steps_but_not_its_memory() -> None:
    def look(x: Any) -> Any:
        it = np.nditer(x * 1.0, flags=["multi_index"])
        for name in ("value", "itviews", "dtypes", "no_name"):
            assert not hasattr(it, name)
        assert (it.itersize, it.iterindex, it.multi_index, it.finished) == (6, 0, (0, 0), False)
        first = [float(v) for v in it]
        assert it.finished and len(it.operands) == 1
        it.reset()
        assert [float(v) for v in it] == first
        return it[0] if not it.finished else first[-1] * x

    np.testing.assert_allclose(tg.recorded(look)(tg.parameter(X)).value, X[-1, -1] * X, 1e-14)
