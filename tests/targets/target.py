"""A target: where a graph runs. A new backend or exporter is a subclass, and a row of `every.py`.

1. Subclass `Target` in a file of its own: its name, dtype and tolerance, the packages or programs that it needs, and
   ``run``, which takes a `Scenario`, builds ``scenario.case(self.dtype)`` and returns its results' leaves as arrays.
   It may look at ``case.example`` when it builds, and at ``case.arguments`` when it runs: in ``.../sizes`` these have
   another T and B. ``prepare`` is called once before, with all scenarios to come, if many are cheaper built together.
2. Put it into ``TARGETS`` of `every.py`. `test_targets.py` runs every scenario through it: results must be within the
   tolerance of eager float64, relative to the largest element of each result.
3. List what it cannot do in ``cannot``: a pattern of scenarios' names, and why. The list is exact: each pattern fits
   some scenario, and whatever fits one really fails, by a `GraphError` that says so or by numbers that are off.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib.util import find_spec
from shutil import which
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from .scenarios import Scenario


class Target:
    """Where a graph runs.

    Attributes:
        name: what it is called.
        dtype, tolerance: in which dtype it computes, and how far from eager float64 it may be.
        packages, programs: what it needs; where one is missing, it is skipped.
        cannot: maps patterns of scenarios' names to the reason why it cannot do them.
    """

    name: ClassVar[str] = ""
    dtype: ClassVar[Any] = np.float64
    tolerance: ClassVar[float] = 1e-12
    packages: ClassVar[tuple[str, ...]] = ()
    programs: ClassVar[tuple[str, ...]] = ()
    cannot: ClassVar[dict[str, str]] = {}

    def prepare(self, scenarios: Sequence[Scenario]) -> None:
        """Called once before the first of these scenarios is run."""

    def run(self, scenario: Scenario) -> list[ndarray]:
        """The leaves of the scenario's results at its arguments."""
        raise AssertionError(f"{self.name} runs nothing: define run")

    @classmethod
    def missing(cls) -> str:
        """What it needs and is not here; empty if all is."""
        absent = [p for p in cls.packages if find_spec(p) is None] + [p for p in cls.programs if which(p) is None]
        return ", ".join(absent)

    def refuses(self, scenario: Scenario) -> str:
        """The pattern by which it says that it cannot do it; empty if it says so by none."""
        return next((pattern for pattern in self.cannot if fnmatchcase(scenario.name, pattern)), "")


def wrong(target: Target, scenario: Scenario) -> str:
    """What is wrong with the results; empty if they are right."""
    try:
        got = target.run(scenario)
    except Exception as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]
    expected = scenario.expected
    if len(got) != len(expected):
        return f"{len(got)} results instead of {len(expected)}"
    told = [_apart(np.asarray(a), b, target.tolerance) for a, b in zip(got, expected, strict=True)]
    return next((f"result {k} {text}" for k, text in enumerate(told) if text), "")


def _apart(got: ndarray, expected: ndarray, tolerance: float) -> str:
    """How an array differs from the one expected by more than the tolerance of the largest number; empty if not."""
    if got.shape != expected.shape:
        return f"has shape {got.shape} instead of {expected.shape}"
    if got.dtype.kind != expected.dtype.kind:
        return f"has dtype {got.dtype} instead of {expected.dtype}"
    largest = max(np.abs(expected.astype(np.float64)).max(initial=0.0), 1e-30)
    error = np.abs(got.astype(np.float64) - expected).max(initial=0.0) / largest
    return "" if error <= tolerance else f"errs by {error:.1e}"
