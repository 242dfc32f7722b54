"""Chooses by measurement the fastest form of a matrix product in numpy, for the numpy backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from time import perf_counter_ns

import numpy as np
from numpy import ndarray

from .problem import MOST_PROBLEMS, MOST_ROWS, Problem, bounded, extent, memory, product_flops

WORTH = 1.1
"""A form is chosen only if it is faster than the plain product by this factor, since it adds lines to run."""

PANELS = (1, 2, 8)

NARROWEST = 64
"""Least columns of a panel: for fewer the calls cost more than they save."""

MEASURING_US = 300
"""Time for measuring a form; it runs at least twice."""


@dataclass(frozen=True)
class NumpyForm:
    """A form of out = a @ b, where b is a loop-invariant weight.

    The plan allocates ``packed = form.memory(b)``; the generated code does ``form.pack(b, packed)`` before the loop and
    ``np.matmul(a, packed, out=form.panels_of(out))`` inside, with one view of out per step.

    Attributes:
        panels: number of contiguous panels of columns into which b is packed; 1: b is copied whole; 0: the plain
            product, without packing.
        run_us, pack_us: measured times.
        gflops: 2 M N K / ``run_us``.
    """

    panels: int
    run_us: float = 0.0
    pack_us: float = 0.0
    gflops: float = 0.0

    def memory(self, b: ndarray) -> ndarray:
        """Memory for the packed b: ``(panels, K, N / panels)``, or ``(K, N)`` for one panel."""
        k, n = b.shape
        return np.empty((k, n) if self.panels == 1 else (self.panels, k, n // self.panels), b.dtype)

    def pack(self, b: ndarray, packed: ndarray) -> None:
        """Copy b ``(K, N)`` into ``packed``, which `memory` allocated."""
        np.copyto(packed, b if self.panels == 1 else self.panels_of(b))

    def panels_of(self, x: ndarray) -> ndarray:
        """A view of x ``(M, N)`` as ``(panels, M, N / panels)``; x itself for one panel.

        Example:
            >>> import numpy as np
            >>> from tinygraph.run.products.numpy_forms import NumpyForm
            >>> NumpyForm(2).panels_of(np.arange(8).reshape(2, 4))[1].tolist()
            [[2, 3], [6, 7]]
        """
        if self.panels <= 1:
            return x
        rows, columns = x.shape
        row, column = x.strides
        width = columns // self.panels
        shape, strides = (self.panels, rows, width), (column * width, row, column)
        return np.lib.stride_tricks.as_strided(x, shape, strides)

    def __str__(self) -> str:
        name = ("as it stands", "packed")[self.panels] if self.panels < 2 else f"{self.panels} panels"
        return f"{name} {self.run_us:.3g} us {self.gflops:.3g} GFLOP/s"


def choose_numpy(problem: Problem, steps: int = 1) -> NumpyForm:
    """Returns the form with the least time over ``steps`` runs, packing included; measured once per process.

    It is the plain product if b is not packable, or if there are so many rows that BLAS packs b itself.

    Example:
        >>> from tinygraph.run.products.numpy_forms import Problem, choose_numpy
        >>> problem = Problem(4, (16, 512, 128), (128, 1), (512, 1), 512, (False, False))
        >>> choose_numpy(problem).panels
        0
    """
    return _chosen(problem, min(steps, 1024))


@lru_cache(MOST_PROBLEMS)
def _chosen(problem: Problem, steps: int) -> NumpyForm:
    smaller = bounded(problem)
    if not problem.packable[1] or problem.shape[0] > MOST_ROWS or min(problem.shape) < 2:
        return NumpyForm(0)

    def cost(form: NumpyForm) -> float:
        return (form.run_us + form.pack_us / steps) * (WORTH if form.panels else 1.0)

    best = min(_measured(smaller), key=cost)
    ratio = product_flops(problem) / product_flops(smaller)
    return replace(best, run_us=best.run_us * ratio, pack_us=best.pack_us * ratio)


@lru_cache(MOST_PROBLEMS)
def _measured(problem: Problem) -> list[NumpyForm]:
    m, n, k = problem.shape
    a, b = _matrix(problem, (m, k), problem.a), _matrix(problem, (k, n), problem.b)
    out = _matrix(problem, (m, n), (problem.out_m, 1))
    forms = [NumpyForm(0)] + [NumpyForm(p) for p in PANELS if n % p == 0 and (p == 1 or n // p >= NARROWEST)]
    return [_timed(form, problem, a, b, out) for form in forms]


def _timed(form: NumpyForm, problem: Problem, a: ndarray, b: ndarray, out: ndarray) -> NumpyForm:
    if not form.panels:
        run_us, pack_us = _least_us(lambda: np.matmul(a, b, out=out)), 0.0
    else:
        packed, panels = form.memory(b), form.panels_of(out)
        pack_us = _least_us(lambda: form.pack(b, packed))
        run_us = _least_us(lambda: np.matmul(a, packed, out=panels))
    return replace(form, run_us=run_us, pack_us=pack_us, gflops=product_flops(problem) / run_us / 1e3)


def _matrix(problem: Problem, shape: tuple[int, int], strides: tuple[int, int]) -> ndarray:
    strides_bytes = [stride * problem.size for stride in strides]
    return np.lib.stride_tricks.as_strided(memory(problem.size, extent(shape, strides)), shape, strides_bytes)


def _least_us(run: Callable[[], object]) -> float:
    times = [_elapsed_us(run), _elapsed_us(run)]
    while len(times) < 12 and sum(times) < MEASURING_US:
        times.append(_elapsed_us(run))
    return min(times)


def _elapsed_us(run: Callable[[], object]) -> float:
    start = perf_counter_ns()
    run()
    return (perf_counter_ns() - start) / 1e3
