"""Actions run by native code on copies of buffers, and held to the plain answer."""

import ctypes

import numpy as np

from tests.run.plain_plan import run_plainly
from tinygraph.plan.actions import Buffer, View
from tinygraph.run.by_native import Native
from tinygraph.run.native import product_block

BOUNDS = {np.dtype("f4"): 4e-6, np.dtype("f8"): 2e-14}
"""Relative, of a few ops in a chain; integers and booleans are equal."""


def strides_of(shape):
    """Of an array of ``shape`` that lies whole in memory, in elements."""
    found, step = [], 1
    for size in reversed(shape):
        found.append(step)
        step *= size
    return tuple(reversed(found))


def whole(array, kind="scratch"):
    """A buffer for ``array`` and the view of all of it."""
    buffer = Buffer(kind, array.size, array.dtype)
    return buffer, View(buffer, 0, array.shape, strides_of(array.shape))


def array_at(address, shape, strides, dtype):
    """The memory at an address as an array; strides in elements."""
    size = dtype.itemsize
    reach = 1 + sum((n - 1) * s for n, s in zip(shape, strides, strict=True)) if all(shape) else 0
    flat = np.frombuffer((ctypes.c_char * (reach * size)).from_address(address), dtype)
    return np.lib.stride_tricks.as_strided(flat, shape, [s * size for s in strides])


@ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
def multiply(block, a, b, out):
    """A product by numpy, from what the block of the table says."""
    numbers = array_at(block, (product_block.SIZE,), (1,), np.dtype("i8"))
    m, n, k = (int(numbers[at]) for at in (product_block.M, product_block.N, product_block.K))
    dtype = np.dtype("f4" if numbers[product_block.ITEMSIZE] == 4 else "f8")
    x = array_at(a, (m, k), (int(numbers[product_block.A_M]), int(numbers[product_block.A_K])), dtype)
    y = array_at(b, (k, n), (int(numbers[product_block.B_K]), int(numbers[product_block.B_N])), dtype)
    array_at(out, (m, n), (int(numbers[product_block.OUT_M]), 1), dtype)[...] = x @ y


def ready(actions, flat, given=None):
    """Native code of ``actions``, its buffers copies of those in ``flat``, which are returned too."""
    made = {buffer: array.copy() for buffer, array in flat.items()}
    native = Native(actions, given)
    native.place({buffer: made[buffer].ctypes.data for buffer in native.internal})
    for _, block in native.product_blocks:
        block[product_block.RUN] = ctypes.cast(multiply, ctypes.c_void_p).value
    return native, made


def run_natively(actions, flat):
    native, made = ready(actions, flat)
    native.run([made[buffer] for buffer in native.external])
    return made


def check(actions, flat):
    """Every buffer, after native code, is what it is after plain loops."""
    expected = {buffer: array.copy() for buffer, array in flat.items()}
    with np.errstate(all="ignore"):
        run_plainly(actions, expected)
    for buffer, array in run_natively(actions, flat).items():
        bound = BOUNDS.get(array.dtype, 0)
        np.testing.assert_allclose(array, expected[buffer], rtol=bound, atol=bound, err_msg=str(actions))
