"""Benches, run by hand, not collected as tests: `python -m tests.bench.define_by_run`, `... .scaling`."""

import os

# Set before numpy is imported: for products this small a second BLAS thread mostly measures the machine's other jobs.
for _variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[_variable] = "1"
