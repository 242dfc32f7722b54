"""Which places a write meets: indexes of all kinds, twice, by views and masks; values and slopes are numpy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

W = np.array([0.5, -1.0])


def new_axes(w: Any) -> Any:
    h = np.zeros((3, 2))
    first = h[None, 0]
    h[0], h[None, 1], h[2, None] = w, w * 2.0, w[None] * 3.0
    seen = np.concatenate([h[None, 0], h[2, None], first * first]).sum()
    h[None, :, 0] = [4.0, w[1], 5.0]
    return seen * h[None, 0] * h[1, None] + h[0][None] * h[:, None, 1].sum()


def views_of_rows_before_all_changes(w: Any) -> Any:
    h = np.zeros((3, 2))
    h[0] = w
    one, two = h[1], h[0]
    h += w
    one *= 3.0
    h[...] = h * h
    return h + one * two


def regions_that_overlap_and_count_as_many_as_all(w: Any) -> Any:
    h = np.zeros((4, 2))
    h[0:2], h[1:3] = w, w * 2.0
    g = np.zeros((2, 2))
    g[0], g[0] = w, w * 3.0
    return h.sum(axis=0) * h[2] * (g + 1.0)


def every_second(w: Any) -> Any:
    h, g = np.zeros((4, 2)), np.zeros((3, 2))
    h[::2], h[1::2] = w, w * 2.0
    g[0], g[1:3] = w, w * 3.0
    return h[:3] * g


def turned_on_itself(w: Any) -> Any:
    h = np.outer(w, [1.0, 3.0])
    h[...] = h.T
    h[:] = h[::-1]
    h[0:2] = h
    h[1] += h[0]
    h[0] = h[0]
    return h


def through_views(w: Any) -> Any:
    h = np.zeros((2, 2))
    np.einsum("ij->ji", h)[0] = w
    np.einsum("ii->i", h)[...] += w
    h.T[1, 0] = w[0] * 3.0
    h.reshape(4)[3] = w[1] * 2.0
    return h


def parts_of_views(w: Any) -> Any:
    h, data = np.zeros((3, 2)), np.ones((3, 2))
    row = data[1]
    row[0] = 7.0
    h[0] = w
    row, other = h[0], data[2]
    row[1] = 5.0
    other[1] = w[1] * 2.0
    return h * data + row * other


def masks(w: Any) -> Any:
    h, x = np.zeros((2, 3)), np.arange(6.0).reshape(2, 3)
    rows = np.array([False, True])
    h[x > 2.0] = w[0]
    h[x == 1.0] = 2.0
    h[x > 3.0] = [w[0] * w[0], 4.0]
    h[rows] += w[1]
    g = np.zeros((2, 3))
    g[rows] = x[:1] * w[0]
    g[~rows] = [1.0, 2.0, 3.0]
    g[np.array([1, 1])] += w[1]
    g[np.array([1, 1])] *= g
    g[np.array([1, 1])] = g[1] * w[0]
    g[rows, 2] = w[0]
    return h * g


def numbers_and_rows_of_data(w: Any) -> Any:
    h = np.zeros((2, 3))
    h[0] = w[0]
    h[...] = np.array([1.0, 2.0, 3.0])
    h[1] = np.array([[w[1] * 2.0]])
    h[:, 1] = np.array([[4.0, 5.0]])
    h[:, 2] = w[None]
    h[:1] = h[:1] * np.array([[[3.0]]])
    return h


def read_before_the_first_write(w: Any) -> Any:
    h = np.ones((2, 2))
    before, view = h * 2.0, h[1]
    h[0] = w
    g, f = np.zeros(2), np.ones(2)
    same, doubled = g, f * 2.0
    g[0] = f[1] = w[1]
    return before * h + view + same + doubled * f


def the_ends(w: Any) -> Any:
    h = np.zeros((3, 2))
    h[-3], h[2], h[-2, -2], h[1, 1] = w, w * 2.0, w[0], 4.0
    return h * h[-3]


def same_row_twice_while_filling(w: Any) -> Any:
    h = np.zeros((5, 2))
    for t in (0, 1, 2, 1, 3):
        h[t] = w * (t + 1.0) + h[1]
    return h


PROGRAMS = [new_axes, views_of_rows_before_all_changes, regions_that_overlap_and_count_as_many_as_all, every_second]
PROGRAMS += [turned_on_itself, through_views, parts_of_views, masks, numbers_and_rows_of_data]
PROGRAMS += [read_before_the_first_write, the_ends, same_row_twice_while_filling]


@each("program", PROGRAMS)
def test_the_values_and_slopes_are_numpys(program: Any) -> None:
    def loss(w: Any) -> Any:
        return np.sum(np.sin(program(w)) + program(w) ** 2)

    w = tg.parameter(W)
    np.testing.assert_allclose(tg.recorded(program)(w).value, program(W), 1e-14)
    slopes = [(loss(W + d) - loss(W - d)) / 2e-6 for d in 1e-6 * np.eye(2)]
    np.testing.assert_allclose(tg.grad(tg.recorded(loss)(w), w).value, slopes, 1e-6, 1e-7)
    np.testing.assert_allclose(tg.compile(tg.recorded(program), backend="numpy")(W), program(W), 1e-14)


REFUSED: dict[str, Any] = {
    "a matrix into its own row": lambda h, w: h.__setitem__(0, h),
    "beyond the end": lambda h, w: h.__setitem__(3, w),
    "before the start": lambda h, w: h.__setitem__(-4, w),
    "two rows into one": lambda h, w: h.__setitem__(0, np.outer(w, w)),
    "a mask of another length": lambda h, w: h.__setitem__(np.array([True, False]), w),
    "what is broadcast": lambda h, w: np.broadcast_to(h[0], (2, 2)).__setitem__(0, w),
}


@each("kind", REFUSED)
def test_what_numpy_refuses_is_refused_and_changes_nothing(kind: str) -> None:
    kept: list[Any] = []

    def run(w: Any) -> None:
        h = np.zeros((3, 2))
        h[1] = w
        kept.append(h)
        REFUSED[kind](h, w)

    with pytest.raises((ValueError, IndexError)):
        run(W)
    with pytest.raises((tg.GraphError, ValueError, IndexError)):
        tg.recorded(run)(tg.parameter(W))
    assert kept[1].value.tolist() == kept[0].tolist()


def test_a_filled_array_is_written_by_no_later_recording_or_none() -> None:
    def filled(w: Any) -> Any:
        h = np.zeros((4, 2))
        for t in range(3):
            h[t] = w * (t + 1.0)
        return h

    def on(h: Any, w: Any) -> None:
        h[3] = w * 2.0

    w = tg.parameter(W)
    for write in (on, tg.recorded(on)):
        h = tg.recorded(filled)(w)
        with pytest.raises(tg.MutationError, match="cannot be changed by item assignment"):
            write(h, w)
        assert h.value.tolist() == filled(W).tolist() and len(h.inputs) == 4


def test_names_that_are_not_bound_yet_are_no_hindrance() -> None:
    def outer(w: Any) -> Any:
        @tg.recorded
        def run(w: Any) -> Any:
            h = zeros(2)
            h[0] = w[1]
            return h if len(w) else later

        zeros = np.zeros
        z = run(w)
        later = z
        return later

    assert outer(tg.parameter(W)).value.tolist() == [-1.0, 0.0]
