"""value_and_grad, vjp, jvp and hvp against matrices worked out by hand."""

import numpy as np
import pytest

import tinygraph as tg

RNG = np.random.default_rng(2)
A = RNG.normal(size=(4, 3))
X, V = RNG.normal(size=3), RNG.normal(size=3)


def jacobian():
    return (1 - np.tanh(A @ X) ** 2)[:, None] * A


def fn(x):
    return tg.tanh(A @ x)


def test_value_and_grad():
    w = tg.parameter(X)
    y, g = tg.value_and_grad(lambda scale: tg.sum(fn(w)) * scale, {"w": w})(2.0)
    assert y.item() == pytest.approx(2 * np.tanh(A @ X).sum(), rel=1e-14)
    assert np.allclose(g["w"].value, 2 * jacobian().sum(0), rtol=1e-13)


def test_vjp_is_the_transposed_jacobian():
    y, pull = tg.vjp(fn, X)
    gy = RNG.normal(size=4)
    assert np.allclose(y.value, np.tanh(A @ X))
    assert np.allclose(pull(gy)[0].value, jacobian().T @ gy, rtol=1e-13)


def test_jvp_is_the_jacobian():
    y, dy = tg.jvp(fn, (X,), (V,))
    assert np.allclose(y.value, np.tanh(A @ X)) and np.allclose(dy.value, jacobian() @ V, rtol=1e-13)


def test_jvp_of_several_inputs_and_of_one_that_does_not_matter():
    _, dy = tg.jvp(lambda a, b, c: a * b, (X, V, X), (np.ones(3), X, V))
    assert np.allclose(dy.value, V + X * X)


def test_hvp_is_the_hessian():
    def loss(x):
        return tg.sum(x**3) + x[0] * x[1] * x[2]

    off = np.array([[0, X[2], X[1]], [X[2], 0, X[0]], [X[1], X[0], 0]])
    y, (hv,) = tg.hvp(loss, (X,), (V,))
    assert y.item() == pytest.approx((X**3).sum() + X.prod())
    assert np.allclose(hv.value, (np.diag(6 * X) + off) @ V, rtol=1e-13)


def test_transforms_compose():
    x = tg.parameter(0.7)
    _, dy = tg.jvp(lambda x: tg.exp(x * x), (x,), (np.array(1.0),))
    assert tg.grad(dy, x).item() == pytest.approx((2 + 4 * 0.49) * np.exp(0.49), rel=1e-13)


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: tg.jvp(fn, X, V), "jvp: primals and tangents must be tuples"),
        (
            lambda: tg.jvp(fn, (X,), (V[:2],)),
            r"jvp: tangents do not match the primals\n  expected  \[\(3,\)\]\n  got       \[\(2,\)\]",
        ),
        (lambda: tg.jvp(fn, (X,), (V, V)), "jvp: tangents do not match the primals"),
        (lambda: tg.hvp(fn, (X,), (V,)), "is not one number"),
    ],
)
def test_bad_calls(call, problem):
    with pytest.raises(tg.GraphError, match=problem):
        call()
