"""Each op by JAX, those of gradients too: the answers are those of the ops' cases, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.arrays import assert_close
from tests.ops.test_every_op import CASES, leaves
from tinygraph.run.by_jax import Jitted
from tinygraph.run.jax_backend.rows import SAME

jax = pytest.importorskip("jax")


def test_values_of_every_op() -> None:
    """All in one program, as compiling takes the time; of ops that are JAX's own a few cases each."""
    first = {case.name: case for case in reversed(CASES)}
    cases = [case for case in CASES if case.name not in SAME or case is first[case.name] or () in _shapes(case)]
    nodes = [case.call(leaves(case, case.arrays(np.float64))) for case in cases]
    values = Jitted(nodes, (), lambda: pytest.fail("something is told to be out of range")).run(())
    for case, node, z in zip(cases, nodes, values, strict=True):
        assert (z.shape, z.dtype) == (node.shape, node.dtype), case.id
        assert_close(z, case.answer(case.arrays(np.float64)), 1e-12, 1e-12, case.id)


def _shapes(case: object) -> list[tuple[int, ...]]:
    return [x.shape for x in case.inputs]  # type: ignore[attr-defined]
