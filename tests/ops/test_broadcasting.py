"""Broadcasting and its undoing, on random pairs of shapes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygraph as tg

from .case import places, spaced
from .random_calls import array, quick, shapes
from .vocabulary import BINARY, ELEMENTWISE, LOSSES

pairs = hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=3, max_side=3)


def summed_back(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Each number of ``g`` added, one by one, to the place that it was copied from."""
    z = np.zeros(shape)
    for index in places(g.shape):
        own = index[g.ndim - len(shape) :]
        z[tuple(0 if n == 1 else i for i, n in zip(own, shape, strict=True))] += g[index]
    return z


@quick
@given(pairs)
def test_gradients_of_a_product_come_back_in_each_shape(found: hnp.BroadcastableShapes) -> None:
    x, y = spaced(*found.input_shapes)
    gz = array(found.result_shape)
    nodes = [tg.parameter(x), tg.parameter(y)]
    gx, gy = tg.grad(tg.multiply(*nodes), nodes, gz)
    np.testing.assert_allclose(gx.value, summed_back(gz * (y + 0 * gz), x.shape), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(gy.value, summed_back(gz * (x + 0 * gz), y.shape), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("op", [ELEMENTWISE[name] for name in BINARY if name not in LOSSES], ids=lambda op: op.name)
@quick
@given(pairs)
def test_a_stretched_input_is_as_good_as_a_repeated_one(op: tg.Op, found: hnp.BroadcastableShapes) -> None:
    x, y = spaced(*found.input_shapes, low=0.5, high=2.0)
    gz = array(found.result_shape)
    nodes = [tg.parameter(x), tg.parameter(y)]
    full = [tg.parameter(np.array(np.broadcast_to(a, gz.shape))) for a in (x, y)]
    z, whole = op(*nodes), op(*full)
    np.testing.assert_allclose(z.value, whole.value, rtol=1e-14)
    for g, g_full, node in zip(tg.grad(z, nodes, gz), tg.grad(whole, full, gz), nodes, strict=True):
        np.testing.assert_allclose(g.value, summed_back(g_full.value, node.shape), rtol=1e-12, atol=1e-12)


@quick
@given(pairs)
def test_sum_to_and_broadcast_to_are_each_others_gradient(found: hnp.BroadcastableShapes) -> None:
    small = found.input_shapes[0]
    x, g = tg.parameter(array(small)), array(found.result_shape)
    spread = tg.broadcast_to(x, found.result_shape)
    np.testing.assert_array_equal(spread.value, np.broadcast_to(x.value, found.result_shape))
    np.testing.assert_allclose(tg.grad(spread, x, g).value, summed_back(g, small), atol=1e-12)
    wide = tg.parameter(g)
    total = tg.ops.sum_to(wide, small)
    np.testing.assert_allclose(total.value, summed_back(g, small), atol=1e-12)
    np.testing.assert_array_equal(tg.grad(total, wide, x.value).value, np.broadcast_to(x.value, g.shape))


@quick
@given(shapes, st.data())
def test_matmul_of_any_batch(batch: tuple[int, ...], data: st.DataObject) -> None:
    m, k, n = (data.draw(st.integers(0, 3)) for _ in range(3))
    drop = data.draw(st.integers(0, len(batch)))
    flat = tuple(1 if data.draw(st.booleans()) else size for size in batch[drop:])
    left, right = ((*batch, m, k), (*flat, k, n))
    if data.draw(st.booleans()):
        left, right = ((*flat, m, k), (*batch, k, n))
    w, x = spaced(left, right)
    nodes = [tg.parameter(w), tg.parameter(x)]
    z = tg.matmul(*nodes)
    np.testing.assert_allclose(z.value, np.einsum("...ij,...jk->...ik", w, x), rtol=1e-12, atol=1e-12)
    gz = array(z.shape)
    gw, gx = tg.grad(z, nodes, gz)
    np.testing.assert_allclose(
        gw.value, summed_back(np.einsum("...ik,...jk->...ij", gz, x + 0 * _ones(gz, k, n)), w.shape), atol=1e-11
    )
    np.testing.assert_allclose(
        gx.value, summed_back(np.einsum("...ij,...ik->...jk", w + 0 * _ones(gz, m, k), gz), x.shape), atol=1e-11
    )


def _ones(gz: np.ndarray, rows: int, columns: int) -> np.ndarray:
    return np.ones((*gz.shape[:-2], rows, columns))
