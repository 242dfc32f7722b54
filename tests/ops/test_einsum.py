"""Einsum with random subscripts, against numpy and against its own meaning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import tinygraph as tg

from .case import spaced
from .random_calls import einsum_call, quick
from .slopes import along, directions, inner


def agrees(subscripts: str, arrays: list[np.ndarray]) -> None:
    """Value, both orders of the gradient: the result is linear in each operand, so its slopes are einsums of numpy."""
    z = np.einsum(subscripts, *arrays)
    (gz,) = directions([z], 7)
    nodes = [tg.parameter(x) for x in arrays]
    node = tg.einsum(subscripts, *nodes)
    np.testing.assert_allclose(node.value, z, rtol=1e-12, atol=1e-12)
    v, u = directions(arrays, 8), directions(arrays, 9)
    found = tg.grad(node, nodes, gz)
    assert [g.shape for g in found] == [x.shape for x in arrays]
    slope = along(lambda *x: np.sum(gz * np.einsum(subscripts, *x)), arrays, v)
    np.testing.assert_allclose(inner([g.value for g in found], v), slope, rtol=1e-8, atol=1e-8)
    total = tg.constant(0.0)
    for g, direction in zip(found, v, strict=True):
        total = total + tg.sum(g * direction)
    bent = along(lambda *x: along(lambda *y: np.sum(gz * np.einsum(subscripts, *y)), list(x), v), arrays, u)
    np.testing.assert_allclose(inner([g.value for g in tg.grad(total, nodes)], u), bent, rtol=1e-5, atol=1e-5)


@quick
@given(einsum_call())
def test_random_subscripts(call: tuple[str, list[tuple[int, ...]]]) -> None:
    subscripts, operand_shapes = call
    agrees(subscripts, list(spaced(*operand_shapes)))


@pytest.mark.parametrize(
    ("subscripts", "operand_shapes"),
    [
        ("...i,...i->...", [(2, 3), (2, 3)]),
        ("...i,i...->...i", [(2, 3), (3, 2)]),
        ("i...,j", [(2, 2, 3), (2,)]),
        ("...", [(2, 3)]),
        ("...ij->...ji", [(2, 1, 2, 3)]),
        ("b...i,hi->bh...", [(2, 3, 2), (4, 2)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("...,...", [(2, 3), (3,)]),
        ("i...,...j->ij...", [(2, 3), (1, 2)]),
    ],
)
def test_ellipsis(subscripts: str, operand_shapes: list[tuple[int, ...]]) -> None:
    agrees(subscripts, list(spaced(*operand_shapes)))


def test_upper_case_letters_sort_before_lower_case_ones() -> None:
    agrees("bA,cb", list(spaced((2, 3), (2, 2))))


def test_numpys_hint_is_taken() -> None:
    x = tg.parameter([1.0, 2.0])
    assert np.einsum("i,i->", x, x, optimize=True).item() == 5  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "call", [("ij,jk->ik", [(2, 3)]), ("ij->", [(2,)]), ("ij,jk->ik", [(2, 3), (2, 3)]), ("i->j", [(2,)])], ids=str
)
def test_bad_subscripts_say_what_came(call: tuple[str, list[tuple[int, ...]]]) -> None:
    with pytest.raises(tg.GraphError, match=r"einsum[\s\S]*got"):
        tg.einsum(call[0], *spaced(*call[1]))


def test_axes_as_lists_of_numbers_are_subscripts():
    x, w, t = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3), np.arange(18.0).reshape(2, 3, 3)
    calls = [
        (x, [0, 1], w, [2, 1], [0, 2]),
        (x, [1, 0]),
        (x, (0, 51), w, (20, 51)),
        (x, [30, 2], w, [3, 2]),
        (x, [0, 1], [0]),
        (x, [..., 30], w, [3, 30], [..., 3]),
        (t, [0, 1, 1], x, [0, 1]),
        (x, np.array([0, 1]), x, [0, 1], []),
    ]
    for call in calls:
        p = tg.parameter(call[0])
        z = np.einsum(p, *call[1:])
        np.testing.assert_allclose(z.value, np.einsum(*call))
        assert z.shape == np.einsum(*call).shape
        np.testing.assert_array_equal(tg.einsum(*call).value, z.value)
    for wrong in ([0, "a"], [0, -1], [0, 52], [0, 1.0], 3, x):
        with pytest.raises(tg.GraphError, match=r"einsum: no subscripts[\s\S]*a list of its axes as numbers"):
            np.einsum(tg.parameter(x), wrong)
