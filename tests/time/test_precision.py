"""float32 and float64 over time: a cell's dtype rules its inputs, a state keeps its dtype, a mixture is told."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, quiet
from tests.each import each

T, B, H = 4, 2, 3
W = tg.parameter(np.linspace(-0.5, 0.5, H * H, dtype=np.float32).reshape(H, H), name="W")
XS = np.cos(np.arange(T * B * H, dtype=np.float32)).reshape(T, B, H)
ZERO = np.zeros((B, H), np.float32)


def widening(x: Any, h: Any) -> Any:
    h = tg.tanh(x + h @ W) / np.sqrt(H)
    return h, h


def in_a_structure(x: Any, state: Any) -> Any:
    y, h = widening(x, state["inner"][1])
    return y, {"inner": (state["inner"][0], h)}


def compiled(fn: Any, backend: str, *args: Any) -> Any:
    return tg.compile(fn, backend=backend)(*args)


SETTINGS = [{}, {"reverse": True}, {"truncate": 2}, {"truncate": 2, "window": "sliding"}, {"lengths": [4, 2]}]


@each_backend
@each("settings", SETTINGS)
def test_a_state_that_changes_its_dtype_is_refused_by_name_and_line(settings: Any, backend: str) -> None:
    state: Any = tg.constant(ZERO, name="h0")
    for call in (
        lambda: tg.unroll(widening, XS, state, **settings),
        lambda: compiled(lambda xs: tg.unroll(widening, xs, state, **settings), backend, XS),
    ):
        with pytest.raises(tg.GraphError, match=r"unroll: state 'h0' changes its dtype at the first step") as caught:
            call()
        text = str(caught.value)
        assert "float32, as before" in text and "float64, from divide" in text and "np.sqrt(H)" in text
        assert "test_precision.py" in text and "fix" in text and "float(...)" in text


def test_a_state_beside_none_is_called_by_its_place() -> None:
    def cell(x: Any, state: Any) -> Any:
        y, h = widening(x, state[1]["h"])
        return y, (None, {"none": None, "h": h}, state[2])

    with pytest.raises(tg.GraphError, match=r"^unroll: state\[1\]\['h'\] changes its dtype at the first step"):
        tg.unroll(cell, XS, (None, {"none": None, "h": ZERO}, np.zeros(1)))


class Leaky(tg.cells.base.linear.LinearCell):
    def __init__(self) -> None:
        super().__init__(H, H)
        self.rate = self.weight(H)

    def linear(self, x: Any) -> Any:
        return tg.cells.base.linear.LinearTerms(self.rate * np.float64(0.9), 0.1 * x)


def made_by_itself(x: Any, h: Any) -> Any:
    h = x * 1.0 if h is None else tg.tanh(x + h @ W) / np.sqrt(H)
    return h, h


@each("cell", [tg.cells.Parallel(Leaky()), Leaky(), made_by_itself])
def test_cells_that_do_not_begin_as_others(cell: Any) -> None:
    for call in (lambda xs: tg.unroll(cell, xs), tg.compile(lambda xs: tg.unroll(cell, xs), backend="numpy")):
        with pytest.raises(tg.GraphError, match="changes its dtype at the first step"):
            call(XS)


def test_the_place_of_the_state_is_named() -> None:
    state = {"inner": (np.zeros(2), ZERO)}
    for call in (
        lambda xs: tg.unroll(in_a_structure, xs, state),
        tg.compile(lambda xs: tg.unroll(in_a_structure, xs, state)),
    ):
        with pytest.raises(tg.GraphError, match=r"unroll: state\['inner'\]\[1\] changes its dtype"):
            call(XS)


@each(
    "state, cell",
    [
        (np.zeros((B, H), int), lambda x, h: (h, h + x)),
        (ZERO.astype(np.float64), lambda x, h: (h, x)),
        (ZERO.astype(np.float16), lambda x, h: (h, h + x)),
        (np.ones((B, H), bool), lambda x, h: (x, x)),
    ],
)
def test_other_changes_of_dtype_too(state: Any, cell: Any) -> None:
    for call in (
        lambda: tg.unroll(cell, XS, state),
        lambda: compiled(lambda xs: tg.unroll(cell, xs, state), "numpy", XS),
    ):
        with pytest.raises(tg.GraphError, match="changes its dtype") as caught:
            call()
        assert str(np.asarray(state).dtype) in str(caught.value) and "float32" in str(caught.value)


def test_a_cell_that_cannot_be_traced_is_refused_too() -> None:
    def cell(x: Any, h: Any) -> Any:
        h = h + x * np.float64(2 if x.value.sum() > 0 else 3)
        return h, h

    with pytest.raises(tg.GraphError, match="changes its dtype") as caught:
        tg.unroll(cell, XS, ZERO)
    assert "test_precision.py" in str(caught.value)


@each_backend
@each("start", [0.0, 0, 1.5])
def test_a_number_as_a_state_takes_the_dtype_of_the_inputs(start: Any, backend: str) -> None:
    def run(xs: Any) -> Any:
        return tg.unroll(lambda x, h: ((0.5 * h + x),) * 2, xs, start)

    h: Any = start
    for x in XS:
        h = 0.5 * h + x
    for outputs, last in (compiled(run, backend, XS), [y.value for y in run(XS)]):
        assert outputs.dtype == last.dtype == h.dtype == np.float32
        np.testing.assert_allclose(last, h, 1e-6)


@each_backend
@each("start", [0.1, 0])
@each("settings", [{}, {"lengths": [4, 2]}, {"feedback": lambda y: y.astype(np.float32)}])
def test_a_number_as_a_state_widens_with_the_weights(start: Any, settings: Any, backend: str) -> None:
    w = tg.parameter(0.7)

    def run(xs: Any) -> Any:
        outputs, last = tg.unroll(lambda x, h: pair(w * h + x), xs, start, **settings)
        return outputs, last, tg.grad(tg.sum(outputs), w)

    wide = run(XS.astype(float)) if "feedback" not in settings else run(XS)
    with quiet():
        results = compiled(run, backend, XS)
    for a, b, right in zip(results, run(XS), wide, strict=True):
        assert a.dtype == b.dtype == np.float64
        np.testing.assert_allclose(a, b.value, 1e-12)
        np.testing.assert_allclose(a, right.value, 1e-6)
    h = start
    for x in XS if not settings else []:
        h = 0.7 * h + x.astype(float)
    if not settings:
        np.testing.assert_allclose(results[1], h, 1e-6)


def pair(y: Any) -> Any:
    return y, y


def lstm() -> Any:
    return tg.cells.LSTM(H, H, rng=0)


CELLS: dict[str, Any] = {
    "LSTM": lstm,
    "Stack": lambda: tg.cells.Stack([lstm(), tg.cells.GRU(H, H, rng=1)]),
    "Bidirectional": lambda: tg.cells.Bidirectional(lstm(), lstm()),
    "Residual": lambda: tg.cells.Residual(lstm()),
    "LayerNorm": lambda: tg.cells.LayerNorm(lstm()),
    "Parallel": lambda: tg.cells.Parallel(tg.cells.minGRU(H, H, rng=0)),
}


@each_backend
@each("name", CELLS)
@each("settings", [{}, {"lengths": [4, 2]}, {"truncate": 2, "window": "sliding"}])
def test_float64_data_in_a_layer_of_float32(settings: Any, name: str, backend: str) -> None:
    cell = CELLS[name]()
    if name in ("Bidirectional", "Parallel") and "window" in settings:
        settings = {}

    def run(xs: Any) -> Any:
        outputs, state = tg.unroll(cell, xs, **settings)
        return outputs, state, tg.grad(tg.sum(outputs * outputs), xs)

    right = run(tg.constant(XS))
    wide = XS.astype(np.float64)
    for call in (lambda: run(tg.constant(wide)), lambda: compiled(run, backend, wide)):
        outputs, state, gx = call()
        assert outputs.dtype == np.float32 and gx.dtype == np.float64
        assert {s.dtype for s in tg.core.structure.leaves(state)} == {np.dtype(np.float32)}
        np.testing.assert_allclose(getattr(outputs, "value", outputs), right[0].value, 2e-5, 2e-6)
        np.testing.assert_allclose(getattr(gx, "value", gx), right[2].value, 2e-4, 2e-5)


def test_a_layer_and_an_array_of_float64() -> None:
    layer = tg.Recurrent(lstm(), axis=1)
    outputs, (h, c) = layer(np.swapaxes(XS, 0, 1).astype(float), (np.zeros((B, H)), tg.constant(np.zeros((B, H)))))
    assert outputs.dtype == h.dtype == c.dtype == np.float32
    wide = tg.cells.LSTM(H, H, rng=0, dtype=np.float64)
    outputs, (h, c) = tg.unroll(wide, XS, (ZERO, ZERO))
    assert outputs.dtype == h.dtype == c.dtype == np.float64
    fed, _ = tg.unroll(tg.cells.GRU(H, H, rng=0), XS.astype(float), feedback=lambda y: y * 1.0)
    assert fed.dtype == np.float32


def test_the_second_layer_has_its_own_dtype() -> None:
    cell = tg.cells.Stack([tg.cells.GRU(H, H, rng=0, dtype=np.float64), tg.cells.GRU(H, H, rng=1)])
    outputs, (first, second) = tg.unroll(cell, XS)
    assert (outputs.dtype, first.dtype, second.dtype) == (np.float32, np.float64, np.float32)


def test_one_hot_integers_do_not_widen_a_layer() -> None:
    cell, hot = tg.cells.GRU(H, H, rng=0), np.eye(H, dtype=int)[[[0, 1], [2, 2], [1, 0]]]
    outputs, h = tg.unroll(cell, hot)
    assert outputs.dtype == h.dtype == np.float32
    np.testing.assert_array_equal(outputs.value, tg.unroll(cell, hot.astype(np.float32))[0].value)


def told(fn: Any, *calls: Any, backend: str = "numpy") -> list[str]:
    step = tg.compile(fn, backend=backend)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for args in calls:
            step(*args)
    assert all(w.category is tg.WideningWarning and w.filename.endswith("test_precision.py") for w in caught)
    return [str(w.message) for w in caught]


def scaled(x: Any) -> Any:
    y = x @ W
    return tg.sum(y / np.sqrt(H))


@each_backend
def test_a_plan_that_mixes_both_says_so_once_and_names_the_line(backend: str) -> None:
    (text,) = told(tg.value_and_grad(scaled, [W]), (ZERO,), (ZERO,), (XS[0, :1],), backend=backend)
    assert "float32 becomes float64 in divide" in text and "tg.sum(y / np.sqrt(H))" in text and "fix" in text
    assert "float32 (2, 3), float64 ()" in text


def by_array(xs: Any) -> Any:
    return tg.unroll(lambda x, h: (h @ W, tg.tanh(x + h * np.ones(H))), xs, np.zeros((B, H)))[0]


def test_within_a_cell_and_by_an_array() -> None:
    (text,) = told(by_array, (XS,))
    assert "becomes float64 in" in text and "lambda x, h" in text


@each(
    "fn, args",
    [
        (scaled, (ZERO.astype(float).astype(np.float32),)),
        (lambda x: x * 2.5 + np.float32(2) * x**2, (ZERO,)),
        (lambda x: x.astype(float) * np.float64(2.5), (ZERO,)),
        (lambda x: (x * 2.0, np.arange(3.0) * 2), (ZERO,)),
        (lambda x: tg.mean(tg.softmax(x / float(np.sqrt(H)))), (ZERO,)),
        (lambda xs: tg.unroll(lstm(), xs), (XS.astype(float),)),
        (lambda x, i: tg.softmax_cross_entropy(x, i), (ZERO, np.array([0, 1]))),
    ],
)
def test_what_does_not_widen_is_silent(fn: Any, args: Any) -> None:
    if fn is scaled:
        fn = lambda x: tg.sum((x @ W) / float(np.sqrt(H)))  # noqa: E731
    assert told(fn, args) == []


def test_uncompiled_it_is_numpys_rule_without_a_word() -> None:
    assert scaled(ZERO).dtype == np.float64
