"""Packing a block of a weight: its columns in panels, each panel contiguous along K, whatever way the weight lies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..native.text import LLVMWriter, Value
from .tiles import AS_WRITTEN, Element, argument, first_columns, load, store

PACK = "ptr noalias %b, i64 %b_k, i64 %b_n, i64 %k, i64 %columns, i64 %width, ptr noalias %to"
"""Arguments: b with its strides in bytes, the sizes of the block, how many elements a row of the panel has
(``columns`` rounded up to whole vectors), and where the panel goes. Columns beyond ``columns`` hold anything."""


def pack_rows(name: str, one: Element) -> str:
    """to[k, n] = b[k, n] for b whose columns lie side by side, as the text of a function."""
    code = LLVMWriter(one.lanes * one.size)
    columns = argument(code, "i64", "columns")
    with code.loop(argument(code, "i64", "k")) as k:
        row = code.at(argument(code, "ptr", "b"), k * argument(code, "i64", "b_k"))
        to = code.at(argument(code, "ptr", "to"), k * argument(code, "i64", "width") * one.size)
        with code.loop(columns, by=one.lanes) as n:
            mask = first_columns(code, one, columns - n)
            store(code, one, load(code, one, code.at(row, n * one.size), mask), code.at(to, n * one.size))
    return code.function(name, PACK)


def pack_columns(name: str, one: Element) -> str:
    """The same for b of any strides, fast where it lies side by side along K: square blocks are turned in registers."""
    code = LLVMWriter(one.lanes * one.size)
    k, columns = argument(code, "i64", "k"), argument(code, "i64", "columns")
    whole_k, whole_n = (size & -one.lanes for size in (k, columns))
    turned = argument(code, "i64", "b_k").compare("eq", one.size).where(whole_k, code.int64(0))
    with code.loop(whole_n, by=one.lanes) as n:
        with code.loop(turned, by=one.lanes) as at_k:
            _turn(code, one, n, at_k)
        _one_by_one(code, one, (turned, k), (n, n + one.lanes))
    _one_by_one(code, one, (code.int64(0), k), (whole_n, columns))
    return code.function(name, PACK)


def _from(code: LLVMWriter, k: Value, n: Value) -> Value:
    offset = k * argument(code, "i64", "b_k") + n * argument(code, "i64", "b_n")
    return code.at(argument(code, "ptr", "b"), offset)


def _to(code: LLVMWriter, one: Element, k: Value, n: Value) -> Value:
    return code.at(argument(code, "ptr", "to"), (k * argument(code, "i64", "width") + n) * one.size)


def _one_by_one(code: LLVMWriter, one: Element, ks: tuple[Value, Value], ns: tuple[Value, Value]) -> None:
    with _plain_loop(code, *ns) as n, _plain_loop(code, *ks) as k:
        code.store(code.load(one.scalar, 1, _from(code, k, n), one.size), _to(code, one, k, n), one.size)


@contextmanager
def _plain_loop(code: LLVMWriter, begin: Value, end: Value) -> Iterator[Value]:
    """A loop over the few numbers left over, which LLVM leaves as it is: its vectors took 0.6 s to compile."""
    place = code.variable(begin)
    head, body, done = code.label(), code.label(), code.label()
    code.do(f"br label %{head}")
    code.start(head)
    i = code.load("i64", 1, place)
    code.do(f"br {i.compare('slt', end)}, label %{body}, label %{done}")
    code.start(body)
    yield i
    code.store(i + 1, place)
    code.do(f"br label %{head}, {AS_WRITTEN}")
    code.start(done)


def _turn(code: LLVMWriter, one: Element, n: Value, k: Value) -> None:
    """A square of lanes x lanes elements, transposed by halves: log2(lanes) rounds of shuffles."""
    lines = [load(code, one, _from(code, k, n + i)) for i in range(one.lanes)]
    for line, vector in enumerate(_transposed(code, one, lines)):
        store(code, one, vector, _to(code, one, k + line, n))


def _transposed(code: LLVMWriter, one: Element, lines: list[Value]) -> list[Value]:
    """Lines i and i + half are zipped into lines 2i and 2i + 1; after log2(lanes) rounds columns have become lines."""
    half = one.lanes // 2
    rounds = one.lanes.bit_length() - 1
    for _ in range(rounds):
        zipped = []
        for i in range(half):
            zipped += [_zip(code, one, lines[i], lines[i + half], start) for start in (0, half)]
        lines = zipped
    return lines


def _zip(code: LLVMWriter, one: Element, x: Value, y: Value, start: int) -> Value:
    order = [place for i in range(start, start + one.lanes // 2) for place in (i, i + one.lanes)]
    mask = ", ".join(f"i32 {place}" for place in order)
    return code.emit(one.scalar, one.lanes, f"shufflevector {x}, {y}, <{one.lanes} x i32> <{mask}>")
