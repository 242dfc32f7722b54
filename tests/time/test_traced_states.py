"""Compiled unrolls: states that change their form, gradients across a cell's border, windows of any op."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

XS = np.random.default_rng(7).normal(size=(11, 3))
W = tg.parameter(np.array([0.9, -0.5, 0.3]), "w")


def compiled(fn: Any, **settings: Any) -> Any:
    return tg.compile(fn, backend="numpy", **settings)(XS)


def same(fn: Any, **settings: Any) -> None:
    """The value and the gradient of a function of XS are the same compiled and not."""
    got, g = compiled(tg.value_and_grad(lambda x: fn(x), W), **settings)
    right = fn(tg.constant(XS))
    np.testing.assert_allclose(got, right.value, 1e-12)
    np.testing.assert_allclose(g, tg.grad(right, W).value, 1e-11, 1e-13)


def weighed(outputs: Any) -> Any:
    return tg.sum(outputs * np.cos(np.arange(outputs.size)).reshape(outputs.shape))


def growing(most: int) -> Any:
    """A cell whose state has one more array at each step until there are ``most``."""

    def cell(x: Any, state: Any) -> Any:
        h = np.tanh(x + W * state[-1])
        return h, (*state, h) if len(state) < most else (*state[1:], h)

    return cell


@each("reverse", [False, True])
@each("truncate", [None, 4])
@each("most", [3, 9])
def test_a_state_that_grows_at_first(most: int, truncate: Any, reverse: bool) -> None:
    def run(x: Any) -> Any:
        outputs, state = tg.unroll(growing(most), x, (np.ones(3),), reverse=reverse, truncate=truncate)
        return weighed(outputs) + sum(tg.sum(s) * (k + 1.0) for k, s in enumerate(state))

    same(run)


def test_a_state_that_grows_in_segments_of_little_memory() -> None:
    def run(x: Any) -> Any:
        return weighed(tg.unroll(growing(4), np.tile(x, (2, 1)), (np.ones(3),), truncate=2)[0])

    same(run, memory="checkpoint")


def test_a_state_that_grows_for_longer_is_refused_and_of_one_step_is_not() -> None:
    for most in (10, 100):
        with pytest.raises(tg.GraphError, match=r"more or fewer arrays at every step[\s\S]*got .*test_traced_states"):
            compiled(lambda x, most=most: tg.unroll(growing(most), x, (np.ones(3),))[0])
    same(lambda x: weighed(tg.unroll(growing(5), x[:1], (np.ones(3),))[0]))
    same(lambda x: weighed(tg.unroll(growing(5), x[:1], (np.ones(3),), reverse=True)[0]))


def test_a_state_is_stretched_to_the_shape_that_it_gets_and_refused_if_that_goes_on() -> None:
    same(lambda x: weighed(tg.unroll(lambda x_t, h: (np.tanh(x_t + W * h),) * 2, x, np.zeros(()))[0]))
    same(lambda x: weighed(tg.unroll(lambda x_t, s: (s[1] * W, (s[1], s[0] + x_t)), x, (np.zeros(()), np.zeros(1)))[0]))
    told = r"changes its shape at every step\n  expected  \((.*)\) float64, as the old state\n  got       \((.*)\) f"
    for cell in (lambda x, h: (x, tg.concatenate([h, x])), lambda x, h: (x, h[None] * x)):
        with pytest.raises(tg.GraphError, match=told) as error:
            compiled(lambda x, cell=cell: tg.unroll(cell, x, np.zeros(3))[0])
        old, new = re.search(told, str(error.value)).groups()  # type: ignore[union-attr]
        assert old != new


@each("settings", [{}, {"reverse": True}, {"truncate": 2}, {"truncate": 2, "window": "sliding"}])
@each("delay", [3, 6])
def test_a_line_of_delays_that_begins_with_numbers(delay: int, settings: dict[str, Any]) -> None:
    """Each array of the state hands its shape on to the next."""

    def cell(x: Any, past: Any) -> Any:
        h = np.tanh(x + W * past[-1])
        return h, (h, *past[:-1])

    same(lambda x: weighed(tg.unroll(cell, x[:8], (0.5,) * delay, **settings)[0]))


class Plain(tg.Op):
    """z = x^2, of which nobody knows how to do it for all steps at once."""

    def forward(self, x: Any) -> Any:
        return x * x

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * 2 * x


CELLS: dict[str, Any] = {
    "tanh": lambda x, h: (np.tanh(x + W * h),) * 2,
    "an op of the user's": lambda x, h: (Plain()(np.tanh(x + W * h)), np.tanh(x - W * h)),
    "what is the same at every step": lambda x, h: (np.tanh(W * 2) + x, h * np.tanh(W + 1) + x),
    "an output that is": lambda x, h: ((np.tanh(W * 2), h), h * W + x),
    "an input and a state as they are": lambda x, h: ((x, h), h),
    "a loop in it": lambda x, h: (tg.unroll(lambda y, s: (y * W[0], s * y + h[0]), x, 1.0)[0], np.tanh(h * W + x)),
    "a state that grows": growing(2),
}


@each("reach, reverse", [(2, True), (9, False)])
@each("name", CELLS)
def test_sliding_windows(name: str, reach: int, reverse: bool) -> None:
    def run(x: Any) -> Any:
        h: Any = (np.ones(3),) if name == "a state that grows" else np.ones(3)
        outputs, state = tg.unroll(CELLS[name], x[:4], h, truncate=reach, window="sliding", reverse=reverse)
        parts = [*outputs] if isinstance(outputs, tuple) else [outputs]
        parts += [*state] if isinstance(state, tuple) else [state]
        return sum(weighed(y) * (k + 1.0) for k, y in enumerate(parts)) + tg.sum(W)

    same(run)


def test_a_gradient_within_a_step_is_that_of_the_step_and_one_that_leaves_it_is_refused() -> None:
    outer = tg.parameter(np.ones(3))

    def own(x: Any, h: Any) -> Any:
        y = np.tanh(x + h)
        return tg.grad(tg.sum(y * y), y), y * W

    same(lambda x: weighed(tg.unroll(own, x, np.ones(3))[0]))
    same(lambda x: weighed(tg.unroll(lambda x_t, h: (tg.grad(tg.sum(outer * W * 2.0), outer) * h, x_t), x, W)[0]))
    for wrt in ("the input", "the first state"):

        def crossing(x: Any, wrt: str = wrt) -> Any:
            xs, first = x * 1.0, x[0] * W
            return tg.unroll(
                lambda x_t, h: (tg.grad(tg.sum(x_t * h), xs if wrt == "the input" else first)[0], h), xs, first
            )[0]

        with pytest.raises(
            tg.GraphError, match=r"is inside the cell of an unroll, .* is outside[\s\S]*after the unroll"
        ):
            compiled(crossing)


def test_a_gradient_for_the_last_state_of_what_reads_outputs_is_refused_and_else_right() -> None:
    def run(x: Any) -> Any:
        return tg.unroll(lambda x_t, h: (np.tanh(x_t + W * h),) * 2, x, np.ones(3))

    def both(x: Any) -> Any:
        outputs, h = run(x)
        return tg.grad(tg.sum(outputs) + tg.sum(h), h)

    def through_it(x: Any) -> Any:
        _, h = run(x)
        return weighed(tg.grad(tg.sum(h * h * W), h))

    def beside_it(x: Any) -> Any:
        outputs, h = run(x)
        y = h * W
        return weighed(tg.grad(tg.sum(outputs) + tg.sum(y * y), y))

    with pytest.raises(tg.GraphError, match=r"is the final state of an unroll, but .* depends on its outputs too"):
        compiled(both)
    same(through_it)
    same(beside_it)


def test_who_forgets_the_state_is_told_so() -> None:
    for cell in (lambda x, h: (x, h * 0.5 + x), lambda x, h: (x, h @ np.eye(3))):
        with pytest.raises(tg.GraphError, match="got the state None") as error:
            tg.unroll(cell, XS)
        assert "test_traced_states.py" in str(error.value) and "tg.unroll(cell, xs, state)" in str(error.value)
    with pytest.raises(KeyError) as other:
        tg.unroll(lambda x, h: {}["none"], XS)
    assert "no state was passed" in other.value.__notes__[0]
    with pytest.raises(TypeError, match="NoneType") as own:
        tg.unroll(lambda x, h: (x, None + 1), XS, np.ones(3))
    assert not hasattr(own.value, "__notes__")
    with pytest.raises(tg.GraphError, match=r"the argument is not a cell[\s\S]*def cell\(x, state\)"):
        tg.unroll(lambda x: x, XS)


def test_a_state_may_grow_in_its_first_eight_steps() -> None:
    def grown(count: int) -> Any:
        def cell(x: Any, s: Any) -> Any:
            return x, (*s, x * 0.0) if len(s) < count else tuple([v + x for v in s])

        return tg.compile(lambda xs: tg.unroll(cell, xs, (np.zeros(2),))[1], backend="numpy")(np.ones((14, 2)))

    assert [len(grown(count)) for count in (1, 2, 9)] == [1, 2, 9]
    with pytest.raises(tg.GraphError, match="more or fewer arrays at every step"):
        grown(10)
