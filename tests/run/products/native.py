"""Runs one native product on arrays, as a plan would, with walls around out and the scratch memory."""

from __future__ import annotations

import ctypes
import mmap

import numpy as np

from tinygraph.run.native import product_block
from tinygraph.run.products.choose import Kernel, Problem

WALL = 7.0
RUN = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)


def problem(a: np.ndarray, b: np.ndarray, out: np.ndarray, packable: tuple[bool, bool] = (True, True)) -> Problem:
    """The problem out = a @ b for `choose`."""
    m, k = a.shape
    return Problem(a.itemsize, (m, b.shape[1], k), strides(a), strides(b), strides(out)[0], packable)


def strides(x: np.ndarray) -> tuple[int, int]:
    """Of a matrix, in elements."""
    return x.strides[0] // x.itemsize, x.strides[1] // x.itemsize


def walled(rows: int, columns: int, spare: int, dtype: type) -> np.ndarray:
    """A matrix inside a larger one of `WALL`: one row above and below, ``spare`` columns on the right."""
    return np.full((rows + 2, columns + spare), WALL, dtype)[1 : rows + 1, :columns]


def run(kernel: Kernel, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """out = a @ b by ``kernel``; asserts that nothing was written outside out and the scratch memory."""
    m, k = a.shape
    block = np.zeros(product_block.SIZE, np.int64)
    block[product_block.M : product_block.ITEMSIZE + 1] = [
        m,
        b.shape[1],
        k,
        *strides(a),
        *strides(b),
        strides(out)[0],
        a.itemsize,
    ]
    scratch = np.full(kernel.scratch_bytes + 192, 77, np.uint8)
    start = -scratch.ctypes.data % 64 + 64
    kernel.install(block, scratch.ctypes.data + start)
    for function in filter(None, (kernel.pack, kernel.run)):
        RUN(function)(*(x.ctypes.data for x in (block, a, b, out)))
    whole = out.base
    assert whole is not None and (whole == WALL).sum() == whole.size - out.size, "written outside of out"
    assert (scratch[:start] == 77).all() and (scratch[start + kernel.scratch_bytes :] == 77).all(), "outside of scratch"


def matrix(rows: int, columns: int, dtype: type, lies: str, seed: int) -> np.ndarray:
    """Random numbers: ``"rows"`` side by side along columns, ``"columns"`` along rows, ``"apart"`` with gaps."""
    random = np.random.default_rng(seed)
    if lies == "columns":
        return random.standard_normal((columns, rows)).astype(dtype).T
    gap = 5 if lies == "apart" else 0
    return random.standard_normal((rows, columns + gap)).astype(dtype)[:, :columns]


def at_the_edge(x: np.ndarray) -> np.ndarray:
    """A copy of the matrix x that ends with a page; the page behind it cannot be read."""
    page, turned = mmap.PAGESIZE, strides(x)[0] == 1
    pages = -(-x.nbytes // page)
    memory = mmap.mmap(-1, (pages + 1) * page)
    whole = np.frombuffer(memory, np.uint8)
    forbid = ctypes.CDLL(None).mprotect
    assert forbid(ctypes.c_void_p(whole.ctypes.data + pages * page), ctypes.c_size_t(page), 0) == 0
    shape = x.shape[::-1] if turned else x.shape
    copy = whole[pages * page - x.nbytes : pages * page].view(x.dtype).reshape(shape)
    copy[...] = x.T if turned else x
    return copy.T if turned else copy
