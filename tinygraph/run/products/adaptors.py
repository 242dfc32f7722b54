"""Run functions for product blocks that call a BLAS library."""

from __future__ import annotations

from ..native import product_block
from .blas import Blas

FUNCTION, A_TRANSPOSE, B_TRANSPOSE, A_STRIDE, B_STRIDE, OUT_STRIDE, GET_THREADS, SET_THREADS = range(
    product_block.FREE, product_block.FREE + 8
)
"""Slots of the product block: the address of cblas_sgemm or cblas_dgemm, its arguments for a, b and out, and the
addresses of the functions that get and set the number of threads, or 0."""

ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE = 101, 111, 112
"""Constants of the C interface to BLAS (CblasRowMajor, CblasNoTrans, CblasTrans)."""


def text(size: int, bits: int) -> str:
    """The run function ``blas32`` or ``blas64`` for elements of ``size`` bytes and integers of ``bits``.

    It uses the calling thread alone. The threads of a BLAS wait for each other in busy loops: on a machine whose second
    core had other work, two threads of OpenBLAS gave 75 GFLOP/s where one gave 103.
    """
    scalar, integer = {4: "float", 8: "double"}[size], f"i{bits}"
    m, n, k = product_block.M, product_block.N, product_block.K
    sizes = [("m", m), ("n", n), ("k", k), ("as", A_STRIDE), ("bs", B_STRIDE), ("os", OUT_STRIDE)]
    pointers = [("f", FUNCTION), ("get", GET_THREADS), ("set", SET_THREADS)]
    loads = [_load(name, slot, "i32") for name, slot in (("ta", A_TRANSPOSE), ("tb", B_TRANSPOSE))]
    loads += [_load(name, slot, integer) for name, slot in sizes] + [
        _load(name, slot, "ptr") for name, slot in pointers
    ]
    return f"""define void @blas{bits}(ptr %block, ptr %a, ptr %b, ptr %out) #0 {{
start:
{"".join(loads)}
%known = icmp ne ptr %get, null
br i1 %known, label %ask, label %run
ask:
%before = call i32 %get()
%several = icmp sgt i32 %before, 1
br i1 %several, label %single, label %run
single:
call void %set(i32 1)
br label %run
run:
%restore = phi i1 [ false, %start ], [ false, %ask ], [ true, %single ]
%to = phi i32 [ 0, %start ], [ 0, %ask ], [ %before, %single ]
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


def _load(name: str, slot: int, dtype: str) -> str:
    return f"%{name}p = getelementptr i64, ptr %block, i64 {slot}\n%{name} = load {dtype}, ptr %{name}p\n"


def entries(
    library: Blas, size: int, shape: tuple[int, int, int], a: tuple[int, int], b: tuple[int, int], out_m: int
) -> list[int] | None:
    """The FREE slots of the product block of out = a @ b; None where BLAS does not support the strides.

    Args:
        shape: M, N, K.
        a, b: their two strides, in elements.
    """
    m, n, k = shape
    a_layout, b_layout = _layout(m, k, a), _layout(k, n, b)
    out_stride = n if m == 1 else out_m
    if min(shape) < 1 or out_stride < n or a_layout is None or b_layout is None:
        return None
    (a_transpose, a_stride), (b_transpose, b_stride) = a_layout, b_layout
    threads = library.thread_functions()
    return [library.gemm[size], a_transpose, b_transpose, a_stride, b_stride, out_stride, *threads]


def _layout(rows: int, columns: int, strides: tuple[int, int]) -> tuple[int, int] | None:
    """The transposition and the leading stride of a matrix for BLAS; an axis of size 1 may have any stride."""
    for transpose, (count, long), (length, short) in (
        (NO_TRANSPOSE, (rows, strides[0]), (columns, strides[1])),
        (TRANSPOSE, (columns, strides[1]), (rows, strides[0])),
    ):
        stride = length if count == 1 else long
        if (short == 1 or length == 1) and stride >= length:
            return transpose, stride
    return None
