"""Arrays that are filled row by row, and what may happen between two rows: looks, views, changes of the pieces."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.recording import filling

W = np.array([0.3, -0.7])
T = 6


def filled(w: Any) -> Any:
    hs = np.zeros((T, 2))
    for t in range(T):
        hs[t] = np.tanh(w * (t + 1))
    return hs


def partly(w: Any) -> Any:
    hs = np.ones((T + 2, 2))
    for t in range(0, T, 2):
        hs[t] = w * (t + 1)
    return hs * hs


def looked_at_between(w: Any) -> Any:
    hs, total = np.zeros((T, 2)), 0.0
    for t in range(T):
        hs[t] = w * (t + 1)
        if t % 2:
            total = total + np.sum(hs**2) * t  # of the rows so far
    return total + hs


def part_read_between(w: Any) -> Any:
    hs, seen = np.zeros((T, 2)), []
    for t in range(T):
        hs[t] = w * (t + 1)
        seen.append(np.sum(hs[: t + 1] ** 2) + hs[t - 3].sum() + hs[-1].sum())
    return hs * sum(seen)


def row_changes_after(w: Any) -> Any:
    """A row that was written is a copy: what is done to its array afterwards is not seen."""
    hs = np.zeros((T, 2))
    for t in range(T):
        h = w * (t + 1)
        hs[t] = h
        h += 1.0
        h[0] = 5.0 * w[1]
    return hs


def many_wait(w: Any) -> Any:
    hs, rows = np.zeros((100, 2)), []
    for t in range(99):
        rows.append(w * (0.1 * t))
        hs[t] = rows[-1]
    rows[3] *= 2.0
    rows[98] *= 3.0
    return hs[:99] + rows[3] + rows[98]


def rows_filled_by_places(w: Any) -> Any:
    """Each row is an array that is filled itself, and is filled again after it was written."""
    hs, row = np.zeros((T, 3)), np.zeros(3)
    for t in range(T):
        for k in range(3):
            row[k] = w[k % 2] * (t + k)
        hs[t] = row
    return hs


def through_a_view(w: Any) -> Any:
    hs = np.zeros((T, 2))
    for t in range(T):
        hs[t] = w * (t + 1)
        row = hs[t]
        row *= 2.0
        hs[t - 1] += w
    return hs


def beside_views(w: Any) -> Any:
    hs = np.zeros((T, 2))
    first, last, pair = hs[:1], hs[T - 1], hs[0:2]
    for t in range(T):
        hs[t] = w * (t + 1)
    return hs + first * 2.0 + last * 3.0 + np.sum(pair)


def again_and_whole(w: Any) -> Any:
    hs, kept = np.zeros((T, 2)), []
    for _ in range(3):
        for t in range(T - 1):
            hs[t] = w * (t + 1) + hs[t]
        kept.append(hs.copy())
        hs[:] = 0.5 * hs
    return sum(kept) + hs


def two_at_a_time(w: Any) -> Any:
    hs, cs = np.zeros((T, 2)), np.zeros((2, T))
    for t in range(T):
        hs[t] = w * (t + 1)
        cs[:, t] = hs[t] * 2.0
    hs[2] = cs[:, 1]
    cs[:, 0] = hs[3]
    return hs @ cs


def ufuncs_and_out(w: Any) -> Any:
    hs = np.zeros((T, 2))
    for t in range(T - 2):
        hs[t] = w * (t + 1)
        hs += 1.0
    np.multiply(hs, hs, out=hs)
    hs[T - 2] = w
    np.copyto(hs, hs[::-1].copy())
    hs.fill(0.25)
    hs[0] = w
    hs[1] = w * 2.0
    np.add.at(hs, [0, 0, 1], 1.0)
    return hs


def more_than_are_filled_at_a_time(w: Any) -> Any:
    arrays = [np.zeros((T, 2)) for _ in range(2 * filling.MOST)]
    for t in range(T - 1):
        for k, array in enumerate(arrays):
            array[t] = w * (t + k)
    return sum(arrays)


def refused_in_between(w: Any) -> Any:
    hs = np.zeros((T, 2))
    for t in range(T):
        for key, value in ((T + t, w * 1.0), (t, np.append(w, w))):
            with pytest.raises((ValueError, IndexError)):
                hs[key] = value
        hs[t] = w * (t + 1)
    return hs


def of_other_kinds(w: Any) -> Any:
    hs = np.zeros((T, 2), np.float32)
    hs[0] = w * 2.0
    hs[1] = w * 3.0  # float64 into float32
    hs[2] = w[0] * 1.0  # one number for two places
    hs[3] = 7.0
    hs[np.int64(4)] = w * 1.0
    hs[-1] = w * 2.0
    return hs * 2.0


def without_columns(w: Any) -> Any:
    hs = np.zeros((3, 0))
    hs[0] = np.zeros(0) * w[0]
    hs[1] = np.zeros(0) * w[1]
    return np.sum(hs) + hs.shape[0] * w


def rows_that_are_data(w: Any) -> Any:
    """A row of an array with nodes that was written as numbers is numbers."""
    rows, hs = np.zeros((T, 2)), np.zeros((T, 2))
    for t in range(T):
        rows[t] = np.array([t, 2.0]) if t % 2 else w * (t + 1)
    for t in range(T):
        hs[t] = rows[t]
    return hs * rows


def copied_between(w: Any) -> Any:
    hs, copies = np.zeros((T, 2)), []
    for t in range(T):
        hs[t] = w * (t + 1)
        copies += [copy.copy(hs), copy.deepcopy(hs), np.copy(hs)][t % 3 : t % 3 + 1]
    return hs + sum(copies)


def nested(w: Any) -> Any:
    hs = np.zeros((T, 2))
    hs[0] = w * 1.0
    hs[1] = w * 2.0
    return hs * inner(w) + continued(w, hs)


def inner(w: Any) -> Any:
    return np.sum(filled(w))


def continued(w: Any, hs: Any) -> Any:
    hs[2] = w * 3.0
    hs[3] = w * 4.0
    return hs


def filled_in_threads(w: Any) -> Any:
    hs = np.zeros((40, 2))

    def job(k: int) -> Any:
        hs[k] = w * (k + 1)
        return np.sum(hs[k]) if k % 3 else 0.0

    with ThreadPoolExecutor(8) as pool:
        seen = [*pool.map(job, range(40))]
    return hs * sum(seen)


PROGRAMS = [
    *(filled, partly, looked_at_between, part_read_between, row_changes_after, many_wait, rows_filled_by_places),
    *(through_a_view, beside_views, again_and_whole, two_at_a_time, ufuncs_and_out, more_than_are_filled_at_a_time),
    *(without_columns, rows_that_are_data, copied_between, nested, filled_in_threads),
]


@each("program", PROGRAMS)
def test_the_values_and_both_slopes_are_numpys(program: Any) -> None:
    def loss(w: Any) -> Any:
        z = program(w)
        return (z * np.cos(np.arange(float(z.size)).reshape(z.shape)) + z**2).sum()

    w = tg.parameter(W)
    y = tg.recorded(loss)(w)
    np.testing.assert_allclose(y.value, loss(W), 1e-12)
    slopes = [(loss(W + s) - loss(W - s)) / 2e-6 for s in np.eye(2) * 1e-6]
    g = tg.grad(y, w)
    np.testing.assert_allclose(g.value, slopes, 1e-6, 1e-6 * max(1, np.abs(slopes).max()))
    y.backward()
    np.testing.assert_allclose(w.grad, g.value, 1e-12)


@each("program", [refused_in_between, of_other_kinds])
def test_rows_that_do_not_fit_are_looked_at_as_any(program: Any) -> None:
    z = tg.recorded(program)(tg.parameter(W))
    np.testing.assert_allclose(z.value, program(W), 1e-6)
    assert z.dtype == program(W).dtype


def test_an_interrupted_look_at_it_loses_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(w: Any) -> Any:
        hs = np.zeros((T, 2))
        for t in range(T - 1):
            hs[t] = w * (t + 1)
        with monkeypatch.context() as patch:
            patch.setattr(filling, "join", stop)
            patch.setattr(filling, "extend", lambda *args: (extend(*args), stop()))
            with pytest.raises(KeyboardInterrupt):
                np.sum(hs)
        return hs

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    extend, w = filling.extend, tg.parameter(W)
    hs = tg.recorded(interrupted)(w)
    assert [*map(len, (hs.inputs, hs.attributes["indexes"]))] == [T, T - 1]
    np.testing.assert_allclose(tg.grad(tg.sum(hs), w).value, [15.0, 15.0])


def test_what_is_read_later_in_time_has_a_later_serial_number() -> None:
    def order(w: Any) -> Any:
        hs = np.zeros((T, 2))
        hs[0] = w * 1.0
        hs[1] = w * 2.0
        between = w * 3.0
        return hs, between, hs * 1.0

    hs, between, reader = tg.recorded(order)(tg.parameter(W))
    assert max(x.serial for x in hs.inputs) < hs.serial < between.serial < reader.serial
