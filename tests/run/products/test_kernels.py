"""Every native kernel of a product against numpy in float64, over sizes, strides and both dtypes."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from tests.each import each
from tinygraph.run.native.compiler import compile_text
from tinygraph.run.products import adaptors, blas, choose, dots, gemm
from tinygraph.run.products.tiles import Element, element_of

from . import native

SIZES = [
    (1, 1, 1),
    (1, 100, 400),
    (1, 257, 129),
    (2, 3, 4),
    (3, 64, 65),
    (5, 31, 17),
    (6, 16, 64),
    (7, 300, 131),
    (13, 513, 1),
    (20, 65, 260),
    (64, 128, 48),
    (100, 40, 33),
    (4, 0, 9),
    (0, 5, 9),
    (4, 5, 0),
]
"""M, K, N: one row, less than a tile, uneven ones, more than one block along K, one column, none."""


@each("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", SIZES, ids=str)
@each("b_lies", ["rows", "columns", "apart"])
@each("a_lies", ["rows", "columns", "apart"])
@each("packable", [(True, True), (False, False)])
def test_our_kernel_is_numpys_product(
    a_lies: str, b_lies: str, size: tuple[int, int, int], dtype: type, packable: tuple[bool, bool]
) -> None:
    m, k, n = size
    a, b = native.matrix(m, k, dtype, a_lies, 1), native.matrix(k, n, dtype, b_lies, 2)
    spare = 0 if n == 1 else 3
    check(a, b, spare, choose._own_kernels, packable)


def check(
    a: np.ndarray,
    b: np.ndarray,
    spare: int,
    kernels_for: Callable[[choose.Problem], list[choose.Kernel]],
    packable: tuple[bool, bool] = (True, True),
) -> None:
    m, n = a.shape[0], b.shape[1]
    out = native.walled(m, n, spare, a.dtype.type)
    kernels = kernels_for(native.problem(a, b, out, packable))
    assert kernels
    expected = a.astype(np.float64) @ b.astype(np.float64)
    # Each of the K roundings is at most eps of the sum of absolute values, in whatever order they are added.
    bound = (a.shape[1] + 1) * np.finfo(a.dtype).eps * (np.abs(a).astype(np.float64) @ np.abs(b).astype(np.float64))
    for kernel in kernels:
        out[...] = np.nan
        native.run(kernel, a, b, out)
        assert (np.abs(out - expected) <= bound).all(), kernel.name


@pytest.mark.parametrize("size", [4, 8])
@pytest.mark.parametrize("rows", [1, 7])
def test_all_our_forms_are_offered(size: int, rows: int) -> None:
    def names(problem: choose.Problem) -> list[str]:
        return [kernel.name for kernel in choose._own_kernels(problem)]

    along_n, along_k = (9, 1), (1, 8)
    shape = (rows, 9, 8)
    assert names(choose.Problem(size, shape, (8, 1), along_n, 9, (False, True))) == ["direct", "packed"]
    assert names(choose.Problem(size, shape, (8, 1), along_n, 9)) == ["direct", "blocks"]
    assert names(choose.Problem(size, shape, (8, 1), along_k, 9, (False, True))) == ["packed"]
    last = "blocks" if rows > 1 else "dots"
    assert names(choose.Problem(size, shape, (8, 1), along_k, 9, (True, False))) == [last]
    assert names(choose.Problem(size, shape, (16, 2), along_k, 9, (True, False))) == ["blocks"]


def test_one_column_takes_a_as_the_weight() -> None:
    problem = choose.Problem(4, (30, 1, 40), (40, 1), (1, 1), 1, (True, False))
    assert [kernel.name for kernel in choose._own_kernels(problem)] == ["packed_swapped"]
    unpacked = choose.Problem(4, (30, 1, 40), (40, 1), (1, 1), 1)
    assert [kernel.name for kernel in choose._own_kernels(unpacked)] == ["dots_swapped"]
    # out is written side by side, so it must lie so.
    assert [kernel.name for kernel in choose._own_kernels(choose.Problem(4, (30, 1, 40), (40, 1), (1, 1), 5))] == [
        "direct",
        "blocks",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for pages that cannot be read")
@pytest.mark.parametrize("lies", ["rows", "columns"])
@pytest.mark.parametrize("packable", [(True, True), (False, False)])
@pytest.mark.parametrize("rows", [1, 5])
def test_nothing_beyond_the_operands_is_read(rows: int, lies: str, packable: tuple[bool, bool]) -> None:
    """Both end where a page ends that is followed by one that cannot be read: a step too far ends this process."""
    a = native.at_the_edge(native.matrix(rows, 37, np.float32, lies, 1))
    b = native.at_the_edge(native.matrix(37, 71, np.float32, lies, 2))
    check(a, b, 0, choose._own_kernels, packable)


@pytest.mark.parametrize("block", [1, 2, 5])
def test_any_blocking_along_k_gives_the_same(block: int) -> None:
    a, b = native.matrix(9, 13, np.float64, "rows", 1), native.matrix(13, 70, np.float64, "columns", 2)
    out = native.walled(9, 70, 2, np.float64)
    for kernel in choose._own_kernels(native.problem(a, b, out)):
        native.run(choose.replace(kernel, free=(0, block)), a, b, out)
        np.testing.assert_allclose(out, a @ b, rtol=1e-12)


LIBRARIES = [
    library for library in (blas.bundled("numpy"), blas.bundled("scipy"), blas.mkl(), blas.system()) if library
]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.name)
@each("dtype", [np.float32, np.float64])
@each("size", [size for size in SIZES if min(size)])
@each("b_lies", ["rows", "columns", "apart"])
@each("a_lies", ["rows", "columns", "apart"])
def test_blas_is_numpys_product(
    a_lies: str, b_lies: str, size: tuple[int, int, int], dtype: type, library: blas.Blas
) -> None:
    m, k, n = size
    a, b = native.matrix(m, k, dtype, a_lies, 1), native.matrix(k, n, dtype, b_lies, 2)
    check(a, b, 3, lambda problem: choose._blas_kernels(problem, library))


def test_blas_keeps_to_one_thread_and_gives_back_the_others() -> None:
    """The threads of numpy's own products are what they were, and were one while ours ran."""
    seen: list[int] = []
    now = [3]

    def put(count: int) -> None:
        seen.append(count)
        now[0] = count

    get, put_ = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: now[0]), ctypes.CFUNCTYPE(None, ctypes.c_int)(put)
    gemm = ctypes.CFUNCTYPE(None)(lambda: seen.append(-now[0]))
    address = blas._address(gemm)
    library = blas.Blas("made up", {4: address, 8: address}, 64, "", get, put_)
    a, b, out = np.ones((2, 3)), np.ones((3, 4)), native.walled(2, 4, 0, np.float64)
    out[...] = np.nan
    (kernel,) = choose._blas_kernels(native.problem(a, b, out), library)
    native.run(kernel, a, b, out)
    assert seen == [1, -1, 3]
    now[0] = 1
    native.run(kernel, a, b, out)
    assert seen == [1, -1, 3, -1]


def test_blas_is_not_told_of_strides_that_it_has_no_words_for() -> None:
    library = blas.Blas("made up", {4: 1, 8: 1}, 64, "")

    def entries(a: tuple[int, int], b: tuple[int, int], out_m: int = 4) -> list[int] | None:
        return adaptors.entries(library, 4, (2, 4, 3), a, b, out_m)

    assert entries((3, 1), (4, 1)) == [1, adaptors.NO_TRANSPOSE, adaptors.NO_TRANSPOSE, 3, 4, 4, 0, 0]
    assert entries((1, 2), (1, 3)) == [1, adaptors.TRANSPOSE, adaptors.TRANSPOSE, 2, 3, 4, 0, 0]
    assert entries((6, 2), (4, 1)) is None
    assert entries((0, 1), (4, 1)) is None
    assert entries((3, 1), (4, 1), out_m=3) is None
    # One row has no stride that matters, but BLAS wants it as long as the row.
    assert adaptors.entries(library, 4, (1, 4, 3), (0, 1), (4, 1), 0) == [1, 111, 111, 3, 4, 4, 0, 0]


def test_the_kernel_speaks_of_no_size() -> None:
    assert gemm.text(element_of(4)) is gemm.text(element_of(4))
    assert gemm.text(element_of(4)) != gemm.text(element_of(8))


@pytest.mark.parametrize("registers", [Element("float", 8, 6, 2), Element("double", 2, 6, 4)], ids=["AVX2", "NEON"])
def test_narrower_registers(registers: Element, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels of other processors, run on this one."""
    code = compile_text(gemm.text(registers) + dots.text(registers), vectorised=True)
    monkeypatch.setattr(choose, "element_of", lambda size: registers)
    monkeypatch.setattr(choose, "machine_code", lambda size: code)
    dtype = np.float32 if registers.size == 4 else np.float64

    @each("size", [(1, 9, 37), (13, 21, 50), (6, 8, 16)])
    @each("lies", ["rows", "columns"])
    @each("packable", [(True, True), (False, False)])
    def holds(size: tuple[int, int, int], lies: str, packable: tuple[bool, bool]) -> None:
        m, k, n = size
        a, b = native.matrix(m, k, dtype, lies, 1), native.matrix(k, n, dtype, lies, 2)
        check(a, b, 3, choose._own_kernels, packable)

    holds()


@each(
    "features, register_bytes, registers",
    [
        ("avx512f avx2 fma", 64, 32),
        ("avx2 fma", 32, 16),
        ("avx2", 16, 16),
        ("fma", 16, 16),
        ("neon", 16, 32),
        ("", 16, 16),
    ],
)
def test_a_tile_fills_the_registers(features: str, register_bytes: int, registers: int) -> None:
    """The sums, a row of vectors of b and one of a; with two vectors or more fewer than two are left over a row."""
    import llvmlite.binding as llvm

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(llvm, "get_host_cpu_features", lambda: dict.fromkeys(features.split(), True))
        for size, scalar in ((4, "float"), (8, "double")):
            tile = element_of.__wrapped__(size)
            assert (tile.scalar, tile.size, tile.lanes) == (scalar, size, register_bytes // size)
            assert tile.vectors == registers // 8 and tile.rows == (registers - 1) // tile.vectors - 1
            assert tile.widest == 2 * tile.vectors
