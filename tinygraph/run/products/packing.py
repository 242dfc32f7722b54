"""Packing: copies a block of a weight of any strides into a panel that is contiguous along K."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..native.text import LLVMWriter, Value
from .tiles import AS_WRITTEN, Element, argument, first_columns, load, store

PACK = "ptr noalias %b, i64 %b_k, i64 %b_n, i64 %k, i64 %columns, i64 %width, ptr noalias %to"
"""Parameters: b with its strides in bytes, the sizes of the block, the elements of a row of the panel (``columns``
rounded up to whole vectors), and the address of the panel. Columns beyond ``columns`` have arbitrary values."""


def pack_rows(name: str, element: Element) -> str:
    """A function to[k, n] = b[k, n] for b that is contiguous along N."""
    code = LLVMWriter(element.lanes * element.size)
    columns = argument(code, "i64", "columns")
    with code.loop(argument(code, "i64", "k")) as k:
        row = code.at(argument(code, "ptr", "b"), k * argument(code, "i64", "b_k"))
        to = code.at(argument(code, "ptr", "to"), k * argument(code, "i64", "width") * element.size)
        with code.loop(columns, by=element.lanes) as n:
            mask = first_columns(code, element, columns - n)
            store(
                code, element, load(code, element, code.at(row, n * element.size), mask), code.at(to, n * element.size)
            )
    return code.function(name, PACK)


def pack_columns(name: str, element: Element) -> str:
    """The same for b of any strides; if b is contiguous along K, square blocks are transposed in registers."""
    code = LLVMWriter(element.lanes * element.size)
    k, columns = argument(code, "i64", "k"), argument(code, "i64", "columns")
    whole_k, whole_n = (size & -element.lanes for size in (k, columns))
    squares = argument(code, "i64", "b_k").compare("eq", element.size).where(whole_k, code.int64(0))
    with code.loop(whole_n, by=element.lanes) as n:
        with code.loop(squares, by=element.lanes) as k_start:
            _transpose_square(code, element, n, k_start)
        _one_by_one(code, element, (squares, k), (n, n + element.lanes))
    _one_by_one(code, element, (code.int64(0), k), (whole_n, columns))
    return code.function(name, PACK)


def _from(code: LLVMWriter, k: Value, n: Value) -> Value:
    offset = k * argument(code, "i64", "b_k") + n * argument(code, "i64", "b_n")
    return code.at(argument(code, "ptr", "b"), offset)


def _to(code: LLVMWriter, element: Element, k: Value, n: Value) -> Value:
    return code.at(argument(code, "ptr", "to"), (k * argument(code, "i64", "width") + n) * element.size)


def _one_by_one(code: LLVMWriter, element: Element, ks: tuple[Value, Value], ns: tuple[Value, Value]) -> None:
    with _plain_loop(code, *ns) as n, _plain_loop(code, *ks) as k:
        code.store(
            code.load(element.scalar, 1, _from(code, k, n), element.size), _to(code, element, k, n), element.size
        )


@contextmanager
def _plain_loop(code: LLVMWriter, begin: Value, end: Value) -> Iterator[Value]:
    """A loop over the remaining elements that LLVM does not vectorise: its vectors took 0.6 s to compile."""
    index = code.variable(begin)
    head, body, done = code.label(), code.label(), code.label()
    code.do(f"br label %{head}")
    code.start(head)
    i = code.load("i64", 1, index)
    code.do(f"br {i.compare('slt', end)}, label %{body}, label %{done}")
    code.start(body)
    yield i
    code.store(i + 1, index)
    code.do(f"br label %{head}, {AS_WRITTEN}")
    code.start(done)


def _transpose_square(code: LLVMWriter, element: Element, n: Value, k: Value) -> None:
    """Transposes a square of lanes x lanes elements in log2(lanes) rounds of shuffles."""
    lines = [load(code, element, _from(code, k, n + i)) for i in range(element.lanes)]
    for line, vector in enumerate(_transposed(code, element, lines)):
        store(code, element, vector, _to(code, element, k + line, n))


def _transposed(code: LLVMWriter, element: Element, lines: list[Value]) -> list[Value]:
    """Lines i and i + half are interleaved into lines 2i and 2i + 1; after log2(lanes) rounds columns are lines."""
    half = element.lanes // 2
    rounds = element.lanes.bit_length() - 1
    for _ in range(rounds):
        zipped = []
        for i in range(half):
            zipped += [_zip(code, element, lines[i], lines[i + half], start) for start in (0, half)]
        lines = zipped
    return lines


def _zip(code: LLVMWriter, element: Element, x: Value, y: Value, start: int) -> Value:
    lanes = [lane for i in range(start, start + element.lanes // 2) for lane in (i, i + element.lanes)]
    mask = ", ".join(f"i32 {lane}" for lane in lanes)
    return code.emit(element.scalar, element.lanes, f"shufflevector {x}, {y}, <{element.lanes} x i32> <{mask}>")
