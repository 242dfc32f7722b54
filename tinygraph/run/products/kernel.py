"""Our own matrix product, for few rows times constant weights: the weights in panels, the rows by register tiles.

It reads a by broadcast straight from where it lies and keeps the sums in registers, so that nothing but the weight is
ever copied. Measured on one core of an EPYC (Zen 5), float32, GFLOP/s: 200 to 230 from 16 rows up, where OpenBLAS
gives 70 to 105 and mkl 62 to 92; at one row 80 (the speed of the second cache) against 10 and 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..native import product_block
from ..native.text import LLVMWriter, Value
from . import packing
from .tiles import Element, argument, declarations, tile

SCRATCH, BLOCK = product_block.FREE, product_block.FREE + 1
"""Places in the site: the address of the memory for packed weights, and how much of K is taken at a time."""

LOOPS = 4
"""More than any function here has."""

RUN = "ptr noalias %site, ptr noalias %a, ptr noalias %b, ptr noalias %out"


@dataclass(frozen=True)
class Roles:
    """Which operand goes row by row and which in panels; ``swapped`` is out.T = b.T @ a.T, for one column."""

    rows: Value
    row_m: Value
    row_k: Value
    weight: Value
    weight_k: Value
    weight_n: Value
    out: Value
    out_m: Value
    m: Value
    n: Value
    k: Value


def _roles(code: LLVMWriter, one: Element, swapped: bool) -> Roles:
    a, b, out = (argument(code, "ptr", name) for name in ("a", "b", "out"))
    a_m, a_k, b_k, b_n, out_m = (
        _read(code, i) * one.size
        for i in (product_block.A_M, product_block.A_K, product_block.B_K, product_block.B_N, product_block.OUT_M)
    )
    m, n, k = _read(code, product_block.M), _read(code, product_block.N), _read(code, product_block.K)
    if swapped:
        return Roles(b, b_n, b_k, a, a_k, a_m, out, out_m, n, m, k)
    return Roles(a, a_m, a_k, b, b_k, b_n, out, out_m, m, n, k)


def _read(code: LLVMWriter, place: int) -> Value:
    return code.load("i64", 1, code.at(argument(code, "ptr", "site"), code.int64(8 * place)))


def _scratch(code: LLVMWriter) -> Value:
    return code.load("ptr", 1, code.at(argument(code, "ptr", "site"), code.int64(8 * SCRATCH)))


def _divide(code: LLVMWriter, x: Value, y: Value) -> Value:
    return code.emit("i64", 1, f"udiv {x}, {y.name}")


def _ceiling(code: LLVMWriter, x: Value, y: Value) -> Value:
    return _divide(code, x + y - 1, y)


def _smaller(x: Value, y: Value) -> Value:
    return x.compare("slt", y).where(x, y)


@dataclass(frozen=True)
class Panel:
    """Columns ``start`` to ``start + columns`` of out, as the tiles take them at a time.

    Attributes:
        full: whether they are as many as a tile takes.
        vectors: that hold them.
        last: columns in the last of the vectors.
        width: columns of all the vectors.
    """

    start: Value
    columns: Value
    full: Value
    vectors: Value
    last: Value
    width: Value


def _columns_at_a_time(code: LLVMWriter, one: Element, m: Value) -> Value:
    wide = code.int64(one.widest * one.lanes)
    return m.compare("eq", 1).where(wide, code.int64(one.vectors * one.lanes))


def _panel(code: LLVMWriter, one: Element, start: Value, n: Value, most: Value) -> Panel:
    columns = _smaller(n - start, most)
    vectors = _ceiling(code, columns, code.int64(one.lanes))
    last = columns - (vectors - 1) * one.lanes
    return Panel(start, columns, columns.compare("eq", most), vectors, last, vectors * one.lanes)


def _run(name: str, one: Element, form: str, swapped: bool) -> str:
    code = LLVMWriter(one.lanes * one.size)
    on = _roles(code, one, swapped)
    most = _columns_at_a_time(code, one, on.m)
    block = _read(code, BLOCK)
    with code.loop(_ceiling(code, on.n, most)) as number:
        panel = _panel(code, one, number * most, on.n, most)
        # K may be empty: one block of nothing writes the zeros.
        blocks = _ceiling(code, on.k, block)
        with code.loop(blocks.compare("eq", 0).where(code.int64(1), blocks)) as at:
            start = at * block
            length = _smaller(on.k - start, block)
            weight, stride = _weight(code, one, form, on, panel, start, length)
            _all_rows(code, one, on, panel, start, length, weight, stride)
    return code.function(name, RUN)


def _weight(
    code: LLVMWriter, one: Element, form: str, on: Roles, panel: Panel, start: Value, length: Value
) -> tuple[Value, Value]:
    """Where the block of the weight lies that the tiles read, and its stride along K."""
    if form == "packed":
        offset = panel.start * on.k + start * panel.width
        return code.at(_scratch(code), offset * one.size), panel.width * one.size
    lies = code.at(on.weight, panel.start * on.weight_n + start * on.weight_k)
    if form == "direct":
        return lies, on.weight_k
    to = _scratch(code)
    _pack(code, on, panel, lies, length, to)
    return to, panel.width * one.size


def _pack(code: LLVMWriter, on: Roles, panel: Panel, lies: Value, length: Value, to: Value) -> None:
    arguments = (lies, on.weight_k, on.weight_n, length, panel.columns, panel.width, to)
    code.do(f"call void @pack_block({', '.join(map(str, arguments))})")


def _all_rows(
    code: LLVMWriter, one: Element, on: Roles, panel: Panel, start: Value, length: Value, weight: Value, stride: Value
) -> None:
    """All rows of out in one panel, as evenly as the tiles allow: 20 rows are 5, 5, 5, 5 and not 6, 6, 6, 2."""
    groups = _ceiling(code, on.m, code.int64(one.rows))
    more = start.compare("sgt", 0)
    with code.loop(groups) as number:
        row = _divide(code, on.m * number, groups)
        count = _divide(code, on.m * (number + 1), groups) - row
        place = ((count - 1) * one.widest + panel.vectors - 1) * 8
        table = panel.full.where(Value(code, "ptr", 1, "@full"), Value(code, "ptr", 1, "@partial"))
        function = code.load("ptr", 1, code.at(table, place))
        rows = code.at(on.rows, row * on.row_m + start * on.row_k)
        out = code.at(on.out, row * on.out_m + panel.start * one.size)
        arguments = (rows, on.row_m, on.row_k, weight, stride, out, on.out_m, length, panel.last, more)
        code.do(f"call void {function.name}({', '.join(map(str, arguments))})")


def _pack_all(name: str, one: Element, swapped: bool) -> str:
    """The whole weight in panels, one behind the other, in the site's scratch memory."""
    code = LLVMWriter(one.lanes * one.size)
    on = _roles(code, one, swapped)
    most = _columns_at_a_time(code, one, on.m)
    with code.loop(_ceiling(code, on.n, most)) as number:
        panel = _panel(code, one, number * most, on.n, most)
        lies = code.at(on.weight, panel.start * on.weight_n)
        _pack(code, on, panel, lies, on.k, code.at(_scratch(code), panel.start * on.k * one.size))
    return code.function(name, RUN)


def _pack_block(one: Element) -> str:
    code = LLVMWriter(one.lanes * one.size)
    beside = argument(code, "i64", "b_n").compare("eq", one.size)
    names = [piece.split()[-1] for piece in packing.PACK.split(", ")]
    kinds = [piece.split()[0] for piece in packing.PACK.split(", ")]
    arguments = ", ".join(f"{kind} {name}" for kind, name in zip(kinds, names, strict=True))
    with code.when(beside):
        code.do(f"call void @pack_rows({arguments})")
    with code.when(beside.compare("eq", 0)):
        code.do(f"call void @pack_columns({arguments})")
    # Not copied into its four callers: that would only take time to compile.
    return code.function("pack_block", packing.PACK).replace("#0 {", "#0 noinline {")


def _repeat(one: Element) -> str:
    """Calls a run function ``times`` times, for the measurements."""
    code = LLVMWriter(one.lanes * one.size)
    with code.loop(argument(code, "i64", "times")):
        code.do("call void %function(ptr %site, ptr %a, ptr %b, ptr %out)")
    return code.function("repeat", RUN.replace("noalias ", "") + ", ptr %function, i64 %times")


def _tiles(one: Element) -> str:
    """All tiles, and two tables of their addresses by rows and vectors."""
    full, partial, texts = {}, {}, []
    for rows in range(1, one.rows + 1):
        most = one.widest if rows == 1 else one.vectors
        full[rows, most] = f"full_{rows}"
        texts.append(tile(full[rows, most], one, rows, most, False))
        for vectors in range(1, most + 1):
            partial[rows, vectors] = f"partial_{rows}_{vectors}"
            texts.append(tile(partial[rows, vectors], one, rows, vectors, True))
    return "".join([*texts, _table("full", one, full), _table("partial", one, partial)])


def _table(name: str, one: Element, tiles: dict[tuple[int, int], str]) -> str:
    places = [(rows, vectors) for rows in range(1, one.rows + 1) for vectors in range(1, one.widest + 1)]
    addresses = ", ".join(f"ptr @{tiles[place]}" if place in tiles else "ptr null" for place in places)
    return f"@{name} = private constant [{len(places)} x ptr] [{addresses}]\n"


@cache
def text(one: Element) -> str:
    """LLVM text of all functions for one type of elements.

    ``direct``, ``blocks`` and ``packed`` are run functions, ``pack`` is the pack function of ``packed`` (see
    `tinygraph.run.native.product_block`); the same names with ``_swapped`` take a as the weight, for b of one column.
    """
    parts = [packing.pack_rows("pack_rows", one), packing.pack_columns("pack_columns", one), _pack_block(one)]
    for swapped in (False, True):
        end = "_swapped" if swapped else ""
        parts += [_run(form + end, one, form, swapped) for form in ("direct", "packed", "blocks")]
        parts.append(_pack_all("pack" + end, one, swapped))
    return "".join([_tiles(one), *parts, _repeat(one), declarations(one, LOOPS)])
