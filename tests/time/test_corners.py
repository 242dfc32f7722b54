"""Corners of unrolling, each against loops in numpy: one step, one length for all, cells that begin by themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, numbers, quiet
from tests.each import each

RNG = np.random.default_rng(5)
I = 3  # noqa: E741
WEIGHT = RNG.normal(size=(I, I)) * 0.5


def both(fn: Any, backend: str, *args: Any) -> list[Any]:
    """What it gives uncompiled and compiled."""
    with quiet():
        return [numbers(fn(*map(tg.constant, args))), numbers(tg.compile(fn, backend=backend)(*args))]


def cell(x: Any, h: Any) -> Any:
    """It makes its own first state."""
    h = np.tanh(x) if h is None else np.tanh(x + h @ WEIGHT)
    return {"y": h * 2, "x": x}, h


def by_numpy(xs: np.ndarray, reverse: bool, T: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The outputs, 0 where there is no step, and the last state."""
    ys, h, n = np.zeros_like(xs), None, len(xs) if T is None else T
    for t in range(n)[:: -1 if reverse else 1]:
        y, h = cell(xs[t], h)
        ys[t] = y["y"]
    assert h is not None
    return ys, h


@each_backend
@each("reverse", [False, True])
@each("T", [1, 2, 5])
def test_a_cell_that_makes_its_own_first_state(T: int, reverse: bool, backend: str) -> None:
    xs = RNG.normal(size=(T, 2, I))
    ys, last = by_numpy(xs, reverse)
    for outputs, state in both(lambda xs: tg.unroll(cell, xs, reverse=reverse), backend, xs):
        np.testing.assert_allclose(outputs["y"], ys, 1e-12)
        np.testing.assert_array_equal(outputs["x"], xs)
        np.testing.assert_allclose(state, last, 1e-12)


@each_backend
@each("reverse", [False, True])
@each("length", [1, 4, 5])
def test_one_length_for_a_single_sequence(length: int, reverse: bool, backend: str) -> None:
    xs = RNG.normal(size=(5, I))

    def begun(x: Any, h: Any) -> Any:
        y, h = cell(x, h)
        return y["y"], h

    h, right = np.zeros(I), np.zeros_like(xs)
    for t in range(length)[:: -1 if reverse else 1]:
        right[t], h = begun(xs[t], h)
    for truncate in (None, 2):

        def run(xs: Any, n: Any, truncate: int | None = truncate) -> Any:
            return tg.unroll(begun, xs, np.zeros(I), reverse=reverse, lengths=n, truncate=truncate)

        for outputs, state in both(run, backend, xs, np.array(length)):
            np.testing.assert_allclose(outputs, right, 1e-12)
            np.testing.assert_allclose(state, h, 1e-12)


@each_backend
@each("reach", [1, 2, 9])
def test_a_window_around_what_is_the_same_at_every_step(reach: int, backend: str) -> None:
    """The gradient of the last output to w goes ``reach`` steps back; w * w + v is of no step."""
    w, v, xs = tg.parameter([0.5, -0.3]), tg.parameter([0.2, 0.1]), RNG.normal(size=(6, 2))

    def run(xs: Any) -> Any:
        def fixed(x: Any, h: Any) -> Any:
            h = h * (w * w + v) + x
            return h, h

        outputs, last = tg.unroll(fixed, xs, np.ones(2), truncate=reach, window="sliding")
        return outputs, tg.grad(tg.sum(last), [w, v])

    a = w.value**2 + v.value
    states = [np.ones(2)]
    for x in xs:
        states.append(states[-1] * a + x)
    slope = sum(a ** (len(xs) - 1 - t) * states[t] for t in range(max(0, len(xs) - 1 - reach), len(xs)))
    for outputs, (to_w, to_v) in both(run, backend, xs):
        np.testing.assert_allclose(outputs, states[1:], 1e-12)
        np.testing.assert_allclose(to_w, slope * 2 * w.value, 1e-11)
        np.testing.assert_allclose(to_v, slope, 1e-11)


@each("settings", [{}, {"reverse": True}, {"truncate": 2}, {"truncate": 2, "window": "sliding"}, {"lengths": [3, 2]}])
def test_outputs_with_other_keys_than_the_first_are_refused(settings: Any) -> None:
    names = iter(["a", "a", "b", "b", "b", "b", "b", "b", "b", "b", "b", "b"])

    def changing(x: Any, h: Any) -> Any:
        return {next(names): x}, h + x

    with pytest.raises(tg.GraphError, match="the outputs of the time steps have other keys than the first"):
        tg.unroll(changing, np.ones((3, 2, I)), np.zeros((2, I)), **settings)


class Named:
    """A cell whose state is a dict."""

    def initial_state(self, batch_size: int | None = None) -> Any:
        lead = () if batch_size is None else (batch_size,)
        return {"h": tg.constant(np.zeros((*lead, I))), "parts": (tg.constant(np.ones((*lead, 2))),)}

    def __call__(self, x: Any, state: Any) -> Any:
        h = tg.tanh(x + state["h"])
        return h, {"h": h, "parts": state["parts"]}


ZERO, ONES = np.zeros((2, I)), np.ones((2, 2))
WRONG: dict[str, Any] = {
    "a key less": {"h": ZERO},
    "another key": {"h": ZERO, "part": (ONES,)},
    "a key more": {"h": ZERO, "parts": (ONES,), "c": ONES},
    "no dict": (ZERO, (ONES,)),
    "an array": ZERO,
    "a part more": {"h": ZERO, "parts": (ONES, ONES)},
    "no tuple": {"h": ZERO, "parts": ONES},
    "a dict for an array": {"h": {"h": ZERO}, "parts": (ONES,)},
    "other units": {"h": np.zeros((2, I + 1)), "parts": (ONES,)},
    "another batch axis": {"h": np.zeros((1, 2, I)), "parts": (ONES,)},
    "a number": {"h": 0.0, "parts": (ONES,)},
}


@each("name", WRONG)
def test_a_state_of_another_form_than_the_cells_is_refused(name: str) -> None:
    with pytest.raises(tg.GraphError, match="Named: the state has the wrong structure or shapes"):
        tg.unroll(Named(), np.ones((3, 2, I)), WRONG[name])


@each("state", [{"h": ZERO, "parts": (ONES,)}, {"parts": [ONES[0]], "h": ZERO[0]}, None])
def test_a_state_of_the_cells_form_is_taken(state: Any) -> None:
    outputs, last = tg.unroll(Named(), np.ones((3, 2, I)), state)
    right = np.tanh(1 + np.tanh(1 + np.tanh(1.0)))
    np.testing.assert_allclose(outputs.value[-1], np.full((2, I), right), 1e-12)
    assert last["h"].shape == (2, I)
