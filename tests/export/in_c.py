"""Many functions exported to C, compiled by one call of a compiler, called by ctypes."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tinygraph.core.structure import leaves

WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror")
KINDS = {"f": np.float64, "i": np.int64, "u": np.int64, "b": bool}
"""The dtypes in which results are compared."""


class Library:
    """C files of a folder as one library.

    Attributes:
        problems: the errors of those that could not be exported, by their names.
    """

    def __init__(self, folder: Path, double: bool = False, compiler: Sequence[str] = ("gcc",)) -> None:
        self.folder, self.double, self.compiler = folder, double, compiler
        self.problems: dict[str, tg.GraphError] = {}
        self.names: list[str] = []
        self.shared: Any = None

    def add(self, name: str, fn: Any, example: Any, **options: Any) -> None:
        try:
            tg.export.c(fn, example, self.folder / f"{name}.c", **options)
        except tg.GraphError as error:
            self.problems[name] = error
        else:
            self.names.append(name)

    def build(self, *flags: str) -> None:
        files = [f"{name}.c" for name in self.names]
        own = [*WARNINGS, *(["-DTG_DOUBLE"] if self.double else []), *flags, "-O0", "-shared", "-fPIC"]
        to = "double.so" if self.double else "float.so"
        run = subprocess.run(
            [*self.compiler, *own, *files, "-o", to, "-lm"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not run.returncode, run.stderr[:4000]
        self.shared = ctypes.CDLL(str(self.folder / to))

    def call(self, function: str, arguments: Any, like: Sequence[ndarray], first: Sequence[Any] = ()) -> list[ndarray]:
        """The results of a function, in the shapes of ``like``.

        Raises:
            IndexError: the function says that an index is out of range.
        """
        real = np.float64 if self.double else np.float32
        kinds = {"f": real, "i": np.int32, "u": np.int32, "b": np.uint8}
        own = [np.asarray(a).astype(kinds[np.asarray(a).dtype.kind], order="C") for a in leaves(arguments)]
        scalars = {"f": ctypes.c_double if self.double else ctypes.c_float, "i": ctypes.c_int32, "u": ctypes.c_uint8}
        given = [pointer(a) if a.shape else scalars[a.dtype.kind](a.item()) for a in own]
        results = [np.full(max(y.size, 1), 7, kinds[y.dtype.kind]) for y in like]
        status = getattr(self.shared, function)(*first, *given, *map(pointer, results))
        if status:
            raise IndexError(f"{function} returned {status}")
        assert all((r[: y.size] <= 1).all() for r, y in zip(results, like, strict=True) if y.dtype.kind == "b")
        return [r[: y.size].reshape(y.shape).astype(KINDS[y.dtype.kind]) for r, y in zip(results, like, strict=True)]


def pointer(array: ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
