"""numpy's products and its np.linalg on nodes, made of ops: np.tensordot, np.kron, np.linalg.norm and the like."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from ..core.errors import GraphError, shown
from ..core.node import Node
from . import arithmetic, choice, exponential, linalg, numpy_functions, product, reduction, shape
from .inference import axes_of
from .numpy_functions import as_node
from .slicing import getitem


def dot(a: Any, b: Any, out: None = None) -> Node:
    a, b = as_node(a), as_node(b)
    if not a.ndim or not b.ndim:
        return arithmetic.multiply(a, b)
    return product.matmul(a, b) if b.ndim <= 2 else tensordot(a, b, (-1, -2))


def with_axes(who: str, x: Any, least: int, most: float = math.inf) -> Node:
    """``x`` as a node, which has at least and at most so many axes."""
    node = as_node(x)
    if not least <= node.ndim <= most:
        few = f"{least}" if least == most else f"{least} or more" if most == math.inf else f"{least} to {most}"
        raise GraphError(f"{who}: an array has another number of axes", expected=few, got=str(node.shape))
    return node


def inner(a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    return tensordot(a, b, (-1, -1)) if a.ndim and b.ndim else arithmetic.multiply(a, b)


def vdot(a: Any, b: Any) -> Node:
    return product.matmul(shape.reshape(as_node(a), -1), shape.reshape(as_node(b), -1))


def outer(a: Any, b: Any, out: None = None) -> Node:
    return arithmetic.multiply(shape.reshape(as_node(a), (-1, 1)), shape.reshape(as_node(b), (1, -1)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Node:
    a, b = as_node(a), as_node(b)
    left, right = axes if np.iterable(axes) else (range(-axes, 0), range(axes))
    of_a, of_b = _counted(a, left, axes), _counted(b, right, axes)
    summed = [a.shape[i] for i in of_a]
    if summed != [b.shape[i] for i in of_b]:
        got, fix = f"{a.shape}, {b.shape}, axes={shown(axes)}", "name the axes: axes=(axes of a, axes of b)"
        raise GraphError("np.tensordot: the sizes of the summed axes differ", got=got, fix=fix)
    free_a, free_b = [i for i in range(a.ndim) if i not in of_a], [i for i in range(b.ndim) if i not in of_b]
    sizes_a, sizes_b = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    rows = shape.reshape(shape.transpose(a, (*free_a, *of_a)), (math.prod(sizes_a), math.prod(summed)))
    columns = shape.reshape(shape.transpose(b, (*of_b, *free_b)), (math.prod(summed), math.prod(sizes_b)))
    return shape.reshape(product.matmul(rows, columns), (*sizes_a, *sizes_b))


def _counted(x: Node, axes: Any, told: Any) -> list[int]:
    """The axes from 0 on, each once."""
    axes = [*axes] if np.iterable(axes) else [axes]
    counted = [a % x.ndim for a in axes if -x.ndim <= a < x.ndim]
    if len(counted) < len(axes) or len({*counted}) < len(counted):
        got = f"shape {x.shape}, axes={shown(told)}"
        raise GraphError("np.tensordot: no such axis", expected=f"{-x.ndim} to {x.ndim - 1}, each once", got=got)
    return counted


def kron(a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    rank = max(a.ndim, b.ndim)
    of_a, of_b = ((1,) * (rank - x.ndim) + x.shape for x in (a, b))
    apart = shape.reshape(a, [size for n in of_a for size in (n, 1)])
    apart = apart * shape.reshape(b, [size for n in of_b for size in (1, n)])
    return shape.reshape(apart, [n * m for n, m in zip(of_a, of_b, strict=True)])


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Node:
    a, b = as_node(a), as_node(b)
    of_a, of_b, of_z = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = numpy_functions.moveaxis(a, of_a, -1), numpy_functions.moveaxis(b, of_b, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise GraphError("np.cross: vectors of 3 numbers are needed", got=f"{a.shape}, {b.shape}")
    ahead, behind = [1, 2, 0], [2, 0, 1]
    z = a[..., ahead] * b[..., behind] - a[..., behind] * b[..., ahead]
    return numpy_functions.moveaxis(z, -1, of_z)


def matrix_power(a: Any, n: int) -> Node:
    a = with_axes("np.linalg.matrix_power", a, 2)
    if a.shape[-1] != a.shape[-2]:
        raise GraphError("np.linalg.matrix_power: a matrix is not square", got=str(a.shape))
    if n == 0:
        return choice.where(True, np.eye(a.shape[-1], dtype=a.dtype), a)
    return reduce(product.matmul, [linalg.inv(a) if n < 0 else a] * abs(n))


def solve(a: Any, b: Any) -> Node:
    a, b = as_node(a), as_node(b)
    return linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else linalg.solve(a, b)


def slogdet(a: Any) -> Any:
    z = linalg.slogdet(as_node(a))
    return type(np.linalg.slogdet(np.eye(1)))(getitem(z, index=(..., 0)), getitem(z, index=(..., 1)))


def cholesky(a: Any, /, *, upper: bool = False) -> Node:
    a = as_node(a)
    if upper:
        return shape.swapaxes(linalg.cholesky(shape.swapaxes(a, -1, -2)), -1, -2)
    return linalg.cholesky(a)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Node:
    x = as_node(x)
    if x.dtype.kind != "f":
        x = shape.astype(x, np.float64)
    if axis is None and ord is not None and x.ndim not in (1, 2):
        problem, fix = "np.linalg.norm: ord needs a vector or a matrix", "say which axes: axis=-1"
        raise GraphError(problem, got=f"shape {x.shape}, ord={shown(ord)}", fix=fix)
    axes = axes_of(reduction.sum, x.shape, tuple(axis) if np.iterable(axis) else axis)
    if ord is None or (ord == "fro" and len(axes) == 2) or (ord == 2 and len(axes) == 1):
        return _unless_zero(reduction.sum(arithmetic.square(x), axis=axes, keepdims=keepdims), exponential.sqrt)
    if len(axes) == 1:
        return _of_vectors(x, ord, axes, keepdims)
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        rows, columns = axes
        summed, rest = (rows, columns) if ord in (1, -1) else (columns, rows)
        sums = reduction.sum(choice.abs(x), axis=summed, keepdims=True)
        z = (reduction.largest if ord > 0 else reduction.smallest)(sums, axis=rest, keepdims=True)
        return z if keepdims else numpy_functions.squeeze(z, axes)
    fix = "ord=None or 'fro', 1, -1, inf, -inf; the others need a singular value decomposition"
    got = f"ord={shown(ord)}, axis={shown(axis)}"
    raise GraphError("np.linalg.norm: this ord is not supported on nodes", got=got, fix=fix)


def _of_vectors(x: Node, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Node:
    if isinstance(ord, str):
        raise GraphError("np.linalg.norm: this ord is for matrices", got=f"ord={shown(ord)}, axis={axes}")
    sizes = choice.abs(x)
    if ord == np.inf:
        return reduction.largest(sizes, axis=axes, keepdims=keepdims)
    if ord == -np.inf:
        return reduction.smallest(sizes, axis=axes, keepdims=keepdims)
    if ord == 1:
        return reduction.sum(sizes, axis=axes, keepdims=keepdims)
    if ord == 0:
        return reduction.sum(choice.not_equal(x, 0).astype(x.dtype), axis=axes, keepdims=keepdims)
    powers = reduction.sum(sizes**ord, axis=axes, keepdims=keepdims)
    return powers ** (1 / ord) if ord < 0 else _unless_zero(powers, lambda s: s ** (1 / ord))


def _unless_zero(s: Node, root: Callable[[Node], Node]) -> Node:
    """The root of s, and 0 without gradient where s is 0: there the slope of the root is infinite."""
    zero = choice.equal(s, 0)
    return choice.where(zero, 0, root(choice.where(zero, 1, s)))


def vecdot(a: Any, b: Any, /, *, axis: int = -1) -> Node:
    a, b = with_axes("np.vecdot", a, 1), with_axes("np.vecdot", b, 1)
    if axis != -1:
        a, b = (numpy_functions.moveaxis(x, axis, -1) for x in (a, b))
    if a.shape[-1] != b.shape[-1]:
        raise GraphError("np.vecdot: the sizes of the summed axis differ", got=f"{a.shape} and {b.shape}")
    products = arithmetic.multiply(a, b)
    z = reduction.sum(products, axis=-1)
    return z if z.dtype == products.dtype else shape.astype(z, products.dtype)


def matvec(a: Any, v: Any) -> Node:
    return product.matmul(with_axes("np.matvec", a, 2), with_axes("np.matvec", v, 1)[..., None])[..., 0]


def vecmat(v: Any, a: Any) -> Node:
    return product.matmul(with_axes("np.vecmat", v, 1)[..., None, :], with_axes("np.vecmat", a, 2))[..., 0, :]


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Node:
    x = as_node(x)
    if axis is not None and not np.iterable(axis):
        return norm(x, ord, axis, keepdims)
    axes = axes_of(reduction.sum, x.shape, None if axis is None else tuple(axis))
    rest = [i for i in range(x.ndim) if i not in axes]
    kept = tuple([x.shape[i] for i in rest])
    z = norm(shape.reshape(shape.transpose(x, (*rest, *axes)), (*kept, -1)), ord, -1)
    return shape.reshape(z, tuple([1 if i in axes else n for i, n in enumerate(x.shape)])) if keepdims else z


UFUNCS: dict[Any, Callable[..., Any]] = {
    getattr(np, name): op
    for name, op in (("vecdot", vecdot), ("matvec", matvec), ("vecmat", vecmat))
    if hasattr(np, name)  # the last two came with numpy 2.2
}

FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.dot: dot,
    np.inner: inner,
    np.vdot: vdot,
    np.outer: outer,
    np.tensordot: tensordot,
    np.kron: kron,
    np.cross: cross,
    np.linalg.norm: norm,
    np.linalg.inv: lambda a: linalg.inv(as_node(a)),
    np.linalg.solve: solve,
    np.linalg.det: lambda a: linalg.det(as_node(a)),
    np.linalg.slogdet: slogdet,
    np.linalg.cholesky: cholesky,
    np.linalg.multi_dot: lambda arrays: reduce(dot, arrays),
    np.linalg.matrix_power: matrix_power,
    np.linalg.matmul: product.matmul,
    np.linalg.outer: lambda a, b: outer(with_axes("np.linalg.outer", a, 1, 1), with_axes("np.linalg.outer", b, 1, 1)),
    np.linalg.tensordot: tensordot,
    np.linalg.cross: cross,
    np.linalg.vecdot: vecdot,
    np.linalg.vector_norm: vector_norm,
    np.linalg.matrix_norm: lambda x, /, *, keepdims=False, ord="fro": norm(x, ord, (-2, -1), keepdims),
    np.matrix_transpose: lambda x: shape.swapaxes(x, -1, -2),
    np.linalg.matrix_transpose: lambda x: shape.swapaxes(x, -1, -2),
}
"""Products and functions of matrices that no op is named after."""

REFUSED: dict[Any, str] = {
    np.linalg.svd: "np.linalg.solve, cholesky or norm, or np.linalg.svd(x.value) for the numbers",
    np.linalg.eig: "np.linalg.eig(x.value) for the numbers; products of powers: np.linalg.matrix_power",
    np.linalg.eigh: "np.linalg.cholesky, or np.linalg.eigh(x.value) for the numbers",
    np.linalg.eigvals: "np.linalg.eigvals(x.value) for the numbers; np.linalg.det is their product, np.trace their sum",
    np.linalg.eigvalsh: "np.linalg.eigvalsh(x.value) for the numbers; np.trace is their sum",
    np.linalg.cond: "np.linalg.cond(x.value) for the number",
    np.linalg.qr: "np.linalg.cholesky(x.T @ x), upper=True, whose result is R up to signs",
    np.linalg.pinv: "np.linalg.solve(x.T @ x, x.T), for an x of full column rank",
    np.linalg.lstsq: "np.linalg.solve(x.T @ x, x.T @ b), for an x of full column rank",
}
"""What to write instead of decompositions, which have no gradient here."""
