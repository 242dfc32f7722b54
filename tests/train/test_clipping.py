"""Clipping: lengths and directions against numpy, dtypes, nesting, and what is refused."""

import math

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.train import clip_by_norm, clip_by_value
from tinygraph.train.clipping import ROW

RANDOM = np.random.default_rng(0)
GRADIENTS = {"W": RANDOM.normal(size=(3, 4)), "rest": [RANDOM.normal(size=5), (np.array(2.0), None)]}


def flat(gradients):
    return np.concatenate([gradients["W"].ravel(), gradients["rest"][0], [gradients["rest"][1][0]]])


def test_a_long_gradient_keeps_its_direction_and_gets_the_norm():
    before, after = flat(GRADIENTS), flat(clip_by_norm(GRADIENTS, 0.5))
    assert math.isclose(np.linalg.norm(after), 0.5, rel_tol=1e-12)
    np.testing.assert_allclose(after / 0.5, before / np.linalg.norm(before), rtol=1e-12)


def test_the_norm_is_one_over_all_arrays():
    clipped = clip_by_norm([np.array([3.0]), np.array([4.0])], 5.0 / 2)
    np.testing.assert_allclose(clipped, [[1.5], [2.0]], rtol=1e-15)


def test_a_short_gradient_is_unchanged_but_new():
    gradient = np.array([0.3, 0.4])
    (clipped,) = clip_by_norm([gradient], 0.51)
    np.testing.assert_array_equal(clipped, gradient)
    clipped[0] = 9
    assert gradient[0] == 0.3


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nesting_and_dtype_stay(clip, dtype):
    given = {"a": [np.ones(3, dtype), None], "b": (np.zeros((2, 0), dtype),)}
    clipped = clip(given, 0.1)
    assert list(clipped) == ["a", "b"] and clipped["a"][1] is None and type(clipped["b"]) is tuple
    assert clipped["a"][0].dtype == dtype and clipped["b"][0].shape == (2, 0)
    assert given["a"][0][0] == 1


@pytest.mark.parametrize("size", [ROW - 1, ROW, ROW + 1, 2 * ROW, 2 * ROW + 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_norm_of_many_numbers_counts_each_once(size, dtype):
    """From `ROW` numbers on they are summed row by row, and what is left over after the last row."""
    gradient = np.random.default_rng(size).normal(size=size).astype(dtype)
    gradient[-1] = 50.0  # the last one counts
    (clipped,) = clip_by_norm([gradient], 2.0)
    factor = 2.0 / math.sqrt(math.fsum(float(g) ** 2 for g in gradient))
    np.testing.assert_allclose(clipped, gradient.astype(float) * factor, rtol=1e-12 if dtype is np.float64 else 1e-6)


def test_zero_gradients_stay_zero():
    np.testing.assert_array_equal(clip_by_norm([np.zeros(3)], 1.0)[0], np.zeros(3))


def test_numbers_whose_squares_overflow_are_still_scaled():
    (clipped,) = clip_by_norm([np.array([3e200, -4e200])], 5.0)
    np.testing.assert_allclose(clipped, [3.0, -4.0], rtol=1e-12)
    (clipped,) = clip_by_norm([np.array([3e38, 0], np.float32)], 2.0)
    np.testing.assert_allclose(clipped, [2.0, 0.0], rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_norm_that_is_not_finite_is_refused(bad):
    with pytest.raises(tg.NonFiniteError, match="NaN or an infinity"):
        clip_by_norm([np.array([1.0, bad])], 1.0)


def test_values_are_clipped_one_by_one():
    np.testing.assert_array_equal(clip_by_value([np.array([-7.0, 7.0, 1.5])], 5.0)[0], [-5.0, 5.0, 1.5])


def test_nodes_count_by_their_value():
    w = tg.parameter([3.0, 4.0])
    gradient = tg.grad(tg.sum(w * w), {"w": w})
    np.testing.assert_allclose(clip_by_norm(gradient, 1.0)["w"], [0.6, 0.8], rtol=1e-12)
    np.testing.assert_array_equal(clip_by_value(gradient, 7.0)["w"], [6.0, 7.0])


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_whatever_a_gradient_is_an_array_of_floats_comes_back(clip):
    w = tg.parameter(np.array([3.0, -4.0], np.float32))
    node = tg.grad(tg.sum(w * w) / 2, w)
    for gradient in (node, node.value):
        (clipped,) = clip([gradient], 1.0)
        assert type(clipped) is np.ndarray and clipped.dtype == np.float32
        right = [0.6, -0.8] if clip is clip_by_norm else [1.0, -1.0]
        np.testing.assert_allclose(clipped, right, rtol=1e-6)
    for wrong in (np.array([3, -4]), np.array([True]), np.array([1j]), tg.constant([1, 2])):
        with pytest.raises(tg.GraphError, match="floating-point"):
            clip([wrong], 1.0)
    with pytest.raises(tg.GraphError, match="mask"):
        clip([np.ma.masked_array([1.0, 2.0], mask=False)], 1.0)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
@pytest.mark.parametrize("limit", [0, -1.0, math.nan])
def test_a_limit_that_is_not_positive_is_refused(clip, limit):
    with pytest.raises(tg.GraphError, match="not positive"):
        clip([np.ones(2)], limit)


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
def test_parameters_in_place_of_their_gradients_are_refused(clip):
    """As in PyTorch, where clip_grad_norm_(parameters) changes the gradients: here it would change nothing."""
    w = tg.parameter([3.0, -4.0], "w")
    with pytest.raises(tg.GraphError, match=r"needs gradients[\s\S]*p.grad for p in"):
        clip({"w": w}, 1.0)
    with pytest.raises(tg.GraphError, match="needs gradients"):
        tg.compile(lambda x: clip([w * x, w], 1.0), backend="numpy")(np.ones(2))


@pytest.mark.parametrize("backend", ["eager", "numpy", "native"])
def test_what_a_clip_of_ones_own_makes_is_looked_at_before_it_counts(backend):
    w = tg.parameter(np.zeros(2), name="w")

    def unit(gradients):  # of gradients that are 0 it makes NaN
        return {name: g / np.sqrt(np.sum(g * g)) for name, g in gradients.items()}

    def made(nonfinite):
        adam = tg.train.Adam({"w": w}, 0.1)
        return tg.train.step(lambda x: tg.sum(w * x), {"w": w}, adam, clip=unit, nonfinite=nonfinite, backend=backend)

    with np.errstate(all="ignore"):
        with pytest.raises(tg.NonFiniteError, match="the function that clips"):
            made("raise")(np.zeros(2))
        run = made("skip")
        run(np.zeros(2))
    assert run.skipped == 1 and not w.value.any() and not run.optimizers[0].steps
    run(np.array([3.0, 4.0]))
    np.testing.assert_allclose(w.value, [-0.1, -0.1], rtol=1e-6)
    np.testing.assert_allclose(run.norm, 5.0, rtol=1e-12)


@pytest.mark.parametrize("backend", ["eager", "numpy", "native"])
@pytest.mark.parametrize("clip", [1e-300, 5.0, 1e300, lambda g: clip_by_norm(g, math.inf)])
def test_gradients_of_0_are_clipped_without_a_warning(clip, backend):
    w = tg.parameter(np.ones(2), name="w")
    run = tg.train.step(lambda x: tg.sum(w * x), [w], tg.train.SGD([w], 1.0), clip=clip, backend=backend)
    run(np.zeros(2))
    assert w.value.tolist() == [1.0, 1.0] and run.norm == 0.0
