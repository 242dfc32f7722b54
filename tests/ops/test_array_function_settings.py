"""Settings and corners of numpy's array functions: dtypes, NaN, constant values, huge factors, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend, quiet
from tests.each import each

X = np.arange(6.0).reshape(2, 3) - 2.3
HOLED = np.array([[1.0, np.nan, 0.5, 3.0], [2.0, 1.0, np.nan, 5.0]])

DTYPES: dict[str, Callable[[Any], Any]] = {
    "sum in float32": lambda x: np.sum(x, dtype=np.float32),
    "sum in the third place": lambda x: np.sum(x, 0, "f4"),
    "sum in integers": lambda x: np.sum(x, 1, np.int64),
    "sum in int8": lambda x: np.sum(x, dtype=np.int8, initial=3),
    "prod in float16": lambda x: np.prod(x, 0, np.float16),
    "mean in float32": lambda x: np.mean(x, dtype=np.float32),
    "var in float32": lambda x: np.var(x, 1, np.float32, ddof=1),
    "std in float16": lambda x: np.std(x, dtype="f2"),
    "cumsum in int32": lambda x: np.cumsum(x, 1, np.int32),
    "cumprod in float32": lambda x: np.cumprod(x, dtype=np.float32),
    "add.reduce in float32": lambda x: np.add.reduce(x, 1, np.float32),
    "add.accumulate in float32": lambda x: np.add.accumulate(x, 1, np.float32),
    "trace in float32": lambda x: np.trace(x, dtype=np.float32),
    "nansum in float32": lambda x: np.nansum(x, dtype=np.float32),
    "concatenate to float32": lambda x: np.concatenate([x, x], dtype=np.float32),
    "concatenate to integers": lambda x: np.concatenate([x, x], dtype=int, casting="unsafe"),
    "stack to float32": lambda x: np.stack([x, x], dtype=np.float32),
    "hstack to float32": lambda x: np.hstack([x, x], dtype=np.float32),
    "vstack to integers": lambda x: np.vstack((x, x), dtype=np.int16, casting="unsafe"),
    "linspace in integers": lambda x: np.linspace(x, 9, 4, dtype=int),
    "linspace in float32": lambda x: np.linspace(0, x, 4, dtype=np.float32),
    "max with an integer": lambda x: np.max(x, 1, initial=1),
    "pad with a float": lambda x: np.pad(x, 1, constant_values=1.75),
    "insert a float": lambda x: np.insert(x, 1, 2.75),
    "clip between arrays": lambda x: np.clip(x, np.zeros(3, np.float32), np.ones((2, 1), np.int8)),
}


@each("start", [X, X.astype(np.float32), np.round(X).astype(np.int64), np.round(X).astype(np.int8)])
@each("name", DTYPES)
def test_dtypes_are_numpys(name: str, start: np.ndarray) -> None:
    z, right = DTYPES[name](tg.constant(start)), DTYPES[name](start)
    assert (z.shape, z.dtype) == (right.shape, right.dtype)
    np.testing.assert_allclose(z.value, right, 2e-3 if z.dtype == np.float16 else 2e-6)


@each_backend
def test_dtypes_are_numpys_compiled(backend: str) -> None:
    with quiet():
        results = tg.compile(lambda x: [call(x) for call in DTYPES.values()], backend=backend)(X)
    for name, z in zip(DTYPES, results, strict=True):
        right = DTYPES[name](X)
        assert (z.shape, z.dtype) == (right.shape, right.dtype), name
        np.testing.assert_allclose(z, right, 2e-3 if z.dtype == np.float16 else 2e-6, err_msg=name)


def test_where_a_deviation_is_0_its_gradients_are_0() -> None:
    x = tg.parameter([[2.0, 2.0], [1.0, 3.0]])
    z = np.std(x, axis=1)
    assert z.value.tolist() == [0.0, 1.0]
    g = tg.grad(np.sum(z), x)
    assert g.value.tolist() == [[0.0, 0.0], [-0.5, 0.5]]
    assert np.isfinite(tg.grad(np.sum(g * g), x).value).all()


def test_a_running_extreme_keeps_nan_and_gives_equal_numbers_one_gradient() -> None:
    for function in (np.maximum.accumulate, np.minimum.accumulate):
        np.testing.assert_array_equal(function(tg.parameter(HOLED), axis=1).value, function(HOLED, axis=1))
    x = tg.parameter([1.0, 3.0, 3.0, 2.0])
    assert tg.grad(np.sum(np.maximum.accumulate(x) * [1, 2, 4, 8]), x).value.tolist() == [1.0, 2.0, 12.0, 0.0]


def test_running_products_neither_overflow_nor_divide() -> None:
    x = tg.parameter([1e-300, 1e200, 1e200, 0.0, 1e300])
    np.testing.assert_allclose(np.cumprod(x).value, [1e-300, 1e-100, 1e100, 0, 0], 1e-12)
    g = tg.grad(np.cumprod(x[:2])[1] + np.cumprod(x[3:])[1], x)
    np.testing.assert_allclose(g.value, [1e200, 1e-300, 0, 1e300, 0], 1e-12)
    three = tg.parameter([2.0, 0.0, 0.0])
    assert tg.grad(np.prod(three), three).value.tolist() == [0.0, 0.0, 0.0]
    by_second = tg.grad(tg.grad(np.prod(three), three)[1], three)
    assert by_second.value.tolist() == [0.0, 0.0, 2.0]


def test_the_end_of_linspace_is_exact() -> None:
    z = np.linspace(tg.parameter(0.1), tg.parameter(0.7), 7)
    assert (z.value[0], z.value[-1]) == (0.1, 0.7)
    assert np.linspace(0, tg.constant([1, 2]), 3).value.tolist() == np.linspace(0, [1, 2], 3).tolist()


def test_nan_is_left_out_and_gets_no_gradient() -> None:
    x = tg.parameter(HOLED)
    for function in (np.nansum, np.nanmean, np.nanprod):
        z = function(x, axis=1)
        np.testing.assert_allclose(z.value, function(HOLED, axis=1), 1e-13)
        g = tg.grad(np.sum(z), x).value
        assert np.isfinite(g).all() and not g[np.isnan(HOLED)].any()


REFUSED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "var of too few": ("np.var", lambda x: np.var(x, axis=0, ddof=2)),
    "var of nothing": ("np.var", lambda x: np.var(x[:, :0])),
    "std beyond": ("np.std", lambda x: np.std(x, axis=2)),
    "std by a mask of nothing": ("np.std", lambda x: np.std(x, where=False)),
    "mean of hidden rows": ("np.mean", lambda x: np.mean(x, 1, where=[[True], [False]])),
    "mean in integers": ("np.mean", lambda x: np.mean(x, dtype=int)),
    "sum in no dtype": ("np.sum", lambda x: np.sum(x, dtype="words")),
    "sum beyond": ("sum", lambda x: np.sum(x, axis=2)),
    "prod beyond": ("prod", lambda x: np.prod(x, axis=(0, 2))),
    "max without initial": ("np.max", lambda x: np.max(x, where=x > 0)),
    "max of nothing": ("max", lambda x: np.max(x[:, :0])),
    "average of wrong weights": ("np.average", lambda x: np.average(x, axis=1, weights=[1, 2])),
    "average of weights without an axis": ("np.average", lambda x: np.average(x, weights=[1, 2, 3])),
    "average of no weight": ("np.average", lambda x: np.average(x, axis=1, weights=[1, -1, 0])),
    "cumsum beyond": ("cumsum", lambda x: np.cumsum(x, axis=2)),
    "cumsum in place": ("np.cumsum", lambda x: np.cumsum(x, 0, None, np.zeros((2, 3)))),
    "add.accumulate beyond": ("np.add.accumulate", lambda x: np.add.accumulate(x, axis=5)),
    "maximum.accumulate beyond": ("np.maximum.accumulate", lambda x: np.maximum.accumulate(x, axis=-3)),
    "maximum.accumulate in a dtype": ("np.maximum.accumulate", lambda x: np.maximum.accumulate(x, dtype="f4")),
    "add.reduceat": ("np.add.reduceat", lambda x: np.add.reduceat(x, [0, 1])),
    "subtract.reduce of two axes": ("np.subtract.reduce", lambda x: np.subtract.reduce(x, axis=(0, 1))),
    "diff beyond": ("np.diff", lambda x: np.diff(x, axis=2)),
    "diff of -1": ("np.diff", lambda x: np.diff(x, -1)),
    "gradient of three distances": ("np.gradient", lambda x: np.gradient(x, 1, 2, 3)),
    "gradient of wrong coordinates": ("np.gradient", lambda x: np.gradient(x, [1.0, 2.0], axis=1)),
    "gradient of one element": ("np.gradient", lambda x: np.gradient(x[:, :1], axis=1)),
    "gradient of edges of order 3": ("np.gradient", lambda x: np.gradient(x, edge_order=3)),
    "trapezoid beyond": ("np.trapezoid", lambda x: np.trapezoid(x, axis=2)),
    "convolve of a matrix": ("np.convolve", lambda x: np.convolve(x, [1.0])),
    "convolve of nothing": ("np.convolve", lambda x: np.convolve(x[0], [])),
    "convolve in no mode": ("np.convolve", lambda x: np.convolve(x[0], [1.0], "circular")),
    "sort beyond": ("np.sort", lambda x: np.sort(x, axis=2)),
    "sort by a field": ("np.sort", lambda x: np.sort(x, order="a")),
    "quantile by weights": ("np.quantile", lambda x: np.quantile(x, 0.5, weights=np.ones(6), method="inverted_cdf")),
    "quantile beyond": ("np.quantile", lambda x: np.quantile(x, 2)),
    "cov with weights": ("np.cov", lambda x: np.cov(x, aweights=np.ones(3))),
    "interp with a period": ("np.interp", lambda x: np.interp(x, [0, 1], [0, 1], period=2)),
    "windows that are too large": (
        "np.lib.stride_tricks.sliding",
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 9, 0),
    ),
    "windows that are written": (
        "np.lib.stride_tricks.sliding_window_view: windows",
        lambda x: np.lib.stride_tricks.sliding_window_view(x, 1, 0, writeable=True),
    ),
    "where without out": ("np.log", lambda x: np.log(x, where=x > 0)),
    "unwrap": ("np.unwrap", lambda x: np.unwrap(x)),
    "take_along_axis of floats": ("np.take_along_axis", lambda x: np.take_along_axis(x, x, 1)),
    "take_along_axis of few axes": ("np.take_along_axis", lambda x: np.take_along_axis(x, np.array([0]), 1)),
    "repeat by too many": ("np.repeat", lambda x: np.repeat(x, [1, 2], axis=1)),
    "repeat by -1": ("np.repeat", lambda x: np.repeat(x, -1)),
    "tile by -1": ("np.tile", lambda x: np.tile(x, -1)),
    "pad by a ramp": ("np.pad", lambda x: np.pad(x, 1, "linear_ramp")),
    "pad oddly": ("np.pad", lambda x: np.pad(x, 1, "reflect", reflect_type="odd")),
    "pad an edge with numbers": ("np.pad", lambda x: np.pad(x, 1, "edge", constant_values=3)),
    "pad three axes": ("np.pad", lambda x: np.pad(x, [(1, 1)] * 3)),
    "pad by -1": ("np.pad", lambda x: np.pad(x, -1)),
    "diag of three axes": ("np.diag", lambda x: np.diag(x[None])),
    "diagonal of one axis": ("np.diagonal", lambda x: np.diagonal(x[0])),
    "diagonal of an axis with itself": ("np.diagonal", lambda x: np.diagonal(x, axis1=1, axis2=1)),
    "trace beyond": ("np.trace", lambda x: np.trace(x, axis2=2)),
    "roll beyond": ("np.roll", lambda x: np.roll(x, 1, axis=2)),
    "roll by a float": ("np.roll", lambda x: np.roll(x, 0.5)),
    "flip beyond": ("np.flip", lambda x: np.flip(x, 2)),
    "fliplr of one axis": ("np.fliplr", lambda x: np.fliplr(x[0])),
    "rot90 of one axis": ("np.rot90", lambda x: np.rot90(x, axes=(0, 0))),
    "rollaxis beyond": ("np.rollaxis", lambda x: np.rollaxis(x, 2)),
    "broadcast_arrays": ("np.broadcast_arrays", lambda x: np.broadcast_arrays(x, np.ones(2))),
    "meshgrid of no order": ("np.meshgrid", lambda x: np.meshgrid(x[0], x[1], indexing="yx")),
    "hstack": ("np.hstack", lambda x: np.hstack([x, np.ones(2)])),
    "vstack": ("np.vstack", lambda x: np.vstack([x, np.ones(2)])),
    "hstack to integers": ("np.hstack", lambda x: np.hstack([x, x], dtype=int)),
    "concatenate beyond": ("np.concatenate", lambda x: np.concatenate([x, x], axis=2)),
    "block of uneven lists": ("np.block", lambda x: np.block([[x], x])),
    "append": ("np.append", lambda x: np.append(x, x[0], axis=0)),
    "insert beyond": ("np.insert", lambda x: np.insert(x, 9, 1.0, axis=0)),
    "insert too much": ("np.insert", lambda x: np.insert(x, 1, np.ones(4), axis=1)),
    "delete beyond": ("np.delete", lambda x: np.delete(x, 9, axis=0)),
    "hsplit": ("np.hsplit", lambda x: np.hsplit(x, 2)),
    "dsplit of two axes": ("np.dsplit", lambda x: np.dsplit(x, 1)),
    "array_split in no parts": ("np.array_split", lambda x: np.array_split(x, 0)),
    "linspace of -1": ("np.linspace", lambda x: np.linspace(x, 1, -1)),
    "select of uneven lists": ("np.select", lambda x: np.select([x > 0], [x, x])),
    "select by numbers": ("np.select", lambda x: np.select([x], [x])),
    "choose beyond": ("np.choose", lambda x: np.choose(np.array([0, 1, 2]), [x[0], x[1]])),
    "choose in circles": ("np.choose", lambda x: np.choose(np.array([0, 1, 2]), [x[0], x[1]], mode="wrap")),
    "compress by a matrix": ("np.compress", lambda x: np.compress([[True]], x)),
    "clip in place": ("np.clip", lambda x: np.clip(x, 0, 1, np.zeros((2, 3)))),
    "clip twice": ("np.clip", lambda x: np.clip(x, 0, 1, min=3)),
    "clip by arrays of wrong shapes": ("maximum", lambda x: np.clip(x, np.zeros(4), 1)),
}


@each("name", REFUSED)
def test_what_is_refused_names_numpys_function(name: str) -> None:
    who, call = REFUSED[name]
    with pytest.raises(tg.GraphError) as caught:
        call(tg.parameter(X))
    assert str(caught.value).startswith(who), str(caught.value)
    with pytest.raises(tg.GraphError) as caught:
        tg.compile(call, backend="numpy")(X)
    assert str(caught.value).startswith(who), str(caught.value)


@each("casting", ["no", "equiv", "safe", "same_kind", "unsafe"])
@each("dtype", [np.float32, np.float64, np.int64, None])
@each("function", [np.concatenate, np.stack, np.hstack, np.vstack])
def test_parts_are_joined_where_numpy_may_cast_them(function: Any, dtype: Any, casting: str) -> None:
    for parts in ([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], np.float32([3.0, 4.0])], [[[1.0]], [[2.0]]]):
        arrays = [*map(np.asarray, parts)]
        nodes = [tg.constant(arrays[0]), *arrays[1:]]
        try:
            right = function(arrays, dtype=dtype, casting=casting)
        except TypeError:
            with pytest.raises(tg.GraphError, match=f"np.{function.__name__}: the parts cannot be cast"):
                function(nodes, dtype=dtype, casting=casting)
        else:
            z = function(nodes, dtype=dtype, casting=casting)
            assert (z.dtype, z.shape) == (right.dtype, right.shape)
            np.testing.assert_array_equal(z.value, right)
