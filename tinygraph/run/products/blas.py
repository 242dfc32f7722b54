"""The BLAS libraries present: where their matrix products are in memory, and how many threads they use."""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from collections.abc import Callable, Iterator
from ctypes import CDLL
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SPELLINGS = (("scipy_", "64_", 64), ("", "64_", 64), ("scipy_", "", 32), ("", "", 32))
"""How libraries write the names of their functions: what stands before and after, and the bits of the integers."""

MKL_SEQUENTIAL = 1


@dataclass(frozen=True, eq=False)
class Blas:
    """One BLAS.

    Attributes:
        name: of the package it came with: ``"numpy"``, ``"scipy"``, ``"mkl"`` or ``"system"``.
        gemm: addresses of ``cblas_sgemm`` and ``cblas_dgemm`` by the bytes of an element, 4 and 8.
        bits: of its integers.
        path: the file.
        get_threads: gives how many threads it uses now, None where that cannot be asked.
        set_threads: sets it for the whole process; 0.3 us with OpenBLAS.
    """

    name: str
    gemm: dict[int, int]
    bits: int
    path: str
    get_threads: Callable[..., Any] | None = None
    set_threads: Callable[..., Any] | None = None

    def thread_functions(self) -> tuple[int, int]:
        """Addresses of `get_threads` and `set_threads`; 0 and 0 where one is missing."""
        if self.get_threads is None or self.set_threads is None:
            return 0, 0
        return _address(self.get_threads), _address(self.set_threads)


@cache
def bundled(package: str) -> Blas | None:
    """The OpenBLAS that came with the pip build of ``package``, numpy or scipy; None where there is none."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        return None
    inside = Path(found.origin).parent
    folders = (inside.parent / f"{package}.libs", inside / ".dylibs", inside / ".libs")
    files = (file for folder in folders for file in sorted(folder.glob("*openblas*")))
    return next((library for file in files if (library := opened(package, file))), None)


@cache
def system() -> Blas | None:
    """The BLAS that numpy itself was linked with where it brought none: Accelerate, or a file of the environment."""
    if sys.platform == "darwin":
        return opened("system", Path("/System/Library/Frameworks/Accelerate.framework/Accelerate"))
    files = (file for name in ("openblas", "cblas", "blas") for file in _in_environment(name))
    return next((library for file in files if (library := opened("system", file))), None)


@cache
def mkl() -> Blas | None:
    """Intel's library, told to use the calling thread alone; None where it is not installed.

    Loading it and its first call took 85 ms here, and it keeps the threads it was told at its first call: so
    this is called only where other libraries come near our own kernel (see `tinygraph.run.products.choose`).
    """
    for file in _in_environment("mkl_rt"):
        try:
            CDLL(str(file)).MKL_Set_Threading_Layer(MKL_SEQUENTIAL)
        except (OSError, AttributeError):
            continue
        return opened("mkl", file)
    return None


def libraries() -> list[Blas]:
    """All that are present, in the order in which they should be tried.

    scipy's is among them only in a process that uses scipy anyway: loading it takes memory and starts threads,
    and it is the OpenBLAS of numpy in another build.

    Example:
        >>> from tinygraph.run.products.blas import libraries
        >>> [library.bits for library in libraries() if library.name == "numpy"]  # doctest: +SKIP
        [64]
    """
    used = "scipy.linalg" in sys.modules
    found = [bundled("numpy") or system(), mkl(), bundled("scipy") if used else None]
    return [library for library in found if library]


def _in_environment(name: str) -> Iterator[Path]:
    prefix = Path(sys.prefix)
    yield from sorted(prefix.glob(f"lib/lib{name}.so*"))
    yield from sorted(prefix.glob(f"lib/lib{name}*.dylib"))
    yield from sorted(prefix.glob(f"Library/bin/{name}*.dll"))


def opened(name: str, file: Path) -> Blas | None:
    """The library in ``file``; None where it cannot be loaded or holds no matrix product under a name known here."""
    try:
        library = CDLL(str(file))
    except OSError:
        return None
    for before, after, bits in SPELLINGS:
        sgemm, dgemm = (_function(library, f"{before}cblas_{x}gemm{after}") for x in "sd")
        if sgemm and dgemm:
            gemm = {4: _address(sgemm), 8: _address(dgemm)}
            threads = (_function(library, f"{before}openblas_{verb}_num_threads{after}") for verb in ("get", "set"))
            return Blas(name, gemm, bits, str(file), *threads)
    return None


def _function(library: CDLL, name: str) -> Callable[..., Any] | None:
    return getattr(library, name, None)


def _address(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0
