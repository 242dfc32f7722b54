"""Every op of the vocabulary in ONNX: right in onnxruntime in float32 and float64, or refused by its name."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.ops.case import Case
from tests.ops.test_every_op import CASES
from tests.ops.vocabulary import ELEMENTWISE, OPS
from tinygraph.core.structure import leaves
from tinygraph.export.onnx import elementwise, reductions
from tinygraph.export.onnx.model import modelled
from tinygraph.export.onnx.translation import ROWS
from tinygraph.passes.decompose import RULES as DECOMPOSED

from .running import needs_onnx, ran

FLOAT32_ALONE = {"arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "det", "erf", "erfc"}
"""Ops for which onnxruntime has no kernel in float64."""
SOME = [case for case in CASES if all(x.size for x in case.inputs)]
"""Arrays without elements stop some kernels of onnxruntime."""


def test_every_op_has_a_row_or_a_reason() -> None:
    composite = {op.name for op in DECOMPOSED}
    rows = {*ROWS, "cumprod"}
    assert ELEMENTWISE.keys() >= elementwise.KNOWN and not rows & reductions.REFUSED.keys()
    assert elementwise.KNOWN | rows | composite | reductions.REFUSED.keys() == OPS.keys()


@needs_onnx
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each("case", SOME, ids=lambda case: case.id, by=lambda case: "a to k" if case.name < "l" else "l to z")
def test_an_op_is_right(case: Case, dtype: Any) -> None:
    if case.name in reductions.REFUSED or (dtype is np.float64 and case.name in FLOAT32_ALONE):
        return

    def fn(*xs: Any) -> Any:
        return case.op(*xs, **case.attributes)

    arrays = tuple(case.arrays(dtype))
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore", category=tg.WideningWarning):
        expected = leaves(tg.compile(fn, backend="numpy")(*arrays))
        got = ran(modelled(fn, arrays, ()), fn, arrays)
    near = 3e-6 if dtype is np.float32 else 1e-12
    for a, b in zip(got, expected, strict=True):
        assert (a.shape, a.dtype) == (np.shape(b), b.dtype)
        np.testing.assert_allclose(a.astype(float), b.astype(float), rtol=near, atol=near)


@needs_onnx
@each("name", sorted(reductions.REFUSED))
def test_what_onnx_lacks_is_refused_by_name(name: str) -> None:
    case = next(case for case in SOME if case.name == name)
    with pytest.raises(tg.GraphError, match=rf"export\.onnx: {name}.*ONNX"):
        modelled(lambda *xs: case.op(*xs, **case.attributes), tuple(case.arrays(np.float32)), ())
