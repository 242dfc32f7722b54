"""The targets of this library's own: plans run by numpy and by native code."""

from __future__ import annotations

from numpy import ndarray

import tinygraph as tg
from tinygraph.core.structure import leaves

from .scenarios import Scenario
from .target import Target


class Numpy(Target):
    """Compiled functions by numpy calls."""

    name = "numpy"

    def run(self, scenario: Scenario) -> list[ndarray]:
        case = scenario.case(self.dtype)
        step = tg.compile(case.fn, backend=self.name)
        step(*case.example)
        return leaves(step(*case.arguments))


class Native(Numpy):
    """Compiled functions by machine code."""

    name = "native"
    packages = ("llvmlite",)
