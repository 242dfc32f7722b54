"""argmax, running sums, lookups and one-hot vectors in native code: numpy's numbers, of every dtype and layout."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.ops.lookup import ARRAY
from tinygraph.plan.actions import Buffer, Call, Repeat, View
from tinygraph.run import by_native
from tinygraph.run.by_native import can_run

from .running import check, ready, whole

pytest.importorskip("llvmlite")

INTEGERS = [np.dtype(f"{kind}{size}") for kind in "iu" for size in (1, 2, 4, 8)]
DTYPES = [np.dtype("f4"), np.dtype("f8"), np.dtype(bool), *INTEGERS]
SOME = [np.dtype("f4"), np.dtype(bool), np.dtype("i8")]
LAYOUTS = {
    "rows": lambda a: a,
    "columns": lambda a: np.asfortranarray(a).T.copy().T,
    "every other": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "backwards": lambda a: a[..., ::-1].copy()[..., ::-1],
    "one number": lambda a: np.broadcast_to(a.ravel()[:1], a.shape),
}
EACH = [(d, layout) for d in DTYPES for layout in LAYOUTS if d in SOME or layout == "rows"]


def laid(array):
    """A buffer with the memory of an array of any layout, and the view of it."""
    base = array
    while base.base is not None:
        base = base.base
    flat = base.reshape(-1, order="A" if base.flags.f_contiguous else "C")
    offset = (array.ctypes.data - flat.ctypes.data) // array.itemsize
    buffer = Buffer("scratch", flat.size, array.dtype)
    return buffer, View(buffer, offset, array.shape, tuple(s // array.itemsize for s in array.strides)), flat


def call(op, arrays, **attributes):
    """The call of ``op`` on arrays of any layout, and the contents of its buffers."""
    laid_out = [laid(array) for array in arrays]
    result = np.asarray(op.forward(*arrays, **attributes))
    out, to = whole(np.zeros(result.shape, result.dtype))
    action = Call(op, tuple(view for _, view, _ in laid_out), attributes, to)
    assert can_run(action), "native code runs it"
    return [action], {**{b: flat for b, _, flat in laid_out}, out: np.zeros(out.size, result.dtype)}


def numbers(dtype, shape, seed=0):
    """Few numbers, so that many are equal; with NaN and infinities where the dtype has them."""
    rng = np.random.default_rng(seed)
    if dtype.kind == "f":
        return rng.choice([np.nan, -np.inf, np.inf, 0.0, -0.0, 1.5, -2.0, 3.0], shape, p=[0.02, *[0.14] * 7]).astype(
            dtype
        )
    if dtype.kind == "b":
        return rng.random(shape) < 0.1
    few = [0, 1, np.iinfo(dtype).min, np.iinfo(dtype).max, np.iinfo(dtype).max - 1]
    return rng.choice(np.array(few, dtype), shape, p=[0.3, 0.3, 0.3, 0.05, 0.05])


@each("dtype, layout", EACH)
def test_argmax_is_the_first_of_equals_and_nan_the_largest(dtype, layout):
    for seed, shape in enumerate([(2, 37), (17, 3), (1, 1)]):
        x = LAYOUTS[layout](numbers(dtype, shape, seed))
        for axis in (0, 1, -2):
            check(*call(tg.ops.argmax, [x], axis=axis))
    for n in (1, 16, 33):
        check(*call(tg.ops.argmax, [numbers(dtype, (n,), n)], axis=None))
        check(*call(tg.ops.argmax, [np.full((2, n), numbers(dtype, (1,), n)[0])], axis=1))


@each("seed", range(5))
def test_argmax_finds_a_number_at_every_place(seed):
    for n in (*range(1, 19), 33, 70):
        x = np.full((n, n), -np.inf, np.float32)
        x[np.arange(n), np.random.default_rng(seed).permutation(n)] = [1.0, np.nan, np.inf, -1e38, 0.0][seed]
        check(*call(tg.ops.argmax, [x], axis=1))


@each("dtype, layout", [pair for pair in EACH if pair[0].kind != "b"])
def test_running_sums_are_added_one_after_the_other(dtype, layout):
    x = LAYOUTS[layout](np.random.default_rng(0).uniform(0, 9, (3, 7)).astype(dtype))
    for axis in (0, 1, -1):
        check(*call(tg.ops.cumsum, [x], axis=axis))
    check(*call(tg.ops.cumsum, [np.array([0.1] * 9, np.float32)]))


@each("dtype", [np.dtype(bool), *INTEGERS])
def test_sums_and_extremes_of_integers_and_masks(dtype):
    x = numbers(dtype, (3, 9))
    for op in (tg.ops.sum, tg.ops.max, tg.ops.min):
        for settings in ({"axis": 1}, {"axis": (0,), "keepdims": True}, {"axis": None}):
            check(*call(op, [x.T], **settings) if settings["axis"] is not None else call(op, [x]))


@each("dtype, layout", EACH)
def test_rows_are_taken_from_either_end(dtype, layout):
    x = LAYOUTS[layout](numbers(dtype, (3, 17)))
    rng = np.random.default_rng(1)
    for axis, n in ((0, 3), (-1, 17)):
        for shape in ((), (2,), (2, 2)):
            ids = rng.integers(-n, n, shape)
            check(*call(tg.ops.take, [x, LAYOUTS[layout](ids) if ids.ndim == 2 else ids], axis=axis))
    check(*call(tg.ops.take, [numbers(dtype, (3, 4)), np.array([[11, -12], [0, 5]])], axis=None))


@each("kind", [d for d in INTEGERS if d != np.uint64])
def test_indices_are_integers_of_any_dtype(kind):
    x, rng = numbers(np.dtype("f4"), (6, 5, 3)), np.random.default_rng(0)
    low = -3 if kind.kind == "i" else 0
    ids = [rng.integers(low, 3, (4,)).astype(kind) for _ in range(2)]
    check(*call(tg.ops.take, [x, ids[0]], axis=0))
    check(*call(tg.ops.pick, [x, *ids], index=(ARRAY, ARRAY)))
    check(*call(tg.ops.one_hot, [ids[0] % 3], depth=20))


EVERY = slice(None)


@each(
    "index, sizes, shapes",
    [
        ((ARRAY, ARRAY), (6, 5), [(4,), (4,)]),
        ((ARRAY, ARRAY), (6, 5), [(4, 1), (3,)]),
        ((EVERY, ARRAY, ARRAY), (5, 7), [(2, 2), ()]),
        ((slice(4, None, -2), ARRAY), (5,), [(3,)]),
        ((..., ARRAY), (7,), [(2,)]),
        ((None, ARRAY, None, EVERY), (6,), [(2,)]),
        ((ARRAY, ARRAY, ARRAY), (6, 5, 7), [(9,), (9,), (1,)]),
    ],
)
def test_several_indices_at_once(index, sizes, shapes):
    rng = np.random.default_rng(0)
    for layout in LAYOUTS.values():
        x = layout(rng.normal(size=(6, 5, 7)).astype(np.float32))
        ids = [rng.integers(-n, n, shape) for n, shape in zip(sizes, shapes, strict=True)]
        check(*call(tg.ops.pick, [x, *ids], index=index))


@each("dtype", DTYPES)
def test_one_hot_of_every_dtype(dtype):
    for shape in ((), (3,), (2, 4)):
        labels = np.random.default_rng(0).integers(0, 5, shape)
        for depth in (5, 16, 40):
            check(*call(tg.ops.one_hot, [labels], depth=depth, dtype=dtype))


def test_one_hot_beside_other_numbers():
    """Its vectors lie across the result."""
    ids, x = np.array([2, 0, 3]), np.arange(12.0).reshape(3, 4)
    step = tg.compile(lambda i, x: np.stack([x, tg.one_hot(i, 4)], axis=2), backend="native")
    np.testing.assert_array_equal(step(ids, x), np.stack([x, np.eye(4)[ids]], axis=2))


def test_indices_in_the_other_order_of_bytes_are_left_to_numpy():
    table, ids = tg.parameter(np.arange(12.0).reshape(4, 3)), np.array([1, 2], np.dtype("i4").newbyteorder())
    for fn in (lambda i: table[i], lambda i: i + 1, lambda i: tg.one_hot(i, 4), tg.argmax):
        expected = fn(tg.constant(ids)).value
        for backend in ("numpy", "native"):
            np.testing.assert_array_equal(tg.compile(fn, backend=backend)(ids), expected)


def test_indices_of_every_step():
    table, ids = np.arange(12.0).reshape(4, 3), np.array([[1, -1], [3, 0], [-4, 2]])
    (a, x), (b, _), (c, _) = whole(table), whole(ids), whole(np.zeros((3, 2, 3)))
    at = View(b, 0, (2,), (1,), (2,))
    row = View(c, 0, (2, 3), (3, 1), (6,))
    loop = Repeat(3, 0, (Call(tg.ops.take, (x, at), {"axis": 0}, row),))
    check([loop], {a: table.ravel(), b: ids.ravel(), c: np.zeros(18)})
    wrong = ids.copy()
    wrong[1, 1], wrong[2, 0] = 4, 99
    native, made = ready([loop], {a: table.ravel(), b: wrong.ravel(), c: np.zeros(18)})
    with pytest.raises(tg.GraphError, match="index 4 is out of bounds for axis 0 with size 4"):
        native.run([made[buffer] for buffer in native.external])
    np.testing.assert_array_equal(made[c][:6], table[ids[0]].ravel())
    made[b][...] = ids.ravel()
    native.run([made[buffer] for buffer in native.external])
    np.testing.assert_array_equal(made[c], table[ids].ravel())


def test_an_index_is_named_by_the_steps_of_all_loops_around():
    """Index (s, t) of (2, 3) is 10 s + t + 1 of a table with 12 rows."""
    table, ids = np.arange(12.0), np.array([1, 2, 3, 11, 12, 13])
    (a, x), (b, _), (c, _) = whole(table), whole(ids), whole(np.zeros(6))
    take = Call(tg.ops.take, (x, View(b, 0, (), (), (3, 1))), {"axis": 0}, View(c, 0, (), (), (3, 1)))
    native, made = ready([Repeat(2, 0, (Repeat(3, 1, (take,)),))], {a: table, b: ids, c: np.zeros(6)})
    with pytest.raises(tg.GraphError, match="index 12 is out of bounds"):
        native.run([made[buffer] for buffer in native.external])
    np.testing.assert_array_equal(made[c], [1, 2, 3, 11, 0, 0])
    made[b][...] = ids - 2
    native.run([made[buffer] for buffer in native.external])
    np.testing.assert_array_equal(made[c], table[ids - 2])


def test_what_numpy_would_take_is_refused_all_the_same(monkeypatch):
    """numpy, run again, is to say what is wrong with an index; no result is given whatever it says."""
    monkeypatch.setattr(by_native, "with_named_errors", lambda op, attributes: lambda *arrays: None)
    step = tg.compile(lambda x, i: x[i], backend="native")
    with pytest.raises(tg.GraphError, match="take: an index is out of range"):
        step(np.ones(3), np.array([0, 3]))
    np.testing.assert_array_equal(step(np.arange(3.0), np.array([2, 0])), [2, 0])
