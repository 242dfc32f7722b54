"""A plan run by plain loops over indices, the answer that backends are held to; and random plans."""

from itertools import product

import numpy as np

import tinygraph as tg
from tests.ops.vocabulary import TAME_BINARY, TAME_UNARY
from tinygraph.plan.actions import Buffer, Call, Elementwise, Instruction, Product, Reduction, Repeat, View

REDUCE = {"sum": np.sum, "max": np.max, "min": np.min}


def forward(instruction, *args):
    if instruction.op == "copy":
        return args[0].astype(instruction.dtype)
    return np.asarray(getattr(tg.ops, instruction.op).forward(*args, **instruction.attributes))


def where_of(view, steps):
    """The number in its buffer of every element of a view, the loops standing at ``steps``."""
    start = view.offset + sum(p * t for p, t in zip(view.per_step, steps, strict=False))
    at = np.full(view.shape, start)
    for index in product(*map(range, view.shape)):
        at[index] += sum(i * s for i, s in zip(index, view.strides, strict=True))
    return at


def run_plainly(actions, flat, steps=()):
    """Run ``actions`` on ``flat``, the buffers' elements: dict of Buffer to 1-D array."""
    for action in actions:
        if isinstance(action, Repeat):
            for t in range(action.steps):
                run_plainly(action.actions, flat, (*steps, t))
            continue
        load = lambda view: flat[view.buffer][where_of(view, steps)]  # noqa: E731
        if isinstance(action, Elementwise):
            values = [*map(load, action.loads)]
            for instruction in action.instructions:
                values.append(forward(instruction, *(values[arg] for arg in instruction.args)))
            results = [(view, values[number]) for number, view in action.stores]
        elif isinstance(action, Product):
            results = [(action.out, np.einsum("mk,kn->mn", load(action.a), load(action.b)))]
        elif isinstance(action, Reduction):
            results = [(action.out, REDUCE[action.kind](load(action.x), axis=action.axes))]
        else:
            assert isinstance(action, Call)
            results = [(action.out, action.op.forward(*map(load, action.inputs), **action.attributes))]
        for view, value in results:
            flat[view.buffer][where_of(view, steps)] = value


class RandomPlan:
    """Actions of every kind over random views, that obey the contract; ``buffers`` are all that they touch."""

    UNARY = (*TAME_UNARY, "copy")
    BINARY = tuple(TAME_BINARY)
    SIZE = 1500

    def __init__(self, seed, dtypes):
        self.rng = np.random.default_rng(seed)
        kinds = ["scratch"] * 4 + ["argument", "parameter", "constant", "result", "result"]
        self.buffers = [Buffer(kind, self.SIZE, np.dtype(self.rng.choice(dtypes))) for kind in kinds]
        for number, buffer in enumerate(self.buffers):
            buffer.offset_bytes = number * self.SIZE * 8 if buffer.kind == "scratch" else -1
        self.values = {b: self.rng.uniform(-2, 2, b.size).astype(b.dtype) for b in self.buffers}
        for buffer in self.buffers:
            buffer.source = self.values[buffer] if buffer.kind == "constant" else None
        self.loops = []
        self.actions = [self.action() for _ in range(5)]

    def one_of(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def view(self, shape, kinds=None, not_in=(), order=None, broadcast=False):
        """A view of ``shape`` that moves with the loops of now; ``order``: its axes, the innermost first."""
        free = [b for b in self.buffers if (kinds is None or b.kind in kinds) and b not in not_in]
        buffer, sizes = self.one_of(*free), (*self.loops, *shape)
        inner = [len(self.loops) + i for i in (order or self.rng.permutation(len(shape)))]
        strides, step, offset = [0] * len(sizes), 1, int(self.rng.integers(5))
        for axis in [*inner, *self.rng.permutation(len(self.loops))]:
            if (broadcast or axis < len(self.loops)) and self.rng.random() < 0.3:
                continue
            strides[axis], step = step, step * sizes[axis] + int(self.rng.integers(2))
        for axis in range(len(self.loops)):
            if self.rng.random() < 0.4:
                offset += strides[axis] * (sizes[axis] - 1)
                strides[axis] *= -1
        n = len(self.loops)
        per_step = tuple(strides[:n])
        while per_step and not per_step[-1] and self.rng.random() < 0.5:
            per_step = per_step[:-1]
        return View(buffer, offset, shape, tuple(strides[n:]), per_step)

    def action(self):
        if len(self.loops) < 3 and self.rng.random() < 0.45:
            self.loops.append(int(self.rng.integers(0 if len(self.loops) else 1, 4)))
            actions = tuple(self.action() for _ in range(self.rng.integers(4)))
            return Repeat(self.loops.pop(), len(self.loops), actions)
        return self.one_of(self.elementwise, self.elementwise, self.product, self.reduction, self.call)()

    def elementwise(self):
        shape = tuple(self.rng.integers(0 if self.rng.random() < 0.1 else 1, 4, self.rng.integers(3)).tolist())
        outs = []
        for _ in range(self.rng.integers(1, 3)):
            outs.append(self.view(shape, ("scratch", "result"), [view.buffer for view in outs]))
        taken = [view.buffer for view in outs]
        loads = [self.view(shape, not_in=taken, broadcast=True) for _ in range(self.rng.integers(1, 4))]
        loads += [out for out in outs if self.rng.random() < 0.5]
        dtypes, instructions = [view.dtype for view in loads], []
        for _ in range(self.rng.integers(1, 6)):
            instructions.append(self.instruction(dtypes))
            dtypes.append(instructions[-1].dtype)
        last = len(dtypes)
        instructions += [Instruction("tanh", (int(self.rng.integers(last)),), np.dtype(float)) for _ in outs]
        for k, i in enumerate(instructions[last - len(loads) :]):
            instructions[last - len(loads) + k] = Instruction("tanh", i.args, dtypes[i.args[0]])
        numbers = [self.one_of(last + k, last + k, int(self.rng.integers(len(loads)))) for k in range(len(outs))]
        return Elementwise(shape, tuple(loads), tuple(instructions), tuple(zip(numbers, outs, strict=True)))

    def instruction(self, dtypes):
        name = self.one_of(*self.UNARY, *self.BINARY, "where")
        arity = 1 if name in self.UNARY else 2 if name in self.BINARY else 3
        args = tuple(self.rng.integers(len(dtypes), size=arity).tolist())
        dtype = np.result_type(*(dtypes[arg] for arg in args[-2:]))
        return Instruction(name, args, dtype, {"a_min": -1, "a_max": 0.5} if name == "clip" else {})

    def product(self):
        M, K, N = self.rng.integers(0 if self.rng.random() < 0.1 else 1, 5, 3).tolist()
        out = self.view((M, N), ("scratch", "result"), order=(1, 0))
        a, b = (self.view(s, not_in=[out.buffer], order=self.one_of((0, 1), (1, 0))) for s in ((M, K), (K, N)))
        return Product(a, b, out)

    def reduction(self):
        shape = tuple(self.rng.integers(1, 4, 3).tolist())
        axes = self.one_of((0,), (1,), (0, 1), (0, 1, 2), (0, 2))
        out = self.view(tuple(n for i, n in enumerate(shape) if i not in axes), ("scratch", "result"))
        return Reduction(self.one_of("sum", "max", "min"), self.view(shape, not_in=[out.buffer]), out, axes)

    def call(self):
        op, settings = self.one_of((tg.ops.softmax, {"axis": 0}), (tg.ops.logsumexp, {"axis": 0, "keepdims": True}))
        out = self.view((2, 3) if op is tg.ops.softmax else (1, 3), ("scratch", "result"))
        return Call(op, (self.view((2, 3), not_in=[out.buffer]),), settings, out)
