"""Register tiles: a few rows times a few vectors of columns of a matrix product, kept in registers along K."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ..native.text import LLVMWriter, Value, vector

TILE = (
    "ptr noalias %a, i64 %a_m, i64 %a_k, ptr noalias %b, i64 %b_k, "
    "ptr noalias %c, i64 %c_m, i64 %k, i64 %last, i1 %more"
)
"""Arguments of a tile: a with its strides, b with its stride along K, out with its stride along M (strides in
bytes), the length of K, the columns of the last vector, and whether the product is added to what out holds."""

AS_WRITTEN = "!llvm.loop !1000"
"""Behind the jump of a loop that LLVM is to leave as it is. Those of the tiles have work enough for every port, and
without this the module took three times as long to compile and ran no faster."""


@dataclass(frozen=True)
class Element:
    """One element type and the registers it is worked on in.

    Attributes:
        scalar: ``"float"`` or ``"double"``.
        lanes: elements of one vector register.
        rows: of the largest tile.
        vectors: of columns of the largest tile: rows * vectors sums, ``vectors`` of b and one of a fill the registers.
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
        """How names of LLVM's functions on one vector end."""
        return f"v{self.lanes}f{self.size * 8}"

    @property
    def widest(self) -> int:
        """Vectors of a tile of one row: twice as many, so that enough sums run at a time."""
        return 2 * self.vectors


@cache
def element(size: int) -> Element:
    """float32 or float64 (``size`` 4 or 8 bytes) on this processor: 32 registers of 64 bytes with AVX-512, 16 of
    32 with AVX2, else of 16 bytes."""
    import llvmlite.binding as llvm

    scalar = {4: "float", 8: "double"}[size]
    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return Element(scalar, 64 // size, 6, 4)
    if features.get("avx2") and features.get("fma"):
        return Element(scalar, 32 // size, 6, 2)
    return Element(scalar, 16 // size, 6, 4 if features.get("neon") else 2)


def argument(code: LLVMWriter, kind: str, name: str) -> Value:
    """An argument of the function under way."""
    return Value(code, kind, 1, f"%{name}")


def first_columns(code: LLVMWriter, one: Element, columns: Value) -> Value:
    """The mask of a vector of which the first ``columns`` count."""
    lanes = ", ".join(f"i64 {lane}" for lane in range(one.lanes))
    return Value(code, "i64", one.lanes, f"<{lanes}>").compare("ult", columns.splat(one.lanes))


def load(code: LLVMWriter, one: Element, place: Value, mask: Value | None = None) -> Value:
    """A vector from ``place``, zero where the mask is false."""
    if mask is None:
        return code.load(one.scalar, one.lanes, place, one.size)
    kind = vector(one.scalar, one.lanes)
    call = f"call {kind} @llvm.masked.load.{one.suffix}.p0"
    arguments = f"(ptr align {one.size} {place.name}, {mask}, {kind} zeroinitializer)"
    return code.emit(one.scalar, one.lanes, call + arguments)


def store(code: LLVMWriter, one: Element, value: Value, place: Value, mask: Value | None = None) -> None:
    """A vector to ``place``, only where the mask is true."""
    if mask is None:
        return code.store(value, place, one.size)
    code.do(f"call void @llvm.masked.store.{one.suffix}.p0({value}, ptr align {one.size} {place.name}, {mask})")
    return None


def tile(name: str, one: Element, rows: int, vectors: int, partial: bool) -> str:
    """out = or += a @ b on rows x vectors, as a function; with ``partial`` the last vector has fewer columns.

    Plain strings and no `LLVMWriter`: there are some thirty tiles, and their text is made anew in every process.
    """
    kind, cells = vector(one.scalar, one.lanes), [(i, v) for i in range(rows) for v in range(vectors)]
    masked = {vectors - 1} if partial else set()
    return "\n".join(
        [
            f"define internal void @{name}({TILE}) #0 {{",
            *_places(one, rows, cells),
            *(f"%s{i}_{v} = alloca {kind}\nstore {kind} zeroinitializer, ptr %s{i}_{v}" for i, v in cells),
            "br i1 %more, label %old, label %start\nold:",
            *(_load(one, f"%o{i}_{v}", f"%c{i}_{v}", v in masked) for i, v in cells),
            *(f"store {kind} %o{i}_{v}, ptr %s{i}_{v}" for i, v in cells),
            "br label %start\nstart:\n%any = icmp sgt i64 %k, 0\nbr i1 %any, label %along, label %end\nalong:",
            "%at = phi i64 [0, %start], [%next, %along]\n%next = add i64 %at, 1",
            *_one_step(one, rows, vectors, masked),
            "%again = icmp slt i64 %next, %k\nbr i1 %again, label %along, label %end, " + AS_WRITTEN + "\nend:",
            *(f"%e{i}_{v} = load {kind}, ptr %s{i}_{v}" for i, v in cells),
            *(_store(one, f"%e{i}_{v}", f"%c{i}_{v}", v in masked) for i, v in cells),
            "ret void\n}\n",
        ]
    )


def _places(one: Element, rows: int, cells: list[tuple[int, int]]) -> list[str]:
    """The mask of the last vector, where each row of a and out begins, and each cell of out."""
    count, lanes = f"<{one.lanes} x i64>", one.lanes
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
    return lines + [f"%c{i}_{v} = getelementptr {one.scalar}, ptr %c{i}, i64 {v * lanes}" for i, v in cells]


def _one_step(one: Element, rows: int, vectors: int, masked: set[int]) -> list[str]:
    """What each number along K adds: a vector of b times one number of each row."""
    scalar, lanes, kind = one.scalar, one.lanes, vector(one.scalar, one.lanes)
    lines = ["%bk = mul i64 %at, %b_k\n%b_at = getelementptr i8, ptr %b, i64 %bk\n%ak = mul i64 %at, %a_k"]
    for v in range(vectors):
        lines.append(f"%b_at{v} = getelementptr {scalar}, ptr %b_at, i64 {v * lanes}")
        lines.append(_load(one, f"%b{v}", f"%b_at{v}", v in masked))
    for i in range(rows):
        lines += [
            f"%p{i} = getelementptr i8, ptr %a{i}, i64 %ak\n%q{i} = load {scalar}, ptr %p{i}, align {one.size}",
            f"%r{i} = insertelement {kind} poison, {scalar} %q{i}, i64 0",
            f"%t{i} = shufflevector {kind} %r{i}, {kind} poison, <{lanes} x i32> zeroinitializer",
        ]
        for v in range(vectors):
            add = f"@llvm.fmuladd.{one.suffix}({kind} %t{i}, {kind} %b{v}, {kind} %x{i}_{v})"
            lines.append(f"%x{i}_{v} = load {kind}, ptr %s{i}_{v}\n%y{i}_{v} = call {kind} {add}")
            lines.append(f"store {kind} %y{i}_{v}, ptr %s{i}_{v}")
    return lines


def _load(one: Element, name: str, place: str, masked: bool) -> str:
    kind = vector(one.scalar, one.lanes)
    if not masked:
        return f"{name} = load {kind}, ptr {place}, align {one.size}"
    call = f"call {kind} @llvm.masked.load.{one.suffix}.p0"
    return f"{name} = {call}(ptr align {one.size} {place}, {one.mask} %mask, {kind} zeroinitializer)"


def _store(one: Element, value: str, place: str, masked: bool) -> str:
    kind = vector(one.scalar, one.lanes)
    if not masked:
        return f"store {kind} {value}, ptr {place}, align {one.size}"
    return (
        f"call void @llvm.masked.store.{one.suffix}.p0({kind} {value}, ptr align {one.size} {place}, {one.mask} %mask)"
    )


def declarations(one: Element, loops: int) -> str:
    """What the functions of a module refer to, none of them with more than ``loops`` loops of `LLVMWriter`'s."""
    kind, suffix = vector(one.scalar, one.lanes), one.suffix
    code = LLVMWriter(one.lanes * one.size, loops=loops)
    code.declared["fmuladd"] = f"declare {kind} @llvm.fmuladd.{suffix}({kind}, {kind}, {kind})"
    code.declared["load"] = f"declare {kind} @llvm.masked.load.{suffix}.p0(ptr, {one.mask}, {kind})"
    code.declared["store"] = f"declare void @llvm.masked.store.{suffix}.p0({kind}, ptr, {one.mask})"
    as_written = '!1000 = distinct !{!1000, !1001, !1002}\n!1001 = !{!"llvm.loop.unroll.disable"}\n'
    return code.declarations() + as_written + '!1002 = !{!"llvm.loop.vectorize.enable", i1 false}\n'
