"""The installed BLAS libraries: addresses of their matrix products, and their thread settings."""

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
"""Prefix and suffix of the function names, and the bits of the integers, of the known builds of BLAS."""

MKL_SEQUENTIAL = 1


@dataclass(frozen=True, eq=False)
class Blas:
    """A BLAS library.

    Attributes:
        name: the package that it belongs to: ``"numpy"``, ``"scipy"``, ``"mkl"`` or ``"system"``.
        gemm: maps the bytes of an element, 4 or 8, to the address of ``cblas_sgemm`` or ``cblas_dgemm``.
        bits: bits of its integers.
        path: path of the library file.
        get_threads: returns its number of threads; None if it has no such function.
        set_threads: sets the number for the whole process; takes 0.3 us in OpenBLAS.
    """

    name: str
    gemm: dict[int, int]
    bits: int
    path: str
    get_threads: Callable[..., Any] | None = None
    set_threads: Callable[..., Any] | None = None

    def thread_functions(self) -> tuple[int, int]:
        """Addresses of `get_threads` and `set_threads`; 0 and 0 if one is missing."""
        if self.get_threads is None or self.set_threads is None:
            return 0, 0
        return _address(self.get_threads), _address(self.set_threads)


@cache
def bundled(package: str) -> Blas | None:
    """The OpenBLAS bundled with the pip build of ``package``, numpy or scipy; None if there is none."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    inside = Path(spec.origin).parent
    folders = (inside.parent / f"{package}.libs", inside / ".dylibs", inside / ".libs")
    files = (file for folder in folders for file in sorted(folder.glob("*openblas*")))
    return next((library for file in files if (library := opened(package, file))), None)


@cache
def system() -> Blas | None:
    """The BLAS that numpy links to if it bundles none: Accelerate, or a library of the Python environment."""
    if sys.platform == "darwin":
        return opened("system", Path("/System/Library/Frameworks/Accelerate.framework/Accelerate"))
    files = (file for name in ("openblas", "cblas", "blas") for file in _in_environment(name))
    return next((library for file in files if (library := opened("system", file))), None)


@cache
def mkl() -> Blas | None:
    """Intel MKL, set to use the calling thread alone; None if it is not installed.

    Loading and the first call took 85 ms when measured, and the first call fixes the number of threads. So it is loaded
    only where other libraries come near our own kernels (see `tinygraph.run.products.choose`).
    """
    for file in _in_environment("mkl_rt"):
        try:
            CDLL(str(file)).MKL_Set_Threading_Layer(MKL_SEQUENTIAL)
        except (OSError, AttributeError):
            continue
        return opened("mkl", file)
    return None


def libraries() -> list[Blas]:
    """Returns the installed libraries in the order in which to try them.

    scipy's OpenBLAS is included only if the process uses scipy already: loading it takes memory and starts threads,
    and it is another build of numpy's OpenBLAS.

    Example:
        >>> from tinygraph.run.products.blas import libraries
        >>> [library.bits for library in libraries() if library.name == "numpy"]  # doctest: +SKIP
        [64]
    """
    scipy = bundled("scipy") if "scipy.linalg" in sys.modules else None
    return [library for library in (bundled("numpy") or system(), mkl(), scipy) if library]


def _in_environment(name: str) -> Iterator[Path]:
    prefix = Path(sys.prefix)
    yield from sorted(prefix.glob(f"lib/lib{name}.so*"))
    yield from sorted(prefix.glob(f"lib/lib{name}*.dylib"))
    yield from sorted(prefix.glob(f"Library/bin/{name}*.dll"))


def opened(name: str, file: Path) -> Blas | None:
    """Loads a library; None if it cannot be loaded or defines no matrix product under a known name."""
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
