"""One row times a weight that is contiguous along K, as ``W @ x`` has it: each element of out is one dot product.

The weight is read once, where it is. To bring it into panels first takes as long again at every call, since each
number is used but once: of (512, 128) float32 this takes 5.8 us where packing and multiplying took 12.1 (Zen 3).
"""

from __future__ import annotations

from functools import cache

from ..native.text import Value, vector
from .gemm import RUN, ProductFunction
from .tiles import Element, first_columns, load, store

TOGETHER = 8
"""Dot products side by side: enough independent sums to hide how long a multiply-add takes."""


def _products(of: ProductFunction, first: Value, count: int) -> None:
    """Writes ``count`` elements of out, from ``first`` on."""
    code, element = of.code, of.element
    zero = Value(code, element.scalar, element.lanes, "zeroinitializer")
    sums = [code.variable(zero) for _ in range(count)]
    weights = [code.at(of.weight, (first + j) * of.weight_n) for j in range(count)]
    whole = of.k - of.k % element.lanes

    def add(start: Value, mask: Value | None) -> None:
        offset = start * element.size
        x = load(code, element, code.at(of.rows, offset), mask)
        for total, weight in zip(sums, weights, strict=True):
            w = load(code, element, code.at(weight, offset), mask)
            code.store(w.fma(x, code.load(element.scalar, element.lanes, total)), total)

    with code.loop(whole, by=element.lanes) as start:
        add(start, None)
    with code.when(whole.compare("slt", of.k)):
        add(whole, first_columns(code, element, of.k - whole))
    for j, total in enumerate(sums):
        lanes = code.load(element.scalar, element.lanes, total)
        call = f"call reassoc {element.scalar} @llvm.vector.reduce.fadd.{element.suffix}({element.scalar} 0.0, {lanes})"
        store(code, element, code.emit(element.scalar, 1, call), code.at(of.out, (first + j) * element.size))


def _run(name: str, element: Element, swapped: bool) -> str:
    """A run function."""
    of = ProductFunction(element, swapped)
    whole = of.n - of.n % TOGETHER
    with of.code.loop(whole, by=TOGETHER) as first:
        _products(of, first, TOGETHER)
    with of.code.loop(of.n, begin=whole) as first:
        _products(of, first, 1)
    return of.code.function(name, RUN)


@cache
def text(element: Element) -> str:
    """LLVM IR of the run functions ``dots`` and ``dots_swapped``, for a module that has `gemm.text`."""
    dtype = vector(element.scalar, element.lanes)
    declared = f"declare {element.scalar} @llvm.vector.reduce.fadd.{element.suffix}({element.scalar}, {dtype})\n"
    return _run("dots", element, False) + _run("dots_swapped", element, True) + declared
