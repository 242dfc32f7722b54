"""Drawn numbers: as the steps go, once a sequence, anew at each call of a compiled function."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend

T, H = 5, 3
XS, H0 = np.zeros((T, H)), np.zeros(H)


def noisy(draw, once=False):
    def cell(x, h):
        h = h * 0.5 + x + tg.noise(draw, h.shape, once=once)
        return h, h

    return cell


def normal(seed):
    rng = np.random.default_rng(seed)
    return lambda shape: rng.normal(size=shape)


def by_numpy(steps):
    h, seen = H0, []
    for n in steps:
        h = h * 0.5 + n
        seen.append(h)
    return np.array(seen)


def test_each_step_draws():
    outputs, _ = tg.unroll(noisy(normal(3)), XS, H0)
    np.testing.assert_array_equal(outputs.value, by_numpy(np.random.default_rng(3).normal(size=(T, H))))


def test_once_is_once_for_each_unroll():
    draw, rng = normal(3), np.random.default_rng(3)
    for _ in range(2):
        outputs, _ = tg.unroll(noisy(draw, once=True), XS, H0)
        np.testing.assert_array_equal(outputs.value, by_numpy([rng.normal(size=H)] * T))


@each_backend
@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("settings", [{}, {"reverse": True}, {"truncate": 2}])
@pytest.mark.parametrize("memory", ["keep", "checkpoint"])
def test_compiled_draws_the_same_numbers_and_new_ones_at_each_call(backend, once, settings, memory):
    xs = np.zeros((17, H))

    def run(draw):
        return tg.unroll(noisy(draw, once), xs, H0, **settings)[0]

    first, second = normal(7), normal(7)
    compiled = tg.compile(lambda: run(first), backend, memory=memory)
    found = [compiled() for _ in range(2)]
    expected = [run(second).value for _ in range(2)]
    assert not (found[0] == found[1]).any()
    if memory == "keep" or once:  # else the segments draw one by one
        np.testing.assert_allclose(found, expected, rtol=1e-13)


@each_backend
def test_forward_and_gradient_see_the_same_numbers(backend):
    w = tg.parameter(np.ones(H))
    draw = normal(1)

    def loss():
        def cell(x, h):
            h = h + w * tg.noise(draw, h.shape)
            return h, h

        return tg.sum(tg.unroll(cell, XS, H0)[1])

    y, g = tg.compile(tg.value_and_grad(loss, w), backend=backend)()
    assert y == pytest.approx(g.sum(), rel=1e-12) and g.any()


def test_noise_in_a_window_is_that_of_its_step():
    draw = normal(2)
    step = tg.compile(lambda: tg.unroll(noisy(draw), XS, H0, truncate=2, window="sliding")[0], "numpy")
    rng = np.random.default_rng(2)
    np.testing.assert_allclose(step(), by_numpy(rng.normal(size=(T, H))), rtol=1e-13)


OUTER = [{}, {"reverse": True}, {"truncate": 2}, {"truncate": 2, "window": "sliding"}]


def nested(draw, once, outer, inner):
    """h' = h / 2 + n at each of 3 inner steps, in each of 4 outer ones; all states (4, 3, 2)."""

    def within(_, h):
        h = h * 0.5 + tg.noise(draw, (2,), once=once)
        return h, h

    def cell(x, h):
        return tg.unroll(within, x, h, **inner)

    return tg.unroll(cell, np.zeros((4, 3)), np.zeros(2), **outer)[0]


@pytest.mark.parametrize("run", ["eager", "numpy", "native"])
@pytest.mark.parametrize("once", [False, True])
@pytest.mark.parametrize("outer", OUTER)
@pytest.mark.parametrize("inner", [{}, {"truncate": 1, "window": "sliding"}])
def test_noise_in_an_unroll_in_another_is_new_at_every_step_of_both(run, once, outer, inner):
    """Or once for each inner unroll, which is at every outer step; a window that runs again repeats its numbers."""
    if run == "native":
        pytest.importorskip("llvmlite")
    draw, seen = normal(4), []
    make = lambda: nested(draw, once, outer, inner)  # noqa: E731
    compiled = None if run == "eager" else tg.compile(make, run)
    for _ in range(2):
        states = make().value if compiled is None else compiled()
        h, numbers = np.zeros(2), []
        for t in range(4)[:: -1 if outer.get("reverse") else 1]:
            numbers.append([states[t, 0] - h / 2, *(states[t, 1:] - states[t, :-1] / 2)])
            h = states[t, -1]
        numbers = np.round(numbers, 9)
        assert all(len(np.unique(row, axis=0)) == (1 if once else 3) for row in numbers)
        seen += numbers.ravel().tolist()
    assert len(set(seen)) == 2 * (8 if once else 24)


def test_another_shape_is_refused():
    with pytest.raises(tg.GraphError, match="draw returned an array of the wrong shape"):
        tg.noise(lambda shape: np.zeros(2), (3,))
    step = tg.compile(lambda x: x + tg.noise(lambda shape: np.zeros(2), x.shape))
    with pytest.raises(tg.GraphError, match="draw returned an array of the wrong shape"):
        step(np.zeros(3))


@pytest.mark.parametrize(
    "draw, shape, problem",
    [
        (np.random.default_rng(0), (3,), "draw must be a function"),
        ((3,), np.zeros, "draw must be a function"),
        (np.zeros, 3, "shape must be a tuple"),
        (np.zeros, (2, -1), "shape must be a tuple"),
        (np.zeros, (2.0,), "shape must be a tuple"),
    ],
)
def test_wrong_arguments_are_named(draw, shape, problem):
    with pytest.raises(tg.GraphError, match=problem):
        tg.noise(draw, shape)


def test_dtype_is_kept():
    assert tg.noise(normal(0), (2,), np.float32).dtype == np.float32
