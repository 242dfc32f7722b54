"""Rearrangements: reshape, transposes, split, concatenate, stack on random shapes, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygraph as tg

from .case import spaced
from .random_calls import array, quick, shapes


def moves_numbers(shape: tuple[int, ...], ours: Callable[[Any], tg.Node], numpys: Callable[[Any], Any]) -> None:
    """A rearrangement moves number k of x to where it moves k itself; its gradient moves it back."""
    node = tg.parameter(array(shape))
    z = ours(node)
    np.testing.assert_array_equal(z.value, numpys(node.value))
    origin, gz = numpys(np.arange(node.size).reshape(shape)), array(z.shape)
    expected = np.zeros(node.size)
    np.add.at(expected, origin.ravel(), gz.ravel())
    np.testing.assert_array_equal(tg.grad(z, node, gz).value, expected.reshape(shape))


@quick
@given(shapes, st.data())
def test_reshape(shape: tuple[int, ...], data: st.DataObject) -> None:
    factors = list(data.draw(st.permutations([*shape, 1])))
    place = data.draw(st.integers(0, len(factors) - 1))
    if 0 not in shape and data.draw(st.booleans()):
        factors[place] = -1
    new = tuple(factors)
    moves_numbers(shape, lambda x: tg.reshape(x, new), lambda x: np.reshape(x, new))
    moves_numbers(shape, lambda x: x.reshape(*new), lambda x: np.reshape(x, new))
    moves_numbers(shape, lambda x: x.ravel(), np.ravel)


@quick
@given(shapes, st.data())
def test_transposes(shape: tuple[int, ...], data: st.DataObject) -> None:
    axes = data.draw(st.permutations(range(len(shape))))
    signed = tuple(a - len(shape) if data.draw(st.booleans()) else a for a in axes)
    moves_numbers(shape, lambda x: tg.transpose(x, signed), lambda x: np.transpose(x, signed))
    moves_numbers(shape, lambda x: x.T, np.transpose)
    if len(shape) > 1:
        a, b = signed[0], signed[-1]
        moves_numbers(shape, lambda x: tg.swapaxes(x, a, b), lambda x: np.swapaxes(x, a, b))
        moves_numbers(shape, lambda x: np.moveaxis(x, a, b), lambda x: np.moveaxis(x, a, b))


@quick
@given(shapes.filter(len), st.data())
def test_split_is_numpys_and_concatenate_undoes_it(shape: tuple[int, ...], data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    n = shape[axis]
    sections = data.draw(
        st.sampled_from([k for k in (1, 2, 3) if n % k == 0]) | st.lists(st.integers(0, n + 1)).map(sorted)
    )
    node = tg.parameter(array(shape))
    parts = tg.split(node, sections, axis)
    expected = np.split(node.value, sections, axis)
    assert len(parts) == len(expected)
    for part, right in zip(parts, expected, strict=True):
        np.testing.assert_array_equal(part.value, right)
    for k, right in enumerate(np.split(np.arange(node.size).reshape(shape), sections, axis)):
        hit = np.isin(np.arange(node.size).reshape(shape), right)
        np.testing.assert_array_equal(tg.grad(tg.sum(parts[k]), node).value, hit.astype(float))
    whole = tg.concatenate(parts, axis=axis)
    np.testing.assert_array_equal(whole.value, node.value)
    gz = array(shape)[::-1].copy()
    np.testing.assert_array_equal(tg.grad(whole, node, gz).value, gz)


@quick
@given(shapes, st.integers(1, 3), st.data())
def test_stack_and_concatenate_share_the_gradient_out(shape: tuple[int, ...], count: int, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    arrays = list(spaced(*[shape] * count))
    nodes = [tg.parameter(x) for x in arrays]
    z = tg.stack(nodes, axis)
    np.testing.assert_array_equal(z.value, np.stack(arrays, axis))
    gz = array(z.shape)
    for k, g in enumerate(tg.grad(z, nodes, gz)):
        np.testing.assert_array_equal(g.value, np.take(gz, k, axis=axis))
    if shape:
        joined = tg.concatenate(nodes, axis=axis % len(shape))
        by = np.concatenate(arrays[::-1], axis % len(shape))
        for g, right in zip(tg.grad(joined, nodes, by), arrays[::-1], strict=True):
            np.testing.assert_array_equal(g.value, right)


def test_one_node_joined_twice_gets_both_gradients() -> None:
    x = tg.parameter([1.0, 2.0])
    np.testing.assert_array_equal(
        tg.grad(tg.concatenate([x, x]), x, np.array([1.0, 2.0, 30.0, 40.0])).value, [31.0, 42.0]
    )


def test_split_takes_what_other_ops_take() -> None:
    assert [part.item() for part in tg.split([1.0, 2.0], 2)] == [1, 2]


@pytest.mark.parametrize("bad", [lambda x: tg.split(x, 4), lambda x: tg.split(x, 0), lambda x: tg.split(x, 2, axis=5)])
def test_split_refuses(bad: Callable[[Any], Any]) -> None:
    with pytest.raises(tg.GraphError, match=r"split[\s\S]*got"):
        bad(tg.parameter(array((3, 2))))


def test_astype_carries_gradients_between_floating_dtypes_and_through_nothing_else() -> None:
    x = tg.parameter(np.array([1.5, -2.5], np.float32))
    g = tg.grad(tg.sum(tg.astype(x, np.float64) * np.array([1e-3, 3.0])), x)
    assert g.dtype == np.float32
    np.testing.assert_array_equal(g.value, np.array([1e-3, 3.0], np.float32))
    assert not tg.grad(tg.sum(tg.astype(x, np.int64) * 2.0), x).value.any()


@pytest.mark.parametrize("call", [lambda x: tg.reshape(x), lambda x: tg.getitem(x), lambda x: x.reshape() * 2])
@pytest.mark.parametrize("run", ["eager", "numpy", "native"])
def test_what_needs_a_setting_is_refused_without_it(call: Any, run: str) -> None:
    """As by numpy, where `reshape` takes a shape; compiled it was a KeyError."""
    if run == "native":
        pytest.importorskip("llvmlite")
    fn = call if run == "eager" else tg.compile(call, run)
    with pytest.raises(tg.GraphError, match=r"^(reshape|getitem)"):
        fn(tg.constant(np.ones((2, 3))))
    x = tg.parameter(np.ones((2, 3)))
    with pytest.raises(tg.GraphError):
        tg.grad(tg.sum(call(x)), x)
