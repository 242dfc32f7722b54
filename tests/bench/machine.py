"""The machine of a bench: how many threads every library may use, its own matrix-product rate, its description."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Callable

VERSIONS = ("numpy", "llvmlite", "scipy", "mkl", "torch", "jax")


def set_threads(threads: int) -> None:
    """To be called before numpy, torch or jax is imported: they read these variables once."""
    assert not {"numpy", "torch", "jax"} & set(sys.modules), "set_threads came after the libraries"
    for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ["JAX_PLATFORMS"] = "cpu"
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        # JAX 0.10 takes a second thread for its larger products whatever these flags say (measured: 90 ms of
        # processor time in 45 ms of clock). One core holds everybody to one.
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def product_rate(clock: Callable[[], float] = time.perf_counter, size: int = 2048, rounds: int = 7) -> float:
    """FLOP/s of numpy's float32 product of two square matrices, the best of ``rounds``."""
    import numpy as np

    a, b = (np.random.default_rng(n).normal(size=(size, size)).astype(np.float32) for n in (0, 1))
    times = []
    for _ in range(rounds):
        start = clock()
        a @ b
        times.append(clock() - start)
    return 2 * size**3 / min(times)


def description(threads: int) -> str:
    """Processor, cores, versions, date: what a table of times needs beside it."""
    versions = []
    for name in VERSIONS:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"no {name}")
    # They decide which kernel numpy's OpenBLAS takes: here AVX2's ("Haswell") has half the speed of AVX-512's.
    versions += [f"{name}={os.environ[name]}" for name in ("OPENBLAS_CORETYPE",) if os.environ.get(name)]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return (
        f"{_processor()}, {os.cpu_count()} cores, {threads} thread{'s' * (threads > 1)}, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}; {today}"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            facts = dict(line.split(":", 1) for line in lines if ":" in line)
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    widest = next((isa for isa in ("avx512f", "avx2", "avx") if isa in facts.get("flags", "").split()), "no AVX")
    family = f"family {facts.get('cpu family', '?')} model {facts.get('model', '?')}"
    return f"{facts.get('model name', 'unknown processor')} ({family}, {widest})"
