"""Initialisers by name: the bounds and deviations of their papers, on weights that are not square."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.cells.base.initial import NAMED, as_torch, fans, filled, gaussian, within

OUT, IN = 60, 240  # fan-in is the second of (out, in)
SHAPE = (OUT, IN)

BOUNDS = {
    "xavier_uniform": np.sqrt(6 / (IN + OUT)),
    "kaiming_uniform": np.sqrt(6 / IN),
    "uniform_centered": 0.1,
}
DEVIATIONS = {
    "xavier_normal": np.sqrt(2 / (IN + OUT)),
    "kaiming_normal": np.sqrt(2 / IN),
    "normal": 1.0,
}


def drawn(init, shape=SHAPE):
    return filled(init, np.random.default_rng(0), shape, np.dtype("f8"))


@each("name", BOUNDS)
def test_uniform_ones_fill_their_range(name):
    w, bound = drawn(name), BOUNDS[name]
    assert bound * 0.999 < w.max() < bound and -bound < w.min() < -bound * 0.999
    assert w.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


@each("name", DEVIATIONS)
def test_normal_ones_have_their_deviation(name):
    w = drawn(name)
    assert w.std() == pytest.approx(DEVIATIONS[name], rel=0.02) and abs(w.mean()) < 0.02 * DEVIATIONS[name]
    assert abs(w).max() > 3 * DEVIATIONS[name]


@each("name", ["xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"])
def test_of_a_vector_both_fans_are_its_length(name):
    n, w = 40_000, drawn(name, (40_000,))
    assert w.std() == pytest.approx(np.sqrt(2 / n if name[0] == "k" else 1 / n), rel=0.02)


def test_plain_ones():
    assert (drawn("zeros") == 0).all() and (drawn("ones") == 1).all() and (drawn(0.25) == 0.25).all()
    w = drawn("uniform")
    assert 0 <= w.min() < 0.001 and 0.999 < w.max() < 1
    assert (drawn("identity", (3, 5)) == np.eye(3, 5)).all()


@each("shape", [(4, 9), (9, 4), (5, 5), (5, 6), (6, 5), (6, 2, 2)])
def test_orthogonal_rows_or_columns(shape):
    w = drawn("orthogonal", shape)
    assert w.shape == shape
    w = w.reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, np.eye(min(w.shape)), atol=1e-12)


def test_orthogonal_is_drawn_from_all_of_them():
    """Without the sign of R's diagonal, the first column of q would never have a positive first entry."""
    signs = {np.sign(filled("orthogonal", np.random.default_rng(k), (3, 3), np.dtype("f8"))[0, 0]) for k in range(20)}
    assert signs == {1.0, -1.0}


def test_those_of_a_deviation_and_a_bound():
    w = drawn(gaussian(0.5))
    assert w.std() == pytest.approx(0.5, rel=0.02)
    w = drawn(within(0.5))
    assert 0.499 < w.max() < 0.5 and -0.5 < w.min() < -0.499
    w = drawn(as_torch(16)["kernel_init"])
    assert 0.249 < w.max() < 0.25


def test_fans():
    assert fans((7, 3)) == (3, 7) and fans((5,)) == (5, 5) and fans(()) == (1, 1)


def test_a_weight_takes_the_dtype_of_its_cell():
    for dtype in (np.float32, np.float64):
        assert tg.cells.GRU(3, 4, rng=0, kernel_init="kaiming_uniform", dtype=dtype).weight_ih.dtype == dtype


def test_all_names_are_tried_here():
    assert {*BOUNDS, *DEVIATIONS, "zeros", "ones", "uniform", "identity", "orthogonal"} == {*NAMED}


def test_wrong_ones_are_named():
    with pytest.raises(tg.GraphError, match="no such initialiser"):
        drawn("kaiming")
    with pytest.raises(tg.GraphError, match="returned another shape"):
        drawn(lambda rng, shape: np.zeros(shape[::-1]))
