"""``x[...]``, take and their gradients, on random indices, against numpy."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygraph as tg

from .random_calls import array, array_index, basic_index, quick, shapes


def by_hand(shape: tuple[int, ...], key: Any, g: np.ndarray) -> np.ndarray:
    """The gradient of ``x[key]``: each number of ``g`` added to the place of x that numpy took it from."""
    z = np.zeros(int(np.prod(shape)))
    origin = np.arange(z.size).reshape(shape)[key]
    for place, value in zip(np.ravel(origin).tolist(), np.ravel(g).tolist(), strict=True):
        z[place] += value
    return z.reshape(shape)


def agrees(x: np.ndarray, key: Any) -> None:
    node = tg.parameter(x)
    z = node[key]
    np.testing.assert_array_equal(z.value, x[key])
    assert z.dtype == x.dtype
    gz = array(z.shape)
    g = tg.grad(z, node, gz)
    np.testing.assert_allclose(g.value, by_hand(x.shape, key, gz), rtol=1e-12, atol=1e-12)
    z.backward(gz)
    np.testing.assert_allclose(node.grad, g.value, rtol=1e-12, atol=1e-12)
    by = tg.parameter(gz)
    twice = tg.grad(tg.grad(node[key], node, by), by, x)
    np.testing.assert_array_equal(twice.value, x[key])


@quick
@given(shapes, st.data())
def test_basic_indices(shape: tuple[int, ...], data: st.DataObject) -> None:
    agrees(array(shape), data.draw(basic_index(shape)))


@quick
@given(shapes.filter(len), st.data())
def test_integer_arrays_among_slices(shape: tuple[int, ...], data: st.DataObject) -> None:
    agrees(array(shape), data.draw(array_index(shape)))


@quick
@given(shapes.filter(len), st.data())
def test_masks(shape: tuple[int, ...], data: st.DataObject) -> None:
    axes = data.draw(st.integers(1, len(shape)))
    size = int(np.prod(shape[:axes]))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool).reshape(shape[:axes])
    agrees(array(shape), mask)
    agrees(array(shape), (mask, ...))
    agrees(array(shape), (None, mask))


@quick
@given(shapes.filter(len), st.data())
def test_take_along_any_axis(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    n = int(np.prod(shape)) if axis is None else shape[axis]
    joint = data.draw(st.sampled_from([(), (2,), (5,), (2, 2)])) if n else (0,)
    places = [data.draw(st.integers(-n, n - 1)) for _ in range(int(np.prod(joint)))]
    indices = np.array(places, dtype=np.int64).reshape(joint)
    x = array(shape)
    node = tg.parameter(x)
    z = tg.take(node, indices, axis=axis)
    np.testing.assert_array_equal(z.value, np.take(x, indices, axis=axis))
    gz = array(z.shape)
    key: Any = indices
    if axis is not None:
        key = (*(slice(None),) * (axis % len(shape)), indices)
    origin = x.reshape(-1) if axis is None else x
    expected = by_hand(origin.shape, key, gz).reshape(shape)
    np.testing.assert_allclose(tg.grad(z, node, gz).value, expected, rtol=1e-12, atol=1e-12)


def test_slices_that_overlap_add_up() -> None:
    x = tg.parameter(array((4, 2)))
    total = tg.sum(x[:3] * 2.0) + tg.sum(x[1:] * 3.0) + tg.sum(x[2] * 5.0) + tg.sum(x * 7.0)
    expected = [[9.0, 9.0], [12.0, 12.0], [17.0, 17.0], [10.0, 10.0]]
    np.testing.assert_allclose(tg.grad(total, x).value, expected)
    total.backward()
    np.testing.assert_allclose(x.grad, expected)


KEYS: list[Any] = [(), ..., 0, -1, slice(None), slice(0, 2), slice(2, 4), slice(2, None), slice(4, 9), slice(3, 1)]
KEYS += [slice(None, None, -1), slice(0, 4, 2), (slice(None), 1), (slice(None), slice(0, 1)), (..., slice(1, 2))]
KEYS += [(slice(None), slice(1, 2)), (slice(0, 2), slice(0, 1)), (None, slice(2, 4)), (1, slice(0, 2))]


def test_slices_in_any_order_add_up() -> None:
    draw = Random(5)
    for _ in range(150):
        keys, x = draw.choices(KEYS, k=draw.randrange(2, 5)), tg.parameter(array((4, 2)))
        expected = np.zeros((4, 2))
        for k, key in enumerate(keys):
            expected[key] += k + 1
        total = sum(tg.sum(x[key] * (k + 1.0)) for k, key in enumerate(keys))
        total.backward()
        np.testing.assert_array_equal(x.grad, expected, str(keys))
        np.testing.assert_array_equal(tg.grad(total, x).value, expected, str(keys))


def test_a_piece_may_fill_the_whole_array() -> None:
    x = tg.parameter([1.0, 2.0, 4.0])
    z = tg.ops.put(x, x[:1], shape=(3,), indexes=((), (slice(0, 1),)))
    assert z.value.tolist() == [2.0, 2.0, 4.0]
    assert tg.grad(tg.sum(z * [1.0, 2.0, 3.0]), x).value.tolist() == [2.0, 2.0, 3.0]


def test_many_equal_rows_add_up() -> None:
    table, ids = tg.parameter(array((5, 3))), np.tile([4, 0, 4, 1], 50)
    g = tg.grad(tg.sum(tg.take(table, ids, axis=0)), table).value
    np.testing.assert_allclose(g, np.outer([50.0, 50.0, 0.0, 0.0, 100.0], np.ones(3)))


def test_a_python_int_is_an_index_and_a_label() -> None:
    x = tg.parameter(array((3, 2)))
    for z, right in (
        (tg.take(x, 2, 0), x.value[2]),
        (tg.take(x, -1, axis=1), x.value[:, -1]),
        (tg.take(x, 4), x.value[2, 0]),
    ):
        np.testing.assert_array_equal(z.value, right)
    assert tg.softmax_cross_entropy(np.zeros(2), 1).item() == pytest.approx(np.log(2))
    np.testing.assert_array_equal(tg.one_hot(1, 2).value, [0, 1])


def test_nodes_serve_as_indices() -> None:
    x = tg.parameter(array((3, 2)))
    np.testing.assert_array_equal(x[tg.argmax(x, axis=0), np.arange(2)].value, x.value.max(axis=0))


@pytest.mark.parametrize("key", [1.5, "a", ([0.5],), (0, 0, 0), 7, ([9],), {}], ids=repr)
def test_bad_indices_say_what_came(key: Any) -> None:
    with pytest.raises(tg.GraphError) as caught:
        tg.parameter(array((3, 2)))[key]
    assert "got" in str(caught.value)


def test_the_shape_of_scatter_is_a_number_or_a_list_too() -> None:
    g, at = np.array([1.0, 2.0, 4.0]), np.array([1, 3, 1])
    for shape in (5, [5], np.int64(5), np.array([5])):
        z = tg.ops.scatter(tg.parameter(g), at, shape=shape, index=(tg.ops.lookup.ARRAY,))
        assert z.shape == (5,)
        compiled = tg.compile(lambda g, shape=shape: tg.ops.scatter(g, at, shape=shape, index=(tg.ops.lookup.ARRAY,)))
        np.testing.assert_array_equal(compiled(g), z.value)
        np.testing.assert_array_equal(z.value, np.bincount(at, g, 5))
        last = tg.compile(lambda at, shape=shape: tg.ops.last_written(at, shape=shape, index=(tg.ops.lookup.ARRAY,)))
        assert last(at).tolist() == [False, True, True]
