"""The target ONNX: exported files, run by onnxruntime in float32."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from tests.compiled.cells import CASES
from tinygraph.core.structure import leaves
from tinygraph.export.onnx.model import modelled
from tinygraph.export.traced.outline import outlined

from .scenarios import Scenario
from .sessions import session
from .target import Target


def ran(model: Any, fn: Any, arguments: Any) -> list[ndarray]:
    """The results of a model at a function's arguments."""
    feed = outlined("export.onnx", fn, arguments).inputs
    own = session(model)
    wanted = {x.name for x in own.get_inputs()}
    return own.run(None, {name: x for name, x in feed.items() if name in wanted})


class Onnx(Target):
    """Files with free T and B, but for users' cells and weighed sums that hold arrays of fixed sizes."""

    name = "onnx"
    dtype = np.float32
    tolerance = 1e-5
    packages = ("onnx", "onnxruntime")

    def run(self, scenario: Scenario) -> list[ndarray]:
        case = scenario.case(self.dtype)
        model = modelled(
            case.fn, case.example, () if scenario.cell in CASES or scenario.use == "gradient" else ("T", "B")
        )
        return leaves(ran(model, case.fn, case.arguments))
