"""Every op and its gradient in C and in JavaScript, or refused by its name with what to do instead."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.ops.case import Case
from tests.ops.test_every_op import CASES
from tests.targets.js import run_in_node
from tinygraph.export.c.dialect import C as CDialect
from tinygraph.export.js.dialect import JavaScript

from .in_c import KINDS, Library

HELPERS = {"copysign", "erf", "erfc", "exp2", "fmod", "rint", "sigmoid", "tanh"}
"""Functions that a language lacks, of the same name as an op."""
REFUSED = {"cholesky", "det", "inv", "slogdet", "solve"}
TOLERANCE = 1e-11
"""Of the largest number: erf, exp and their kin differ in the last digits from libm to libm."""


def expected_of(case: Case) -> np.ndarray:
    return np.asarray(case.call([tg.constant(x) for x in case.arrays(np.float64)]).value)


def function_of(case: Case) -> Any:
    return lambda *xs: case.call(xs)


def differ(case: Case, got: Any) -> str:
    expected = expected_of(case)
    expected = expected.astype(KINDS[expected.dtype.kind])
    if expected.dtype.kind != "f":
        return "" if np.array_equal(got, expected) else f"{case.id}: {got} instead of {expected}"
    scale = max(np.abs(expected[np.isfinite(expected)]).max(initial=0.0), 1e-30)
    with np.errstate(invalid="ignore"):
        near = (
            (np.abs(got - expected) <= TOLERANCE * scale) | (got == expected) | ((got != got) & (expected != expected))
        )
    return "" if np.all(near) else f"{case.id}: {got} instead of {expected}"


KEPT = {f"case{k}": case for k, case in enumerate(CASES) if case.name not in REFUSED}
FUNCTIONS = {name: function_of(case) for name, case in KEPT.items()}
EXAMPLES = {name: tuple(case.arrays(np.float64)) for name, case in KEPT.items()}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_every_op_in_c(tmp_path: Path) -> None:
    library = Library(tmp_path, double=True)
    library.add("op", FUNCTIONS, EXAMPLES)
    library.build()
    told = [
        differ(case, library.call(f"op_{name}", EXAMPLES[name], [expected_of(case)])[0]) for name, case in KEPT.items()
    ]
    assert not any(told), "\n".join(filter(None, told))


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_every_op_in_javascript(tmp_path: Path) -> None:
    tg.export.js(FUNCTIONS, EXAMPLES, tmp_path / "op.js")
    calls = {f"op_{name}": [x.reshape(-1).tolist() if x.shape else x.item() for x in EXAMPLES[name]] for name in KEPT}
    told = []
    for name, result in run_in_node(tmp_path, calls, "op").items():
        case = KEPT[name.removeprefix("op_")]
        expected = expected_of(case)
        assert not isinstance(result, str), f"{case.id}: {result}"
        got = np.array([np.nan if y == "NaN" else y for y in result[0]], KINDS[expected.dtype.kind])
        told.append(differ(case, got[: expected.size].reshape(expected.shape)))
    assert not any(told), "\n".join(filter(None, told))


@pytest.mark.parametrize("export", [tg.export.c, tg.export.js])
def test_what_has_no_loops_is_refused_by_name(export: Any, tmp_path: Path) -> None:
    file = tmp_path / f"op.{export.__name__}"
    for case in CASES:
        if case.name in REFUSED and expected_of(case).size:
            with pytest.raises(tg.GraphError, match=rf"{case.name}[\s\S]*fix +solve the system outside"):
                export(function_of(case), tuple(case.arrays(np.float64)), file)
    assert not file.exists()


def test_a_language_is_a_hundred_lines() -> None:
    """As docs/how.md says: a dialect knows no op."""
    for dialect in (CDialect, JavaScript):
        text = Path(inspect.getfile(dialect)).read_text(encoding="utf-8")
        assert len(text.splitlines()) < 100
        assert not {op for op in tg.ops.__all__ if f'"{op}"' in text} - HELPERS
