"""What `tg.unroll` takes just so, and what it refuses just not: axes, states, lengths, masks, teachers, sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.op import Spec
from tinygraph.time.scan import scan

XS = np.random.default_rng(3).normal(size=(4, 2, 3))
ZERO = np.zeros((2, 3))
GRU = tg.cells.GRU(3, 5, rng=0, dtype=np.float64)


def adding(x: Any, h: Any) -> Any:
    h = h + x
    return h, h


def last_of(xs: Any, state: Any = ZERO, **settings: Any) -> np.ndarray:
    value: np.ndarray = tg.unroll(adding, xs, state, **settings)[1].value
    return value


def test_an_axis_is_counted_from_the_end_as_far_as_there_are_axes() -> None:
    for axis in (0, -3):
        np.testing.assert_allclose(last_of(XS, axis=axis), XS.sum(0))
    np.testing.assert_allclose(last_of(XS[:, 0], ZERO[0], axis=-2), XS[:, 0].sum(0))


class Parts:
    """h' = h + x for each of the inputs of a dict, and a part of the state that may be None."""

    input_size = 3

    def initial_state(self, batch_size: int) -> Any:
        return {"h": np.zeros((batch_size, 3)), "more": None}

    def __call__(self, x: Any, state: Any) -> Any:
        h = state["h"] + x["a"] + x["b"]
        return h, {"h": h, "more": state["more"]}


def test_a_cell_with_a_size_takes_a_dict_and_anything_for_a_part_of_the_state_that_is_none() -> None:
    xs = {"a": XS, "b": 2 * XS}
    for more in (None, np.ones(2)):
        outputs, last = tg.unroll(Parts(), xs, {"h": ZERO, "more": more})
        np.testing.assert_allclose(outputs.value[-1], 3 * XS.sum(0))
        assert last["more"] is None if more is None else last["more"].value.tolist() == [1.0, 1.0]


def test_no_sequence_has_no_length() -> None:
    for lengths in ([], np.zeros(0, np.int32), np.zeros(0)):
        outputs, h = tg.unroll(GRU, XS[:, :0], lengths=lengths)
        assert outputs.shape == (4, 0, 5) and h.shape == (0, 5)


@each("teacher, right", [(True, XS.sum(0)), (False, 8 * XS[0]), (1.0, XS.sum(0)), (0.0, 8 * XS[0])])
def test_one_flag_is_the_teacher_of_all_steps(teacher: Any, right: np.ndarray) -> None:
    feedback = tg.Feedback(lambda y: y, teacher=teacher)
    np.testing.assert_allclose(last_of(XS, feedback=feedback), right)


@each("dtype", [bool, float])
def test_a_teacher_of_each_sequence_in_numbers_that_are_certain(dtype: Any) -> None:
    teacher = np.array([[0, 1], [0, 1], [1, 0], [0, 1]]).astype(dtype)
    right = ZERO.copy()
    for b in range(2):
        for t in range(4):
            right[b] += XS[t, b] if t == 0 or teacher[t, b] else right[b]

    def run(teacher: Any) -> Any:
        return tg.unroll(adding, XS, ZERO, feedback=tg.Feedback(lambda y: y, teacher=teacher))[1]

    np.testing.assert_allclose(run(teacher).value, right)
    np.testing.assert_allclose(tg.compile(run, backend="numpy")(teacher), right)


def test_sizes_of_noise_are_whole_numbers_from_0_on() -> None:
    rng = np.random.default_rng(0)
    assert tg.noise(rng.random, (0,)).shape == (0,) and tg.noise(rng.random, [np.int64(2), 3]).shape == (2, 3)
    wrong: list[Any] = [(1.5,), (-1,), ("a",), (2, None), 3, (np.float64(2),)]
    for shape in wrong:
        with pytest.raises(tg.GraphError, match=r"^noise: shape must be a tuple of sizes\n  expected  \(3,\)"):
            tg.noise(rng.random, shape)


class Raising:
    def __init__(self, error: Any) -> None:
        self.error = error

    def __call__(self, x: Any, h: Any) -> Any:
        raise self.error


class OfOne:
    def __init__(self, size: Any) -> None:
        pass


REFUSED: dict[str, Callable[[], Any]] = {
    r"unroll: the inputs have no such axis\n.*\[\(4, 2, 3\), \(4, 2\)\]\n  got       axis=2": lambda: tg.unroll(
        lambda x, h: (h, h), {"a": XS, "b": XS[..., 0]}, ZERO, axis=2
    ),
    r"unroll: the inputs have no such axis\n.*\n  got       axis=3": lambda: last_of(XS, axis=3),
    r"unroll: the inputs have no such axis\n.*\n  got       axis=-4": lambda: last_of(XS, axis=-4),
    r"unroll: all inputs need the same number of steps": lambda: tg.unroll(adding, (), ZERO),
    r"unroll: the cell .*did not return a pair\n  expected  \(y_t, new_state\)\n  got       list": lambda: tg.unroll(
        lambda x, h: [h, h], XS, ZERO
    ),
    r"unroll: the cell .*did not return a pair\n.*\n  got       tuple": lambda: tg.unroll(
        lambda x, h: (h, h, h), XS, ZERO
    ),
    r"unroll: lengths do not match the inputs\n.*\n  got       int64 \(2, 3\)": lambda: last_of(
        XS, lengths=np.ones((2, 3), int)
    ),
    r"unroll: lengths do not match the inputs\n.*\n  got       float64 \(2,\)": lambda: last_of(XS, lengths=[1.0, 2.0]),
    r"unroll: the mask does not match the inputs\n.*\n  got       bool \(\)": lambda: last_of(XS, mask=True),
    r"unroll: the mask does not match the inputs\n.*\n  got       float64 \(4, 2\)": lambda: last_of(
        XS, mask=XS[..., 0]
    ),
    r"^feedback: teacher does not match the inputs\n  expected  a number": lambda: last_of(
        XS, feedback=tg.Feedback(lambda y: y, teacher=np.ones(3, bool))
    ),
    r"the argument is not a cell\n(.*\n)*  fix       OfOne\(input_size": lambda: tg.unroll(OfOne, XS),  # type: ignore
    r"the argument is not a cell\n(.*\n)*  fix       def cell\(x, state\)": lambda: tg.unroll(abs, XS),  # type: ignore
    r"^of NoneType, says the cell": lambda: tg.unroll(Raising(tg.GraphError("of NoneType, says the cell")), XS),
    r"^unroll: the cell got the state None": lambda: tg.unroll(Raising(TypeError("of NoneType")), XS),
    r"scan: shapes do not match\n.*size 2\n  got       a \(3, 1\), b \(4, 1\)": lambda: scan.infer(
        Spec((3, 1), np.dtype(float)), Spec((4, 1), np.dtype(float)), is_complex=True
    ),
    r"scan: shapes do not match\n.*\n  got       a \(2, 3, 2\), b \(4, 2\)": lambda: scan.infer(
        Spec((2, 3, 2), np.dtype(float)), Spec((4, 2), np.dtype(float))
    ),
    r"scan: shapes do not match\n.*\n  got       a \(\), b \(\)": lambda: scan.infer(
        Spec((), np.dtype(float)), Spec((), np.dtype(float))
    ),
}


@each("problem", REFUSED)
def test_what_is_refused_is_told(problem: str) -> None:
    with pytest.raises(tg.GraphError, match=problem):
        REFUSED[problem]()


def test_a_scan_of_no_step_is_its_first_state() -> None:
    a, b = Spec((0, 2), np.dtype(np.float32)), Spec((1, 2), np.dtype(float))
    assert scan.infer(a, b) == Spec((1, 2), np.dtype(float)) == scan.infer(a, b, is_complex=True)
