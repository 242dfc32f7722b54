"""Element-wise ops on integers and masks in native code: numpy's numbers, with its wrapping, and its divisions by 0."""

import numpy as np
import pytest

from tests.each import each
from tests.ops.vocabulary import RELATIONS
from tinygraph.plan.actions import Elementwise, Instruction
from tinygraph.run.by_native import can_run
from tinygraph.run.native.integers import SIGNED, UNSIGNED

from .running import check, whole

pytest.importorskip("llvmlite")

SIGNS = [np.dtype(f"i{n}") for n in (1, 2, 4, 8)]
INTEGERS = [*SIGNS, *(np.dtype(f"u{n}") for n in (1, 2, 4, 8))]
FLOATS, B1 = [np.dtype("f4"), np.dtype("f8")], np.dtype(bool)


def some(dtype):
    """Numbers of a dtype, its ends among them."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind == "f":
        return np.array([0.0, -0.0, 1.0, -1.0, 7.5, -7.5, np.inf, -np.inf, np.nan, 2.0**63, -(2.0**63), 3e9], dtype)
    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
    return np.array([0, 1, 2, 3, 7, 100, high, high - 1, low, low + 1], dtype)


def pairs(a, b):
    x, y = np.meshgrid(some(a), some(b))
    return [x.ravel(), y.ravel()]


def group(arrays, *steps):
    """One pass over arrays: ``steps`` are ops, each with the numbers of its arrays and the dtype of its result."""
    loads = [whole(array) for array in arrays]
    outs = [whole(np.zeros(arrays[0].shape, dtype)) for _, _, dtype in steps]
    instructions = tuple(Instruction(op, args, np.dtype(dtype)) for op, args, dtype in steps)
    stores = tuple((len(loads) + k, view) for k, (_, view) in enumerate(outs))
    action = Elementwise(arrays[0].shape, tuple(view for _, view in loads), instructions, stores)
    flat = {buffer: array.ravel() for (buffer, _), array in zip(loads, arrays, strict=True)}
    return action, {**flat, **{buffer: np.zeros(buffer.size, buffer.dtype) for buffer, _ in outs}}


def check_all(groups):
    """All groups as one program, which compiles in less time than many."""
    flat = {}
    for action, own in groups:
        assert can_run(action), str(action.instructions)
        flat |= own
    with np.errstate(all="ignore"):
        check([action for action, _ in groups], flat)


def ran(op, arrays, dtype):
    return can_run(group(arrays, (op, tuple(range(len(arrays))), dtype))[0])


@each("dtype", INTEGERS)
def test_every_pair_of_integers(dtype):
    rules = SIGNED if dtype.kind == "i" else UNSIGNED
    alone = {"abs", "negative", "square"}
    x, y = pairs(dtype, dtype)
    steps = [(op, (0,) if op in alone else (0, 1), dtype) for op in rules]
    opposite = [group([x, other], *steps) for other in ((y, -y, np.full_like(y, -1)) if dtype.kind == "i" else (y,))]
    check_all([*opposite, group(pairs(dtype, np.dtype("u1" if dtype.kind == "u" else "i1")), ("add", (0, 1), dtype))])


@each("left", [*INTEGERS, *FLOATS, B1])
def test_relations_of_every_pair_of_dtypes(left):
    groups = []
    for right in {left, *map(np.dtype, ("i2", "i8", "u4", "u8", "f4", "?"))}:
        one = group(pairs(left, right), *[(op, (0, 1), B1) for op in RELATIONS])
        if np.dtype("u8") in (left, right) and {left, right} & {*SIGNS}:
            assert not can_run(one[0]), "numpy compares them exactly, which no dtype does"
        else:
            groups.append(one)
    check_all(groups)


@each("source", [*INTEGERS, *FLOATS, B1])
def test_casts(source):
    left = [np.dtype(kind) for kind in ("i1", "i2", "u1", "u2", "u4", "u8")] if source.kind == "f" else []
    targets = [to for to in (*INTEGERS, *FLOATS, B1) if to not in left]
    check_all([group([some(source)], *[("copy", (0,), to) for to in targets])])
    assert not any(ran("copy", [some(source)], to) for to in left), "what numpy gives there depends on the processor"


@each("dtype", [*INTEGERS, B1])
def test_a_choice_of_either_dtype(dtype):
    groups = []
    for other in (dtype, np.dtype("i8"), np.dtype("f4"), B1):
        to, (x, y) = np.result_type(dtype, other), pairs(dtype, other)
        masks = [np.resize(some(condition), x.size) for condition in (B1, np.dtype("i8"), np.dtype("f4"))]
        groups.append(group([x, y, *masks], *[("where", (2 + k, 0, 1), to) for k in range(3)]))
    check_all(groups)


@each("op", ["add", "multiply", "maximum", "minimum", *RELATIONS])
def test_masks(op):
    check_all([group(pairs(B1, B1), (op, (0, 1), B1))])


@each("dtype", INTEGERS)
def test_integers_beside_floats(dtype):
    groups = [group(pairs(dtype, dtype), ("divide", (0, 1), "f8"))]
    for real in FLOATS:
        to = np.result_type(dtype, real)
        ops = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
        groups.append(group(pairs(dtype, real), *[(op, args, to) for op in ops for args in ((0, 1), (1, 0))]))
    check_all(groups)


def test_what_is_left_to_numpy():
    x = some(np.dtype("i8"))
    assert not ran("exp", [x], "f8") and not ran("power", [x, x], "i8") and not ran("sign", [x], "i8")
    assert not ran("add", [np.ones(2, np.float16)] * 2, "f2")
