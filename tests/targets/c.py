"""The target C: a file for each scenario, all compiled into one library by one call of gcc."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tests.export.in_c import Library
from tinygraph.core.structure import leaves

from .scenarios import Scenario
from .target import Target

OWN = "in float32 our own gradients are off by 1.5e-5, too"


class InC(Target):
    """C99 in float, by gcc."""

    name = "c"
    dtype, tolerance = np.float32, 1e-5
    programs = ("gcc",)
    double = False
    cannot = {  # noqa: RUF012
        "*/sizes": "a C file is for one T and B, which are in its header",
        "PhasedLSTM/gradient": OWN,
        "FastRNN/gradient": OWN,
    }

    def prepare(self, scenarios: Sequence[Scenario]) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="tinygraph-c-")
        self.library = Library(Path(self.folder.name), self.double)
        self.cases = {scenario.name: (f"case{k}", scenario.case(self.dtype)) for k, scenario in enumerate(scenarios)}
        for name, case in self.cases.values():
            self.library.add(name, case.fn, case.example)
        self.library.build()

    def run(self, scenario: Scenario) -> list[ndarray]:
        name, case = self.cases[scenario.name]
        if name in self.library.problems:
            raise self.library.problems[name]
        if [np.shape(a) for a in leaves(case.arguments)] != [np.shape(a) for a in leaves(case.example)]:
            raise tg.GraphError("a C file has one T and B", fix="a file for each")
        return self.library.call(name, case.arguments, scenario.expected)


class InDouble(InC):
    """The same files with TG_DOUBLE."""

    name = "c_double"
    dtype, tolerance = np.float64, 1e-12
    double = True
    cannot = {"*/sizes": "a C file is for one T and B, which are in its header"}  # noqa: RUF012
