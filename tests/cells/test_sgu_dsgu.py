"""The simple gated units: their activations, and the matrix that one of them has more."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.arrays import set_entries

RNG = np.random.default_rng(37)
X, H0 = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(2, 4))
KINDS = [tg.cells.SGU, tg.cells.DSGU]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def test_dsgu_with_the_unit_matrix_and_softplus_is_sgu() -> None:
    simple = tg.cells.SGU(3, 4, rng=0, dtype=np.float64)
    deep = tg.cells.DSGU(3, 4, output_nonlinearity="softplus", dtype=np.float64)
    deep.load_state_dict(simple.state_dict() | {"weight_ho": np.eye(4)})
    np.testing.assert_allclose(tg.unroll(deep, X, H0)[0].value, tg.unroll(simple, X, H0)[0].value, rtol=0, atol=1e-15)


def test_the_recurrent_initialiser_fills_the_matrix_of_the_output_too() -> None:
    cell = tg.cells.DSGU(3, 4, recurrent_kernel_init="orthogonal", rng=0, dtype=np.float64)
    q = cell.weight_ho.value
    np.testing.assert_allclose(q @ q.T, np.eye(4), rtol=0, atol=1e-14)


@each_kind
@pytest.mark.parametrize(("drive", "open_gate"), [(-9.0, False), (9.0, True)], ids=["shut", "open"])
def test_the_hard_gate_is_fully_shut_and_fully_open(kind: type, drive: float, open_gate: bool) -> None:
    """Beyond 3 on either side it is 0 or 1 exactly: the state is kept to the last bit, or given up."""
    cell = kind(3, 4, kernel_init="zeros", recurrent_kernel_init="zeros", rng=0, dtype=np.float64)
    set_entries(cell.bias_ih, np.s_[4:], drive)
    h = cell(X[0], H0)[0].value
    constant = np.log(2) if kind is tg.cells.SGU else 0.5
    np.testing.assert_allclose(h, np.full_like(H0, constant) if open_gate else H0, rtol=0, atol=1e-15)


@each_kind
def test_activations_by_function(kind: type) -> None:
    named = kind(3, 4, nonlinearity="tanh", gate_nonlinearity="sigmoid", rng=0, dtype=np.float64)
    given = kind(3, 4, nonlinearity=tg.tanh, gate_nonlinearity=tg.sigmoid, rng=0, dtype=np.float64)
    np.testing.assert_array_equal(named(X[0], H0)[0].value, given(X[0], H0)[0].value)


@each_kind
@pytest.mark.parametrize("option", ["nonlinearity", "output_nonlinearity", "gate_nonlinearity"])
def test_an_unknown_activation_is_refused(kind: type, option: str) -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)softplus.*'hard'"):
        kind(3, 4, **{option: "hard"})
