"""Settings, arrays and texts of free sizes, told from two traces: what was put in comes out, others are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.export.traced.sizes import BEYOND, Filled, Size, Solver, tried

SOLVER = Solver(("T", "B"))
FIRST, SECOND = SOLVER.first, SOLVER.second
T, B, TB = Size(("T",)), Size(("B",)), Size(("T", "B"))


def at(setting: Any, sizes: dict[str, int]) -> Any:
    """What a setting is at these sizes."""
    if isinstance(setting, Size):
        return setting.factor * int(np.prod([sizes[x] for x in setting.letters])) + setting.more
    if isinstance(setting, (tuple, list)):
        return type(setting)([at(x, sizes) for x in setting])
    if isinstance(setting, slice):
        return slice(at(setting.start, sizes), at(setting.stop, sizes), at(setting.step, sizes))
    if isinstance(setting, dict):
        return {k: at(x, sizes) for k, x in setting.items()}
    return setting


@each(
    "setting",
    [
        3,
        T,
        Size(("B",), 2, -1),
        Size(("T",), 1, BEYOND),
        Size(("T",), 1, -BEYOND),
        (T, 3, B),
        [TB, -1],
        ((T,), [B, (TB, 2)]),
        slice(1, Size(("T",), 1, -1), None),
        slice(T, None, -1),
        (slice(None), slice(0, B, 2), None, Ellipsis),
        {"shape": (T, B), "axis": 0, "index": {"at": slice(None, T)}},
        {"keepdims": True, "subscripts": "ab,bc->ac", "fill": 0.5, "dtype": None},
        (),
    ],
)
def test_a_setting_comes_out_as_it_was_put_in(setting: Any) -> None:
    told = SOLVER.setting(at(setting, FIRST), at(setting, SECOND))
    assert told == setting and type(told) is type(setting)


def test_settings_that_are_equal_are_themselves() -> None:
    nan = float("nan")
    assert SOLVER.setting(nan, nan) is nan and SOLVER.setting(True, True) is True
    assert SOLVER.setting(np.int64(7), np.int64(7)) == 7 and type(SOLVER.setting(np.int64(7), 7)) is int
    array = np.arange(3)
    assert SOLVER.setting((array,), (array.copy(),))[0] is array


@each(
    "a, b",
    [
        (True, False),
        ("sum", "mean"),
        (None, 0.5),
        (0.5, 0.25),
        (1.0, True),
        ((1, 2), (1, 2, 3)),
        ((1, "x"), (1, "y")),
        ({"how": "x"}, {"how": "y"}),
    ],
)
def test_other_settings_are_refused(a: Any, b: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"a setting is .* at T = 23, B = 29 and .* at T = 37, B = 54"):
        SOLVER.setting(a, b)


@each("more", [BEYOND + 1, -BEYOND - 1])
def test_a_size_far_from_every_multiple_is_refused(more: int) -> None:
    with pytest.raises(tg.GraphError, match=r"a size is -?\d+ at T = 23, B = 29 and -?\d+ at T = 37, B = 54"):
        SOLVER.size(FIRST["T"] + more, SECOND["T"] + more)


def test_arrays_that_count_are_told_by_their_axis_and_start() -> None:
    for shape, axis in ((("T",), 0), (("T", 3), 0), ((3, "T"), 1), ((2, "B", 3), 1), (("T", "B"), 1)):
        for start in (0, 5, -2):
            pair = []
            for sizes in (FIRST, SECOND):
                own = [sizes[n] if isinstance(n, str) else n for n in shape]
                count = np.arange(own[axis]).reshape([-1 if k == axis else 1 for k in range(len(own))])
                pair.append(np.broadcast_to(count + start, own).copy())
            filled = SOLVER.array(*pair)
            assert isinstance(filled, Filled) and (filled.number, filled.axis) == (start, axis)
            assert filled.shape == tuple(Size((n,)) if isinstance(n, str) else n for n in shape)
            assert filled.dtype == pair[0].dtype
    t, u = FIRST["T"], SECOND["T"]
    for a, b in (
        (np.arange(t), np.arange(1, u + 1)),
        (np.arange(t)[::-1], np.arange(u)[::-1]),
        (2 * np.arange(t), 2 * np.arange(u)),
    ):
        with pytest.raises(tg.GraphError, match=rf"an array \({t},\) holds other numbers at T = 23, B = 29 than"):
            SOLVER.array(a, b)


def test_empty_arrays_and_arrays_of_one_size() -> None:
    t, u = FIRST["T"], SECOND["T"]
    filled = SOLVER.array(np.zeros((0, t)), np.zeros((0, u)))
    assert isinstance(filled, Filled) and filled.shape == (0, T)
    same = np.array([1.0, 2.0])
    assert SOLVER.array(same, same.copy()) is same
    lengths = SOLVER.array(np.full(3, t), np.full(3, u))
    assert lengths == Filled(T, (3,), np.dtype(int)), "of one size, filled with a free one"
    mean = SOLVER.array(np.full(2, 2.0 * t), np.full(2, 2.0 * u))
    assert mean == Filled(Size(("T",), 2), (2,), np.dtype(float))
    with pytest.raises(tg.GraphError, match="a number is"):
        SOLVER.array(np.array(1 / t), np.array(1 / u))


@each(
    "size, text",
    [
        (T, "T"),
        (Size(("B",), 4), "4 B"),
        (TB, "T B"),
        (Size(("T",), 1, -1), "T - 1"),
        (Size(("T", "B"), 3, 2), "3 T B + 2"),
        (Size(("T",), -1, 5), "-1 T + 5"),
    ],
)
def test_the_text_of_a_size(size: Size, text: str) -> None:
    assert str(size) == text


@each("letters", [("T", "B"), ("T", "N"), ("a", "b", "c", "d", "e", "f", "g", "h")])
def test_letters_have_sizes_of_their_own_which_all_grow_by_other_amounts(letters: tuple[str, ...]) -> None:
    first, second = tried(letters)
    assert [*first] == [*second] == [*letters] and len({*first.values()}) == len(letters)
    assert all(second[x] > first[x] > 1 for x in letters)
    solver = Solver(letters)
    for x in letters:
        assert solver.size(first[x], second[x]) == Size((x,))
        assert solver.size(2 * first[x] - 1, 2 * second[x] - 1) == Size((x,), 2, -1)
