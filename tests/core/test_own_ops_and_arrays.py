"""Ops of the user's own: they can neither write to the graph's arrays nor change them by a buffer that they keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each


class Overwriting(tg.Op):
    def forward(self, x: Any) -> Any:
        x -= x.max()
        return np.exp(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * z


class Scaling(tg.Op):
    """Its backward writes into the gradient that arrives."""

    def forward(self, x: Any) -> Any:
        return 3 * x

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        gz *= 3
        return gz


class Buffered(tg.Op):
    """It fills one buffer forward and one backward, and returns these."""

    def __init__(self) -> None:
        self.z, self.gx = np.zeros(3), np.zeros(3)

    def forward(self, x: Any) -> Any:
        return np.multiply(x, x, out=self.z)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        if isinstance(gz, tg.Node):
            return 2 * x * gz
        return np.multiply(2 * x, gz, out=self.gx)


class Blind(Overwriting):
    """Its shape is known without running it."""

    def infer(self, *specs: Any, **attributes: Any) -> Any:
        return specs[0]


@each("backend", ["numpy", "native"])
def test_forward_must_not_write_to_its_inputs(backend: str) -> None:
    w = tg.parameter([1.0, 2.0, 3.0])
    for op in (Overwriting(), Blind()):
        with pytest.raises(tg.GraphError, match=op.name):
            op(w)
        with pytest.raises(tg.GraphError, match=op.name):
            tg.compile(lambda x, op=op: op(x * w), backend=backend)(np.ones(3))
    np.testing.assert_array_equal(w.value, [1.0, 2.0, 3.0])


def test_backward_must_not_write_to_the_gradient_that_arrives() -> None:
    x = tg.parameter([1.0, 2.0], "x")
    scaling = Scaling()
    with pytest.raises(tg.GraphError, match="scaling") as error:
        tg.sum(scaling(x) + x).backward()
    assert "gz = gz * 2" in str(error.value)
    with pytest.raises(tg.GraphError):
        tg.grad(tg.sum(scaling(x)), x)


def test_buffers_that_are_filled_again() -> None:
    op, x = Buffered(), tg.parameter([1.0, 2.0, 3.0])
    first, second = op(x), op(x * 2)
    np.testing.assert_array_equal(first.value, [1, 4, 9])
    loss = tg.sum(first * second)  # 4 x^4
    loss.backward()
    np.testing.assert_array_equal(x.grad, 16 * np.array([1.0, 8.0, 27.0]))
    np.testing.assert_array_equal(tg.grad(loss, x).value, x.grad)


@each("backend", ["numpy", "native"])
def test_noise_from_one_buffer(backend: str) -> None:
    buffer, counter = np.zeros(2), iter(range(1, 100))

    def draw(shape: Any) -> np.ndarray:
        buffer[:] = next(counter)
        return buffer

    def f(x: Any) -> Any:
        return tg.noise(draw, (2,)) * 10 + tg.noise(draw, (2,)) * x

    plain = f(np.ones(2)).value
    assert sorted(tg.compile(f, backend=backend)(np.ones(2)) % 1) == [0, 0]
    np.testing.assert_array_equal(plain, [12.0, 12.0])
    a, b = tg.compile(lambda x: (tg.noise(draw, (2,)) + x, tg.noise(draw, (2,)) + x), backend=backend)(np.zeros(2))
    assert abs(a - b).min() == 1.0


class Dropping(tg.Op):
    """It keeps its mask on ``self`` for backward."""

    def __init__(self) -> None:
        self.rng, self.mask = np.random.default_rng(0), np.zeros(0)

    def forward(self, x: Any) -> Any:
        self.mask = (self.rng.random(x.shape) < 0.5) * 2.0
        return x * self.mask

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * self.mask


class Scaled(tg.Op):
    def __init__(self, k: Any) -> None:
        self.k, self.calls = k, 0

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return x * self.k

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * self.k


def test_what_an_op_keeps_for_its_gradient_is_that_of_the_call() -> None:
    w, drop = tg.parameter(np.ones(64)), Dropping()
    first = drop(w)
    drop(w * 10)
    tg.sum(first).backward()
    np.testing.assert_array_equal(w.grad, first.value)
    outputs, _ = tg.unroll(lambda x, h: (drop(x * w), h), np.ones((3, 64)), np.zeros(1))
    np.testing.assert_array_equal(tg.grad(tg.sum(outputs), w).value, outputs.value.sum(axis=0))
    k = np.array([3.0])
    scaled, v = Scaled(k), tg.parameter([2.0])
    y = scaled(v)
    k[:] = 100
    scaled.k = 5.0
    np.testing.assert_array_equal(tg.grad(tg.sum(y), v).value, [3.0])
    np.testing.assert_array_equal(tg.grad(tg.sum(scaled(v)), v).value, [5.0])


@each("backend", ["numpy", "native"])
def test_compiled_an_op_that_keeps_what_its_gradient_needs_is_refused(backend: str) -> None:
    w, drop, scaled = tg.parameter([1.0, 2.0]), Dropping(), Scaled(4.0)
    with pytest.raises(tg.GraphError, match=r"dropping[\s\S]*self\.mask"):
        tg.compile(lambda x: tg.grad(tg.sum(drop(x * w)), w), backend=backend)(np.ones(2))
    step = tg.compile(lambda x: tg.grad(tg.sum(scaled(x * w)), w), backend=backend)
    np.testing.assert_array_equal(step(np.ones(2)), [4.0, 4.0])  # its counter decides nothing


@each("backend", ["numpy", "native"])
def test_stored_gradients_are_no_part_of_a_compiled_function(backend: str) -> None:
    p = tg.parameter(np.ones(2), "p")
    tg.sum(p * 2.0).backward()
    for use in (lambda x: tg.sum(x * p.grad), lambda x: x if p.grad is None else 2 * x):
        with pytest.raises(tg.GraphError, match="'p'"):
            tg.compile(use, backend=backend)(np.ones(2))
    with pytest.raises(tg.GraphError, match="zero_grad"):
        tg.compile(lambda x: (tg.zero_grad([p]), x)[1], backend=backend)(np.ones(2))
    np.testing.assert_array_equal(p.grad, [2.0, 2.0])


class Masked(tg.Op):
    """Its mask is a setting."""

    def forward(self, x: Any, mask: Any = None) -> Any:
        return x * mask

    def backward(self, gz: Any, z: Any, x: Any, mask: Any = None) -> Any:
        return gz * mask


@each("backend", ["numpy", "native"])
def test_a_setting_that_changes_is_noticed_by_a_compiled_function(backend: str) -> None:
    op, mask, x = Masked(), np.array([1.0, 0.0, 2.0]), np.array([5.0, 6.0, 7.0])
    compiled = tg.compile(lambda x: op(x, mask=mask), backend=backend)
    np.testing.assert_array_equal(compiled(x), [5.0, 0.0, 14.0])
    mask[:] = 3.0
    with pytest.raises(tg.GraphError, match="has changed"):
        compiled(x)
