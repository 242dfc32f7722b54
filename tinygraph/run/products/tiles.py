"""Register tiles (micro-kernels): a few rows times a few vectors of columns, summed in registers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..native.text import LLVMWriter, Value, vector

TILE = (
    "ptr noalias %a, i64 %a_m, i64 %a_k, ptr noalias %b, i64 %b_k, "
    "ptr noalias %c, i64 %c_m, i64 %k, i64 %last, i1 %adds"
)
"""Parameters of a tile: a with its strides, b with its stride along K, out (``c``) with its stride along M (strides in
bytes), the length of K, the columns of the last vector, and whether the product is added to the values of out."""

AS_WRITTEN = "!llvm.loop !1000"
"""Metadata of a loop that LLVM must not unroll or vectorise. The loops of the tiles use every port of the processor
already; without this metadata the module took three times as long to compile and ran no faster."""


@dataclass(frozen=True)
class Element:
    """An element type, and the tile size that fits the processor's registers.

    Attributes:
        scalar: ``"float"`` or ``"double"``.
        lanes: elements of a vector register.
        rows: rows of the largest tile.
        vectors: vectors of columns of the largest tile; the registers hold rows * vectors sums, ``vectors`` vectors of
            b and one of a.
    """

    scalar: str
    lanes: int
    rows: int
    vectors: int

    @property
    def size(self) -> int:
        """Bytes of an element."""
        return 4 if self.scalar == "float" else 8

    @property
    def mask(self) -> str:
        return vector("i1", self.lanes)

    @property
    def suffix(self) -> str:
        """The suffix of LLVM intrinsics for a vector register."""
        return f"v{self.lanes}f{self.size * 8}"

    @property
    def widest(self) -> int:
        """Vectors of a tile of one row: twice as many, for enough independent sums."""
        return 2 * self.vectors


@cache
def element_of(size: int) -> Element:
    """float32 or float64 (``size`` 4 or 8 bytes) on this processor.

    AVX-512 has 32 registers of 64 bytes, AVX2 16 of 32 bytes, NEON 32 of 16 bytes; else 16 of 16 bytes.
    """
    import llvmlite.binding as llvm

    scalar = {4: "float", 8: "double"}[size]
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return Element(scalar, 64 // size, 6, 4)
    if features.get("avx2") and features.get("fma"):
        return Element(scalar, 32 // size, 6, 2)
    return Element(scalar, 16 // size, 6, 4 if features.get("neon") else 2)


def argument(code: LLVMWriter, dtype: str, name: str) -> Value:
    """A parameter of the function that is being written."""
    return Value(code, dtype, 1, f"%{name}")


def first_columns(code: LLVMWriter, element: Element, columns: Value) -> Value:
    """A mask that is true in the first ``columns`` lanes."""
    lanes = ", ".join(f"i64 {lane}" for lane in range(element.lanes))
    return Value(code, "i64", element.lanes, f"<{lanes}>").compare("ult", columns.splat(element.lanes))


def load(code: LLVMWriter, element: Element, pointer: Value, mask: Value | None = None) -> Value:
    """Loads a vector; zero where the mask is false."""
    if mask is None:
        return code.load(element.scalar, element.lanes, pointer, element.size)
    dtype = vector(element.scalar, element.lanes)
    call = f"call {dtype} @llvm.masked.load.{element.suffix}.p0"
    arguments = f"(ptr align {element.size} {pointer.name}, {mask}, {dtype} zeroinitializer)"
    return code.emit(element.scalar, element.lanes, call + arguments)


def store(code: LLVMWriter, element: Element, value: Value, pointer: Value) -> None:
    """Stores a vector."""
    code.store(value, pointer, element.size)


def tile(name: str, element: Element, rows: int, vectors: int, partial: bool) -> str:
    """A function out = a @ b or out += a @ b on rows x vectors; with ``partial`` the last vector has fewer columns.

    Written with plain strings, which are faster than `LLVMWriter`: every process writes about thirty tiles.
    """
    dtype, cells = vector(element.scalar, element.lanes), [(i, v) for i in range(rows) for v in range(vectors)]
    masked = {vectors - 1} if partial else set()
    return "\n".join(
        [
            f"define internal void @{name}({TILE}) #0 {{",
            *_addresses(element, rows, cells),
            *(f"%s{i}_{v} = alloca {dtype}\nstore {dtype} zeroinitializer, ptr %s{i}_{v}" for i, v in cells),
            "br i1 %adds, label %old, label %start\nold:",
            *(_load(element, f"%o{i}_{v}", f"%c{i}_{v}", v in masked) for i, v in cells),
            *(f"store {dtype} %o{i}_{v}, ptr %s{i}_{v}" for i, v in cells),
            "br label %start\nstart:\n%any = icmp sgt i64 %k, 0\nbr i1 %any, label %along, label %end\nalong:",
            "%at = phi i64 [0, %start], [%next, %along]\n%next = add i64 %at, 1",
            *_one_step(element, rows, vectors, masked),
            "%again = icmp slt i64 %next, %k\nbr i1 %again, label %along, label %end, " + AS_WRITTEN + "\nend:",
            *(f"%e{i}_{v} = load {dtype}, ptr %s{i}_{v}" for i, v in cells),
            *(_store(element, f"%e{i}_{v}", f"%c{i}_{v}", v in masked) for i, v in cells),
            "ret void\n}\n",
        ]
    )


def _addresses(element: Element, rows: int, cells: list[tuple[int, int]]) -> list[str]:
    """The mask of the last vector, and the addresses of the rows of a and out and of each vector of out."""
    count, lanes = f"<{element.lanes} x i64>", element.lanes
    numbers = ", ".join(f"i64 {lane}" for lane in range(lanes))
    lines = [
        f"%l0 = insertelement {count} poison, i64 %last, i64 0",
        f"%l1 = shufflevector {count} %l0, {count} poison, <{lanes} x i32> zeroinitializer",
        f"%mask = icmp ult {count} <{numbers}>, %l1",
    ]
    for x in ("a", "c"):
        lines += [
            f"%{x}_{i} = mul i64 %{x}_m, {i}\n%{x}{i} = getelementptr i8, ptr %{x}, i64 %{x}_{i}" for i in range(rows)
        ]
    return lines + [f"%c{i}_{v} = getelementptr {element.scalar}, ptr %c{i}, i64 {v * lanes}" for i, v in cells]


def _one_step(element: Element, rows: int, vectors: int, masked: set[int]) -> list[str]:
    """One step along K: adds the vectors of b times one element of each row of a."""
    scalar, lanes, dtype = element.scalar, element.lanes, vector(element.scalar, element.lanes)
    lines = ["%bk = mul i64 %at, %b_k\n%b_at = getelementptr i8, ptr %b, i64 %bk\n%ak = mul i64 %at, %a_k"]
    for v in range(vectors):
        lines.append(f"%b_at{v} = getelementptr {scalar}, ptr %b_at, i64 {v * lanes}")
        lines.append(_load(element, f"%b{v}", f"%b_at{v}", v in masked))
    for i in range(rows):
        lines += [
            f"%p{i} = getelementptr i8, ptr %a{i}, i64 %ak\n%q{i} = load {scalar}, ptr %p{i}, align {element.size}",
            f"%r{i} = insertelement {dtype} poison, {scalar} %q{i}, i64 0",
            f"%t{i} = shufflevector {dtype} %r{i}, {dtype} poison, <{lanes} x i32> zeroinitializer",
        ]
        for v in range(vectors):
            add = f"@llvm.fmuladd.{element.suffix}({dtype} %t{i}, {dtype} %b{v}, {dtype} %x{i}_{v})"
            lines.append(f"%x{i}_{v} = load {dtype}, ptr %s{i}_{v}\n%y{i}_{v} = call {dtype} {add}")
            lines.append(f"store {dtype} %y{i}_{v}, ptr %s{i}_{v}")
    return lines


def _load(element: Element, name: str, pointer: str, masked: bool) -> str:
    dtype = vector(element.scalar, element.lanes)
    if not masked:
        return f"{name} = load {dtype}, ptr {pointer}, align {element.size}"
    call = f"call {dtype} @llvm.masked.load.{element.suffix}.p0"
    return f"{name} = {call}(ptr align {element.size} {pointer}, {element.mask} %mask, {dtype} zeroinitializer)"


def _store(element: Element, value: str, pointer: str, masked: bool) -> str:
    dtype = vector(element.scalar, element.lanes)
    if not masked:
        return f"store {dtype} {value}, ptr {pointer}, align {element.size}"
    target = f"ptr align {element.size} {pointer}, {element.mask} %mask"
    return f"call void @llvm.masked.store.{element.suffix}.p0({dtype} {value}, {target})"


def declarations(element: Element, loops: int) -> str:
    """The end of a module whose functions have at most ``loops`` loops each: declarations and loop metadata."""
    dtype, suffix = vector(element.scalar, element.lanes), element.suffix
    code = LLVMWriter(element.lanes * element.size, loops=loops)
    code.declared["fmuladd"] = f"declare {dtype} @llvm.fmuladd.{suffix}({dtype}, {dtype}, {dtype})"
    code.declared["load"] = f"declare {dtype} @llvm.masked.load.{suffix}.p0(ptr, {element.mask}, {dtype})"
    code.declared["store"] = f"declare void @llvm.masked.store.{suffix}.p0({dtype}, ptr, {element.mask})"
    as_written = '!1000 = distinct !{!1000, !1001, !1002}\n!1001 = !{!"llvm.loop.unroll.disable"}\n'
    return code.declarations() + as_written + '!1002 = !{!"llvm.loop.vectorize.enable", i1 false}\n'
