"""Each op by JAX, those of gradients too: the answers are those of the ops' cases, counted by hand."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import assert_close
from tests.ops.test_every_op import CASES, leaves
from tinygraph import ops
from tinygraph.run.by_jax import Jitted
from tinygraph.run.jax_backend.rows import SAME, rows
from tinygraph.time.scan import scan

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


def test_settings_that_are_left_out_are_what_the_ops_take_for_them() -> None:
    """A node that was made without a setting has none in its attributes."""
    count = 0
    for name, row in rows(jax).items():
        own = inspect.signature(vars(ops).get(name, scan).forward).parameters
        if row.__module__ == rows.__module__:
            for setting, parameter in inspect.signature(row).parameters.items():
                if parameter.default is not parameter.empty:
                    assert parameter.default == own[setting].default, (name, setting)
                    count += 1
    assert count > 10


def test_where_a_gradient_is_zero_so_is_a_quotient_and_a_power_whatever_x_is() -> None:
    g, x = tg.constant([0.0, 0.0, -1.0, 1.0, 2.0]), tg.constant([0.0, np.nan, 4.0, 4.0, 4.0])
    nodes = [ops.quotient(g, x), ops.scaled_power(g, x, tg.constant(-0.5))]
    quotient, power = Jitted(nodes, (), lambda: pytest.fail("something is told to be out of range")).run(())
    assert_close(quotient, np.array([0, 0, -0.25, 0.25, 0.5]), 0, 0)
    assert_close(power, np.array([0, 0, -0.5, 0.5, 1.0]), 1e-15, 0)


def test_linear_scans_of_real_and_complex_numbers_in_both_directions() -> None:
    """T = 5 steps; a is of each step, the same at each, or the same for all numbers of a step."""
    rng = np.random.default_rng(0)
    b = rng.normal(size=(6, 3)) + 1j * rng.normal(size=(6, 3))
    factors = [rng.normal(size=shape) + 1j * rng.normal(size=shape) for shape in ((5, 3), (3,), (5, 1))]
    cases = [(a, adjoint, kind) for a in factors for adjoint in (False, True) for kind in (np.real, np.asarray)]
    nodes = [
        scan(tg.constant(_pairs(kind(a))), tg.constant(_pairs(kind(b))), adjoint=adjoint, is_complex=kind is np.asarray)
        for a, adjoint, kind in cases
    ]
    values = Jitted(nodes, (), lambda: pytest.fail("something is told to be out of range")).run(())
    for (a, adjoint, kind), z in zip(cases, values, strict=True):
        a, states = np.broadcast_to(kind(a), (5, 3)), [*kind(b)]
        for t in range(5)[:: -1 if adjoint else 1]:
            if adjoint:
                states[t] = states[t] + np.conj(a[t]) * states[t + 1]
            else:
                states[t + 1] = states[t + 1] + a[t] * states[t]
        assert_close(z, _pairs(np.stack(states)), 1e-12, 1e-12)


def _pairs(x: np.ndarray) -> np.ndarray:
    """Complex numbers as pairs of real ones along a last axis."""
    return np.stack([x.real, x.imag], axis=-1) if x.dtype.kind == "c" else x
