"""The door: arrays that entered are compared as they lie in memory, views too; those that are gone are forgotten."""

import re
import sys
from weakref import WeakValueDictionary

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.frozen import frozen, read_only
from tinygraph.outside.door import CHUNK, MOST_CHUNKS, Door, Entered, same_bytes

door_of_functions = sys.modules["tinygraph.outside.door"]
HERE = ("net.py", 3)
VIEWS = {
    "itself": lambda a: a,
    "a row": lambda a: a[1],
    "a column": lambda a: a[:, 2],
    "backwards": lambda a: a[::-1, ::-2],
    "turned": lambda a: a.T,
    "a view of a view": lambda a: a[1:][:, 1:][0],
    "another shape": lambda a: a.reshape(2, 6),
    "one number": lambda a: a[1, 1:2],
    "nothing": lambda a: a[:, :0],
    "a diagonal": lambda a: a.reshape(-1)[::5],
}


@each("name", list(VIEWS))
@each("dtype", [float, np.float32, np.int16, bool])
def test_a_view_is_watched_where_it_lies(name, dtype):
    owner = (np.arange(12).reshape(3, 4) % 5).astype(dtype)
    view = VIEWS[name](owner)
    entry = Entered(view, view.copy(), HERE)
    assert not entry.has_changed() and not entry.is_gone()
    inside = np.zeros((3, 4), bool)
    VIEWS[name](inside)[...] = True
    for at in np.ndindex(3, 4):
        before = owner[at]
        owner[at] = not before if dtype is bool else before + 1
        assert entry.has_changed() == inside[at], at
        owner[at] = before
    del view
    assert not entry.has_changed() and not entry.is_gone()
    del owner
    assert entry.is_gone() and not entry.has_changed()


def test_a_list_is_read_again_and_may_be_ragged_then():
    rows = [[1.0, 2.0], [3.0, 4.0]]
    entry = Entered(rows, np.array(rows), HERE)
    assert not entry.has_changed() and not entry.is_gone()
    rows[1][0] = 5.0
    assert entry.has_changed()
    rows[1] = [3.0]
    assert entry.has_changed() and str(entry) == "float64 (2, 2), used in net.py:3"


def test_bytes_are_compared_so_that_nan_is_nan_and_minus_zero_another():
    x = np.array([np.nan, 0.0, 1.0])
    assert same_bytes(x, x.copy()) and not same_bytes(x, np.array([np.nan, -0.0, 1.0]))
    assert not same_bytes(x, x[:2]) and not same_bytes(x, x.astype(np.float32)) and not same_bytes(x, x.reshape(1, 3))
    assert same_bytes(x[::-1], x[::-1].copy()) and same_bytes(np.zeros(0), np.zeros(0))


def test_of_large_arrays_chunks_are_compared_that_lie_evenly_and_exactly_all(monkeypatch):
    monkeypatch.setattr(door_of_functions, "CHUNK", chunk := 64)
    size = chunk * (2 * MOST_CHUNKS)  # every second chunk
    x = np.zeros(size, np.int8)
    for at, seen in (
        (0, True),
        (chunk - 1, True),
        (chunk, False),
        (2 * chunk, True),
        (size - chunk - 1, True),
        (size - 1, False),
    ):
        y = x.copy()
        y[at] = 1
        assert same_bytes(x, y) is not seen and not same_bytes(x, y, exactly=True)
    small = x[: chunk * MOST_CHUNKS]
    for at in (chunk, len(small) - 1):
        y = small.copy()
        y[at] = 1
        assert not same_bytes(small, y)


def test_what_may_change_is_noted_and_large_copies_are_shared():
    copies = WeakValueDictionary()
    door, other = Door(copies), Door(copies)
    fixed = read_only(frozen(np.ones(3)))
    assert (
        door.array(fixed, fixed) is fixed
        and door.array(2.0, np.array(2.0)) == 2.0
        and door.array(np.float64(1), np.array(1.0)) == 1
    )
    assert door.entered == []
    small, large = np.ones(3), np.ones(CHUNK // 8)
    one, two = large.copy(), large.copy()
    assert door.array(small, kept := small.copy()) is kept and door.array(large, one) is one
    assert other.array(large, two) is one and len(door.entered) == 2
    large[0] = 5
    three = large.copy()
    assert other.array(large, three) is three and [e.copy.shape for e in door.changed()] == [large.shape]
    assert other.changed() == [other.entered[0]]
    small[1] = 7
    del large
    assert [e.copy.shape for e in door.changed()] == [(3,)] and len(door.entered) == 1
    just_below = np.ones(CHUNK // 8 - 1)
    first, second = just_below.copy(), just_below.copy()
    assert door.array(just_below, first) is first and other.array(just_below, second) is second


def test_settings_are_copied_with_all_that_they_hold():
    door = Door(WeakValueDictionary())
    places = np.array([1, 2])
    given = ([places, 3], {"a": (places,), "b": slice(0, 2)}, slice(None, places, 1), "x", None)
    own = door.setting(given)
    assert own[0][1] == 3 and own[1]["b"] == slice(0, 2) and own[3:] == ("x", None) and type(own[1]["a"]) is tuple
    assert own[2].start is None and own[2].step == 1 and len(door.entered) == 3
    places[0] = 9
    assert own[0][0].tolist() == own[1]["a"][0].tolist() == own[2].stop.tolist() == [1, 2]
    with pytest.raises(ValueError):
        own[0][0][0] = 1
    assert len(door.changed()) == 3


def test_the_line_where_an_array_entered_is_named():
    m = np.ones(2)
    f = tg.compile(lambda x: x * m)
    f(np.ones(2))
    m[:] = 3
    with pytest.raises(tg.GraphError) as told:
        f(np.ones(2))
    assert re.search(r"float64 \(2,\), used in .*test_door\.py:\d+", str(told.value))
