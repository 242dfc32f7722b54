"""Lifts an op out of a loop: one op over all time steps, along a leading axis T, instead of one op a step."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..core.leaves import Constant
from ..core.node import Node
from ..core.op import Op, Spec
from ..ops.broadcasting import Elementwise
from ..ops.einsum import spell_out
from ..ops.inference import Shape
from ..ops.lookup import ARRAY


def lift(op: Op, inputs: Sequence[Node], attributes: dict[str, Any], varying: Sequence[bool], T: int) -> Node | None:
    """The results of ``op`` at all T steps, stacked: z[t] = op(x[t] or x, ...).

    Args:
        op: an op in the body of a loop.
        inputs: for an input of shape s that varies over time a node (T, \\*s); for one that does not, the input
            itself. Only their shapes and dtypes are used.
        attributes: the op's settings in one step.
        varying: which inputs vary over time, at least one.
        T: the number of steps.

    Returns:
        a node (T, \\*shape of one step's result), or None if there is no rule for the op.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> from tinygraph.loops.lifting import lift
        >>> x, w = tg.constant(np.ones((5, 2, 3))), tg.constant(np.ones((3, 4)))
        >>> lift(tg.ops.matmul, [x, w], {}, [True, False], 5).shape
        (5, 2, 4)
    """
    rule = RULES.get(op) or (_elementwise if isinstance(op, Elementwise) else None)
    return rule and rule(Lifted(op, inputs, attributes, varying, T))


class Lifted(NamedTuple):
    """A call of an op in a loop's body, with its inputs over all steps."""

    op: Any
    inputs: Sequence[Node]
    settings: dict[str, Any]
    varying: Sequence[bool]
    T: int

    def shape(self, k: int = 0) -> Shape:
        """The shape of input k in one step."""
        shape = self.inputs[k].shape
        return shape[1:] if self.varying[k] else shape

    def rank(self, k: int = 0) -> int:
        return len(self.inputs[k].shape) - self.varying[k]

    def result(self) -> Shape:
        """The shape of the result over all steps."""
        specs = [Spec(self.shape(k), x.dtype) for k, x in enumerate(self.inputs)]
        return (self.T, *self.op.infer(*specs, **self.settings).shape)

    def aligned(self, k: int, rank: int) -> Node:
        """Input k with axes of size 1 after T, so that it broadcasts with arrays of ``rank`` axes in one step."""
        x, shape = self.inputs[k], self.shape(k)
        if not self.varying[k] or len(shape) >= rank:
            return x
        return ops.reshape(x, shape=(self.T, *(1,) * (rank - len(shape)), *shape))

    def repeated(self, k: int) -> Node:
        """Input k with the axis T, repeated along it if it does not vary."""
        x = self.inputs[k]
        return x if self.varying[k] else ops.broadcast_to(x, shape=(self.T, *x.shape))

    def all_repeated(self) -> list[Node]:
        return [self.repeated(k) for k in range(len(self.inputs))]

    def call(self, *inputs: Node, **changed: Any) -> Node:
        """The same op with other inputs and some settings changed."""
        return self.op(*inputs, **(self.settings | changed))


def _elementwise(c: Lifted) -> Node:
    rank = max([c.rank(k) for k in range(len(c.inputs))])
    first = c.repeated(0) if c.op.leads else c.aligned(0, rank)
    return c.call(first, *[c.aligned(k, rank) for k in range(1, len(c.inputs))])


def _batch(c: Lifted) -> Node:
    """For ops that treat leading axes as a batch."""
    return c.call(*c.all_repeated())


def _matmul(c: Lifted) -> Node:
    a, b = c.inputs
    rank_a, rank_b = c.rank(0), c.rank(1)
    if not c.varying[1] and rank_b <= 2:
        return ops.matmul(a, b)
    if not c.varying[0] and rank_b == 1 and rank_a <= 2:
        return ops.matmul(b, ops.transpose(a))
    if not c.varying[0] and rank_a == rank_b == 2:
        # (a b_t)^T = b_t^T a^T: the columns of all b_t are the rows of one product.
        return ops.swapaxes(ops.matmul(ops.swapaxes(b, -1, -2), ops.transpose(a)), -1, -2)
    return _batched(c, rank_a, rank_b)


def _batched(c: Lifted, rank_a: int, rank_b: int) -> Node:
    """A stack of products; a vector on the left becomes a row, on the right a column."""
    a, b = c.inputs
    if rank_a == 1:
        a = ops.reshape(a, shape=(*a.shape[:-1], 1, a.shape[-1]))
    if rank_b == 1:
        b = ops.reshape(b, shape=(*b.shape, 1))
    matrices = c._replace(inputs=(a, b))
    rank = max(matrices.rank(0), matrices.rank(1))
    z = ops.matmul(matrices.aligned(0, rank), matrices.aligned(1, rank))
    return z if rank_a > 1 and rank_b > 1 else ops.reshape(z, shape=c.result())


def _solve(c: Lifted) -> Node:
    rank = max(c.rank(0), c.rank(1))
    return ops.solve(c.aligned(0, rank), c.aligned(1, rank))


def _after_time(axis: Any, rank: int) -> Any:
    """The setting ``axis`` of one step, counted with the leading axis T; None, all axes, becomes a tuple."""
    if axis is None:
        return tuple(range(1, rank + 1))
    if isinstance(axis, tuple):
        return tuple([a % rank + 1 for a in axis])
    return axis % rank + 1


_LAST = (ops.softmax, ops.log_softmax, ops.leading, ops.sorting)
"""Ops along the last axis unless another one is told."""


def _along_axes(c: Lifted) -> Node | None:
    axis, rank = c.settings.get("axis", -1 if c.op in _LAST else None), c.rank()
    if axis is not None and not rank:
        return None  # numpy accepts axis 0 for a single number
    return c.call(*c.all_repeated(), axis=_after_time(axis, rank))


def _flat_or_along(c: Lifted) -> Node | None:
    if c.settings.get("axis") is None or (c.op is not ops.argmax and not c.rank()):
        return c.call(_flat(c), axis=1)
    return _along_axes(c)


def _flat(c: Lifted) -> Node:
    return ops.reshape(c.inputs[0], shape=(c.T, math.prod(c.shape())))


def _transpose(c: Lifted) -> Node:
    axes, rank = c.settings.get("axes"), c.rank()
    order = range(rank, 0, -1) if axes is None else [a % rank + 1 for a in axes]
    return ops.transpose(c.inputs[0], axes=(0, *order))


def _swapaxes(c: Lifted) -> Node:
    first, second = c.settings.get("axis1", 0), c.settings.get("axis2", 1)
    return ops.swapaxes(c.inputs[0], axis1=_after_time(first, c.rank()), axis2=_after_time(second, c.rank()))


def _put(c: Lifted) -> Node:
    indexes = tuple([(slice(None), *index) for index in c.settings["indexes"]])
    return ops.put(*c.all_repeated(), shape=c.result(), indexes=indexes)


def _join(c: Lifted) -> Node:
    rank = c.rank() + (c.op is ops.stack)
    return c.op(*c.all_repeated(), axis=_after_time(c.settings.get("axis", 0), rank))


def _into_shape(c: Lifted) -> Node:
    shape = c.result()
    return c.op(c.inputs[0] if c.op is ops.reshape else c.aligned(0, len(shape) - 1), shape=shape)


def _sum_to(c: Lifted) -> Node:
    shape, x = c.result(), c.inputs[0]
    added = x.ndim - len(shape)
    x = ops.sum(x, axis=tuple(range(1, added + 1))) if added else x
    return x if x.shape == shape and added else ops.sum_to(x, shape=shape)


def _take(c: Lifted) -> Node | None:
    x, indices = c.inputs
    axis, rank = c.settings.get("axis"), c.rank()
    if all(c.varying) or (axis is not None and not rank):
        return None
    if c.varying[0]:
        return (
            ops.take(_flat(c), indices, axis=1) if axis is None else ops.take(x, indices, axis=_after_time(axis, rank))
        )
    if axis is None:
        return ops.take(x, indices)
    at = axis % rank
    z = ops.take(x, indices, axis=at)
    return ops.transpose(z, axes=(at, *range(at), *range(at + 1, z.ndim))) if at else z


def _add_at(c: Lifted) -> Node | None:
    """Only if the indices are the same at every step: else the steps' results would be summed."""
    g, indices = c.inputs
    axis, shape = c.settings.get("axis"), c.result()
    if c.varying[1]:
        return None
    if axis is None or len(shape) == 1:  # numpy accepts axis 0 for a single number
        return ops.reshape(ops.add_at(g, indices, shape=(c.T, math.prod(shape[1:])), axis=1), shape=shape)
    return ops.add_at(g, indices, shape=shape, axis=_after_time(axis, len(shape) - 1))


def _by_arrays(c: Lifted) -> Node | None:
    """`pick` and `scatter`, with the step number as one more index array.

    Only if the index arrays come first in the index, side by side: then numpy puts their axes first.
    """
    index = c.settings["index"]
    last = max([k for k, i in enumerate(index) if i is ARRAY])
    if any(i is None or i is ... or isinstance(i, slice) for i in index[:last]):
        return None
    rank = max([c.rank(k) for k in range(1, len(c.inputs))])
    arrays = [c.aligned(k, rank) for k in range(1, len(c.inputs))]
    if c.op is ops.pick and not c.varying[0]:
        return c.call(c.inputs[0], *arrays)
    step = Constant(np.arange(c.T).reshape((c.T,) + (1,) * rank))
    shape = {} if c.op is ops.pick else {"shape": c.result()}
    return c.call(c.repeated(0), step, *arrays, index=(ARRAY, *index), **shape)


def _write_at(c: Lifted) -> Node | None:
    """Only if the index arrays are the same at every step, and numpy puts their axes where they stand."""
    index = c.settings["index"]
    places = [k for k, i in enumerate(index) if i is ARRAY]
    if any(c.varying[2:]) or places[-1] - places[0] >= len(places) or any(type(i) is int for i in index):
        return None
    return c.call(c.repeated(0), c.repeated(1), *c.inputs[2:], index=(slice(None), *index))


def _einsum(c: Lifted) -> Node | None:
    terms, out = spell_out(c.settings["subscripts"], [c.rank(k) for k in range(len(c.inputs))])
    free = [letter for letter in string.ascii_letters if letter not in "".join(terms)]
    if not free:
        return None
    terms = [free[0] + term if moves else term for term, moves in zip(terms, c.varying, strict=True)]
    return ops.einsum(*c.inputs, subscripts=f"{','.join(terms)}->{free[0]}{out}")


RULES: dict[Op, Callable[[Lifted], Node | None]] = {
    ops.matmul: _matmul, ops.einsum: _einsum, ops.sum: _along_axes, ops.mean: _along_axes, ops.max: _along_axes,
    ops.min: _along_axes, ops.logsumexp: _along_axes, ops.ties: _along_axes, ops.argmax: _flat_or_along,
    ops.prod: _along_axes, ops.cumsum: _flat_or_along, ops.cumprod: _flat_or_along,
    ops.leading: _along_axes, ops.sorting: _along_axes,
    ops.softmax: _along_axes, ops.log_softmax: _along_axes, ops.reshape: _into_shape, ops.transpose: _transpose,
    ops.swapaxes: _swapaxes, ops.astype: _batch, ops.stop_gradient: _batch,
    ops.getitem: lambda c: ops.getitem(c.inputs[0], index=(slice(None), *c.settings["index"])),
    ops.put: _put, ops.concatenate: _join, ops.stack: _join, ops.broadcast_to: _into_shape,
    ops.sum_to: _sum_to, ops.take: _take, ops.add_at: _add_at, ops.pick: _by_arrays, ops.scatter: _by_arrays,
    ops.one_hot: _batch, ops.onehot_like: _batch, ops.excess: _batch, ops.entry: _batch,
    ops.softmax_cross_entropy: _batch, ops.within: _batch, ops.solve: _solve, ops.inv: _batch, ops.det: _batch,
    ops.slogdet: _batch, ops.cholesky: _batch, ops.copy: _batch, ops.write_at: _write_at,
    ops.write: lambda c: c.call(*c.all_repeated(), indexes=tuple([(slice(None), *i) for i in c.settings["indexes"]])),
    ops.last_written: lambda c: None,  # each step does its own
}  # fmt: skip
"""Maps an op to its rule; element-wise ops share `_elementwise`."""
