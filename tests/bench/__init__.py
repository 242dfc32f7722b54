"""Benches, run by hand and never collected as tests: `python -m tests.bench.define_by_run`, `python -m tests.bench.scaling`."""

import os

# Before numpy is imported: the products here are small, and a second BLAS thread would time the other jobs of the machine.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_variable] = "1"
