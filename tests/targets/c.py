"""The target C: a file for each scenario, all compiled into one library by one call of gcc, called by ctypes."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tinygraph.core.structure import leaves

from .scenarios import Scenario
from .target import Target

WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Werror")


class InC(Target):
    """C99 in float, by gcc."""

    name = "c"
    dtype, tolerance = np.float32, 1e-5
    programs = ("gcc",)
    flags: tuple[str, ...] = ()
    cannot = {  # noqa: RUF012
        "*/sizes": "a C file is for one T and B, which are in its header",
        "PhasedLSTM/gradient": "in float32 our own gradients are off by 1.5e-5, too",
        "FastRNN/gradient": "in float32 our own gradients are off by 1.5e-5, too",
    }

    def prepare(self, scenarios: Sequence[Scenario]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tinygraph-c-"))
        self.cases = {}
        self.problems: dict[str, Exception] = {}
        for k, scenario in enumerate(scenarios):
            case = scenario.case(self.dtype)
            try:
                tg.export.c(case.fn, case.example, self.folder / f"case{k}.c")
                self.cases[scenario.name] = k, case
            except tg.GraphError as error:
                self.problems[scenario.name] = error
        files = [f"case{k}.c" for k, _ in self.cases.values()]
        command = ["gcc", "-std=c99", "-O0", *WARNINGS, *self.flags, "-shared", "-fPIC", *files, "-o", "all.so", "-lm"]
        run = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert not run.returncode, run.stderr[:4000]
        self.library = ctypes.CDLL(str(self.folder / "all.so"))

    def run(self, scenario: Scenario) -> list[ndarray]:
        if scenario.name in self.problems:
            raise self.problems[scenario.name]
        k, case = self.cases[scenario.name]
        if [np.shape(a) for a in leaves(case.arguments)] != [np.shape(a) for a in leaves(case.example)]:
            raise tg.GraphError("a C file has one T and B", fix="a file for each")
        shapes = [(y.shape, y.dtype) for y in scenario.expected]
        return called(getattr(self.library, f"case{k}"), case.arguments, shapes, self.dtype)


class InDouble(InC):
    """The same files with TG_DOUBLE."""

    name = "c_double"
    dtype, tolerance = np.float64, 1e-12
    flags = ("-DTG_DOUBLE",)
    cannot = {"*/sizes": "a C file is for one T and B, which are in its header"}  # noqa: RUF012


def called(function: Any, arguments: Any, shapes: Sequence[Any], real: Any) -> list[ndarray]:
    """What a function of a C file computes, its results in arrays of these shapes and dtypes."""
    kinds = {"f": real, "i": np.int32, "u": np.int32, "b": np.uint8}
    own = [np.ascontiguousarray(np.asarray(a).astype(kinds[np.asarray(a).dtype.kind])) for a in leaves(arguments)]
    numbers = {"f": ctypes.c_double if real is np.float64 else ctypes.c_float, "i": ctypes.c_int32, "u": ctypes.c_uint8}
    given = [a.ctypes.data_as(ctypes.c_void_p) if a.shape else numbers[a.dtype.kind](a.item()) for a in own]
    results = [np.full(shape, 7, kinds[np.dtype(dtype).kind]) for shape, dtype in shapes]
    status = function(*given, *(r.ctypes.data_as(ctypes.c_void_p) for r in results))
    assert status == 0
    wide = {"f": np.float64, "i": np.int64, "b": bool}
    return [r.astype(wide[np.dtype(dtype).kind]) for r, (_, dtype) in zip(results, shapes, strict=True)]
