"""``with tg.nonfinite("raise")``: what padding holds, or a cell makes of it, counts where it reaches a result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend, eager
from tests.each import each

W = tg.parameter(np.array([[0.5, 0.1], [0.2, 0.3]]), "W")
LENGTHS = np.array([4, 2])
XS = np.linspace(0.5, 1.5, 16).reshape(4, 2, 2)
PADDED = np.where((np.arange(4)[:, None] < LENGTHS)[..., None], XS, np.nan)
STATE = np.zeros((2, 2))


def in_the_state(x: Any, h: Any) -> Any:
    h = tg.tanh(h @ W + tg.log(x))
    return h, h


def in_the_output(x: Any, h: Any) -> Any:
    h = tg.tanh(h @ W + x)
    return {"y": tg.log(tg.abs(x)) + h}, h


def across(x: Any, h: Any) -> Any:
    h = tg.tanh((W.T @ h.T + tg.log(x.T)).T)
    return h, h


def mixing(x: Any, h: Any) -> Any:
    """The state counts steps; that of the second sequence, which is ahead by one, stays at 3 from step 2 on."""
    y = tg.mean(tg.log(tg.abs(h - 3)))
    return x * y, h + 1


WAYS = [
    {},
    {"reverse": True},
    {"truncate": 2},
    {"truncate": 2, "reverse": True},
    {"truncate": 1, "window": "sliding"},
    {"zero_output": False},
    {"mask": np.arange(4)[:, None] < LENGTHS, "lengths": None},
]


def loss(cell: Any, xs: Any, state: Any = STATE, **settings: Any) -> Any:
    outputs, state = tg.unroll(cell, xs, state, **{"lengths": LENGTHS, **settings})
    return sum(tg.sum(y * y) for y in tg.core.structure.leaves((outputs, state)))


@each("settings", WAYS)
@each("cell", [in_the_state, in_the_output, across])
@each_backend
def test_values_and_gradients_in_padding_do_not_count(backend: str, cell: Any, settings: Any) -> None:
    def fn(xs: Any) -> Any:
        y = loss(cell, xs, **settings)
        return y, tg.grad(y, [W, xs])

    with np.errstate(divide="ignore", invalid="ignore"):
        value = eager(lambda xs: loss(cell, xs, **settings), PADDED)
    with tg.nonfinite("raise"):
        seen, _ = tg.compile(fn, backend=backend)(XS)
        assert_near(tg.compile(lambda xs: loss(cell, xs, **settings), backend=backend)(PADDED), value)
    assert_near(seen, value)
    assert np.isfinite(value)


@each_backend
def test_a_cell_of_another_dtype_and_another_time_axis(backend: str) -> None:
    cell = tg.cells.LSTM(2, 3, rng=0)

    def fn(xs: Any) -> Any:
        y, _ = tg.unroll(cell, xs, lengths=LENGTHS, axis=1)
        return tg.grad(tg.sum(y), cell.parameters())

    with tg.nonfinite("raise"):
        gradients = tg.compile(fn, backend=backend)(PADDED.transpose(1, 0, 2))
    assert_near(gradients, eager(fn, PADDED.transpose(1, 0, 2)), 2e-5)


def test_without_a_batch() -> None:
    with tg.nonfinite("raise"):
        tg.unroll(in_the_state, PADDED[:, 1], np.zeros(2), lengths=2)
        with pytest.raises(tg.NonFiniteError, match="log at step 0"):
            tg.unroll(in_the_state, XS[:, 1] - XS[2, 1], np.zeros(2))


@each_backend
def test_what_reaches_a_result_counts(backend: str) -> None:
    real = XS.copy()
    real[1, 1] = 0
    ahead = STATE + np.arange(2)[:, None]
    for cell, xs, state, said in (
        (mixing, PADDED, ahead, "mean at step 2"),
        (in_the_state, real, STATE, "log at step 1"),
    ):
        compiled = tg.compile(lambda xs, cell=cell, state=state: loss(cell, xs, state), backend=backend)
        with pytest.raises(tg.NonFiniteError, match=said), tg.nonfinite("raise"):
            compiled(xs)


def weighted(x: Any, h: Any) -> Any:
    h = tg.tanh(tg.log(x) @ W + h)
    return h, h


def of_length_one(x: Any, h: Any) -> Any:
    h = tg.tanh((x / tg.sqrt(tg.sum(x * x, axis=-1, keepdims=True))) @ W + h)
    return h, h


HOLES = np.array([[0, 1, 0, 0], [1, 1, 0, 0], [0, 1, 0, 1], [1, 0, 0, 0]], bool)


@each("settings", [{"lengths": [4, 2, 0, 3]}, {"mask": HOLES}, {"lengths": [3, 3, 4, 3], "mask": HOLES}], str)
@each("cell", [weighted, of_length_one])
@each_backend
def test_cells_that_are_not_finite_at_zero_have_each_sequences_own_gradients(
    backend: str, cell: Any, settings: Any
) -> None:
    """Against the real steps of each sequence by itself, without lengths."""
    xs, state = np.linspace(0.5, 1.5, 32).reshape(4, 4, 2), np.full((4, 2), 0.1)
    keep = np.arange(4)[:, None] < settings["lengths"] if "lengths" in settings else np.ones((4, 4), bool)
    keep &= settings.get("mask", True)
    padded = np.where(keep[..., None], xs, np.nan)

    def fn(xs: Any) -> Any:
        outputs, h = tg.unroll(cell, xs, state, **settings)
        return tg.grad(tg.sum(outputs**2) + tg.sum(h), [W, xs])

    right, right_x = np.zeros((2, 2)), np.zeros(xs.shape)
    for b in range(4):
        own = tg.parameter(xs[keep[:, b], b])
        if len(own.value):
            outputs, h = tg.unroll(cell, own, state[b])
            by_w, right_x[keep[:, b], b] = (g.value for g in tg.grad(tg.sum(outputs**2) + tg.sum(h), [W, own]))
            right += by_w
    for x in (padded, tg.parameter(padded)):
        own = eager(fn, x) if isinstance(x, np.ndarray) else [g.value for g in fn(x)]
        assert_near(own, [right, right_x])
    with tg.nonfinite("raise"):
        assert_near(tg.compile(fn, backend=backend)(padded), [right, right_x])
