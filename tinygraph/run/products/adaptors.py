"""Native functions that call a BLAS in the way of a product's site."""

from __future__ import annotations

from ..native import product_block
from .blas import Blas

FUNCTION, A_TURNED, B_TURNED, A_STRIDE, B_STRIDE, OUT_STRIDE, GET_THREADS, SET_THREADS = range(
    product_block.FREE, product_block.FREE + 8
)
"""Places in the site: the address of cblas_sgemm or dgemm, what it is told of a, b and out, and the addresses of the
functions that get and set its threads, or 0."""

ROW_MAJOR, AS_IT_STANDS, TURNED = 101, 111, 112
"""Numbers of the C interface to BLAS."""


def text(size: int, bits: int) -> str:
    """The run function ``blas32`` or ``blas64`` for elements of ``size`` bytes and integers of ``bits``.

    It keeps to the calling thread. The threads of a BLAS wait for each other busily: here, with the second core
    shared with other work, two threads of OpenBLAS gave 75 GFLOP/s where one gave 103.
    """
    scalar, integer = {4: "float", 8: "double"}[size], f"i{bits}"
    short = [("ta", A_TURNED, "i32"), ("tb", B_TURNED, "i32")]
    m, n, k = product_block.M, product_block.N, product_block.K
    sizes = [("m", m), ("n", n), ("k", k), ("as", A_STRIDE), ("bs", B_STRIDE), ("os", OUT_STRIDE)]
    reads = "\n".join(_read(name, place, kind) for name, place, kind in [*short, *((*s, integer) for s in sizes)])
    return f"""define void @blas{bits}(ptr %site, ptr %a, ptr %b, ptr %out) #0 {{
start:
%fp = getelementptr i64, ptr %site, i64 {FUNCTION}
%f = load ptr, ptr %fp
{reads}
%gp = getelementptr i64, ptr %site, i64 {GET_THREADS}
%get = load ptr, ptr %gp
%sp = getelementptr i64, ptr %site, i64 {SET_THREADS}
%set = load ptr, ptr %sp
%known = icmp ne ptr %get, null
br i1 %known, label %ask, label %run
ask:
%before = call i32 %get()
%several = icmp sgt i32 %before, 1
br i1 %several, label %one, label %run
one:
call void %set(i32 1)
br label %run
run:
%restore = phi i1 [ false, %start ], [ false, %ask ], [ true, %one ]
%to = phi i32 [ 0, %start ], [ 0, %ask ], [ %before, %one ]
call void %f(i32 {ROW_MAJOR}, i32 %ta, i32 %tb, {integer} %m, {integer} %n, {integer} %k, {scalar} 1.0, ptr %a,
    {integer} %as, ptr %b, {integer} %bs, {scalar} 0.0, ptr %out, {integer} %os)
br i1 %restore, label %back, label %done
back:
call void %set(i32 %to)
br label %done
done:
ret void
}}
"""


def _read(name: str, place: int, kind: str) -> str:
    lines = f"%{name}p = getelementptr i64, ptr %site, i64 {place}\n"
    return lines + f"%{name} = load {kind}, ptr %{name}p"


def entries(
    library: Blas, size: int, shape: tuple[int, int, int], a: tuple[int, int], b: tuple[int, int], out_m: int
) -> list[int] | None:
    """What goes to the FREE part of the site of out = a @ b; None where BLAS cannot be told of such strides.

    Args:
        shape: M, N, K.
        a, b: their two strides, in elements.
    """
    m, n, k = shape
    told = [_told(m, k, a), _told(k, n, b)]
    out_stride = n if m == 1 else out_m
    if min(shape) < 1 or out_stride < n or None in told:
        return None
    (a_turned, a_stride), (b_turned, b_stride) = [each for each in told if each]
    threads = library.thread_functions()
    return [library.gemm[size], a_turned, b_turned, a_stride, b_stride, out_stride, *threads]


def _told(rows: int, columns: int, strides: tuple[int, int]) -> tuple[int, int] | None:
    """How a matrix lies and the stride of its long steps; an axis of size 1 may have any stride."""
    for turned, (count, long), (length, short) in (
        (AS_IT_STANDS, (rows, strides[0]), (columns, strides[1])),
        (TURNED, (columns, strides[1]), (rows, strides[0])),
    ):
        stride = length if count == 1 else long
        if (short == 1 or length == 1) and stride >= length:
            return turned, stride
    return None
