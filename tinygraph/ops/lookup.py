"""Indexing with integer arrays: take (embeddings), ``x[i, j]`` with arrays i, j, and one_hot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.checks import real
from ..core.errors import GraphError, shown
from ..core.node import Node
from ..core.op import Op, Spec
from .inference import as_shape, check_elements, check_shape, hollow, joint_shape, refusal, strict_axes, tried
from .shape import _Rearrangement


class Indexed(Op):
    """An op with inputs that are indices or labels."""

    def __call__(self, *inputs: Any, name: str | None = None, **attributes: Any) -> Node:
        n = self.arity if self.arity >= 0 else len(inputs)
        if int in map(type, inputs[:n]):
            # Here a Python int is an index and must not take the dtype of floating inputs, as numbers do in `as_nodes`.
            inputs = (*(np.asarray(x) if type(x) is int else x for x in inputs[:n]), *inputs[n:])
        return super().__call__(*inputs, name=name, **attributes)


class Within(_Rearrangement):
    """z = x, whose numbers must lie from ``low`` to ``high``      x, z: any shape

    In a compiled function they are looked at in each call; ``what`` names one of them in the error.

    Example:
        >>> import tinygraph as tg
        >>> tg.ops.within(tg.constant([3, 0]), low=0, high=3).value
        array([3, 0])
    """

    def infer(self, x: Spec, low: Any = 0, high: Any = 0, what: str = "a number") -> Spec:  # type: ignore[override]
        return Spec(x.shape, x.dtype)

    def forward(self, x: Any, low: Any = 0, high: Any = 0, what: str = "a number") -> Any:
        if x.size and not low <= x.min() <= x.max() <= high:
            raise GraphError(f"{what} is out of range", expected=f"{low} to {high}", got=f"{x.min()} to {x.max()}")
        return x

    def backward(self, gz: Any, z: Any, x: Any, low: Any = 0, high: Any = 0, what: str = "a number") -> Any:
        return gz


class Take(Indexed, _Rearrangement):
    """z = the entries of x at ``indices`` along ``axis`` (None: of the flattened x); on axis 0 an embedding lookup

    x: (..., V, ...)  indices: integers of any shape; negative ones count from the end
    z: the shape of x with ``axis`` replaced by the shape of ``indices``

    Example:
        >>> import tinygraph as tg
        >>> table = tg.parameter([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], name="embedding")
        >>> tg.take(table, [2, 0], axis=0).value
        array([[4., 5.],
               [0., 1.]])
    """

    def infer(self, x: Spec, indices: Spec, axis: int | None = None) -> Spec:  # type: ignore[override]
        return Spec(_taken(self, x.shape, indices, axis), x.dtype)

    def forward(self, x: Any, indices: Any, axis: int | None = None) -> Any:
        return np.take(x, indices, axis=axis)

    def backward(self, gz: Any, z: Any, x: Any, indices: Any, axis: int | None = None) -> Any:
        return add_at.of(gz, indices, shape=x.shape, axis=axis), None


def _taken(op: Op, shape: tuple[int, ...], indices: Spec, axis: int | None) -> tuple[int, ...]:
    """The shape of the result of `take` for an array of ``shape``."""
    if indices.dtype.kind not in "iub":
        got = f"{indices.dtype} {indices.shape}"
        raise GraphError(f"{op.name}: indices are not integers", expected="integers", got=got)
    if axis is None or not shape:
        shape, axis = (math.prod(shape),), 0 if axis is None else axis
    (at,) = strict_axes(op, shape, axis)
    taken = shape[:at] + indices.shape + shape[at + 1 :]
    if math.prod(taken):
        check_elements(op, shape, (at,))
    return taken


class AddAt(Indexed):
    """z = zeros of ``shape``, with the entries of g added at ``indices`` along ``axis``: the gradient of `take`

    g: ``shape`` with ``axis`` replaced by the shape of ``indices``; entries at equal indices are summed.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.add_at.forward(np.ones((2, 1)), np.array([1, 1]), shape=(3, 1), axis=0)
        array([[0.],
               [2.],
               [0.]])
    """

    def infer(self, g: Spec, indices: Spec, shape: Any = (), axis: int | None = None) -> Spec:  # type: ignore[override]
        target = as_shape(shape)
        check_shape(self, "g", g.shape, _taken(self, target, indices, axis))
        return Spec(target, g.dtype)

    def forward(self, g: Any, indices: Any, shape: Any = (), axis: int | None = None) -> Any:
        z = np.zeros(shape, g.dtype)
        if not shape:
            axis = None  # numpy accepts axis 0 for a single number
        rows = z.reshape(-1) if axis is None else np.moveaxis(z, axis, 0)
        at = 0 if axis is None else axis % len(shape)
        lead = np.moveaxis(g, range(at, at + indices.ndim), range(indices.ndim))
        _add_rows(rows, indices.reshape(-1), lead.reshape(indices.size, *rows.shape[1:]))
        return z

    def backward(self, gz: Any, z: Any, g: Any, indices: Any, shape: Any = (), axis: int | None = None) -> Any:
        return take.of(gz, indices, axis=axis), None


def _add_rows(z: Any, indices: Any, rows: Any) -> None:
    """Adds ``rows[n]`` to ``z[indices[n]]`` for each n, in order.

    It sorts the indices and sums runs of equal ones: for 800 rows of 128 this took a twentieth of the time of
    `np.add.at` here.
    """
    if not indices.size or not rows.size:
        return
    if indices.min() < -z.shape[0] or indices.max() >= z.shape[0]:
        raise IndexError(f"an index is out of range for {z.shape[0]} rows: {indices.min()} to {indices.max()}")
    indices = indices % z.shape[0]
    order = np.argsort(indices, kind="stable")
    ordered = indices[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    z[ordered[starts]] = np.add.reduceat(rows[order], starts)


class Pick(Indexed, _Rearrangement):
    """z = x[index] with integer arrays in the index      x: any shape  arrays: integers  z: numpy's shape

    ``index`` is a tuple with `ARRAY` in place of each of the arrays, in order.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> p = tg.constant([[0.1, 0.9], [0.6, 0.4]])
        >>> p[np.arange(2), [1, 0]].value
        array([0.9, 0.6])
    """

    def infer(self, x: Spec, *arrays: Spec, index: Any = ()) -> Spec:  # type: ignore[override]
        return Spec(_picked(self, x, arrays, index), x.dtype)

    def forward(self, x: Any, *arrays: Any, index: Any = ()) -> Any:
        return x[fill(index, arrays)]

    def backward(self, gz: Any, z: Any, x: Any, *arrays: Any, index: Any = ()) -> Any:
        return [scatter.of(gz, *arrays, shape=x.shape, index=index), *(None for _ in arrays)]


def _picked(op: Op, x: Spec, arrays: tuple[Spec, ...], index: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape of ``x[index]``, from numpy's result for an x with all sizes 1 and index arrays with all sizes 2.

    A size of 2 in that result stands for an axis of the index arrays, a size of 1 for an axis of x, both in order.
    """
    if any(a.dtype.kind == "b" for a in arrays):
        # How many rows a mask picks is in its numbers, which a trace does not know.
        raise GraphError(
            f"{op.name}: an index of booleans", expected="integers", got="bool", fix="np.flatnonzero(mask)"
        )
    if 0 in x.shape:
        return tried(pick, hollow(x), *map(hollow, arrays), index=index).shape
    joint = joint_shape(op, [a.shape for a in arrays])
    try:
        own = hollow(x)[tuple(0 if i is ARRAY else i for i in index)].shape
    except IndexError as error:
        raise refusal(op, error, f"{x.shape}, index={shown(index)}") from None
    # For axes of size 1 an int is 0, a slice all.
    small = tuple(i if i in (ARRAY, None, ...) else slice(None) if isinstance(i, slice) else 0 for i in index)
    places = np.zeros((2,) * len(joint), int)
    pattern = np.zeros((1,) * len(x.shape))[fill(small, [places] * len(arrays))].shape
    of_arrays, of_x = iter(joint), iter(own)
    return tuple(next(of_arrays if n == 2 else of_x) for n in pattern)


class Scatter(Indexed):
    """z = zeros of ``shape`` with g added at ``index``: the gradient of `Pick`      arrays: integers

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.scatter.forward(np.ones(2), np.array([1, 1]), shape=(3,), index=(tg.ops.lookup.ARRAY,))
        array([0., 2., 0.])
    """

    def infer(self, g: Spec, *arrays: Spec, shape: Any = (), index: Any = ()) -> Spec:  # type: ignore[override]
        target = as_shape(shape)
        check_shape(self, "g", g.shape, _picked(self, Spec(target, g.dtype), arrays, index))
        return Spec(target, g.dtype)

    def forward(self, g: Any, *arrays: Any, shape: Any = (), index: Any = ()) -> Any:
        z = np.zeros(shape, g.dtype)
        np.add.at(z, fill(index, arrays), g)
        return z

    def backward(self, gz: Any, z: Any, g: Any, *arrays: Any, shape: Any = (), index: Any = ()) -> Any:
        return [pick.of(gz, *arrays, index=index), *(None for _ in arrays)]


ARRAY = "array"
"""Stands for an integer array in the ``index`` of `Pick`."""


def fill(index: tuple[Any, ...], arrays: Any) -> tuple[Any, ...]:
    """The index with the arrays in place of `ARRAY`."""
    if sum([i is ARRAY for i in index]) != len(arrays):
        raise ValueError("the index has not as many places as there are arrays")
    rest = iter(arrays)
    return tuple(next(rest) if i is ARRAY else i for i in index)


class OneHot(Indexed):
    """z = one-hot vectors: 1 at the label, 0 elsewhere      labels: integers (...)  z: (..., ``depth``), no gradient

    Raises:
        GraphError: a label is not in range(depth).

    Example:
        >>> import tinygraph as tg
        >>> tg.one_hot([2, 0], 3).value
        array([[0., 0., 1.],
               [1., 0., 0.]])
    """

    differentiable = False

    def infer(self, labels: Spec, depth: int = 0, dtype: Any = np.float64) -> Spec:  # type: ignore[override]
        check_kind(self.name, labels, depth)
        return Spec((*labels.shape, max(depth, 0)), real(self.name, dtype))

    def forward(self, labels: Any, depth: int = 0, dtype: Any = np.float64) -> Any:
        check_labels(self.name, labels, depth)
        return np.equal(labels[..., None], np.arange(depth)).astype(real(self.name, dtype))


def check_kind(op: str, labels: Any, classes: int) -> None:
    if labels.dtype.kind not in "iu":
        got, fix = f"{labels.dtype} {labels.shape}", "labels.astype(int), or swap logits and labels"
        raise GraphError(f"{op}: labels are not integers", expected=f"integers below {classes}", got=got, fix=fix)


def check_labels(op: str, labels: Any, classes: int) -> None:
    check_kind(op, labels, classes)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        expected, got = f"0 to {classes - 1}", f"{labels.min()} to {labels.max()}"
        raise GraphError(f"{op}: a label is out of range", expected=expected, got=got, fix="check the vocabulary size")


within, take = Within(), Take()
add_at = AddAt()
pick = Pick()
scatter = Scatter()
one_hot = OneHot()
