"""Native sums, largest and smallest over axes against numpy, over ranks, strides, sizes and dtypes."""

import numpy as np
import pytest

from tests.each import each
from tinygraph.plan.actions import Buffer, Reduction, View

from .running import check, ready, run_natively, whole

pytest.importorskip("llvmlite")

SHAPES = [((5,), (0,)), ((1,), (0,)), ((0,), (0,)), ((70000,), (0,)), ((3, 9000), (0,)), ((3, 40), (1,)),
          ((3, 40), (0,)), ((3, 40), (0, 1)),
          ((7, 3, 33), (0, 1)), ((7, 3, 33), (1,)), ((7, 3, 33), (0, 2)), ((7, 3, 33), (-1,)), ((4, 1, 5, 2), (1, 2)),
          ((0, 6), (0,)), ((6, 0), (0,)), ((9, 1), (0,)), ((9, 1), (1,)), ((2, 3), ())]  # fmt: skip


def random_view(rng, shape, dtype):
    """A view of a new buffer: axes in any order and cut out of longer ones."""
    order, strides, step = rng.permutation(len(shape)), [0] * len(shape), 1
    for axis in order:
        strides[axis] = step
        step *= shape[axis] + int(rng.integers(2))
    buffer = Buffer("scratch", max(step, 1) + 3, np.dtype(dtype))
    return View(buffer, int(rng.integers(3)), shape, tuple(strides))


def reduction(kind, x, axes, out=None):
    shape = tuple(n for axis, n in enumerate(x.shape) if axis not in [a % len(x.shape) for a in axes])
    _, out = whole(np.zeros(shape, x.dtype)) if out is None else (None, out)
    return Reduction(kind, x, out, axes)


@each("kind, dtype", [("sum", "f4"), ("sum", "f8"), ("max", "f4"), ("min", "f8")])
@each("case", SHAPES)
def test_whole_arrays_and_views(case, kind, dtype):
    shape, axes = case
    if kind != "sum" and not all(shape):
        return  # the largest of nothing
    rng = np.random.default_rng(len(shape))
    for x in (whole(np.zeros(shape, dtype))[1], random_view(rng, shape, dtype)):
        action = reduction(kind, x, axes)
        flat = {b: rng.normal(size=b.size).astype(dtype) for b in (x.buffer, action.out.buffer)}
        got = run_natively([action], flat)[action.out.buffer]
        here = np.lib.stride_tricks.as_strided(
            flat[x.buffer][x.offset :], shape, [s * x.dtype.itemsize for s in x.strides]
        )
        exact = getattr(np, kind)(here.astype(np.longdouble), axis=axes)
        scale = np.abs(here).sum() / max(exact.size, 1)
        np.testing.assert_allclose(got, exact.ravel(), rtol=0, atol=1e-6 * scale if dtype == "f4" else 1e-15 * scale)


@each("seed", range(20))
def test_random_views_with_random_results(seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 9, rng.integers(1, 5)).tolist())
    axes = tuple(axis for axis in range(len(shape)) if rng.random() < 0.5)
    x = random_view(rng, shape, "f8")
    out = random_view(rng, tuple(n for axis, n in enumerate(shape) if axis not in axes), "f8")
    action = reduction(str(rng.choice(["sum", "max", "min"])), x, axes, out)
    check([action], {b: rng.normal(size=b.size) for b in (x.buffer, out.buffer)})


@each("axes", [(0,), (1,), (0, 1)])
@each("kind", ["max", "min", "sum"])
def test_nan_is_passed_on(kind, axes):
    x = np.zeros((6, 21))
    x[4, 20] = np.nan
    buffer, view = whole(x)
    action = reduction(kind, view, axes)
    check([action], {buffer: x.ravel(), action.out.buffer: np.zeros(action.out.buffer.size)})


def test_a_long_float32_sum_keeps_its_digits():
    """A million numbers near 1: one float32 after the other would lose 1e-3 of it, sums of sums lose 1e-6."""
    x = np.random.default_rng(0).uniform(0.9, 1.1, 1_000_003).astype("f4")
    buffer, view = whole(x)
    action = reduction("sum", view, (0,))
    got = run_natively([action], {buffer: x, action.out.buffer: np.zeros(1, "f4")})[action.out.buffer][0]
    assert abs(got / x.sum(dtype="f8") - 1) < 2e-7


def test_small_numbers_count_beside_a_large_one():
    """A million of 1e-3 after 1e8: each of them, and each sum of 4096, is below half of what float32 tells apart."""
    x = np.full(1_000_000, 1e-3, "f4")
    x[0] = 1e8
    buffer, view = whole(x)
    action = reduction("sum", view, (0,))
    got = run_natively([action], {buffer: x, action.out.buffer: np.zeros(1, "f4")})[action.out.buffer][0]
    assert abs(float(got) - 1e8 - 1000) <= 8


def test_the_text_is_the_same_for_other_sizes():
    for axes in [(0,), (1,), (0, 1), (2,), (0, 2)]:
        texts = set()
        for shape in [(7, 5, 33), (1, 5, 33), (7, 1, 33), (2, 2, 2), (1, 1, 33)]:
            buffer, view = whole(np.zeros(shape, "f4"))
            action = reduction("sum", view, axes)
            flat = {buffer: np.zeros(buffer.size, "f4"), action.out.buffer: np.zeros(action.out.buffer.size, "f4")}
            texts.add(ready([action], flat)[0].text)
        assert len(texts) == 1, axes
