"""Arrays whose order in memory is not known: a view of theirs is renewed, or the write is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

W = np.arange(16.0).reshape(4, 4) - 3.5


def where(p: Any) -> Any:
    a = np.array(p)
    c = np.where(a > 0, a, 2.0 * a)
    d = c.reshape(2, 8)
    c[0] = 1.0
    return d * a.reshape(2, 8)


def stack(p: Any) -> Any:
    a = np.array(p)
    c = np.stack([a[0], a[:, 2], a[3]])
    d = np.ravel(c)
    c[1] *= 3.0
    return d * 2.0


def of_one_axis(p: Any) -> Any:
    a = np.array(p)
    c = a[[2, 0, 1, 3], [0, 1, 2, 3]]
    d = c.reshape(2, 2)
    d[0] = 7.0
    return c * np.ravel(d)


def axes_of_one(p: Any) -> Any:
    a = np.array(p)
    c = np.where(a > 0, a, a.T)[:, None]
    d, e = c.squeeze(), c.reshape(1, 4, 4)
    c[1:3] = a[0]
    return d * e[0]


def in_fortrans_order(p: Any) -> Any:
    c = np.asfortranarray(p)
    d = np.asfortranarray(c)
    c += c.T
    return d * p


def read_before(p: Any) -> Any:
    c = np.einsum("ij,kj->ki", p, p)
    y = np.sum(c.reshape(2, 8))
    c[0] = 1.0
    return c * y


@each("program", [where, stack, of_one_axis, axes_of_one, in_fortrans_order, read_before])
def test_what_is_surely_a_view_shows_the_write(program: Callable[[Any], Any]) -> None:
    w = tg.parameter(W)
    y = tg.recorded(program)(w)
    np.testing.assert_allclose(y.value, program(W), 1e-12)
    d = np.cos(np.arange(16.0)).reshape(4, 4)
    slope = (np.sum(program(W + 1e-5 * d)) - np.sum(program(W - 1e-5 * d))) / 2e-5
    np.testing.assert_allclose(np.sum(tg.grad(tg.sum(y), w).value * d), slope, 1e-6)
    fast = tg.compile(lambda p: tg.recorded(program)(p), backend="numpy")
    np.testing.assert_allclose(fast(W), program(W), 1e-12)


def reshaped(p: Any) -> Any:
    c = np.where(p > 0, p, p.T)
    d = c.reshape(2, 8)
    c[0] = 1.0
    return d * 1.0


def part_of_it(p: Any) -> Any:
    c = np.where(p > 0, p, p.T)
    d = c.ravel()[1:]
    np.tanh(c, out=c)
    return d * 1.0


def made_contiguous(p: Any) -> Any:
    c = np.where(p > 0, p, p.T)
    d = np.ascontiguousarray(c)
    c += 1.0
    return d * 1.0


def of_the_same_order(p: Any) -> Any:
    c = np.zeros_like(np.where(p > 0, p, p.T))
    d = c.reshape(2, 8)
    c[0] = p[0]
    return d * 1.0


@each("program", [reshaped, part_of_it, made_contiguous, of_the_same_order])
def test_a_write_under_what_may_be_a_view_is_refused(program: Callable[[Any], Any]) -> None:
    def copied_first(p: Any) -> Any:
        return program(np.array(p))

    with pytest.raises(tg.GraphError, match=r"may be a view or a copy of it"):
        tg.compile(lambda p: tg.recorded(copied_first)(p))(W)


def test_what_may_have_been_a_view_and_is_gone_is_in_no_writes_way() -> None:
    def gone(p: Any) -> Any:
        c = np.where(p > 0, p, p.T)
        c.reshape(2, 8)  # nobody keeps it
        y = np.sum(c.reshape(2, 8) ** 2)  # an op alone has read it
        c[0] = 1.0
        return c * y

    def copied_first(p: Any) -> Any:
        return gone(np.array(p))

    np.testing.assert_allclose(tg.compile(lambda p: tg.recorded(copied_first)(p))(W), gone(W), 1e-12)
