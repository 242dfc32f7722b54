"""Lifting: an op over all time steps at once gives what the op gives step by step, for every pattern of inputs."""

from __future__ import annotations

import itertools
import string
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import tinygraph as tg
from tests.arrays import assert_close
from tests.each import each
from tests.ops.case import Case, spaced
from tests.ops.random_calls import quick
from tests.ops.test_every_op import CASES, one_test_an_op
from tinygraph.core.op import Spec
from tinygraph.core.traced import Slot, Tracing
from tinygraph.loops.lifting import lift
from tinygraph.ops.lookup import ARRAY

FLOATS = ["float32", "float64"]
_every = slice(None)


def refused(case: Case, varying: tuple[bool, ...]) -> bool:
    """Whether this call stays in the loop, as far as is known and meant."""
    if case.name in ("take", "add_at"):
        return varying == (True, True) or (case.name == "add_at" and varying[1])
    if case.name in ("pick", "scatter"):
        index = case.attributes["index"]
        before = index[: len(index) - index[::-1].index(ARRAY)]
        return any(i is not ARRAY and not isinstance(i, int) for i in before)
    if case.name in ("write_at", "last_written"):
        index = case.attributes["index"]
        apart = index == (ARRAY, _every, ARRAY)
        return any(varying[2:]) or case.name == "last_written" or any(type(i) is int for i in index) or apart
    return False


def over_time(x: np.ndarray, T: int, k: int) -> np.ndarray:
    """The array at each of T steps: other numbers that are as lawful for the op, labels and indices among them."""
    if x.dtype.kind == "f":
        return np.stack([x * (1 + 0.25 * t) for t in range(T)]).reshape(T, *x.shape)
    return np.stack([np.roll(x, t + k) for t in range(T)])


def patterns(n: int) -> list[tuple[bool, ...]]:
    return [p for p in itertools.product([False, True], repeat=n) if any(p)]


def in_turn(case: Case, arrays: list[np.ndarray], varying: tuple[bool, ...], T: int) -> np.ndarray:
    """The results of T separate calls."""
    with np.errstate(all="ignore"):
        steps = [[x[t] if v else x for x, v in zip(arrays, varying, strict=True)] for t in range(T)]
        return np.stack([np.asarray(case.op.forward(*map(np.asarray, xs), **case.attributes)) for xs in steps])


def inputs(case: Case, varying: tuple[bool, ...], T: int, dtype: Any) -> list[np.ndarray]:
    return [over_time(x, T, k) if v else x for k, (x, v) in enumerate(zip(case.arrays(dtype), varying, strict=True))]


_more = [
    Case("add", spaced((2, 2, 3), ()), np.add), Case("multiply", spaced((), (2, 3, 2)), np.multiply),
    Case("where", (np.array(True), *spaced((3,), (2, 1, 3))), np.where),
    *(Case("matmul", spaced(a, b), np.matmul)
      for a, b in (((3,), (2, 2, 3, 4)), ((2, 2, 2, 3), (3,)), ((2, 3), (2, 3, 2, 3, 4)[-3:]), ((4, 3), (1, 3)[::-1]),
                   ((2, 1, 2, 3), (3, 3, 2)), ((3, 4, 3), (3,)), ((3,), (3, 3, 2)))),
    Case("sum_to", spaced((2, 3, 2)), np.sum, {"shape": (1, 2)}), Case("sum_to", spaced((3,)), np.sum, {"shape": ()}),
    Case("broadcast_to", spaced((3,)), np.sum, {"shape": (2, 2, 3)}),
    Case("transpose", spaced((2, 3, 4)), np.sum), Case("swapaxes", spaced((2, 3)), np.sum),
    Case("softmax", spaced((2, 3)), np.sum), Case("log_softmax", spaced((2, 2, 3)), np.sum),
    Case("concatenate", spaced((2, 3), (1, 3)), np.sum), Case("stack", spaced((2, 3), (2, 3), (2, 3)), np.sum),
    Case("argmax", spaced((2, 2, 3)), np.sum), Case("argmax", spaced(()), np.sum), Case("argmax", spaced((3,)), np.sum),
    Case("pick", (*spaced((3, 2, 4)), np.array([2, 0]), np.array([[1], [0]])), np.sum, {"index": (ARRAY, ARRAY)}),
    Case("pick", (*spaced((3, 2, 4)), np.array([2, 0])), np.sum, {"index": (ARRAY, _every, 1)}),
    Case("put", spaced((2, 2), (2, 1)), np.sum,
         {"shape": (2, 3), "indexes": ((_every, slice(0, 2)), (_every, slice(2, 3)))}),
]  # fmt: skip
ALL = CASES + _more
every_case = one_test_an_op(ALL)


@each("T", [1, 3])
@every_case
def test_lifted_is_the_steps_one_after_the_other(case: Case, T: int) -> None:
    for varying, dtype in itertools.product(patterns(len(case.inputs)), FLOATS):
        arrays = inputs(case, varying, T, dtype)
        with np.errstate(all="ignore"):
            z = lift(case.op, [*map(tg.constant, arrays)], case.attributes, varying, T)
        assert (z is None) == refused(case, varying), varying
        if z is None:
            continue
        expected = in_turn(case, arrays, varying, T)
        assert (z.shape, z.dtype) == (expected.shape, expected.dtype), varying
        bound = 1e-13 if dtype == "float64" else 2e-6
        assert_close(z.value, expected, bound, bound)


ranks = st.lists(st.sampled_from([1, 2, 3]), max_size=3).map(tuple)


@quick
@given(st.lists(st.tuples(ranks, st.booleans()), min_size=3, max_size=3), st.sampled_from([1, 2, 4]))
def test_elements_of_any_ranks(drawn: Any, T: int) -> None:
    """Three inputs cut from one shape, some axes 1: all of their ranks and patterns meet."""
    flags = tuple(v for _, v in drawn)
    if not any(flags):
        return
    whole = max((s for s, _ in drawn), key=len)
    shapes = [tuple(1 if n == 1 else whole[len(whole) - len(s) + i] for i, n in enumerate(s)) for s, _ in drawn]
    case = Case("scaled_power", spaced(*shapes, low=0.4, high=2.0), np.add)
    arrays = inputs(case, flags, T, float)
    z = lift(case.op, [*map(tg.constant, arrays)], {}, flags, T)
    assert z is not None
    np.testing.assert_allclose(z.value, in_turn(case, arrays, flags, T), rtol=1e-13, strict=True)


@every_case
def test_lifting_reads_no_value(case: Case) -> None:
    T = 2
    for varying in patterns(len(case.inputs)):
        arrays = inputs(case, varying, T, np.float32)
        with Tracing():
            slots = [Slot(Spec(x.shape, x.dtype)) for x in arrays]
            z = lift(case.op, slots, case.attributes, varying, T)
        if z is not None:
            expected = in_turn(case, arrays, varying, T)
            assert (z.shape, z.dtype) == (expected.shape, expected.dtype)


_largest = {
    case.name: case for case in sorted(ALL, key=lambda case: sum(x.size for x in case.inputs)) if case.differentiable
}


@each("case", _largest.values(), _largest)
def test_gradients_of_lifted_are_those_of_the_loop(case: Case) -> None:
    T = 3
    for varying in patterns(len(case.inputs)):
        nodes = [(tg.parameter if x.dtype.kind == "f" else tg.constant)(x) for x in inputs(case, varying, T, float)]
        z = lift(case.op, nodes, case.attributes, varying, T)
        if z is None:
            continue
        rng = np.random.default_rng(4)
        gz = rng.normal(size=z.shape)
        wrt = [nodes[k] for k in case.differentiable]
        steps = [
            case.op(*[x[t] if v else x for x, v in zip(nodes, varying, strict=True)], **case.attributes)
            for t in range(T)
        ]
        looped = tg.stack(steps)
        for found, expected in zip(tg.grad(z, wrt, gz), tg.grad(looped, wrt, gz), strict=True):
            np.testing.assert_allclose(found.value, expected.value, rtol=1e-11, atol=1e-12)
        first = [g * g for g in (tg.sum(g) for g in tg.grad(z, wrt, gz))]
        second = [g * g for g in (tg.sum(g) for g in tg.grad(looped, wrt, gz))]
        for a, b, x in zip(first, second, wrt, strict=True):
            np.testing.assert_allclose(tg.grad(a, x).value, tg.grad(b, x).value, rtol=1e-9, atol=1e-9)


def test_a_product_with_one_weight_is_one_product() -> None:
    x, w = tg.constant(np.ones((5, 2, 3))), tg.constant(np.ones((3, 4)))
    z = lift(tg.matmul, [x, w], {}, [True, False], 5)
    assert z is not None and z.op is tg.matmul and z.inputs == (x, w)
    h, w = tg.constant(np.ones((5, 4))), tg.constant(np.ones((3, 4)))
    z = lift(tg.matmul, [w, h], {}, [False, True], 5)
    assert z is not None and z.op is tg.matmul and z.inputs[0] is h and z.shape == (5, 3)


def test_a_sum_of_all_letters_has_none_left_for_the_steps() -> None:
    letters = string.ascii_letters
    for count, lifted in ((51, True), (52, False)):
        told, x = letters[:count], tg.constant(np.ones((2, *[1] * 26)))
        subscripts = f"{told[:26]},{told[26:]}->{told[:2]}"
        z = lift(
            tg.ops.einsum, [x, tg.constant(np.ones([1] * (count - 26)))], {"subscripts": subscripts}, [True, False], 2
        )
        assert (z is not None) is lifted


def test_a_users_op_stays_in_the_loop() -> None:
    class Cube(tg.Op):
        def forward(self, x: Any) -> Any:
            return x**3

    assert lift(Cube(), [tg.constant(np.ones((2, 3)))], {}, [True], 2) is None
