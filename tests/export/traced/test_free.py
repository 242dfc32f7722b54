"""Free sizes: told from two traces, and refused where nothing can follow them; names of inputs and results."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.core.scope import now
from tinygraph.export.traced.free import free
from tinygraph.export.traced.outline import outlined
from tinygraph.export.traced.sizes import Filled, Size, Solver

BOTH = ("T", "B")


def test_a_size_is_told_from_two_traces() -> None:
    solver = Solver(BOTH)
    (t, b), (u, c) = (tuple(sizes.values()) for sizes in (solver.first, solver.second))
    told = {
        "T": (t, u),
        "4 B": (4 * b, 4 * c),
        "T B": (t * b, u * c),
        "T - 1": (t - 1, u - 1),
        "3 T B": (3 * t * b, 3 * u * c),
    }
    assert {text: str(solver.size(*pair)) for text, pair in told.items()} == {text: text for text in told}
    assert solver.size(7, 7) == 7
    with pytest.raises(tg.GraphError, match="a size is"):
        solver.size(t + b, u + c)


@each("k", range(1, 400))
def test_no_size_is_taken_for_another(k: int) -> None:
    solver = Solver(BOTH)
    for letters in (("T",), ("B",), BOTH):
        first, second = (k * int(np.prod([sizes[x] for x in letters])) for sizes in (solver.first, solver.second))
        assert solver.size(first, second) == Size(letters, k)


def test_arrays_of_free_sizes() -> None:
    solver = Solver(BOTH)
    t, u = solver.first["T"], solver.second["T"]
    assert solver.array(np.zeros((t, 3)), np.zeros((u, 3))) == Filled(0.0, (Size(("T",)), 3), np.dtype(float))
    steps = solver.array(np.arange(t), np.arange(u))
    assert isinstance(steps, Filled) and steps.axis == 0
    assert solver.array(np.array(float(t)), np.array(float(u))) == Filled(Size(("T",)), (), np.dtype(float))
    with pytest.raises(tg.GraphError, match="holds other numbers"):
        solver.array(np.arange(t) ** 2, np.arange(u) ** 2)


@each("number", [np.nan, np.inf, -np.inf, 0.0, -2.5])
def test_an_array_of_one_number_is_filled_with_it_at_any_size(number: float) -> None:
    """NaN, which equals nothing, is a number like others here; two numbers in one array, or in two, are refused."""
    solver = Solver(BOTH)
    sizes = solver.first["T"], solver.second["T"]
    for dtype in (np.float32, float):
        filled = solver.array(*[np.full((n, 3), number, dtype) for n in sizes])
        assert isinstance(filled, Filled) and filled.shape == (Size(("T",)), 3) and filled.dtype == dtype
        assert np.array_equal(filled.number, number, equal_nan=True) and filled.axis is None
    first, second = (np.full(n, number) for n in sizes)
    for a, b in ((number, 0.5), (0.5, number)):
        with pytest.raises(tg.GraphError, match="a number is"):
            solver.array(np.full(len(first), a), np.full(len(second), b))
    first[-1] = second[-1] = 0.5
    with pytest.raises(tg.GraphError, match="holds other numbers"):
        solver.array(first, second)


FIRST, SECOND = (sizes["T"] for sizes in (Solver(BOTH).first, Solver(BOTH).second))


@each(
    "fn, got",
    [
        (lambda x, here: x + 1.0 if here else x + 1.0 + 1.0, "[24] ops in one and [24] in the other"),
        (lambda x, here: (x + 1.0, x) if here else (x + 1.0,), "ops in one"),
        (lambda x, here: np.tanh(x) if here else np.exp(x), "(tanh|exp).* in one and .*(tanh|exp)"),
        (lambda x, here: (lambda u, v: u - v if here else v - u)(np.tanh(x), np.exp(x)), "other inputs of subtract"),
        (lambda x, here: x[0] if here else x[:1], "in one and .* in the other"),
        (
            lambda x, here: tg.unroll(lambda v, h: (v, h + v if here else h * v), x, x[0])[1],
            "in one and .*in the other",
        ),
    ],
)
def test_a_function_that_does_other_things_at_other_sizes_is_refused(fn: Any, got: str) -> None:
    """Tried in both orders of the two sizes."""
    for turn in (False, True):
        words = rf"(?s)does other things at other sizes\n  expected .*\n  got .*({got}).*\n  fix .*dynamic=\(\)"
        with pytest.raises(tg.GraphError, match=words):
            axes(lambda x, turn=turn: fn(x, (len(x) == FIRST) != turn), np.ones((5, 2, 3)))
        assert now.driven is None, "no later loop is noted"


def axes(fn: Any, example: Any, dynamic: Any = BOTH) -> dict[str, str]:
    return {k: "".join(x or "." for x in v) for k, v in free(outlined("test", fn, example), dynamic).axes.items()}


def test_axes_are_told_by_sizes_or_by_roles() -> None:
    x, h = np.ones((5, 2, 3)), np.ones((2, 4))
    assert axes(lambda x, h, n: x[0, 0, 0] + h[0] + n[0], (x, h, np.array([1, 2]))) == {"x": "TB.", "h": "B.", "n": "B"}
    assert axes(lambda x: x, x, ("B", "T")) == {"x": "BT."} and axes(lambda x: x, x, ()) == {"x": "..."}
    assert axes(lambda x: x, x, {"x": (None, "N")}) == {"x": ".N."}
    layer = tg.Recurrent(tg.cells.LSTM(3, 4, rng=0))
    assert axes(layer, np.ones((4, 4, 3))) == {"inputs": "TB.", "state.0": "B.", "state.1": "B."}
    assert axes(layer, np.ones((4, 3))) == {"inputs": "T.", "state.0": ".", "state.1": "."}
    assert axes(tg.Recurrent(tg.cells.GRU(3, 4), axis=1), x) == {"inputs": "BT.", "state": "B."}
    assert axes(tg.cells.GRU(3, 4), np.ones((1, 3))) == {"inputs": "B.", "state": "B."}


@each("dynamic", [{"x": (1, 2)}, {"x": ("T", 2)}, {"x": ("T", "B", None, None)}, {"x": ("T",), "y": ("B",)}])
def test_a_dict_that_does_not_fit_the_inputs_is_refused(dynamic: Any) -> None:
    with pytest.raises(
        tg.GraphError, match=r"(?s)dynamic does not fit the inputs\n  expected +for each of x the letters.*\n  got "
    ):
        axes(lambda x: x, np.ones((5, 2, 3)), dynamic)


def test_every_node_within_loops_too_has_a_shape() -> None:
    cell = tg.cells.GRU(3, 4, rng=0)

    def gradients(x: Any, lengths: Any) -> Any:
        outputs, h = tg.unroll(cell, x, lengths=lengths)
        return tg.grad(tg.sum(outputs) + tg.sum(h), [*cell.parameters().values(), x])

    traced = free(outlined("test", gradients, (np.ones((5, 2, 3), np.float32), np.array([5, 3]))), BOTH)
    (loop,) = [n for n in ancestors(traced.results) if n.op is not None and n.op.name == "loop"][:1]
    assert str(traced.shape(loop.attributes["body"].nexts[0])[0]) == "B"
    assert [str(n) for n in traced.shape(traced.results[-1])] == ["T", "B", "3"]


def test_names() -> None:
    own = outlined("test", lambda x, s: (x, s), (np.ones(2), {"h": np.ones(2), "c": (np.ones(2), 3.0)}))
    assert [*own.inputs] == ["x", "s.h", "s.c.0"]
    assert own.result_names({"x": 1, "y": (1, 2)}) == ["x_2", "y.0", "y.1"] and own.result_names(1) == ["result"]
    assert [*outlined("test", tg.compile(lambda xs: xs), np.ones(2)).inputs] == ["xs"], "a compiled function is its own"
    layer = outlined("test", tg.Recurrent(tg.cells.LSTM(3, 4)), np.ones((5, 2, 3)))
    assert [*layer.inputs] == ["inputs", "state.0", "state.1"] and layer.inputs["inputs"].dtype == np.float32
    assert layer.result_names((1, (2, 3))) == ["outputs", "new_state.0", "new_state.1"]
    assert "weight_ih" in layer.parameters
