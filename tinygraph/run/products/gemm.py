"""Our matrix product for few rows times constant weights: weights in panels, rows by register tiles.

It reads a directly, by broadcasting its elements, and keeps the sums in registers, so that only the weight is ever
copied. Measured on one core of an EPYC (Zen 5), float32, GFLOP/s: 200 to 230 from 16 rows up, where OpenBLAS gives
70 to 105 and MKL 62 to 92; for one row 80 (the bandwidth of the L2 cache), where they give 10 and 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..native.product_block import A_K, A_M, B_K, B_N, FREE, OUT_M, K, M, N
from ..native.text import LLVMWriter, Value
from . import packing
from .tiles import Element, argument, declarations, tile

SCRATCH, BLOCK = FREE, FREE + 1
"""Slots of the product block: the address of the memory for packed weights, and the length of a block along K."""

LOOPS = 4
"""An upper bound of the loops in each function of this module."""

RUN = "ptr noalias %block, ptr noalias %a, ptr noalias %b, ptr noalias %out"
"""Parameters of run and pack functions (see `tinygraph.run.native.product_block`)."""


@dataclass(frozen=True)
class Panel:
    """A panel: columns ``start`` to ``start + columns`` of out and of the weight.

    Attributes:
        full: whether it has as many columns as a tile.
        vectors: number of vectors that hold its columns.
        last: number of columns in the last vector.
        width: number of columns of all the vectors.
    """

    start: Value
    columns: Value
    full: Value
    vectors: Value
    last: Value
    width: Value


def _divide(code: LLVMWriter, x: Value, y: Value) -> Value:
    return code.emit("i64", 1, f"udiv {x}, {y.name}")


def _ceiling(code: LLVMWriter, x: Value, y: Value) -> Value:
    return _divide(code, x + y - 1, y)


def _smaller(x: Value, y: Value) -> Value:
    return x.compare("slt", y).where(x, y)


class ProductFunction:
    """A run or pack function that is being written, with the sizes, strides and pointers of its product.

    ``rows`` is the operand that is read row by row, ``weight`` the one that is read in panels. They are a and b; with
    ``swapped`` they are b.T and a.T, for out.T = b.T @ a.T where b has a single column.
    """

    def __init__(self, element: Element, swapped: bool) -> None:
        self.element, self.code = element, LLVMWriter(element.lanes * element.size)
        a, b, self.out = (argument(self.code, "ptr", name) for name in ("a", "b", "out"))
        a_m, a_k, b_k, b_n, self.out_m = (self.read(slot) * element.size for slot in (A_M, A_K, B_K, B_N, OUT_M))
        m, n, self.k = self.read(M), self.read(N), self.read(K)
        self.m, self.n = (n, m) if swapped else (m, n)
        self.rows, self.row_m, self.row_k = (b, b_n, b_k) if swapped else (a, a_m, a_k)
        self.weight, self.weight_k, self.weight_n = (a, a_k, a_m) if swapped else (b, b_k, b_n)
        columns, widest = (self.code.int64(count * element.lanes) for count in (element.vectors, element.widest))
        self.panel_columns = self.m.compare("eq", 1).where(widest, columns)
        self.panels = _ceiling(self.code, self.n, self.panel_columns)

    def read(self, slot: int, dtype: str = "i64") -> Value:
        """Loads a slot of the product block."""
        return self.code.load(dtype, 1, self.code.at(argument(self.code, "ptr", "block"), self.code.int64(8 * slot)))

    def panel(self, index: Value) -> Panel:
        start, lanes = index * self.panel_columns, self.element.lanes
        columns = _smaller(self.n - start, self.panel_columns)
        vectors = _ceiling(self.code, columns, self.code.int64(lanes))
        full = columns.compare("eq", self.panel_columns)
        return Panel(start, columns, full, vectors, columns - (vectors - 1) * lanes, vectors * lanes)

    def weight_block(self, form: str, panel: Panel, start: Value, length: Value) -> tuple[Value, Value]:
        """The pointer to the block of the weight that the tiles read, and its stride along K."""
        code, size = self.code, self.element.size
        if form == "packed":
            offset = panel.start * self.k + start * panel.width
            return code.at(self.read(SCRATCH, "ptr"), offset * size), panel.width * size
        source = code.at(self.weight, panel.start * self.weight_n + start * self.weight_k)
        if form == "direct":
            return source, self.weight_k
        target = self.read(SCRATCH, "ptr")
        self.pack(panel, source, length, target)
        return target, panel.width * size

    def pack(self, panel: Panel, source: Value, length: Value, target: Value) -> None:
        arguments = (source, self.weight_k, self.weight_n, length, panel.columns, panel.width, target)
        self.code.do(f"call void @pack_block({', '.join(map(str, arguments))})")

    def multiply(self, panel: Panel, start: Value, length: Value, weight: Value, stride: Value) -> None:
        """Multiply all rows with a block of the weight, in tiles as equal as possible: 20 rows are 5, 5, 5, 5."""
        code, element = self.code, self.element
        groups = _ceiling(code, self.m, code.int64(element.rows))
        adds = start.compare("sgt", 0)
        with code.loop(groups) as index:
            row = _divide(code, self.m * index, groups)
            count = _divide(code, self.m * (index + 1), groups) - row
            table = panel.full.where(Value(code, "ptr", 1, "@full"), Value(code, "ptr", 1, "@partial"))
            function = code.load("ptr", 1, code.at(table, ((count - 1) * element.widest + panel.vectors - 1) * 8))
            rows = code.at(self.rows, row * self.row_m + start * self.row_k)
            out = code.at(self.out, row * self.out_m + panel.start * element.size)
            arguments = (rows, self.row_m, self.row_k, weight, stride, out, self.out_m, length, panel.last, adds)
            code.do(f"call void {function.name}({', '.join(map(str, arguments))})")


def _run(name: str, element: Element, form: str, swapped: bool) -> str:
    """A run function."""
    product = ProductFunction(element, swapped)
    code, block = product.code, product.read(BLOCK)
    with code.loop(product.panels) as index:
        panel = product.panel(index)
        # K may be 0: one empty block then writes zeros.
        blocks = _ceiling(code, product.k, block)
        with code.loop(blocks.compare("eq", 0).where(code.int64(1), blocks)) as number:
            start = number * block
            length = _smaller(product.k - start, block)
            product.multiply(panel, start, length, *product.weight_block(form, panel, start, length))
    return code.function(name, RUN)


def _pack(name: str, element: Element, swapped: bool) -> str:
    """A pack function: packs the whole weight into the scratch memory, panel after panel."""
    product = ProductFunction(element, swapped)
    code = product.code
    with code.loop(product.panels) as index:
        panel = product.panel(index)
        source = code.at(product.weight, panel.start * product.weight_n)
        target = code.at(product.read(SCRATCH, "ptr"), panel.start * product.k * element.size)
        product.pack(panel, source, product.k, target)
    return code.function(name, RUN)


def _pack_block(element: Element) -> str:
    """Packs one block of a panel, by rows or by columns as the weight is contiguous."""
    code = LLVMWriter(element.lanes * element.size)
    contiguous = argument(code, "i64", "b_n").compare("eq", element.size)
    arguments = packing.PACK.replace("noalias ", "")
    with code.when(contiguous):
        code.do(f"call void @pack_rows({arguments})")
    with code.when(contiguous.compare("eq", 0)):
        code.do(f"call void @pack_columns({arguments})")
    # Inlining it into its four callers would only take time to compile.
    return code.function("pack_block", packing.PACK).replace("#0 {", "#0 noinline {")


def _repeat(element: Element) -> str:
    """Calls a run function ``times`` times, for measurements."""
    code = LLVMWriter(element.lanes * element.size)
    with code.loop(argument(code, "i64", "times")):
        code.do("call void %function(ptr %block, ptr %a, ptr %b, ptr %out)")
    return code.function("repeat", RUN.replace("noalias ", "") + ", ptr %function, i64 %times")


def _tiles(element: Element) -> str:
    """All tiles, and two tables of function pointers, indexed by rows and vectors."""
    full, partial, texts = {}, {}, []
    for rows in range(1, element.rows + 1):
        most = element.widest if rows == 1 else element.vectors
        full[rows, most] = f"full_{rows}"
        texts.append(tile(full[rows, most], element, rows, most, False))
        for vectors in range(1, most + 1):
            partial[rows, vectors] = f"partial_{rows}_{vectors}"
            texts.append(tile(partial[rows, vectors], element, rows, vectors, True))
    return "".join([*texts, _table("full", element, full), _table("partial", element, partial)])


def _table(name: str, element: Element, tiles: dict[tuple[int, int], str]) -> str:
    keys = [(rows, vectors) for rows in range(1, element.rows + 1) for vectors in range(1, element.widest + 1)]
    pointers = ", ".join(f"ptr @{tiles[key]}" if key in tiles else "ptr null" for key in keys)
    return f"@{name} = private constant [{len(keys)} x ptr] [{pointers}]\n"


@cache
def text(element: Element) -> str:
    """LLVM IR of all functions for one element type.

    ``direct``, ``blocks`` and ``packed`` are run functions, ``pack`` is the pack function of ``packed`` (see
    `tinygraph.run.native.product_block`). The same names with ``_swapped`` treat a as the weight, for b of one column.
    """
    parts = [packing.pack_rows("pack_rows", element), packing.pack_columns("pack_columns", element)]
    parts.append(_pack_block(element))
    for swapped in (False, True):
        end = "_swapped" if swapped else ""
        parts += [_run(form + end, element, form, swapped) for form in ("direct", "packed", "blocks")]
        parts.append(_pack("pack" + end, element, swapped))
    return "".join([_tiles(element), *parts, _repeat(element), declarations(element, LOOPS)])
