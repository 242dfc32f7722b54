"""Ops in ONNX that go along axes: sums, means, extremes, softmax, running sums, products of matrices."""

from __future__ import annotations

from string import ascii_letters

import numpy as np

from ...core.node import Node
from ..traced.free import Free
from .shapes import OpRow, reshaped, squeezed
from .wires import Wire
from .writer import Writer

INDEX = np.dtype(np.int64)


def _axes(node: Node) -> list[int]:
    """The axes over which the node's first input is reduced."""
    axis, count = node._attributes.get("axis"), node._inputs[0].ndim
    if axis is None or not count:
        return [*range(count)]
    return sorted({a % count for a in (axis if isinstance(axis, tuple) else (axis,))})


def _kept(node: Node) -> int:
    return int(bool(node._attributes.get("keepdims", False)))


def _sum(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return summed(w, inputs[0].to(node.dtype), _axes(node), _kept(node))


def summed(w: Writer, x: Wire, axes: list[int], keepdims: int = 0) -> Wire:
    return x.of("ReduceSum", Wire(w, w.constant(axes, np.int64), INDEX), keepdims=keepdims) if axes else x


def _reduced(kind: str) -> OpRow:
    def row(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
        x, axes = inputs[0].to(node.dtype), _axes(node)
        if x.dtype.kind == "b":
            return x.to(np.int32).of(kind, axes=axes, keepdims=_kept(node)).to(bool) if axes else x
        return x.of(kind, axes=axes, keepdims=_kept(node)) if axes else x

    return row


def _argmax(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    x, axis = inputs[0], node._attributes.get("axis")
    x = x.to(np.int32) if x.dtype.kind == "b" else x
    if axis is None or not node._inputs[0].ndim:
        x, axis = reshaped(w, x, [-1]), 0
    place = w.write("ArgMax", x, axis=axis % max(node._inputs[0].ndim, 1), keepdims=0)
    return Wire(w, place, INDEX).to(node.dtype)


def _ties(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    x, axes = inputs[0].to(node.dtype), _axes(node)
    kept = [1 if k in axes else n for k, n in enumerate(free.shape(node._inputs[0]))]
    equal = x.same(reshaped(w, inputs[1].to(node.dtype), kept)).to(node.dtype)
    return equal / summed(w, equal, axes, 1)


def _sum_to(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    x, sizes = free.shape(node._inputs[0]), free.shape(node)
    lead = len(x) - len(sizes)
    axes = [k for k, n in enumerate(x) if k < lead or (sizes[k - lead] == 1 and n != 1)]
    return squeezed(w, summed(w, inputs[0].to(node.dtype), axes, 1), [*range(lead)])


def _along(kind: str) -> OpRow:
    def row(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
        x = inputs[0].to(node.dtype)
        if not node.ndim:  # which ONNX's op does not take
            return reshaped(w, reshaped(w, x, [1]).of(kind, axis=0), [])
        return x.of(kind, axis=node._attributes.get("axis", -1) % node.ndim)

    return row


def _cumsum(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    x, axis = inputs[0].to(node.dtype), node._attributes.get("axis")
    if axis is None or not node._inputs[0].ndim:
        x, axis = reshaped(w, x, [-1]), 0
    return x.of("CumSum", Wire(w, w.constant(axis % node.ndim, np.int64), INDEX))


def _sorting(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    axis = node._attributes.get("axis", -1) % node.ndim
    names = w.write("TopK", inputs[0], w.size(free.shape(node)[axis]), outputs=2, axis=axis, largest=0, sorted=1)
    return Wire(w, names[1], INDEX)


def _multiplied(dtype: np.dtype) -> np.dtype:
    """In what numbers are multiplied and added: ONNX has no products of booleans and of small whole numbers."""
    return np.dtype(np.int32) if dtype.kind in "biu" and dtype.itemsize < 4 else dtype


def _matmul(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    a, b = (x.to(_multiplied(node.dtype)) for x in inputs)
    return a.of("MatMul", b).to(node.dtype)


def _einsum(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    """Each axis has a letter; axes of size 1 that numpy would stretch are taken away."""
    terms, result = _lettered(node._attributes["subscripts"].replace(" ", ""), [x.ndim for x in node._inputs])
    shapes = [free.shape(x) for x in node._inputs]
    pairs = [*zip(terms, shapes, strict=True)]
    wide = {letter for term, shape in pairs for letter, n in zip(term, shape, strict=True) if n != 1}
    told, parts = [], []
    for x, (term, shape) in zip(inputs, pairs, strict=True):
        single = [k for k, n in enumerate(shape) if n == 1 and term[k] in wide]
        parts.append(squeezed(w, x.to(_multiplied(node.dtype)), single))
        told.append("".join(letter for k, letter in enumerate(term) if k not in single))
    return parts[0].of("Einsum", *parts[1:], equation=f"{','.join(told)}->{result}").to(node.dtype)


def _lettered(subscripts: str, ranks: list[int]) -> tuple[list[str], str]:
    """The subscripts of the operands and of the result with a letter for each axis, those of ``...`` too."""
    before, arrow, result = subscripts.partition("->")
    terms, unused = before.split(","), [x for x in ascii_letters if x not in subscripts]
    counts = [r - len(t.replace("...", "")) if "..." in t else 0 for t, r in zip(terms, ranks, strict=True)]
    others = "".join(unused[: max(counts)])
    terms = [term.replace("...", others[len(others) - n :]) for term, n in zip(terms, counts, strict=True)]
    if arrow:
        return terms, result.replace("...", others)
    whole = "".join(terms)
    return terms, others + "".join(sorted(x for x in {*whole} if whole.count(x) == 1 and x not in others))


def _det(w: Writer, free: Free, node: Node, inputs: list[Wire]) -> Wire:
    return inputs[0].to(node.dtype).of("Det")


ROWS: dict[str, OpRow] = {
    "argmax": _argmax,
    "cumsum": _cumsum,
    "det": _det,
    "einsum": _einsum,
    "log_softmax": _along("LogSoftmax"),
    "matmul": _matmul,
    "max": _reduced("ReduceMax"),
    "mean": _reduced("ReduceMean"),
    "min": _reduced("ReduceMin"),
    "prod": _reduced("ReduceProd"),
    "softmax": _along("Softmax"),
    "sorting": _sorting,
    "sum": _sum,
    "sum_to": _sum_to,
    "ties": _ties,
}
REFUSED: dict[str, str] = {
    "cholesky": "ONNX has no Cholesky factor",
    "inv": "ONNX has no inverse of a matrix",
    "last_written": "ONNX says not which of equal places is written last",
    "leading": "ONNX has no running largest",
    "slogdet": "ONNX has no logarithm of a determinant",
    "solve": "ONNX solves no systems of equations",
    "write_at": "ONNX says not which of equal places is written last",
}
"""Ops that no node or form stands for, and why."""
