"""Linear cells over all steps at once: the numbers of the loop, however the sequence is cut, padded or turned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries
from tests.compiled.comparing import HAS_NATIVE, assert_same, each_backend
from tests.derivatives import assert_derivatives
from tests.each import each
from tinygraph.cells.base.linear import LinearCell, LinearTerms
from tinygraph.core.graph import ancestors
from tinygraph.core.structure import leaves, map_leaves
from tinygraph.time import scan as scanning

T, B, I, H = 17, 3, 4, 5  # noqa: E741  the axes' own letters
RNG = np.random.default_rng(23)
X = RNG.normal(size=(T, B, I))
MASK = RNG.random((T, B)) < 0.6
CELLS: dict[str, tuple[str, dict[str, Any]]] = {
    "minGRU": ("minGRU", {}),
    "minGRU log": ("minGRU", {"log_space": True, "bias": False}),
    "minLSTM": ("minLSTM", {}),
    "TRNN": ("TRNN", {"gate_nonlinearity": "hard_sigmoid"}),
    "TGRU": ("TGRU", {}),
    "TLSTM": ("TLSTM", {}),
    "QRNN": ("QRNN", {}),
    "QRNN f": ("QRNN", {"window": 1, "pooling": "f"}),
    "QRNN ifo": ("QRNN", {"pooling": "ifo"}),
    "LRU": ("LRU", {"output_size": 2}),
}
WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "reverse": {"reverse": True},
    "lengths": {"lengths": [T, 9, 0]},
    "lengths, reverse": {"lengths": [T, 9, 5], "reverse": True},
    "mask": {"mask": MASK},
    "mask, reverse": {"mask": MASK, "reverse": True},
    "chunks": {"truncate": 6},
    "chunks, reverse": {"truncate": 6, "reverse": True},
    "chunks, lengths, reverse": {"truncate": 6, "lengths": [T, 9, 5], "reverse": True},
    "chunks, lengths": {"truncate": 6, "lengths": [T, 9, 5]},
    "chunks, mask": {"truncate": 5, "mask": MASK},
    "chunks of one step": {"truncate": 1},
    "sliding": {"truncate": 3, "window": "sliding"},
    "batch first": {"axis": 1},
}
each_cell = each("name", CELLS)
KINDS = ["minGRU", "minGRU log", "TLSTM", "QRNN", "QRNN f", "LRU"]
"""One state or two, with and without the input before, positive or complex: the others run through the same lines."""
COMPILED_WAYS = ["plain", "lengths, reverse", "chunks, lengths", "sliding"]
MIXED_WAYS = ["plain", "mask, reverse", "chunks, lengths, reverse", "sliding"]
"""Which together hold all."""


@pytest.fixture(autouse=True)
def blocks_of_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them sequences as short as these would go step by step within the scan."""
    monkeypatch.setattr(scanning, "SHORTEST", 10)


def built(name: str, **options: Any) -> Any:
    kind, own = CELLS[name]
    return getattr(tg.cells, kind)(I, H, **{"rng": 0, "dtype": np.float64} | own | options)


def begun(cell: Any, batch: int | None = B) -> Any:
    """A state to start from, of parameters."""
    rng = np.random.default_rng(1)
    return map_leaves(lambda a: tg.parameter(rng.normal(size=a.shape).astype(a.dtype)), cell.initial_state(batch))


def told(cell: Any, weights: Any, x: Any, state: Any, **how: Any) -> list[tg.Node]:
    """Outputs, final states, a number that bends in all of them, and its gradients by weights, inputs and state."""
    outputs, final = tg.unroll(cell, x, state, **how)
    found = [outputs, *leaves(final)]
    rng = np.random.default_rng(2)
    loss = tg.sum(tg.stack([tg.sum(tg.tanh(y) * rng.normal(size=y.shape)) for y in found]))
    return [*found, loss, *tg.grad(loss, [x, *leaves(state), *weights.parameters().values()])]


def worst(got: list[tg.Node], expected: list[tg.Node]) -> float:
    """The largest difference, over the larger of 1 and the array's largest number."""
    errors = [
        np.abs(a.value - b.value).max() / max(1.0, np.abs(b.value).max()) if a.shape == b.shape else np.inf
        for a, b in zip(got, expected, strict=True)
    ]
    return float(max(errors)) if np.isfinite(errors).all() else np.inf


@each("name, way", [(name, way) for name in CELLS for way in (WAYS if name in KINDS else MIXED_WAYS)])
def test_numbers_and_gradients_are_those_of_the_loop(name: str, way: str) -> None:
    cell, how = built(name), WAYS[way]
    x, state = tg.parameter(np.swapaxes(X, 0, how.get("axis", 0))), begun(cell)
    got = told(tg.cells.Parallel(cell), cell, x, state, **how)
    assert worst(got, told(cell, cell, x, state, **how)) < 1e-13


@each_cell
@each("batch", [None, B])
@each("steps", [1, 2, 9, 16])
def test_any_number_of_steps_with_and_without_a_batch(name: str, steps: int, batch: int | None) -> None:
    cell = built(name)
    x, state = tg.parameter(X[:steps] if batch else X[:steps, 0]), begun(cell, batch)
    assert worst(told(tg.cells.Parallel(cell), cell, x, state), told(cell, cell, x, state)) < 1e-13


@each_cell
def test_it_starts_from_the_cells_own_state_and_goes_on_from_its_last(name: str) -> None:
    cell = tg.cells.Parallel(built(name))
    whole, end = tg.unroll(cell, X)
    first, state = tg.unroll(cell, X[:11])
    second, state = tg.unroll(cell, X[11:], state)
    np.testing.assert_allclose(np.concatenate([first.value, second.value]), whole.value, rtol=0, atol=1e-14)
    for a, b in zip(leaves(state), leaves(end), strict=True):
        np.testing.assert_allclose(a.value, b.value, rtol=0, atol=1e-14)


@each_cell
def test_one_state_for_all_sequences(name: str) -> None:
    cell = built(name)
    x, state = tg.parameter(X), begun(cell, None)
    assert worst(told(tg.cells.Parallel(cell), cell, x, state), told(cell, cell, x, state)) < 1e-13


@each_cell
def test_what_lies_in_the_padding_is_not_met(name: str) -> None:
    cell, lengths = built(name), np.array([T, 9, 0])
    padding = (np.arange(T)[:, None] >= lengths)[..., None]
    state = begun(cell)
    full, empty = (tg.parameter(np.where(padding, fill, X)) for fill in (np.nan, 0.0))
    way = {"lengths": lengths}
    assert worst(told(tg.cells.Parallel(cell), cell, full, state, **way), told(cell, cell, empty, state, **way)) < 1e-13


@pytest.mark.parametrize("name", ["minGRU", "TLSTM", "LRU"])
def test_gradients_of_order_2(name: str) -> None:
    cell = built(name)
    state = begun(cell)

    def run() -> tg.Node:
        outputs, _ = tg.unroll(tg.cells.Parallel(cell), x, state, lengths=[11, 6, 0])
        return tg.sum(tg.tanh(outputs) * X[:11, :, :1])

    x = tg.parameter(X[:11])
    assert_derivatives(run, [x, *cell.parameters().values()])


@each("drive", [-800.0, 800.0])
@each("name", ["minGRU", "minLSTM", "TRNN", "TLSTM", "QRNN ifo"])
def test_gates_at_their_ends(name: str, drive: float) -> None:
    """Sigmoids that are 0 or 1 to the last bit, half of the units each way."""
    cell = built(name, **({"bias": True} if "TRNN" not in name else {}))
    ends = np.where(np.arange(cell.bias_ih.size) % 2, drive, -drive)
    set_entries(cell.bias_ih, ..., ends if name != "minLSTM" else abs(drive))
    x, state = tg.parameter(X), begun(cell)
    assert worst(told(tg.cells.Parallel(cell), cell, x, state), told(cell, cell, x, state)) < 1e-13


def test_an_eigenvalue_near_the_circle_over_many_steps() -> None:
    cell = built("LRU", r_min=0.9999, r_max=1.0)
    x, state = tg.parameter(np.random.default_rng(0).normal(size=(400, B, I))), begun(cell)
    assert worst(told(tg.cells.Parallel(cell), cell, x, state), told(cell, cell, x, state)) < 1e-12


@each_cell
def test_float32_stays_float32(name: str) -> None:
    cell = built(name, dtype=np.float32)
    x, state = tg.parameter(X.astype(np.float32)), begun(cell)
    outputs, final = tg.unroll(tg.cells.Parallel(cell), x, state, lengths=[T, 9, 5])
    found = [outputs, *leaves(final), *tg.grad(tg.sum(outputs), [x, *cell.parameters().values()])]
    assert {y.dtype for y in found} == {np.dtype(np.float32)}


IN_NATIVE_CODE = [(name, way, "native") for name in KINDS for way in COMPILED_WAYS if HAS_NATIVE]
IN_NUMPY = [(name, "chunks, lengths", "numpy") for name in CELLS] + [("LRU", way, "numpy") for way in COMPILED_WAYS]


@each("name, way, backend", IN_NATIVE_CODE + IN_NUMPY)
def test_compiled_it_is_the_loop(name: str, way: str, backend: str) -> None:
    cell = built(name)
    wrapped, x, state = tg.cells.Parallel(cell), tg.parameter(X), begun(cell)
    compiled = assert_same(lambda: told(wrapped, cell, x, state, **WAYS[way]), backend=backend)
    kinds = {n.op.name for n in ancestors(compiled.graph("before")) if n.op is not None}
    assert "loop" in kinds and "scan" not in kinds


@each_backend
@pytest.mark.parametrize("name", ["minGRU", "QRNN", "LRU"])
def test_the_scan_itself_may_be_compiled(name: str, backend: str) -> None:
    cell = built(name)
    anyway = tg.cells.Parallel(cell, compiled=True)
    x, state = tg.parameter(X), begun(cell)
    compiled = assert_same(lambda: told(anyway, cell, x, state, lengths=[T, 9, 5]), backend=backend)
    assert "scan" in {n.op.name for n in ancestors(compiled.graph("before")) if n.op is not None}


def test_within_other_wrappers() -> None:
    def layers(wrap: Callable[[Any], Any]) -> Any:
        two = tg.cells.Bidirectional(wrap(built("minGRU")), wrap(built("minGRU", rng=1)))
        return tg.cells.Stack([two, wrap(tg.cells.LRU(2 * H, H, rng=2, dtype=np.float64))])

    loop, scan = layers(lambda cell: cell), layers(tg.cells.Parallel)
    x, how = tg.parameter(X), {"lengths": [T, 9, 5]}
    state = begun(loop)
    assert worst(told(scan, scan, x, state, **how), told(loop, loop, x, state, **how)) < 1e-13


@each_cell
def test_one_step_is_the_cells_own(name: str) -> None:
    cell = built(name)
    state = begun(cell)
    x = tg.parameter(X[0])
    for a, b in zip(leaves(tg.cells.Parallel(cell)(x, state)), leaves(cell(x, state)), strict=True):
        np.testing.assert_array_equal(a.value, b.value)


@each_cell
def test_the_graph_is_as_large_for_any_length(name: str) -> None:
    cell = tg.cells.Parallel(built(name))

    def size(steps: int) -> int:
        return len(ancestors([tg.unroll(cell, X[:steps])[0]]))

    assert size(3) == size(T) < 60


def test_sizes_and_parameters_are_the_cells() -> None:
    cell = built("LRU")
    wrapped = tg.cells.Parallel(cell)
    assert (wrapped.input_size, wrapped.hidden_size, wrapped.output_size) == (I, H, 2)
    assert list(wrapped.parameters()) == [f"cell.{name}" for name in cell.parameters()]


def test_a_cell_of_ones_own() -> None:
    class Leaky(LinearCell):
        def linear(self, x: Any) -> LinearTerms:
            return LinearTerms(0.9, 0.1 * x)

    cell = tg.cells.Parallel(Leaky(I, I, dtype=np.float64))
    h = np.zeros((B, I))
    for x, y in zip(X, tg.unroll(cell, X)[0].value, strict=True):
        h = 0.9 * h + 0.1 * x
        np.testing.assert_allclose(y, h, rtol=0, atol=1e-14)
    outputs, _ = tg.unroll(cell, X.astype(np.float32), np.zeros((B, I), np.float32), lengths=[T, 3, 2])
    assert outputs.dtype == np.float32


def test_a_cell_that_is_not_linear_is_refused() -> None:
    gru: Any = tg.cells.GRU(I, H)
    with pytest.raises(tg.GraphError, match="linear in its state"):
        tg.cells.Parallel(gru)
