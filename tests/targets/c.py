"""The target C: one file with a function for each scenario, compiled by one call of gcc."""

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


class InC(Target):
    """C99 in float, by gcc."""

    name = "c"
    dtype, tolerance = np.float32, 1e-5
    programs = ("gcc",)
    double = False
    cannot = {"*/sizes": "a C file is for one T and B, which are in its header"}  # noqa: RUF012

    def prepare(self, scenarios: Sequence[Scenario]) -> None:
        self.cases = {scenario.name: (f"case{k}", scenario.case(self.dtype)) for k, scenario in enumerate(scenarios)}
        cases = [*self.cases.values()]
        with tempfile.TemporaryDirectory(prefix="tinygraph-c-") as folder:
            self.library = Library(Path(folder), self.double)
            self.library.add("all", {name: c.fn for name, c in cases}, {name: c.example for name, c in cases})
            assert not self.library.problems, self.library.problems
            self.library.build()

    def run(self, scenario: Scenario) -> list[ndarray]:
        name, case = self.cases[scenario.name]
        if [np.shape(a) for a in leaves(case.arguments)] != [np.shape(a) for a in leaves(case.example)]:
            raise tg.GraphError("a C file has one T and B", fix="a file for each")
        return self.library.call(f"all_{name}", case.arguments, scenario.expected)


class InDouble(InC):
    """The same files with TG_DOUBLE."""

    name = "c_double"
    dtype, tolerance = np.float64, 1e-12
    double = True
