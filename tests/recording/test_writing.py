"""What becomes of a graph when an array is written: earlier readers keep theirs, T rows are one node."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
import tinygraph.numpy as tnp
from tests.each import each

W = np.array([[0.5, -0.2], [0.1, 0.3]])


def names(node: tg.Node) -> list[str]:
    return [x.op.name if x.op else x.kind for x in node.inputs]


def test_rows_that_fill_an_array_are_the_stack_of_the_list_form() -> None:
    w, x = tg.parameter(W), np.ones((3, 1, 2))
    rows: list[Any] = []
    h = hs = tnp.zeros((3, 1, 2))
    for t in range(3):
        h = np.tanh(x[t] @ w + (h if t else 0.0))
        hs[t] = h
        rows.append(h)
    assert hs.op is tg.ops.stack and [*hs.inputs] == rows and hs.attributes == {"axis": 0}


@each("form", ["columns", "slices", "backwards"])
def test_what_tiles_an_array_is_joined(form: str) -> None:
    p = tg.parameter(np.arange(6.0).reshape(2, 3))
    z = tnp.empty((2, 3))
    if form == "columns":
        for k in range(3):
            z[..., k] = p[:, k]
        assert z.op is tg.ops.stack and z.attributes == {"axis": 1}
    elif form == "slices":
        z[:, 1:], z[:, :1] = p[:, 1:], p[:, :1]
        assert z.op is tg.ops.concatenate and z.attributes == {"axis": 1}
    else:
        for t in (1, 0):
            z[t] = p[t]
        assert z.op is tg.ops.stack
    np.testing.assert_array_equal(z.value, p.value)


def test_a_row_that_was_just_written_is_read_as_that_node() -> None:
    w = tg.parameter(W)
    hs = tnp.zeros((3, 2))
    hs[0] = h = np.tanh(w[0])
    z = hs[0] * 2.0
    assert z.inputs[0] is h
    assert (hs[-1] * 1.0).inputs[0].inputs[0].kind == "constant", "nothing was written there"


def test_earlier_readers_keep_what_they_read() -> None:
    w = tg.parameter([2.0, 3.0])
    a = w * 1.0
    before = a * a
    a[0] = 10.0
    after = a * a
    assert before.value.tolist() == [4.0, 9.0] and after.value.tolist() == [100.0, 9.0]
    assert tg.grad(tg.sum(before), w).value.tolist() == [4.0, 6.0]
    assert tg.grad(tg.sum(after), w).value.tolist() == [0.0, 6.0]


def test_what_was_written_may_be_written_again_elsewhere() -> None:
    w = tg.parameter([2.0, 3.0])
    h, hs = w * w, tnp.zeros((1, 2))
    hs[0] = h
    h *= 10.0
    assert hs.value.tolist() == [[4.0, 9.0]] and h.value.tolist() == [40.0, 90.0]
    assert tg.grad(tg.sum(hs), w).value.tolist() == [4.0, 6.0]


def test_a_row_may_be_written_through_without_its_node() -> None:
    w = tg.parameter([2.0, 3.0])
    h, hs = w * w, tnp.zeros((2, 2))
    hs[0] = h
    row = hs[0]
    row += 1.0
    assert h.value.tolist() == [4.0, 9.0] and hs.value.tolist() == [[5.0, 10.0], [0.0, 0.0]]
    hs[0, 1] = 7.0
    assert row.value.tolist() == [5.0, 7.0]


def test_a_value_that_was_asked_for_stays() -> None:
    hs, w = tnp.zeros((2, 2)), tg.parameter([1.0, 2.0])
    first = hs.value
    hs[0] = w
    second = hs.value
    hs[1] = w
    assert not first.any() and second.tolist() == [[1.0, 2.0], [0.0, 0.0]]


@each("write", ["z[[1, 1, 0]] = v", "z[np.array([1, 1, 0]), :] = v", "z[[True, False]] = v[:1]", "z[z > 5] = 0.5"])
def test_gradients_of_second_order_go_through_a_write(write: str) -> None:
    p = tg.parameter([[1.0, 2.0], [3.0, 6.0], [5.0, 7.0]])

    def y(q: tg.Node) -> tg.Node:
        z, v = q[:2] * q[:2], q * q * q
        exec(write, {"np": tnp}, {"z": z, "v": v})
        return tg.sum(z * z)

    tg.check.gradients(y, p, order=2)


@each("write", ["hs[0] = w[:1]", "hs[3] = w", "hs[0, 0, 0] = 1.0", "hs['a'] = w", "hs[0.5] = w", "hs[[0, 9]] = w"])
def test_what_does_not_fit_is_refused_and_nothing_changes(write: str) -> None:
    hs, w = tnp.zeros((2, 3)), tg.parameter([1.0, 2.0, 3.0])
    hs[1] = w
    wrong = write.replace("w[:1]", "w[:2]")
    with pytest.raises(tg.GraphError):
        exec(wrong, {"np": tnp}, {"hs": hs, "w": w})
    assert hs.value.tolist() == [[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]


def test_numpys_functions_that_write() -> None:
    p = tg.parameter([[1.0, -2.0], [3.0, 4.0]])
    z = p * 1.0
    np.copyto(z, p * 2.0, where=np.array([[True, False], [False, True]]))
    np.fill_diagonal(z, 0.0)
    np.putmask(z, np.array([[False, True], [False, False]]), 9.0)
    assert z.value.tolist() == [[0.0, 9.0], [3.0, 0.0]]
    np.put_along_axis(z, np.array([[0], [1]]), p[:, :1], 1)
    np.add.at(z, ([0, 0], [1, 1]), p[0])
    np.maximum(z, 0.5, out=z)
    assert z.value.tolist() == [[1.0, 8.0], [3.0, 3.0]]
    right = [[2.0, 1.0], [2.0, 0.0]]
    assert tg.grad(tg.sum(z), p).value.tolist() == right
    z.fill(1.5)
    assert z.value.tolist() == [[1.5, 1.5], [1.5, 1.5]]


def test_dtypes_are_the_arrays() -> None:
    z = tnp.zeros((2, 2), dtype=np.float32)
    w = tg.parameter([1.0, 2.0])
    z[0] = w
    z *= np.float64(3.0)
    assert z.dtype == np.float32 and z.value[0].tolist() == [3.0, 6.0]
    assert tg.grad(tg.sum(z), w).value.tolist() == [3.0, 3.0]


def rows_of(np: Any, w: Any, second: Any) -> Any:
    """Three rows, of which `second` is the second, as numpy or a node is asked."""
    z = np.zeros((3, 2), np.float32)
    z[0] = (w * 2.0).astype(np.float32)
    z[1] = second(w)
    z[2] = (w * 4.0).astype(np.float32)
    return z


SECONDS = {
    "another dtype": lambda w: w * 1.25,
    "one number": lambda w: w[1].astype(np.float32) * np.float32(3),
    "one row of a matrix": lambda w: (w * 3.0)[None].astype(np.float32),
    "one row of three axes": lambda w: (w * 3.0)[None, None].astype(np.float32),
    "the same": lambda w: (w * 3.0).astype(np.float32),
}


@each("second", list(SECONDS))
def test_the_second_row_is_written_as_the_first(second: str) -> None:
    w = np.array([1.1, 2.3])
    right = rows_of(np, w, SECONDS[second])
    node = tg.parameter(w)
    z = rows_of(tnp, node, SECONDS[second])
    assert z.dtype == right.dtype and {(x.shape, x.dtype) for x in z.inputs} == {((2,), z.dtype)}
    np.testing.assert_array_equal(z.value, right)
    fast = tg.compile(lambda w: rows_of(tnp, w, SECONDS[second]), backend="numpy")(w)
    assert fast.dtype == right.dtype
    np.testing.assert_array_equal(fast, right)
    factor = {"another dtype": [1.25, 1.25], "one number": [0.0, 6.0]}.get(second, [3.0, 3.0])
    np.testing.assert_allclose(tg.grad(tg.sum(z), node).value, np.add(factor, 6.0), rtol=1e-6)


def test_a_view_shows_a_second_row_that_is_written_after_it_was_taken() -> None:
    w = tg.parameter([1.0, 2.0])
    z = tnp.zeros((3, 2))
    z[0] = w
    row = z[1]
    z[1] = w * 2.0
    np.testing.assert_array_equal(row.value, [2.0, 4.0])


@each("at", [3, -4, 7])
def test_a_row_beyond_the_array_is_refused_and_nothing_is_written(at: int) -> None:
    w = tg.parameter([1.0, 2.0])
    z = tnp.zeros((3, 2))
    z[0], z[1] = w, w * 2.0
    with pytest.raises((tg.GraphError, IndexError), match=rf"{at}[\s\S]*out of bounds"):
        z[at] = w
    np.testing.assert_array_equal(z.value, [[1.0, 2.0], [2.0, 4.0], [0.0, 0.0]])


def rows_then_a_part(w: Any) -> Any:
    hs = np.zeros((4, 2))
    first, second = w * 2.0, w * 3.0
    hs[0], hs[2] = first, second
    hs[1, 0] = w[1] * 5.0  # not a row
    kept = hs[2] is not None and hs[2].inputs[0] is second if isinstance(w, tg.Node) else True
    hs[2, 1:] = hs[0, 1:] * 7.0
    hs[0] = hs[2] + hs[1]
    return hs, kept


def test_rows_beside_a_part_are_the_nodes_that_were_written() -> None:
    """Rows are noted by their numbers, until something else than a row is written."""
    w = tg.parameter([0.5, -1.0])
    hs, kept = tg.recorded(rows_then_a_part)(w)
    right, jacobian = rows_then_a_part(w.value)[0], []
    np.testing.assert_array_equal(hs.value, right)
    assert kept
    for k in range(2):
        ends = [rows_then_a_part(w.value + s * np.eye(2)[k])[0] for s in (0.5, -0.5)]
        jacobian.append(ends[0] - ends[1])  # it is linear
    seed = np.arange(8.0).reshape(4, 2)
    np.testing.assert_allclose(tg.grad(hs, w, gy=seed).value, [np.sum(j * seed) for j in jacobian], 1e-12)


def copied_by_copy(w: Any) -> Any:
    hs = np.zeros((4, 2))
    hs[0], hs[1] = w * 1.0, w * 2.0
    before = copy.copy(hs)
    hs[2] = w * 3.0
    return before


def test_copy_copy_keeps_what_was_there() -> None:
    """Both are one memory until the next write, which is into a copy."""
    w = tg.parameter([0.5, -1.0])
    before = tg.recorded(copied_by_copy)(w)
    np.testing.assert_array_equal(before.value, copied_by_copy(w.value))
    np.testing.assert_array_equal(tg.grad(tg.sum(before), w).value, [3.0, 3.0])


def rows_read_between(p: Any) -> Any:
    a, hs = np.array(p), np.zeros((3, 2))
    hs[0] = a[0]
    read = hs * 2.0
    hs[1] = a[1]
    a[0] = 0.5
    return hs[0] + read[0] * hs[1]


def test_a_row_stays_when_what_was_written_there_changes() -> None:
    """Also where the array was read between two writes, so that the row is no input of the last one."""
    w = tg.parameter(W)
    row = tg.recorded(rows_read_between)(w)
    np.testing.assert_array_equal(row.value, rows_read_between(W))
    np.testing.assert_allclose(tg.grad(tg.sum(row), w).value, [1.0 + 2.0 * W[1], 2.0 * W[0]])
