"""What the saliency shows as inputs: what steps read, but no start, no mask, no data that all steps look at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.maps.by_hand import slopes
from tests.draw.maps.seen import blocks, close, matrix
from tests.each import each

R = np.random.default_rng(3)
XS, IDS = R.normal(size=(5, 2, 3)), R.integers(0, 7, size=(5, 2))
NUMBERS = {"W": R.normal(size=(3, 4)) / 2, "U": R.normal(size=(4, 4)) / 2, "E": R.normal(size=(7, 4)) / 2}
W, U, E = (tg.parameter(value, name) for name, value in NUMBERS.items())
START, Z = R.normal(size=(2, 4)), np.zeros((2, 4))


def drawn(cell: Any, xs: Any, state: Any = Z, item: int = 0) -> dict[str, np.ndarray]:
    root = tg.sum(tg.unroll(cell, xs, state)[0] ** 2)
    seen = blocks(tg.draw(root, "saliency", item=item))
    return {name: matrix(x) for name, x in seen.items() if name.endswith("each feature")}


def run(cell: Any, xs: np.ndarray, state: Any) -> float:
    total = 0.0
    for x in xs:
        y, state = cell(x, state)
        total += np.sum(y * y)
    return total


def both(v: Any) -> Any:
    return v, v


CELLS: dict[str, Any] = {
    "plain": (lambda x, s: both(np.tanh(x @ W + s @ U)), Z),
    "keeps its input": (
        lambda x, s: (lambda v: (v, (v, x)))(np.tanh(x @ W + s[1] @ W + s[0] @ U)),
        (Z, np.zeros((2, 3))),
    ),
    "part of the start": (lambda x, s: both(np.tanh(x @ W + (s[:, None, :] @ U)[:, 0])), START),
    "a start of its own": (lambda x, s: both(np.tanh(x @ W + ((Z + 0.1 if s is None else s) @ U))), None),
    "parts of an input": (lambda x, s: both(np.tanh(x[:, :2] @ W[:2] + x[:, 2:] @ W[2:] + s @ U)), START),
}


@each("name", CELLS)
@each("item", [0, 1])
def test_inputs_of_each_step_are_one_sheet_with_numbers_at_all_steps(name: str, item: int) -> None:
    cell, state = CELLS[name]
    ((heading, shown),) = drawn(cell, XS, state, item).items()
    numbers = lambda x: run(cell, x, state)  # noqa: E731
    right = slopes(lambda x: float(numbers(x).value), XS)
    assert heading == "x, each feature" and close(shown, np.abs(right[:, item]).T, 3)


def test_embeddings_that_steps_read_within_or_before_the_cell_are_inputs() -> None:
    within = drawn(lambda i, s: both(np.tanh(E[i] + s @ U)), IDS)
    before = drawn(lambda x, s: both(np.tanh(x + s @ U)), E[IDS])
    ((_, a),), ((_, b),) = within.items(), before.items()
    right = slopes(lambda x: run(lambda x, s: both(np.tanh(x + s @ NUMBERS["U"])), x, Z), NUMBERS["E"][IDS])
    assert close(a, np.abs(right[:, 0]).T, 3) and close(b, np.abs(right[:, 0]).T, 3)
    with pytest.raises(tg.GraphError, match="no gradient of the loss reaches an input"):
        drawn(lambda i, s: both(np.tanh(E[np.array([1, 2])] + s @ U)), IDS)


def test_masks_that_are_drawn_are_no_inputs() -> None:
    stack = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, dropout=0.3, rng=0)
    zoneout = tg.cells.Zoneout(tg.cells.LSTM(3, 4, rng=0), p=(0.3, 0.3), rng=0)
    own = lambda x, s: both(np.tanh(x @ W + s @ U) * tg.noise(R.random, (2, 4)))  # noqa: E731
    for cell in (stack, zoneout):
        root = tg.mean(tg.unroll(cell, XS.astype("f4"))[0] ** 2)
        assert {*blocks(tg.draw(root, "saliency"))} == {"x, all features", "x, each feature"}
    assert [*drawn(own, XS)] == ["x, each feature"]


def test_rows_of_parts_of_one_array_are_called_by_their_place() -> None:
    """As of a convolution over time, where row t of a part is no input at t."""
    padded = tg.constant(np.concatenate([Z[None, :, :3], Z[None, :, :3], XS]))
    taps = R.normal(size=(3, 3, 4))
    mixed = sum(padded[k : k + 5] @ tg.parameter(taps[k]) for k in range(3))
    seen = drawn(lambda x, s: both(np.tanh(x + s @ U)), mixed)

    def loss(rows: np.ndarray, at: int) -> float:
        parts = [padded.value[k : k + 5] for k in range(3)]
        parts[at] = rows
        z = sum(x @ tap for x, tap in zip(parts, taps, strict=True))
        return run(lambda x, s: both(np.tanh(x + s @ NUMBERS["U"])), z, Z)

    for k in range(3):
        right = slopes(lambda x: loss(x, k), padded.value[k : k + 5])  # noqa: B023
        assert close(seen[f"x[{k}:{k + 5}], each feature"], np.abs(right[:, 0]).T, 3)


def test_a_memory_that_all_steps_look_at_is_no_input_of_one() -> None:
    """Also if it has as many rows as there are steps."""
    memory = tg.constant(R.normal(size=(5, 4)))
    assert [*drawn(lambda x, s: both(np.tanh(x @ W + tg.softmax(s @ memory.T) @ memory)), XS)] == ["x, each feature"]
