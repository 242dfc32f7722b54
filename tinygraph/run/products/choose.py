"""Chooses the fastest kernel for a matrix product by measuring the candidates, once per process."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from time import perf_counter_ns

import numpy as np

from ..native import product_block
from ..native.compiler import MachineCode, compile_text
from . import adaptors, blas, dots, gemm, sharing
from .problem import MOST_PROBLEMS, MOST_ROWS, Problem, bounded, extent, memory, product_flops
from .sharing import can_share
from .tiles import element_of

BLOCK = 512
"""Length of a block along K: a panel of at most 128 KB, which stays in the L2 cache while all rows use it."""

DIRECT_MARGIN = 1.1
"""``"direct"`` is chosen for more than `MOST_ROWS` rows only if it is faster by this factor, because only a part of the
product is measured: on the whole product direct won by at most 8% and lost by up to 40%, because of strides that are
powers of two and of the L3 cache."""

BLAS_MARGIN, REFERENCE = 1.25, (64, 512, 256)
"""BLAS libraries are candidates only if our kernels are less than this factor faster on a product of the reference
shape, which suits BLAS."""

WORTH_SHARING_US, PIECE_US = 80.0, 25.0
"""A product that takes longer than the first may be shared by threads, in pieces of about the second: waking a helper
takes up to 50 us, and at the end the caller waits for at most one piece."""

WORTH_PACKING = 128
"""The least number of steps for which a weight that `dots` can read is packed before them: packing takes as long as 3.7
products, and a packed one is 2 to 5% faster."""

MEASURING_US = 150
"""Time for measuring a kernel; it runs at least twice."""


@dataclass(frozen=True)
class Kernel:
    """A kernel for a matrix product: function pointers and the FREE slots of the product block.

    Attributes:
        name: ``"direct"``: our kernel reads the weight where it is; ``"packed"``: reads a copy packed once before the
            loop; ``"blocks"``: packs blocks on every call; or the name of a BLAS library. The suffix ``_swapped``: a is
            treated as the weight.
        run, pack: addresses of native functions (see `tinygraph.run.native.product_block`); ``pack`` is 0 for none.
        free: values of the FREE slots; if ``scratch_bytes`` is not 0, `install` sets the first one to the address of
            that much memory, aligned to 64 bytes.
        run_us, pack_us: measured times in microseconds; 0 if not measured.
        gflops: 2 M N K / the time of ``run``.
        threads: number of threads that may share it; the times are those of a single thread.
    """

    name: str
    run: int
    pack: int
    free: tuple[int, ...]
    scratch_bytes: int
    run_us: float = 0.0
    pack_us: float = 0.0
    gflops: float = 0.0
    threads: int = 1

    def install(self, block: np.ndarray, scratch: int = 0) -> None:
        """Set RUN, PACK and the FREE slots of a product block; ``scratch`` is the address of the scratch memory."""
        block[product_block.RUN], block[product_block.PACK] = self.run, self.pack
        block[product_block.FREE : product_block.FREE + len(self.free)] = self.free
        if self.scratch_bytes:
            block[gemm.SCRATCH] = scratch

    def __str__(self) -> str:
        shared = f", shared by {self.threads} threads" if self.threads > 1 else ""
        return f"{self.name} {self.run_us:.3g} us {self.gflops:.3g} GFLOP/s{shared}"


def choose(problem: Problem, steps: int = 1, threads: int | None = None) -> Kernel:
    """Returns the kernel with the least time over ``steps`` runs, packing included.

    With several threads, a product of our own kernels that takes longer than `WORTH_SHARING_US` is shared by them. This
    is not measured: whether it helps depends on the other load of the machine, and `tinygraph.run.products.sharing`
    bounds the loss. A BLAS runs on the calling thread alone.

    One row times a weight that is contiguous along K is not measured: its sums are rounded in another order, and a run
    that goes on in another process is to have the same bits.

    Each kernel is measured once per process; another number of steps needs no new measurement. Products of more than
    `MOST_ROWS` rows share one measurement, so that another T costs nothing for a product of T * B rows.

    Example:
        >>> from tinygraph.run.products.choose import Problem, choose
        >>> problem = Problem(4, (16, 512, 128), (128, 1), (512, 1), 512, (False, True))
        >>> choose(problem, steps=64, threads=1).name  # doctest: +SKIP
        'packed'
    """
    if steps < WORTH_PACKING and _is_dots(problem):
        problem = replace(problem, packable=(False, False))
    return _chosen(problem, min(steps, 1024), allowed_threads() if threads is None else threads)


@lru_cache(MOST_PROBLEMS)
def _chosen(problem: Problem, steps: int, threads: int) -> Kernel:
    smaller = bounded(problem)
    by_name = {kernel.name: kernel for kernel in candidates(problem)}
    margin = DIRECT_MARGIN if problem.shape[0] > MOST_ROWS else 1.0

    def cost(kernel: Kernel) -> float:
        return kernel.run_us * (margin if kernel.name == "direct" else 1.0) + kernel.pack_us / steps

    best = min((kernel for kernel in measured(smaller) if kernel.name in by_name), key=cost)
    ratio = product_flops(problem) / product_flops(smaller)
    kernel = replace(by_name[best.name], run_us=best.run_us * ratio, pack_us=best.pack_us * ratio, gflops=best.gflops)
    return _shared(kernel, problem, threads)


def _shared(kernel: Kernel, problem: Problem, threads: int) -> Kernel:
    """The kernel on several threads, if it takes long enough and has enough columns."""
    panel = element_of(problem.size).vectors * element_of(problem.size).lanes
    rows, columns, along = problem.shape
    is_own = kernel.name in ("direct", "packed", "blocks")
    worth_it = threads > 1 and rows > 1 and columns > panel and kernel.run_us >= WORTH_SHARING_US
    if not (worth_it and is_own and can_share()):
        return kernel
    panels = max(1, min(round(PIECE_US / kernel.run_us * columns / panel), -(-columns // panel // threads)))
    per_column = along * problem.size if kernel.name == "packed" else 0
    per_thread = kernel.scratch_bytes if kernel.name == "blocks" else 0
    free = [*kernel.free, 0, 0, 0, 0, 0, 0][: sharing.RUN - product_block.FREE]
    free += [kernel.run, panels * panel, per_column, per_thread, sharing.team(threads).ctypes.data]
    scratch_bytes = kernel.scratch_bytes * threads if per_thread else kernel.scratch_bytes
    run = sharing.compiled().address("share")
    return replace(kernel, run=run, free=tuple(free), scratch_bytes=scratch_bytes, threads=threads)


@cache
def allowed_threads() -> int:
    """The number of threads of numpy's own products, set by ``OPENBLAS_NUM_THREADS`` and the like; 1 if unknown."""
    library = blas.bundled("numpy") or blas.system()
    return library.get_threads() if library and library.get_threads else 1


@cache
def machine_code(size: int) -> MachineCode:
    """The machine code of all kernels for elements of ``size`` bytes."""
    text = gemm.text(element_of(size)) + dots.text(element_of(size)) + adaptors.text(size, 32) + adaptors.text(size, 64)
    return compile_text(text, vectorised=True)


def candidates(problem: Problem) -> list[Kernel]:
    """All kernels for this product; those of BLAS only if it comes near our own kernels on this machine."""
    kernels = _own_kernels(problem)
    for library in competitive_blas(problem.size):
        kernels += _blas_kernels(problem, library)
    return kernels


def _own_kernels(problem: Problem) -> list[Kernel]:
    m, n, k = problem.shape
    swapped = n == 1 and m > 1 and problem.out_m == 1
    end = "_swapped" if swapped else ""
    rows, columns = (n, m) if swapped else (m, n)
    contiguous = problem.a[0] == 1 if swapped else problem.b[1] == 1 or n == 1
    element, native = element_of(problem.size), machine_code(problem.size)
    block = BLOCK if rows > element.rows else max(k, 1)
    panel = (element.widest if rows == 1 else element.vectors) * element.lanes * problem.size
    kernels = []
    if contiguous:
        kernels.append(Kernel("direct" + end, native.address("direct" + end), 0, (0, block), 0))
    if problem.packable[0 if swapped else 1]:
        size = -(-columns // element.lanes) * element.lanes * max(k, 1) * problem.size
        run, pack = native.address("packed" + end), native.address("pack" + end)
        kernels.append(Kernel("packed" + end, run, pack, (0, block), size))
    elif _is_dots(problem):
        kernels.append(Kernel("dots" + end, native.address("dots" + end), 0, (), 0))
    else:
        kernels.append(Kernel("blocks" + end, native.address("blocks" + end), 0, (0, BLOCK), BLOCK * panel))
    return kernels


def _blas_kernels(problem: Problem, library: blas.Blas) -> list[Kernel]:
    free = adaptors.entries(library, problem.size, problem.shape, problem.a, problem.b, problem.out_m)
    if free is None:
        return []
    return [Kernel(library.name, machine_code(problem.size).address(f"blas{library.bits}"), 0, tuple(free), 0)]


def _is_dots(problem: Problem) -> bool:
    """Whether it is one row times a weight that is contiguous along K, or such a weight times one column."""
    (m, n, _), weight_n = problem.shape, problem.a[0] if problem.shape[1] == 1 else problem.b[1]
    one_row = m == 1 or (n == 1 and problem.out_m == 1)
    return one_row and m * n > 1 and (problem.a[1], problem.b[0]) == (1, 1) and weight_n != 1


@cache
def competitive_blas(size: int) -> list[blas.Blas]:
    """The BLAS libraries worth measuring; none, and no other is loaded, if numpy's own is far slower than ours."""
    if os.environ.get("TINYGRAPH_BLAS") == "0":  # our kernels all add in the same order, a BLAS in another one
        return []
    _, n, k = REFERENCE
    problem = Problem(size, REFERENCE, (k, 1), (n, 1), n, (False, True))
    first = blas.bundled("numpy") or blas.system()
    if first is None:
        return [library for library in [blas.mkl()] if library]
    *own, blas_kernel = _timed(problem, _own_kernels(problem) + _blas_kernels(problem, first))
    return blas.libraries() if blas_kernel.run_us < BLAS_MARGIN * min(kernel.run_us for kernel in own) else []


@lru_cache(MOST_PROBLEMS)
def measured(problem: Problem) -> tuple[Kernel, ...]:
    """All `candidates` with their measured times."""
    return tuple(_timed(problem, candidates(problem)))


def _timed(problem: Problem, kernels: list[Kernel]) -> list[Kernel]:
    """The kernels with their measured times; the first one, unmeasured, for an empty product."""
    m, n, k = problem.shape
    if min(problem.shape) == 0:
        return kernels[:1]
    lengths = (extent((m, k), problem.a), extent((k, n), problem.b), extent((m, n), (problem.out_m, 1)))
    a, b, out = (memory(problem.size, length) for length in lengths)
    scratch = memory(1, max(kernel.scratch_bytes for kernel in kernels))
    numbers = product_block.block(problem.shape, problem.a, problem.b, problem.out_m, problem.size)
    block = np.array(numbers, np.int64)
    addresses = [array.ctypes.data for array in (block, a, b, out)]
    timed = []
    for kernel in kernels:
        kernel.install(block, scratch.ctypes.data)
        pack_us = _microseconds(problem.size, addresses, kernel.pack) if kernel.pack else 0.0
        run_us = _microseconds(problem.size, addresses, kernel.run)
        timed.append(replace(kernel, run_us=run_us, pack_us=pack_us, gflops=product_flops(problem) / run_us / 1e3))
    return timed


def _microseconds(size: int, addresses: list[int], function: int) -> float:
    """The shortest measured time of a call; the loop is native code, so that no call from Python is counted."""
    repeat = _repeater(size)
    first = _elapsed_us(repeat, addresses, function, 1)
    times = max(1, min(64, int(MEASURING_US / 3 / max(first, 0.1))))
    rounds = 3 if times > 1 else 2
    return min(_elapsed_us(repeat, addresses, function, times) / times for _ in range(rounds))


def _elapsed_us(repeat: Callable[..., None], addresses: list[int], function: int, times: int) -> float:
    start = perf_counter_ns()
    repeat(*addresses, function, times)
    return max(perf_counter_ns() - start, 1) / 1e3


@cache
def _repeater(size: int) -> Callable[..., None]:
    address = machine_code(size).address("repeat")
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, ctypes.c_int64)(address)
