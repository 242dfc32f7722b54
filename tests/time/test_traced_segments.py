"""Loops in segments of steps give what one loop gives, whatever is left over, in both directions."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tinygraph.time.traced_segments import SHORTEST


@each_backend
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("truncate", [None, 5])
@pytest.mark.parametrize("T", [SHORTEST - 1, SHORTEST, SHORTEST + 1, 25, 30])
def test_values_and_gradients_are_those_of_plain_steps(backend, reverse, truncate, T):
    xs, w = np.random.default_rng(T).normal(size=(T, 3)), tg.parameter(np.array([0.9, -0.5, 0.3]))

    def loss(x):
        outputs, h = tg.unroll(
            lambda x, h: (tg.tanh(x + w * h),) * 2, x, np.ones(3), reverse=reverse, truncate=truncate
        )
        return tg.sum(outputs * np.arange(1.0, T + 1)[:, None]) + tg.sum(h)

    y, g = tg.compile(tg.value_and_grad(loss, w), backend, memory="checkpoint")(xs)
    plain = loss(xs)
    np.testing.assert_allclose(y, plain.value, rtol=1e-12)
    np.testing.assert_allclose(g, tg.grad(plain, w).value, rtol=1e-11)


def test_from_so_many_steps_on_there_are_segments():
    counts = {}
    for T in (SHORTEST - 1, SHORTEST):
        step = tg.compile(
            lambda x: tg.unroll(lambda x, h: (h + x,) * 2, x, np.zeros(2))[0], "numpy", memory="checkpoint"
        )
        step(np.ones((T, 2)))
        counts[T] = sum("body" in n.attributes for n in tg.core.graph.ancestors(step.graph("before")))
    assert counts == {SHORTEST - 1: 1, SHORTEST: 1}
    inner = step.graph("before")[0]
    (outer,) = [n for n in tg.core.graph.ancestors([inner]) if "body" in n.attributes]
    assert outer.attributes["body"].steps == 4 and outer.attributes["body"].recompute
