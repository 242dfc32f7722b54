"""What the tests of exported files share: a function by eager tinygraph, and its file by onnxruntime."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from numpy import ndarray

import tinygraph as tg
from tests.targets.onnx import Onnx, ran
from tinygraph.core.structure import leaves, map_leaves
from tinygraph.export.onnx.model import modelled
from tinygraph.export.traced.outline import outlined
from tinygraph.ops.numpy_functions import as_node

needs_onnx = pytest.mark.skipif(bool(Onnx.missing()), reason=f"needs {Onnx.missing()}")
SIZES = ((7, 4), (1, 1), (9, 1), (1, 3))
"""T and B of the runs; those of the examples are 5 and 2."""
RNG = np.random.default_rng(0)


def drawn(*shape: int) -> ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def eager(fn: Any, arguments: Any) -> list[ndarray]:
    """The leaves of the results by eager tinygraph, at the arguments that a file would get."""
    own = outlined("test", fn, arguments)
    nodes = map_leaves(lambda a: tg.constant(a) if isinstance(a, ndarray) else a, own.arguments)
    return [np.asarray(as_node(y).value) for y in leaves(own.fn(*nodes))]


def hold(fn: Any, example: Any, *runs: Any, dynamic: Any = ("T", "B"), tolerance: float = 1e-5, **options: Any) -> Any:
    """The file of a function is right at the example and the runs; returns how many nodes of each kind it has."""
    model = modelled(fn, example, dynamic, **options)
    bodies = [a.g.name for node in model.graph.node for a in node.attribute if a.HasField("g")]
    assert len({*bodies}) == len(bodies), "bodies of loops have names of their own"
    for arguments in (example, *runs):
        for a, b in zip(ran(model, fn, arguments), eager(fn, arguments), strict=True):
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            largest = np.abs(b.astype(float)).max(initial=1e-30)
            assert np.abs(a.astype(float) - b).max(initial=0) <= tolerance * largest
    return Counter(node.op_type for node in model.graph.node)
