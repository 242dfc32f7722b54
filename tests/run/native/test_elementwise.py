"""Element-wise groups in native code against each op's own numpy, over ranks, strides, dtypes and odd sizes."""

import numpy as np
import pytest

from tests.each import each
from tests.ops import vocabulary
from tests.ops.vocabulary import RELATIONS
from tinygraph.plan.actions import Buffer, Elementwise, Instruction, View
from tinygraph.run.native.access import lanes_for
from tinygraph.run.native.text import LLVMWriter

from .running import check, ready, whole

pytest.importorskip("llvmlite")

F4, F8, B1 = np.dtype("f4"), np.dtype("f8"), np.dtype(bool)
UNARY = [*vocabulary.UNARY, "copy", "stop_gradient"]
EXTREMES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3e38, -3e38, 88.8, -88.8, 0.5]


def one(op, arrays, to_dtype, **attributes):
    """The action ``op`` on whole arrays of one shape, and its buffers' contents."""
    pairs = [whole(array) for array in arrays]
    out, to = whole(np.zeros(arrays[0].shape, to_dtype))
    step = Instruction(op, tuple(range(len(arrays))), np.dtype(to_dtype), attributes)
    action = Elementwise(to.shape, tuple(view for _, view in pairs), (step,), ((len(arrays), to),))
    flat = {buffer: array.ravel() for (buffer, _), array in zip(pairs, arrays, strict=True)}
    return [action], {**flat, out: np.zeros(out.size, to_dtype)}


def pairs(dtype):
    """Every two of the extremes."""
    x, y = np.meshgrid(EXTREMES, EXTREMES)
    with np.errstate(over="ignore"):
        return x.ravel().astype(dtype), y.ravel().astype(dtype)


@each("vector_bytes", [16, 32, 64])
@each("codes, size", [(["f4"], 4), (["f8"], 8), (["f8", "f4"], 4), (["i8", "b1", "f8"], 8), (["i8", "u1"], 4), ([], 4)])
def test_a_vector_is_as_wide_as_the_narrowest_float_fills_a_register(codes, size, vector_bytes):
    """Without floats as of 32 bits."""
    assert lanes_for(LLVMWriter(vector_bytes), codes) == vector_bytes // size


@each("dtype", [F4, F8])
@each("op", UNARY)
def test_one_operand(op, dtype):
    x = np.concatenate([np.random.default_rng(0).normal(size=83), EXTREMES]).astype(dtype)
    check(*one(op, [x], dtype))


@each("dtype", [F4, F8])
@each("op", sorted({*vocabulary.BINARY} - {"power"}))
def test_two_operands_and_every_pair_of_extremes(op, dtype):
    check(*one(op, pairs(dtype), dtype))


@each("kinds", [(F4, F4), (F4, F8), (F8, F4), (B1, F4), (B1, B1)])
@each("op", RELATIONS)
def test_relations(op, kinds):
    x, y = pairs(F4)
    check(*one(op, [x.astype(kinds[0]), y.astype(kinds[1])], B1))


@pytest.mark.parametrize("dtype", [F4, F8], ids=str)
def test_powers(dtype):
    x, p = np.random.default_rng(0).uniform(0.1, 3, (2, 50)).astype(dtype)
    check(*one("power", [x, p], dtype))
    g = np.where(np.arange(50) % 3, 1, 0).astype(dtype)
    x = np.where(g, x, 0).astype(dtype)
    check(*one("scaled_power", [g, x, -p], dtype))


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (None, 0.3), (0.0, None), (None, None), (np.nan, 1.0), (None, np.nan)])
def test_clip(bounds):
    x = np.array(EXTREMES, F8)
    check(*one("clip", [x], F8, a_min=bounds[0], a_max=bounds[1]))


@each("to", [F4, F8, B1])
@each("source", [F4, F8, B1])
def test_dtypes_are_converted(source, to):
    with np.errstate(over="ignore"):
        x = np.array(EXTREMES).astype(source)
    check(*one("astype", [x], to, dtype=to))
    check(*one("copy", [x], to))


@pytest.mark.parametrize("dtype", [F4, F8, B1], ids=str)
def test_where_with_a_condition_of_any_dtype(dtype):
    rng = np.random.default_rng(0)
    condition, (x, y) = rng.integers(0, 2, 77).astype(dtype), rng.normal(size=(2, 77)).astype(F4)
    check(*one("where", [condition, x, y], F4))


class RandomGroup:
    """A chain of random ops over random views of one shape, with its buffers' contents."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.shape = tuple(self.rng.choice([0, 1, 1, 2, 3, 5, 16, 17, 33], self.rng.integers(5)).tolist())
        self.flat, self.loads, self.steps = {}, [], []
        for _ in range(self.rng.integers(1, 5)):
            self.loads.append(self.view(self.rng.choice([F4, F8, F4, B1]), broadcast=0.3))
        dtypes = [view.dtype for view in self.loads]
        for _ in range(self.rng.integers(1, 8)):
            self.steps.append(self.step(dtypes))
            dtypes.append(self.steps[-1].dtype)
        numbers = self.rng.choice(len(dtypes), min(3, len(dtypes)), replace=False).tolist()
        self.stores = [(number, self.view(self.rng.choice([dtypes[number], F4]))) for number in numbers]
        places = [view for view in self.loads if self.is_whole(view)]
        if places and self.rng.random() < 0.5:
            self.stores[-1] = (self.stores[-1][0], places[0])
        self.action = Elementwise(self.shape, tuple(self.loads), tuple(self.steps), tuple(self.stores))

    def is_whole(self, view):
        return all(stride or size == 1 for stride, size in zip(view.strides, self.shape, strict=True))

    def view(self, dtype, broadcast=0.0):
        """A view of a new buffer: axes in any order, cut out of longer ones, broadcast now and then."""
        order = list(range(len(self.shape)))
        if self.rng.random() < 0.3:
            self.rng.shuffle(order)
        strides, step = [0] * len(order), 1
        for axis in reversed(order):
            if self.rng.random() < broadcast:
                continue
            strides[axis] = step * int(self.rng.choice([1, 1, 1, 2]))
            step = strides[axis] * (self.shape[axis] + int(self.rng.choice([0, 0, 3])))
        buffer = Buffer("scratch", max(step, 1) + 2, np.dtype(dtype))
        self.flat[buffer] = self.rng.normal(size=buffer.size).astype(dtype)
        return View(buffer, int(self.rng.integers(3)), self.shape, tuple(strides))

    def step(self, dtypes):
        op = str(self.rng.choice(["tanh", "sigmoid", "negative", "add", "multiply", "maximum", "where", *RELATIONS]))
        args = self.rng.integers(len(dtypes), size={"where": 3}.get(op, 1 if op in UNARY else 2)).tolist()
        used = [dtypes[k] for k in args[op == "where" :]]
        dtype = B1 if op in RELATIONS else np.result_type(*used)
        if dtype == B1 and op not in RELATIONS:
            return Instruction("astype", (args[0],), F4, {"dtype": F4})
        return Instruction(op, tuple(args), dtype)


@each("seed", range(40))
def test_random_groups(seed):
    group = RandomGroup(seed)
    check([group.action], group.flat)


def test_the_random_groups_are_of_many_kinds():
    groups = [RandomGroup(seed) for seed in range(40)]
    assert {len(group.shape) for group in groups} == {0, 1, 2, 3, 4}
    assert sum(0 in group.shape for group in groups) >= 4
    in_place = [g for g in groups if g.stores[-1][1] in g.loads]
    assert len(in_place) >= 8


def gates(batch, hidden):
    """A cell of an LSTM kind: gates out of slices of one array, a bias for all rows."""
    z, bias, c = np.zeros((batch, 4 * hidden), F4), np.zeros(4 * hidden, F4), np.zeros((batch, hidden), F4)
    (bz, _), (bb, _), (bc, state), (bo, out) = whole(z), whole(bias), whole(c), whole(c)
    shape = (batch, hidden)
    loads = [View(bz, k * hidden, shape, (4 * hidden, 1)) for k in range(4)]
    loads += [View(bb, k * hidden, shape, (0, 1)) for k in range(4)]
    steps = [Instruction("add", (k, 4 + k), F4) for k in range(4)]
    steps += [Instruction(op, (9 + k,), F4) for k, op in enumerate(("sigmoid", "sigmoid", "tanh", "sigmoid"))]
    steps += [Instruction("multiply", (13, 8), F4), Instruction("multiply", (14, 15), F4)]
    steps += [Instruction("add", (17, 18), F4), Instruction("tanh", (19,), F4), Instruction("multiply", (16, 20), F4)]
    action = Elementwise(shape, (*loads, state), tuple(steps), ((19, state), (21, out)))
    rng = np.random.default_rng(0)
    return action, {b: rng.normal(size=b.size).astype(F4) for b in (bz, bb, bc, bo)}


def test_gates_in_place():
    action, flat = gates(3, 21)
    check([action], flat)


def test_the_text_is_the_same_for_other_sizes():
    texts = {
        ready([action], flat)[0].text for action, flat in (gates(*s) for s in [(3, 21), (1, 100), (64, 512), (2, 1)])
    }
    assert len(texts) == 1


def test_an_innermost_axis_of_size_1_may_have_any_stride():
    texts = set()
    for stride in (1, 7):
        (bx, _), (bz, _) = whole(np.zeros(40)), whole(np.zeros(40))
        load, store = View(bx, 2, (4, 1), (9, stride)), View(bz, 0, (4, 1), (3, stride))
        action = Elementwise((4, 1), (load,), (Instruction("tanh", (0,), F8),), ((1, store),))
        flat = {bx: np.random.default_rng(0).normal(size=40), bz: np.zeros(40)}
        check([action], flat)
        texts.add(ready([action], flat)[0].text)
    assert len(texts) == 1


def test_equal_actions_share_their_code():
    """Ten layers are compiled as one: their actions differ in sizes and addresses alone."""
    layers = [gates(3, 21 + k) for k in range(10)]
    flat = {buffer: array for _, part in layers for buffer, array in part.items()}
    one, ten = (ready([action for action, _ in layers[:n]], flat)[0].text for n in (1, 10))
    assert ten.count("define internal") == 1
    assert len(ten) < 1.1 * len(one)
    check([action for action, _ in layers], flat)
