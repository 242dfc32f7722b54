"""The numpy backend against plain loops: random plans, every op in place and not, its memory, source and speed."""

import gc
import warnings
import weakref

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.ops.vocabulary import ELEMENTWISE
from tests.run.plain_plan import RandomPlan, forward, run_plainly
from tinygraph.plan.actions import Buffer, Call, Elementwise, Instruction, Product, Reduction, Repeat, View
from tinygraph.run.numpy_backend import ByNumpy, aligned_block
from tinygraph.run.numpy_backend.places import is_contiguous

F4, F8 = np.dtype("f4"), np.dtype("f8")


def run_and_compare(plan, tolerance, **settings):
    """Run a plan by the backend and plainly from the same start, twice; every buffer must agree."""
    memory = aligned_block(4 * plan.SIZE * 8)
    expected = {buffer: value.copy() for buffer, value in plan.values.items()}
    given = {}
    for buffer, value in plan.values.items():
        if buffer.kind == "scratch":
            given[buffer] = memory[buffer.offset_bytes :].view(buffer.dtype)[: buffer.size]
            given[buffer][:] = value
        else:
            given[buffer] = buffer.source if buffer.kind == "constant" else value.copy()
    program = ByNumpy(plan.actions, memory, **settings)
    for _ in range(2):
        run_plainly(plan.actions, expected)
        program.run({b: a for b, a in given.items() if b.kind not in ("scratch", "constant")})
        for buffer in plan.buffers:
            np.testing.assert_allclose(given[buffer], expected[buffer], tolerance, tolerance, err_msg=program.source)
        for buffer in plan.buffers:  # a new array for what comes with the call
            if buffer.kind in ("argument", "parameter", "result"):
                given[buffer] = expected[buffer].copy()
    return program


@each("seed", range(150))
def test_random_plans(seed):
    run_and_compare(RandomPlan(seed, ["f8"]), 1e-12, most_views=[0, 10, 200_000][seed % 3])


@each("seed", range(150))
def test_random_plans_of_float32_and_of_both(seed):
    run_and_compare(RandomPlan(seed, ["f4"] if seed % 2 else ["f4", "f8"]), 2e-5)


def test_the_random_plans_hold_every_kind_of_action():
    text = "".join(ByNumpy(RandomPlan(seed, ["f8"]).actions, aligned_block(4 * 1500 * 8)).source for seed in range(40))
    for word in (".dot(", "matmul(", "add.reduce(", "op_softmax", "_steps_steps_steps", "temporary", "copyto("):
        assert word in text


def dense(kind, value, **settings):
    value = np.asarray(value)
    strides = tuple(s // value.itemsize for s in np.ascontiguousarray(value).reshape(value.shape).strides)
    return View(Buffer(kind, value.size, value.dtype, **settings), 0, value.shape, strides)


COPIES = ("astype", "stop_gradient", "copy", "broadcast_to")
OPS = {name: op.arity for name, op in ELEMENTWISE.items()} | dict.fromkeys(COPIES, 1)
SETTINGS = {
    "clip": [{"a_min": -1.0, "a_max": 1.0}, {"a_min": 0}, {"a_max": 0.5}],
    "astype": [{"dtype": "f4"}],
    "broadcast_to": [{"shape": (4, 5)}],
}
EXTREME = np.array([0.0, 1.0, -1.0, 0.5, -2.5, 3.0, 1000.0, -1000.0, 80.0, 1e-3])


def samples(arity, dtype):
    rng = np.random.default_rng(arity)
    values = [rng.permutation(np.concatenate([EXTREME, EXTREME * 0.7])).reshape(4, 5) for _ in range(arity)]
    return [value.astype(dtype) for value in values]


def run_one(name, settings, inputs, dtype, target, spread=()):
    """One op into a result (``target`` None) or into the place of input number ``target``; inputs in ``spread``
    are one number for all elements."""
    views = [dense("argument", x) for x in inputs]
    loads = [View(v.buffer, 0, v.shape, (0,) * len(v.shape)) if i in spread else v for i, v in enumerate(views)]
    out = dense("result", np.empty(inputs[0].shape, dtype)) if target is None else views[target]
    instruction = Instruction(name, tuple(range(len(inputs))), dtype, settings)
    program = ByNumpy(
        [Elementwise(inputs[0].shape, tuple(loads), (instruction,), ((len(inputs), out),))], aligned_block(0)
    )
    arrays = {v.buffer: x.copy() for v, x in zip(views, inputs, strict=True)}
    arrays.setdefault(out.buffer, np.full(inputs[0].shape, 77).astype(dtype))
    program.run(arrays)
    return arrays[out.buffer]


@each("dtype", ["f4", "f8", "i8"])
@each("name", OPS)
@np.errstate(all="ignore")
def test_every_op_alone_in_place_and_with_one_number_for_all(name, dtype):
    inputs = samples(OPS[name], dtype)
    if dtype == "i8" and name == "quotient":
        return  # the gradient's division has no integers
    if dtype == "i8" and "power" in name:
        inputs[-1] = np.abs(inputs[-1])
    for settings in SETTINGS.get(name, [{}]):
        for spread in [(), *((i,) for i in range(len(inputs)))]:
            seen = [np.broadcast_to(x[0, 0], x.shape) if i in spread else x for i, x in enumerate(inputs)]
            expected = forward(Instruction(name, (), np.dtype(dtype), settings), *seen)
            targets = [i for i, x in enumerate(inputs) if x.dtype == expected.dtype and i not in spread]
            for target in [None, *targets]:
                found = run_one(name, settings, inputs, expected.dtype, target, spread)
                np.testing.assert_allclose(
                    found, expected, 1e-6 if dtype == "f4" else 1e-14, err_msg=str((spread, target))
                )


@pytest.mark.parametrize("target", [None, 0])
def test_where_on_booleans_in_place_of_its_condition(target):
    rng = np.random.default_rng(0)
    inputs = [rng.random((4, 5)) < 0.5 for _ in range(3)]
    found = run_one("where", {}, inputs, np.dtype(bool), target)
    np.testing.assert_array_equal(found, np.where(*inputs))


def test_an_op_without_a_form_of_its_own_and_a_store_of_another_dtype():
    class Cube(tg.Op):
        def forward(self, x, by=1):
            return x * x * x * by

    x, z = np.arange(6.0).reshape(2, 3), np.empty((2, 3), "i4")
    a, out = dense("argument", x), dense("result", z)
    ByNumpy([Call(Cube(), (a,), {"by": 2}, out)], aligned_block(0)).run({a.buffer: x, out.buffer: z})
    np.testing.assert_array_equal(z, 2 * x**3)


def test_swapped_and_shifted_stores_of_loads():
    x, y = np.arange(3.0), np.arange(3.0) + 10
    a, b = dense("argument", x), dense("argument", y)
    swap = Elementwise((3,), (a, b), (Instruction("add", (0, 1), F8),), ((1, a), (0, b)))
    ByNumpy([swap], aligned_block(0)).run({a.buffer: x, b.buffer: y})
    np.testing.assert_array_equal([x, y], [[10, 11, 12], [0, 1, 2]])


@pytest.mark.parametrize("dtype", ["?", "i4", "f4", "f8"])
def test_sums_of_every_dtype_and_of_nothing(dtype):
    for shape in ((3, 4), (0, 4), ()):
        x = np.ones(shape, dtype)
        expected = x.sum(axis=tuple(range(x.ndim)))
        z = np.full((), 7, expected.dtype)
        a, out = dense("argument", x), dense("result", z)
        ByNumpy([Reduction("sum", a, out, tuple(range(x.ndim)))], aligned_block(0)).run({a.buffer: x, out.buffer: z})
        assert z == expected


def test_views_that_move_alike_in_different_loops_are_told_apart():
    x, z = np.arange(20.0), np.zeros((2, 2, 2, 2))
    a, out = dense("argument", x).buffer, dense("result", z).buffer
    by_first = View(a, 0, (1,), (1,), (5, 0, 1))
    by_second = View(a, 0, (1,), (1,), (0, 5, 1))
    stores = [View(out, place, (1,), (1,), (8, 4, 2)) for place in (0, 1)]
    copies = [Elementwise((1,), (v,), (), ((0, to),)) for v, to in zip((by_first, by_second), stores, strict=True)]
    ByNumpy([Repeat(2, 0, (Repeat(2, 1, (Repeat(2, 2, tuple(copies)),)),))], aligned_block(0)).run({a: x, out: z})
    i, j, k = np.indices((2, 2, 2))
    np.testing.assert_array_equal(z, np.stack([5 * i + k, 5 * j + k], axis=-1))


def test_one_place_under_two_strides_is_known_as_one():
    g, x = np.array([[0.0, 6.0, 0.0]]), np.array([[5.0, 2.0, 0.0]])
    a, b = dense("argument", g), dense("argument", x)
    out = View(b.buffer, 0, (1, 3), (99, 1))
    action = Elementwise((1, 3), (a, b), (Instruction("quotient", (0, 1), F8),), ((2, out),))
    ByNumpy([action], aligned_block(0)).run({a.buffer: g, b.buffer: x})
    np.testing.assert_array_equal(x, [[0, 3, 0]])


def recurrence(T, B, H):
    """h_t = sigmoid(h_{t-1} W + x_t): actions, buffers by name, memory, and the arrays of a call."""
    rng = np.random.default_rng(T)
    given = {"x": rng.normal(size=(T, B, H)), "W": rng.normal(size=(H, H)), "h": np.zeros((T + 1, B, H))}
    kinds = {"x": "argument", "W": "parameter", "h": "result"}
    buffers = {name: Buffer(kinds[name], value.size, F8) for name, value in given.items()}
    z = Buffer("scratch", B * H, F8, offset_bytes=0)
    h0, h1, x = (View(buffers[n], o, (B, H), (H, 1), (B * H,)) for n, o in (("h", 0), ("h", B * H), ("x", 0)))
    zv, W = View(z, 0, (B, H), (H, 1)), View(buffers["W"], 0, (H, H), (H, 1))
    body = (
        Product(h0, W, zv),
        Elementwise((B, H), (zv, x), (Instruction("add", (0, 1), F8),), ((2, zv),)),
        Elementwise((B, H), (zv,), (Instruction("sigmoid", (0,), F8),), ((1, h1),)),
    )
    return [Repeat(T, 0, body)], {buffers[name]: value for name, value in given.items()}


def test_plans_that_differ_in_sizes_share_their_source():
    sources = set()
    for T, B, H in ((1, 1, 3), (5, 1, 4), (7, 3, 4)):
        actions, arrays = recurrence(T, B, H)
        program = ByNumpy(actions, aligned_block(8 * B * H))
        program.run(arrays)
        x, W, h = arrays.values()
        state = np.zeros((B, H))
        for t in range(T):
            state = 1 / (1 + np.exp(-(state @ W + x[t])))
        np.testing.assert_allclose(h[-1], state, 1e-12)
        sources.add(program.source)
    assert len(sources) == 1


def test_results_and_arguments_are_let_go_and_parameters_stay_bound():
    actions, arrays = recurrence(4, 2, 3)
    program = ByNumpy(actions, aligned_block(100))
    program.run(arrays)
    parameter, held = [a for b, a in arrays.items() if b.kind == "parameter"], {}
    for buffer, array in arrays.items():
        held[buffer.kind] = weakref.ref(array)
    bound = [place for place in program._places if place is parameter[0]]
    arrays.clear()
    del array, buffer
    gc.collect()
    assert len(bound) == 1 and held["parameter"]() is parameter[0]
    assert held["argument"]() is None and held["result"]() is None


def test_a_replaced_parameter_is_seen():
    actions, arrays = recurrence(3, 2, 3)
    program = ByNumpy(actions, aligned_block(100))
    program.run(arrays)
    _, W, h = arrays
    before, arrays[W] = arrays[h].copy(), arrays[W] * 2
    program.run(arrays)
    assert np.abs(arrays[h] - before).max() > 0.01


def test_the_tails_of_a_sigmoid_are_silent_and_another_overflow_is_not():
    x = np.array([-1e4, 0.0, 1e4])
    np.testing.assert_array_equal(run_one("sigmoid", {}, [x], F8, None), [0, 0.5, 1])
    with pytest.warns(RuntimeWarning, match="overflow"):
        run_one("exp", {}, [x], F8, None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(RuntimeWarning, match="divide by zero"):
            run_one("log", {}, [np.zeros(3)], F8, None)


def test_most_views_bounds_what_is_kept():
    big = [View(Buffer("scratch", 600, F4, offset_bytes=0), 0, (1, 2), (2, 1), (2,)) for _ in range(2)]
    body = tuple(Elementwise((1, 2), (v,), (Instruction("tanh", (0,), F4),), ((1, v),)) for v in big)
    program = ByNumpy([Repeat(300, 0, body)], aligned_block(2400), most_views=500)
    assert sorted(type(place).__name__ for place in program._places) == ["list", "ndarray"]
    assert program.views_bytes == 300 * (120 + 2 * 16), "of each step an array in the list, with two axes"
    alone = View(big[0].buffer, 0, (1, 2), (2, 1))
    outside = Elementwise((1, 2), (alone,), (Instruction("tanh", (0,), F4),), ((1, alone),))
    assert ByNumpy([outside], aligned_block(2400)).views_bytes == 0


def chain(op, count, n):
    """``count`` ops in a row on n numbers; the last one is the result."""
    x, z = (View(Buffer(kind, n, F8), 0, (n,), (1,)) for kind in ("argument", "result"))
    return Elementwise((n,), (x,), tuple(Instruction(op, (k,), F8) for k in range(count)), ((count, z),))


@each("op, count, slots", [("tanh", 1, 0), ("tanh", 2, 1), ("tanh", 9, 2), ("softplus", 1, 1), ("softplus", 9, 3)])
def test_temporaries_are_used_again(op, count, slots):
    """The operand and the result of an op, and what it needs itself; a result that is stored is written there."""
    assert ByNumpy([chain(op, count, 20)], aligned_block(0)).temporary_bytes == slots * 20 * 8
    several = [chain(op, count, n) for n in (3, 20, 7)]
    assert ByNumpy(several, aligned_block(0)).temporary_bytes == slots * 20 * 8, "all chains share them"


def test_a_block_is_aligned():
    assert all(aligned_block(n).ctypes.data % 64 == 0 for n in (1, 1000))
    assert [aligned_block(n).nbytes for n in (0, 1, 1000)] == [0, 1, 1000]


@each(
    "shape, strides, answer",
    [
        ((2, 3), (3, 1), True),
        ((2, 3), (1, 2), False),
        ((1, 3), (99, 1), True),
        ((2, 1, 3), (3, 7, 1), True),
        ((2, 3), (6, 2), False),
        ((), (), True),
        ((1,), (5,), True),
    ],
)
def test_a_layout_is_contiguous_whatever_the_strides_of_axes_of_size_one(shape, strides, answer):
    assert is_contiguous(shape, strides) is answer
