"""What a write looks at: the readers since the array was made or last written, however long the program is by then."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
import tinygraph.numpy as tnp
from tests.each import each
from tests.interrupts import interrupted
from tinygraph.core.scope import now
from tinygraph.core.trail import trail_of
from tinygraph.recording import record, writing
from tinygraph.recording.filling import FilledByRow, _memory


def new_rows(steps: int) -> Any:
    w, total = tg.parameter([0.5, -0.2]), 0.0
    for _ in range(steps):
        row = tnp.zeros(2)
        row[0] = w[0] + total
        row[1] = row[0] * w[1]
        total = row[0] * 0.5 + row[1]
    return total


def one_buffer(steps: int) -> Any:
    w, rows = tg.parameter([0.5, -0.2]), tnp.zeros((steps, 2))
    for t in range(steps):
        rows[t] = np.tanh(w + rows[t - 1])
    return np.sum(rows)


def a_sum_in_place(steps: int) -> Any:
    w, total = tg.parameter([0.5, -0.2]), tnp.zeros(2)
    for t in range(steps):
        total += w * float(t)
    return np.sum(total)


@each("program", [new_rows, one_buffer, a_sum_in_place])
def test_a_longer_program_looks_no_farther_back_at_each_write(program: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = 0

    class Counted(list[Any]):
        def __reversed__(self) -> Iterator[Any]:
            nonlocal looked
            for entry in super().__reversed__():
                looked += 1
                yield entry

    session = now.recorder.session
    monkeypatch.setattr(session, "log", Counted())
    monkeypatch.setattr(session, "late", 1)  # threads of tests before this one let each write look farther
    counts = []
    for steps in (20, 40):
        looked = 0
        tg.recorded(program)(steps)
        counts.append(looked)
    assert 0 < counts[1] <= 2.2 * counts[0], counts


def states_read_back(wx: Any, wh: Any, xs: Any) -> Any:
    hs = np.zeros((len(xs) + 1, 2))
    for t in range(len(xs)):
        hs[t] = np.tanh(xs[t] * wx + hs[t - 1] @ wh)  # hs[-1] is read as it is, and seen for as long as its reader
    return hs


def test_rows_are_written_the_short_way_beside_a_row_that_stays_in_view(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, looked_at = writing._assign, []
    monkeypatch.setattr(writing, "_assign", lambda node, key, value: (looked_at.append(key), whole(node, key, value)))
    tg.recorded(states_read_back)(tg.parameter([0.3, 0.2]), tg.parameter(np.eye(2)), np.ones((9, 2)))
    assert looked_at == [0]


def listed(w: Any, steps: int) -> Any:
    h, out = np.zeros((2, 3)), []
    for _ in range(steps):
        h = np.tanh(h + w)
        out.append(h)
    return np.stack(out)


def buffered(w: Any, steps: int) -> Any:
    h, hs = np.zeros((2, 3)), np.zeros((2, steps, 3))
    for t in range(steps):
        h = np.tanh(h + w)
        hs[:, t] = h
    return hs


def read_back(w: Any, steps: int) -> Any:
    hs = np.zeros((steps + 1, 2, 3))
    for t in range(steps):
        hs[t] = np.tanh(hs[t - 1] + w)
    return hs[:steps]


def calls_a_step(form: Any) -> float:
    """How many of Python's functions one more step calls."""
    counts, w = [], tg.parameter(np.full((2, 3), 0.5))
    form(w, 5)
    for steps in (20, 40):
        seen: list[str] = []
        before = sys.getprofile()
        sys.setprofile(lambda frame, event, arg, seen=seen: seen.append(event))  # type: ignore[misc]
        try:
            form(w, steps)
        finally:
            sys.setprofile(before)
        counts.append(seen.count("call"))
    return (counts[1] - counts[0]) / 20


def test_a_row_takes_few_calls_to_be_written_and_read() -> None:
    """The bench `tests.bench.written` says what that is in time; a count is the same on a busy machine."""
    plain, write, both = map(calls_a_step, (listed, tg.recorded(buffered), tg.recorded(read_back)))
    assert plain > 10 and write - plain <= 3 and both - plain <= 30, (plain, write, both)


def row_in_view(w: Any) -> Any:
    hs = np.zeros((4, 2))
    last = hs[3]
    for t in range(4):
        hs[t] = w * float(t + 1)
    return last


def test_a_row_in_view_that_is_written_shows_what_was_written() -> None:
    w = tg.parameter([0.5, -1.0])
    last = tg.recorded(row_in_view)(w)
    np.testing.assert_array_equal(last.value, [2.0, -4.0])
    tg.sum(last).backward()
    np.testing.assert_array_equal(w.grad, [4.0, 4.0])


def test_an_interrupt_at_any_instruction_leaves_a_log_that_holds() -> None:
    """The recorder of `tinygraph.numpy` lives as long as the process: what Ctrl-C leaves in it is used again."""
    session = record.Session()
    node = tg.constant(1.0)
    for _ in interrupted(lambda: session.enter(node, 7)):
        session.most = 0
        session.enter(node, 8)
    assert len(session.log) > 3


@each("size", [(3, 2), (2, 3)])
def test_writes_that_nobody_reads_between_are_into_one_memory(size: Any) -> None:
    """Rows of nodes, rows of numbers, and numbers at places."""

    def addresses(write: Any) -> int:
        def fill(w: Any) -> Any:
            h, places = np.zeros(size), set()
            seen = h.value  # the first write is into a copy
            for k in range(size[0]):
                write(h, w, k)
                places.add(_memory(h).ctypes.data)
            assert not seen.any() and seen.ctypes.data not in places
            return len(places)

        count: int = tg.recorded(fill)(tg.parameter(np.ones(size[1])))
        return count

    assert addresses(lambda h, w, k: h.__setitem__(k, w * 2.0)) == 1
    assert addresses(lambda h, w, k: h.__setitem__((k, 0), w[0])) == 1
    assert addresses(lambda h, w, k: h.__setitem__(k, 5.0)) == 1
    assert addresses(lambda h, w, k: h.__setitem__([k], 5.0)) == 1
    assert addresses(lambda h, w, k: (h.__setitem__(k, w * 2.0), h * 1.0)) == 1


WRITES: dict[str, Any] = {
    "a row": lambda h, w: h.__setitem__(1, w),
    "two rows": lambda h, w: (h.__setitem__(1, w), h.__setitem__((0, slice(0, 1)), w[:1])),
    "all": lambda h, w: h.__setitem__(..., w),
    "by a mask": lambda h, w: h.__setitem__(h.value > 0, 3.0),
    "at places": lambda h, w: h.__setitem__([0, 1], w),
    "a row of a view": lambda h, w: h[:2].__setitem__(1, w),
    "an operator": lambda h, w: h.__iadd__(w),
    "out=": lambda h, w: np.add(h, w, out=h),
    "copyto": lambda h, w: np.copyto(h, w, where=[True, False]),
    "putmask": lambda h, w: np.putmask(h, np.eye(2), w),
}


@each("name", WRITES)
def test_what_is_written_knows_the_line_that_wrote(name: str) -> None:
    def write(w: Any) -> Any:
        h = np.ones((2, 2))
        WRITES[name](h, w)
        return h

    h = tg.recorded(write)(tg.parameter([0.5, -1.0]))
    assert any(code is write.__code__ for code, _ in trail_of(h)) is (name != "two rows")  # which have a line each
    assert h.step is None and h.scope == ""
    if name in ("copyto", "putmask"):  # numpy's function is ours, of which no line is told
        (chosen,) = [x for x in h.inputs if x.inputs]
        assert any(code is write.__code__ for code, _ in trail_of(chosen))


def test_eight_arrays_are_filled_by_turns_at_a_time() -> None:
    def turns(w: Any, count: int) -> int:
        hs = [np.zeros((9, 2)) for _ in range(count)]
        for t in range(3):
            for h in hs:
                h[t] = w * (t + 1.0)
        return sum(type(h) is FilledByRow for h in hs)

    assert [tg.recorded(turns)(tg.parameter([1.0, 2.0]), count) for count in (1, 7, 8, 9, 12)] == [1, 7, 8, 8, 8]


def test_an_array_whose_rows_are_all_written_is_filled_no_longer() -> None:
    def rows(w: Any) -> list[int]:
        h, counts = np.zeros((3, 2)), []
        for t in range(3):
            h[t] = w * (t + 1.0)
            counts.append(len(now.recorder.session.filled))
        return counts

    assert tg.recorded(rows)(tg.parameter([1.0, 2.0])) == [1, 1, 0]


def test_a_copy_of_data_is_written_in_its_own_memory() -> None:
    def fill() -> bool:
        a = np.copy(np.zeros((3, 2)))
        before = _memory(a).ctypes.data
        a[0] = 1.0
        return bool(before == _memory(a).ctypes.data)

    assert tg.recorded(fill)()
