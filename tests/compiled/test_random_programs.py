"""Random programs: values and gradients, compiled and not.

A long campaign over 1000 programs of 14 ops from seed 5000 on, by either backend and of either dtype:
``python -W ignore -m tests.compiled.test_random_programs 5000 1000 native 14 f8``.
"""

from __future__ import annotations

import sys
import traceback

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.core.structure import leaves

from .comparing import HAS_NATIVE, eager, quiet, shape_of, with_gradients
from .random_programs import Program

BOUND = {"f8": 1e-10, "f4": 2e-3}
"""Relative to the largest element, or to 1 where all are smaller: the programs' values are of size 1.

Wider than elsewhere, because nothing keeps a random program from enlarging what was rounded, as 1 - tanh(x)**2 does.
"""


def check(seed: int, *backends: str, size: int = 12, dtype: str = "f8") -> None:
    """Raise unless the program of this seed gives the same compiled, by each backend, as not."""
    program = Program(seed, size, dtype)
    fn = with_gradients(program, program.weights) if seed % 3 else program
    with np.errstate(all="ignore"):
        expected = eager(fn, *program.args)
    for backend in backends:
        compiled = tg.compile(fn, backend=backend)
        for _ in range(2):
            with quiet():
                got = compiled(*program.args)
            assert shape_of(got) == shape_of(expected)
            for a, b in zip(leaves(got), leaves(expected), strict=True):
                if np.isfinite(b).all() and np.abs(b).max(initial=0) < 1e6:
                    bound = BOUND["f4" if b.dtype == np.float32 else dtype] * max(np.abs(b).max(initial=0), 1)
                    np.testing.assert_allclose(a, b, 0, bound, err_msg=backend)


@each("seed", range(40))
def test_random_programs(seed):
    check(seed, "numpy", *(["native"] if HAS_NATIVE else []))


@each("seed", range(100, 115))
def test_random_programs_of_float32(seed):
    check(seed, "numpy", dtype="f4")


def campaign(first: int, count: int, backend: str, size: int, dtype: str) -> None:
    """Print the seeds that fail, each with the last line of its error."""
    failed = 0
    for seed in range(first, first + count):
        try:
            check(seed, backend, size=size, dtype=dtype)
        except Exception as error:
            failed += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = " ".join(str(error).split())[:160]
            print(seed, type(error).__name__, f"{where.filename.split('/')[-1]}:{where.lineno}", text, flush=True)
    print(f"{failed} of {count} failed")


if __name__ == "__main__":
    campaign(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5])
