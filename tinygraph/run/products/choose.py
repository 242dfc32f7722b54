"""The fastest way to do a matrix product, found by measuring the ways there are, once in a process."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter_ns

import numpy as np

from ..native import product_block
from ..native.compiler import MachineCode as Code
from ..native.compiler import compile_text
from . import adaptors, blas, kernel, sharing
from .question import MOST_ROWS, Question, bounded, extent, memory, product_flops
from .sharing import can_share
from .tiles import element

BLOCK = 512
"""Numbers along K taken at a time: a panel of at most 128 KB, which stays in the second cache while all rows pass."""

STEADY = 1.1
"""How much faster than ``"blocks"`` the ``"direct"`` way must be measured for a product of more than `MOST_ROWS` rows.
What is measured is a part of it. On the whole, direct won by at most 8% and lost by up to 40%, where strides that are
powers of two or the third cache got in its way."""

CLOSE = 1.25
"""A BLAS is tried on each product only if ours is less than this times as fast on `RIVALRY`, where BLAS does well."""

RIVALRY = (64, 512, 256)

WORTH_SHARING_US, PIECE_US = 80.0, 25.0
"""A product that takes longer than the first may be done by several threads, in pieces of about the second: waking a
helper takes up to 50 us, and at the end the caller waits for at most one piece."""

MEASURING_US = 150
"""What each way may take of the time that measuring takes, but for two runs."""


@dataclass(frozen=True)
class Way:
    """A way to do a product.

    Attributes:
        name: ``"direct"``: our kernel on the weight as it lies; ``"packed"``: on a copy made once before the loop;
            ``"blocks"``: on copies of pieces made as it goes; the name of a BLAS library. ``swapped`` behind it:
            a is taken as the weight.
        run, pack: addresses of native functions (see `tinygraph.run.native.product_block`); ``pack`` is 0 where there
            is none.
        free: the entries of the site's FREE part; where ``scratch_bytes`` is not 0 the first one is to be the address
            of that much memory, at a multiple of 64.
        run_us, pack_us: measured time of each, in microseconds; 0 where it was not measured.
        gflops: 2 M N K / the time of ``run``.
        threads: how many may take part; the times are those of one.
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
        """Set RUN, PACK and the FREE part of a site's ``block``; ``scratch`` is the address of the memory wanted."""
        block[product_block.RUN], block[product_block.PACK] = self.run, self.pack
        block[product_block.FREE : product_block.FREE + len(self.free)] = self.free
        if self.scratch_bytes:
            block[kernel.SCRATCH] = scratch

    def __str__(self) -> str:
        shared = f", shared by {self.threads} threads" if self.threads > 1 else ""
        return f"{self.name} {self.run_us:.3g} us {self.gflops:.3g} GFLOP/s{shared}"


def choose(question: Question, steps: int = 1, threads: int | None = None) -> Way:
    """The way of least time over ``steps`` runs, its packing included.

    With more than one thread a product of ours that takes longer than `WORTH_SHARING_US` is shared by them, without
    measuring: whether that helps depends on what else the machine does, and `tinygraph.run.products.sharing` sees to it
    that it does not harm. A BLAS is used on the calling thread alone.

    Each way is measured once in a process, on memory of its own; a new number of steps measures nothing. Products of
    more than `MOST_ROWS` rows share one measurement, so that a new T costs nothing where there are T * B rows.

    Example:
        >>> from tinygraph.run.products.choose import Question, choose
        >>> question = Question(4, (16, 512, 128), (128, 1), (512, 1), 512, (False, True))
        >>> choose(question, steps=64, threads=1).name  # doctest: +SKIP
        'packed'
    """
    return _settled(question, min(steps, 1024), allowed_threads() if threads is None else threads)


@cache
def _settled(question: Question, steps: int, threads: int) -> Way:
    smaller = bounded(question)
    here = {way.name: way for way in ways(question)}
    unsteady = STEADY if question.shape[0] > MOST_ROWS else 1.0

    def cost(way: Way) -> float:
        return way.run_us * (unsteady if way.name == "direct" else 1.0) + way.pack_us / steps

    best = min((way for way in measured(smaller) if way.name in here), key=cost)
    more = product_flops(question) / product_flops(smaller)
    way = replace(here[best.name], run_us=best.run_us * more, pack_us=best.pack_us * more, gflops=best.gflops)
    return _shared(way, question, threads)


def _shared(way: Way, question: Question, threads: int) -> Way:
    """The same on several threads, where it takes long enough and has columns enough."""
    panel = element(question.size).vectors * element(question.size).lanes
    rows, columns, along = question.shape
    ours = way.name in ("direct", "packed", "blocks")
    if threads < 2 or rows < 2 or way.run_us < WORTH_SHARING_US or columns <= panel or not ours or not can_share():
        return way
    panels = max(1, min(round(PIECE_US / way.run_us * columns / panel), -(-columns // panel // threads)))
    per_column = along * question.size if way.name == "packed" else 0
    per_thread = way.scratch_bytes if way.name == "blocks" else 0
    free = [*way.free, 0, 0, 0, 0, 0, 0][: sharing.RUN - product_block.FREE]
    free += [way.run, panels * panel, per_column, per_thread, sharing.team(threads).ctypes.data]
    scratch_bytes = way.scratch_bytes * threads if per_thread else way.scratch_bytes
    run = sharing.compiled().address("share")
    return replace(way, run=run, free=tuple(free), scratch_bytes=scratch_bytes, threads=threads)


@cache
def allowed_threads() -> int:
    """As many as numpy's own products may take, which ``OPENBLAS_NUM_THREADS`` and the like set; 1 if not known."""
    library = blas.bundled("numpy") or blas.system()
    return library.get_threads() if library and library.get_threads else 1


@cache
def code(size: int) -> Code:
    """The compiled functions for elements of ``size`` bytes."""
    return compile_text(kernel.text(element(size)) + adaptors.text(size, 32) + adaptors.text(size, 64), vectorised=True)


def ways(question: Question) -> list[Way]:
    """All ways that can do this product, those of BLAS only where it comes near ours on this machine."""
    found = _ours(question)
    for library in rivals(question.size):
        found += _theirs(question, library)
    return found


def _ours(question: Question) -> list[Way]:
    m, n, k = question.shape
    swapped = n == 1 and m > 1 and question.out_m == 1
    end = "_swapped" if swapped else ""
    rows, columns = (n, m) if swapped else (m, n)
    beside = question.a[0] == 1 if swapped else question.b[1] == 1 or n == 1
    one, native = element(question.size), code(question.size)
    block = BLOCK if rows > one.rows else max(k, 1)
    panel = (one.widest if rows == 1 else one.vectors) * one.lanes * question.size
    found = []
    if beside:
        found.append(Way("direct" + end, native.address("direct" + end), 0, (0, block), 0))
    if question.packable[0 if swapped else 1]:
        size = -(-columns // one.lanes) * one.lanes * max(k, 1) * question.size
        run, pack = native.address("packed" + end), native.address("pack" + end)
        found.append(Way("packed" + end, run, pack, (0, block), size))
    else:
        found.append(Way("blocks" + end, native.address("blocks" + end), 0, (0, BLOCK), BLOCK * panel))
    return found


def _theirs(question: Question, library: blas.Blas) -> list[Way]:
    free = adaptors.entries(library, question.size, question.shape, question.a, question.b, question.out_m)
    if free is None:
        return []
    return [Way(library.name, code(question.size).address(f"blas{library.bits}"), 0, tuple(free), 0)]


@cache
def rivals(size: int) -> list[blas.Blas]:
    """The BLAS libraries worth measuring here; the others are not even loaded if numpy's own is far behind."""
    _, n, k = RIVALRY
    question = Question(size, RIVALRY, (k, 1), (n, 1), n, (False, True))
    first = blas.bundled("numpy") or blas.system()
    if first is None:
        return [library for library in [blas.mkl()] if library]
    timed = _timed(question, _ours(question) + _theirs(question, first))
    ours, theirs = min(way.run_us for way in timed[:-1]), timed[-1].run_us
    return blas.libraries() if theirs < CLOSE * ours else []


@cache
def measured(question: Question) -> tuple[Way, ...]:
    """All `ways` with their times."""
    return tuple(_timed(question, ways(question)))


def _timed(question: Question, found: list[Way]) -> list[Way]:
    m, n, k = question.shape
    if min(question.shape) == 0:
        return found[:1]
    lengths = (extent((m, k), question.a), extent((k, n), question.b), extent((m, n), (question.out_m, 1)))
    a, b, out = (memory(question.size, length) for length in lengths)
    scratch = memory(1, max(way.scratch_bytes for way in found))
    block = np.zeros(product_block.SIZE, np.int64)
    block[product_block.M : product_block.ITEMSIZE + 1] = [
        m,
        n,
        k,
        *question.a,
        *question.b,
        question.out_m,
        question.size,
    ]
    addresses = [array.ctypes.data for array in (block, a, b, out)]
    timed = []
    for way in found:
        way.install(block, scratch.ctypes.data)
        pack_us = _microseconds(question.size, addresses, way.pack) if way.pack else 0.0
        run_us = _microseconds(question.size, addresses, way.run)
        timed.append(replace(way, run_us=run_us, pack_us=pack_us, gflops=product_flops(question) / run_us / 1e3))
    return timed


def _microseconds(size: int, addresses: list[int], function: int) -> float:
    """The least of a few times of one call, in native code so that no call from Python is counted."""
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
    address = code(size).address("repeat")
    return ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, ctypes.c_int64)(address)
