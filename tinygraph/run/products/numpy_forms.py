"""The form in which numpy does a product of few rows fastest, found by measuring: for plans without native code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter_ns

import numpy as np
from numpy import ndarray

from .question import MOST_ROWS, Question, bounded, extent, memory, product_flops

WORTH = 1.1
"""A form is taken only if it is this much faster than the product as it stands: each is a line more to run."""

PANELS = (1, 2, 8)

NARROWEST = 64
"""Columns of a panel: of fewer the calls themselves cost more than they save."""

MEASURING_US = 300
"""What each form may take of the time that measuring takes, but for two runs."""


@dataclass(frozen=True)
class NumpyForm:
    """How out = a @ b is done where b is a weight that stays the same in the loop around.

    Its code is, with ``kept = form.memory(b)`` made with the plan, ``form.pack(b, kept)`` before the loop, and in it
    ``np.matmul(a, kept, out=form.panels_of(out))``, where a view of out is made once for each step.

    Attributes:
        panels: into how many panels of columns b is cut, each contiguous; 1: b is copied whole; 0: b as it stands,
            without any of this.
        run_us, pack_us: measured time of each.
        gflops: of ``run``.
    """

    panels: int
    run_us: float = 0.0
    pack_us: float = 0.0
    gflops: float = 0.0

    def memory(self, b: ndarray) -> ndarray:
        """Room for b in this form: ``(panels, K, N / panels)``, or ``(K, N)`` for one panel."""
        k, n = b.shape
        return np.empty((k, n) if self.panels == 1 else (self.panels, k, n // self.panels), b.dtype)

    def pack(self, b: ndarray, kept: ndarray) -> None:
        """Copy b ``(K, N)`` into ``kept``, which `memory` gave."""
        np.copyto(kept, b if self.panels == 1 else self.panels_of(b))

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


def choose_numpy(question: Question, steps: int = 1) -> NumpyForm:
    """The form of least time over ``steps`` runs, the copying of b included; measured once in a process.

    b as it stands where it is not packable, or where there are so many rows that BLAS packs b itself.

    Example:
        >>> from tinygraph.run.products.numpy_forms import Question, choose_numpy
        >>> question = Question(4, (16, 512, 128), (128, 1), (512, 1), 512, (False, False))
        >>> choose_numpy(question).panels
        0
    """
    return _settled(question, min(steps, 1024))


@cache
def _settled(question: Question, steps: int) -> NumpyForm:
    smaller = bounded(question)
    if not question.packable[1] or question.shape[0] > MOST_ROWS or min(question.shape) < 2:
        return NumpyForm(0)

    def cost(form: NumpyForm) -> float:
        return (form.run_us + form.pack_us / steps) * (WORTH if form.panels else 1.0)

    best = min(_measured(smaller), key=cost)
    more = product_flops(question) / product_flops(smaller)
    return replace(best, run_us=best.run_us * more, pack_us=best.pack_us * more)


@cache
def _measured(question: Question) -> list[NumpyForm]:
    m, n, k = question.shape
    a, b = _matrix(question, (m, k), question.a), _matrix(question, (k, n), question.b)
    out = _matrix(question, (m, n), (question.out_m, 1))
    forms = [NumpyForm(0)] + [NumpyForm(p) for p in PANELS if n % p == 0 and (p == 1 or n // p >= NARROWEST)]
    return [_timed(form, question, a, b, out) for form in forms]


def _timed(form: NumpyForm, question: Question, a: ndarray, b: ndarray, out: ndarray) -> NumpyForm:
    if not form.panels:
        run_us, pack_us = _least_us(lambda: np.matmul(a, b, out=out)), 0.0
    else:
        kept, to = form.memory(b), form.panels_of(out)
        pack_us = _least_us(lambda: form.pack(b, kept))
        run_us = _least_us(lambda: np.matmul(a, kept, out=to))
    return replace(form, run_us=run_us, pack_us=pack_us, gflops=product_flops(question) / run_us / 1e3)


def _matrix(question: Question, shape: tuple[int, int], strides: tuple[int, int]) -> ndarray:
    bytes_apart = [stride * question.size for stride in strides]
    return np.lib.stride_tricks.as_strided(memory(question.size, extent(shape, strides)), shape, bytes_apart)


def _least_us(run: Callable[[], object]) -> float:
    times = [_elapsed_us(run), _elapsed_us(run)]
    while len(times) < 12 and sum(times) < MEASURING_US:
        times.append(_elapsed_us(run))
    return min(times)


def _elapsed_us(run: Callable[[], object]) -> float:
    start = perf_counter_ns()
    run()
    return (perf_counter_ns() - start) / 1e3
