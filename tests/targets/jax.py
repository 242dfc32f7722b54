"""The target JAX: pure functions under `jax.jit`, on the CPU, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tinygraph.core.structure import leaves

from .scenarios import Scenario
from .target import Target


@cache
def ready() -> None:
    """Sets JAX to float64; `tests/conftest.py` gives it two CPUs."""
    import jax

    jax.config.update("jax_enable_x64", True)


class Jax(Target):
    """`tg.export.jax`, traced at the example's sizes first, as any caller may."""

    name = "jax"
    packages = ("jax",)

    def prepare(self, scenarios: Sequence[Scenario]) -> None:
        ready()

    def run(self, scenario: Scenario) -> list[ndarray]:
        import jax

        case = scenario.case(self.dtype)
        pure = tg.export.jax(case.fn, case.parameters)
        listed = jax.jit(lambda *all: leaves(pure(*all)))  # a list, as JAX sorts the keys of dicts
        return [np.asarray(y) for y in listed(pure.values, *case.arguments)]
