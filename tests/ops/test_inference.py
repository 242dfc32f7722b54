"""Shape and dtype before the values: inference agrees with forward, refuses what it refuses, and allocates nothing."""

from __future__ import annotations

import itertools
import math
import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygraph as tg
from tinygraph.core.op import Op, Spec
from tinygraph.ops.lookup import ARRAY

from .case import Case
from .random_calls import array_index, basic_index, einsum_call, quick, shapes
from .test_every_op import CASES, one_test_an_op
from .vocabulary import NAMES

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64"]


def spec(*shape: int, dtype: Any = float) -> Spec:
    return Spec(shape, np.dtype(dtype))


def seen(op: Any, arrays: Any, attributes: dict[str, Any]) -> Spec | None:
    """What forward gives, None if it refuses."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            z = np.asarray(op.forward(*arrays, **attributes))
    except (ValueError, TypeError, IndexError):
        return None
    return Spec(z.shape, z.dtype)


def told(op: Any, arrays: Any, attributes: dict[str, Any]) -> Spec | None:
    """What infer says, None if it refuses; it may refuse by a GraphError alone."""
    try:
        return op.infer(*(Spec(x.shape, x.dtype) for x in arrays), **attributes)
    except tg.GraphError:
        return None


def agree(op: Any, arrays: Any, **attributes: Any) -> None:
    expected, found = seen(op, arrays, attributes), told(op, arrays, attributes)
    assert found == expected, f"{op} of {[(x.shape, x.dtype) for x in arrays]}, {attributes}"
    if found is not None:
        assert type(found.shape) is tuple and type(found.dtype) is type(expected.dtype)  # type: ignore[union-attr]


def test_every_op_has_its_own_inference() -> None:
    for name in NAMES:
        op = getattr(tg.ops, name)
        if isinstance(op, Op):
            assert type(op).infer is not Op.infer, name


def _retyped(case: Case, dtypes: Any) -> list[np.ndarray]:
    new = iter(dtypes)
    return [x.astype(next(new)) if x.dtype.kind == "f" else x for x in case.inputs]


@one_test_an_op(CASES)
def test_every_case_in_every_pair_of_dtypes(case: Case) -> None:
    if case.name in ("excess", "ties") or (case.name == "softmax_cross_entropy" and case.note == "dense"):
        pairs: Any = itertools.product(["float32", "float64"], repeat=2)  # integers there are labels, or nothing
    elif case.note.startswith("p-") or case.name in ("inv", "solve", "cholesky"):  # numpy refuses integers by values
        pairs = itertools.product(["float16", "float32", "float64"], repeat=2)
    else:
        pairs = itertools.product(DTYPES, repeat=min(len(case.floating), 2))
    for pair in pairs:
        agree(case.op, _retyped(case, (*pair, *pair, *pair)), **case.attributes)


def test_bounds_of_other_types_than_the_array() -> None:
    for low, dtype in itertools.product([0, 0.0, False, np.float64(0), np.float32(0), np.array(0.0), None], DTYPES):
        for high in (1, 1.0, True, np.float32(1)):
            agree(tg.clip, [np.zeros(2, dtype)], a_min=low, a_max=high)


names = st.sampled_from(["sum", "mean", "max", "min", "logsumexp"])
axes = st.none() | st.integers(-4, 3) | st.lists(st.integers(-3, 2), max_size=3).map(tuple)


@quick
@given(names, shapes, axes, st.booleans(), st.sampled_from(DTYPES))
def test_reductions(name: str, shape: Any, axis: Any, keepdims: bool, dtype: str) -> None:
    agree(getattr(tg, name), [np.ones(shape, dtype)], axis=axis, keepdims=keepdims)
    agree(getattr(tg, name), [np.ones(shape, dtype)], axis=axis)


@quick
@given(shapes, st.none() | st.integers(-4, 3))
def test_ops_along_one_axis(shape: Any, axis: Any) -> None:
    agree(tg.argmax, [np.ones(shape)], axis=axis)
    for op in (tg.softmax, tg.log_softmax):
        agree(op, [np.ones(shape, "float32")], axis=-1 if axis is None else axis)


pairs_of_shapes = st.tuples(shapes, shapes) | shapes.flatmap(
    lambda s: st.tuples(st.just(s), st.lists(st.integers(0, len(s)), max_size=2).map(lambda at: _flattened(s, at)))
)


def _flattened(shape: Any, at: list[int]) -> tuple[int, ...]:
    return tuple(1 if i in at else n for i, n in enumerate(shape))[len(at) // 2 :]


@quick
@given(pairs_of_shapes)
def test_broadcasting_and_its_undoing(pair: Any) -> None:
    x, y = map(np.ones, pair)
    agree(tg.add, [x, y])
    agree(tg.add, [y, x])
    agree(tg.where, [x > 0, y, np.ones(())])
    agree(tg.matmul, [x, y])
    agree(tg.broadcast_to, [y], shape=x.shape)
    agree(tg.reshape, [x], shape=y.shape)
    if told(tg.broadcast_to, [y], {"shape": x.shape}):
        agree(tg.ops.sum_to, [x], shape=y.shape)


sizes = st.lists(st.integers(-1, 6), max_size=3).map(tuple) | st.integers(-1, 12)


@quick
@given(shapes, sizes, st.none() | st.lists(st.integers(-3, 2), max_size=3).map(tuple))
def test_rearrangements(shape: Any, target: Any, order: Any) -> None:
    x = np.ones(shape)
    agree(tg.reshape, [x], shape=target)
    agree(tg.transpose, [x], axes=order)
    agree(tg.swapaxes, [x], axis1=-1, axis2=len(shape) // 2)
    agree(tg.stop_gradient, [x])
    agree(tg.broadcast_to, [np.ones(1)], shape=target)
    for dtype in (*DTYPES, float, int, np.float32, "no dtype"):
        agree(tg.astype, [x], dtype=dtype)


@quick
@given(st.data())
def test_indices(data: Any) -> None:
    shape = data.draw(shapes)
    index = data.draw(basic_index(shape))
    x = np.ones(shape)
    agree(tg.getitem, [x], index=index)
    agree(tg.getitem, [x], index=(*index, 1))
    agree(tg.ops.put, [x[index], x[index].astype("float32")], shape=shape, indexes=[index, index])


@quick
@given(st.data())
def test_index_arrays(data: Any) -> None:
    shape = data.draw(shapes.filter(len))
    key = [np.asarray(k, int) if isinstance(k, (list, np.ndarray)) else k for k in data.draw(array_index(shape))]
    arrays = [k for k in key if isinstance(k, np.ndarray)]
    if not arrays:
        return
    index = tuple(ARRAY if isinstance(k, np.ndarray) else k for k in key)
    x = np.ones(shape, "float32")
    agree(tg.ops.pick, [x, *arrays], index=index)
    if x.size:  # behind the dots other axes are indexed: in place 0, which each of them has
        agree(tg.ops.pick, [x, *(0 * k for k in arrays)], index=(..., *(0 if isinstance(k, int) else k for k in index)))
    agree(tg.ops.scatter, [x[tuple(key)], *arrays], shape=shape, index=index)


@pytest.mark.filterwarnings("ignore:Out of bound index found:DeprecationWarning")  # numpy before 2.3
def test_index_arrays_on_axes_without_places() -> None:
    none, one = np.zeros(0, int), np.zeros(1, int)
    for shape, places in itertools.product([(0, 3), (3, 0), (0, 0)], [none, one]):
        for index in ((ARRAY,), (slice(None), ARRAY), (ARRAY, None, ..., 0)):
            agree(tg.ops.pick, [np.ones(shape), places], index=index)


@quick
@given(shapes, shapes, st.none() | st.integers(-4, 3), st.sampled_from(["int64", "int32", "bool", "uint8"]))
def test_tables(shape: Any, places: Any, axis: Any, dtype: str) -> None:
    x, indices = np.ones(shape), np.zeros(places, dtype)
    agree(tg.take, [x, indices], axis=axis)
    if x.ndim and dtype[0] == "i" and told(tg.take, [x, indices], {"axis": axis}):
        agree(tg.ops.add_at, [np.take(x, indices, axis), indices], shape=shape, axis=axis)
    agree(tg.one_hot, [indices], depth=3, dtype="float32")


@quick
@given(st.lists(shapes, min_size=1, max_size=3), st.lists(st.integers(0, 2), max_size=3), st.integers(-4, 3))
def test_joining(free: Any, alike: Any, axis: int) -> None:
    agree(tg.concatenate, [np.ones(s, "int32") for s in free], axis=axis)
    for op in (tg.concatenate, tg.stack):
        agree(op, [np.ones((2, 1, 3), d) for d in ("float32", "int64")], axis=axis)
        agree(op, [np.ones(alike, "float32"), np.ones(alike, "float32")], axis=axis)


@quick
@given(einsum_call(), st.integers(0, 20))
def test_einsum(call: Any, broken: int) -> None:
    subscripts, sizes = call
    if broken < 3:  # one operand too wide, or with one axis more
        sizes[0] = tuple(n + (broken == 1) for n in sizes[0]) + (1,) * (broken == 2)
    agree(tg.einsum, [np.ones(s, "float32") for s in sizes], subscripts=subscripts)


@pytest.mark.parametrize(
    "subscripts", ["...i,i->...", "...i,...", "i...->i", "i...", "...->...", "ii->i", "i->ii", "i->j"]
)
def test_einsum_with_dots_or_wrong_results(subscripts: str) -> None:
    for shape in ((), (2,), (3, 2), (1, 3, 2), (2, 2), (1, 2)):
        operands = [np.ones(shape), np.ones(2)][: subscripts.count(",") + 1]
        agree(tg.einsum, operands, subscripts=subscripts)


REFUSED: dict[str, Callable[[], Spec]] = {
    "getitem": lambda: tg.getitem.infer(spec(2, 3), index=(5,)),
    "reshape": lambda: tg.reshape.infer(spec(2, 3), shape=(4, 2)),
    "transpose": lambda: tg.transpose.infer(spec(2, 3), axes=(0, 0)),
    "swapaxes": lambda: tg.swapaxes.infer(spec(2, 3), axis1=0, axis2=2),
    "astype": lambda: tg.astype.infer(spec(2, 3), dtype="no dtype"),
    "concatenate": lambda: tg.concatenate.infer(spec(2, 3), spec(3, 2)),
    "stack": lambda: tg.stack.infer(spec(2, 3), spec(3, 2)),
    "put": lambda: tg.ops.put.infer(spec(2), shape=(3,), indexes=((slice(1),),)),
    "take": lambda: tg.take.infer(spec(2, 3), spec(4, dtype=int), axis=2),
    "add_at": lambda: tg.ops.add_at.infer(spec(2, 3), spec(4, dtype=int), shape=(5, 3), axis=0),
    "pick": lambda: tg.ops.pick.infer(spec(2, 3), spec(4, dtype=int), spec(3, dtype=int), index=(ARRAY, ARRAY)),
    "scatter": lambda: tg.ops.scatter.infer(spec(2), spec(4, dtype=int), shape=(5,), index=(ARRAY,)),
    "sum": lambda: tg.sum.infer(spec(2, 3), axis=2),
    "mean": lambda: tg.mean.infer(spec(2, 3), axis=(0, -2)),
    "max": lambda: tg.max.infer(spec(0, 3), axis=0),
    "argmax": lambda: tg.argmax.infer(spec(2, 3), axis=-3),
    "ties": lambda: tg.ops.ties.infer(spec(2, 3), spec(2), axis=0),
    "softmax": lambda: tg.softmax.infer(spec(2, 3), axis=2),
    "broadcast_to": lambda: tg.broadcast_to.infer(spec(2, 3), shape=(2, 2)),
    "sum_to": lambda: tg.ops.sum_to.infer(spec(2, 3), shape=(2,)),
    "add": lambda: tg.add.infer(spec(2, 3), spec(2)),
    "matmul": lambda: tg.matmul.infer(spec(2, 2, 3), spec(3, 3, 2)),
    "einsum": lambda: tg.einsum.infer(spec(2, 3), spec(2, 3), subscripts="ij,jk->ik"),
    "negative": lambda: tg.negative.infer(spec(2, dtype=bool)),
    "softmax_cross_entropy": lambda: tg.softmax_cross_entropy.infer(spec(2, 3), spec(3, dtype=int)),
    "one_hot": lambda: tg.one_hot.infer(spec(2), depth=3),
    "entry": lambda: tg.ops.entry.infer(spec(2, 3), spec(3, dtype=int)),
    "excess": lambda: tg.ops.excess.infer(spec(2, 3), spec(3), spec(2, dtype=int)),
    "onehot_like": lambda: tg.ops.onehot_like.infer(spec(3, dtype=int), spec(2, 3)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_op_and_what_came(name: str) -> None:
    with pytest.raises(tg.GraphError) as caught:
        REFUSED[name]()
    text = str(caught.value)
    assert text.startswith(name) and "\n  got       " in text


def test_nothing_of_the_results_size_is_allocated() -> None:
    n = 10**5
    wide, ids = spec(n, n), spec(n, dtype=int)
    tracemalloc.start()
    results = [
        tg.add.infer(wide, spec(n)),
        tg.matmul.infer(wide, wide),
        tg.reshape.infer(wide, shape=(-1, 10, n)),
        tg.transpose.infer(wide),
        tg.getitem.infer(wide, index=(slice(1, None, 2), None)),
        tg.ops.put.infer(spec(n), shape=(n, n), indexes=((3,),)),
        tg.concatenate.infer(wide, wide, axis=1),
        tg.stack.infer(wide, wide),
        tg.take.infer(wide, ids, axis=0),
        tg.ops.pick.infer(wide, ids, index=(ARRAY,)),
        tg.ops.scatter.infer(wide, ids, shape=(n, n), index=(ARRAY,)),
        tg.ops.add_at.infer(wide, ids, shape=(n, n), axis=0),
        tg.sum.infer(wide, axis=0),
        tg.softmax.infer(wide),
        tg.softmax_cross_entropy.infer(wide, ids),
        tg.ops.excess.infer(wide, spec(n), ids),
        tg.one_hot.infer(ids, depth=n),
        tg.ops.onehot_like.infer(ids, wide),
        tg.einsum.infer(wide, wide, subscripts="ij,jk->ik"),
        tg.broadcast_to.infer(spec(n), shape=(n, n)),
        tg.ops.sum_to.infer(wide, shape=(n,)),
        tg.ops.ties.infer(wide, spec(n), axis=0),
        tg.clip.infer(wide, a_min=0),
    ]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert sum(math.prod(z.shape) >= n * n // 2 for z in results) > 15


def test_an_op_without_inference_of_its_own_is_run() -> None:
    class Twice(tg.Op):
        def forward(self, x: Any) -> Any:
            return np.repeat(x, 2, axis=0).astype("float32")

    assert Twice().infer(spec(2, 3)) == spec(4, 3, dtype="float32")
