"""Corners of the vocabulary, compiled: infinities, empty arrays, single numbers, whole numbers, odd strides."""

import numpy as np
import pytest

import tinygraph as tg

from .comparing import assert_near, assert_same, each_backend, eager

X = np.random.default_rng(0).normal(size=(2, 3))
BOX = np.random.default_rng(1).normal(size=(4, 1, 2))
WIDE = np.array([0.0, 1e-300, 1e300, -1e300, 700, -700, np.inf, -np.inf, np.nan, 5e-324, 36, -36, 710, -745])
WIDE4 = np.array([0.0, 1e-38, 1e38, -1e38, 88, -88, np.inf, -np.inf, np.nan, 1e-45, 16, -16, 89, -104, -87.5], "f4")
HOLES = np.array([[-np.inf, 0, 1], [np.inf, 0, 1], [-np.inf] * 3, [np.nan, 1, 2]])


class Weighted(tg.Op):
    """z = x times the sum of an array that is a setting"""

    def forward(self, x, kernel=None):
        return x * kernel.sum()

    def backward(self, gz, z, x, kernel=None):
        return gz * kernel.sum()


class Three(tg.Op):
    """An op of no inputs"""

    def forward(self):
        return np.arange(3.0)

    def backward(self, gz, z):
        return ()


weighted, three = Weighted(), Three()
ONE, OTHER = np.zeros(5000), np.zeros(5000)
ONE[2500], OTHER[2500] = 1, 7


def of_constants(x):
    """An unroll within a cell of which nothing depends on the cell's inputs."""

    def cell(x, s):
        return tg.unroll(lambda x, h: (h, tg.tanh(h + x)), np.ones((3, 2)), np.ones(2))[0], None

    return tg.unroll(cell, x)[0]


CORNERS = {
    "settings that are arrays": (lambda x: (weighted(x, kernel=ONE), weighted(x, kernel=OTHER)), X),
    "an op without inputs": (lambda x: (three() + x, tg.unroll(lambda x, s: (x * three(), None), x)[0]), X),
    "an inner loop of constants": (of_constants, X),
    "numbers with axes": (lambda x: [f(x[0, 0], axis=0) for f in (tg.sum, tg.max, tg.logsumexp)], X),
    "softmax of a number": (lambda x: (tg.softmax(x[0, 0]), tg.argmax(x[0, 0])), X),
    "counting": (lambda x: (tg.sum(x[0, 0] > 0), tg.sum(x > 0), tg.sum(x > 0, axis=0), tg.mean(x > 0)), X),
    "sums over no axis": (lambda x: (tg.sum(x, axis=()), tg.sum(x * 1.0, axis=())), np.arange(6, dtype="i1")),
    "booleans multiplied": (lambda x: ((x[0] > 0) @ (x[1] > 0), (x > 0) @ (x > 0).T), X),
    "integers multiplied": (lambda x: (x @ x.T, x[0] @ x[1], x @ x[0]), np.arange(6, dtype="i4").reshape(2, 3)),
    "integers": (lambda x: (x + 1, x * x, x / 2, -x, tg.abs(-x), tg.maximum(x, 2), x**2, tg.where(x > 2, x, -x),
                            tg.clip(x, 1, 3), tg.sign(x - 2), tg.max(x), tg.mean(x, axis=0)), np.arange(6)),
    "bytes that wrap": (lambda x: (x + x, x * 200, x - 7), np.arange(250, 256, dtype="u1")),
    "sums of nothing": (lambda x: (tg.sum(x), tg.sum(x, axis=0), x.T @ x, x @ x.T, x + 1), np.zeros((0, 3))),
    "softmax of infinities": (lambda x: (tg.softmax(x), tg.log_softmax(x), tg.logsumexp(x, axis=1)), HOLES),
    "comparisons with nan": (lambda x: (tg.max(x, axis=1), tg.min(x), tg.maximum(x, 0.0), tg.minimum(x, 0.0),
                                        tg.relu(x), tg.clip(x, -1, 1), tg.sign(x), tg.where(x > 0, x, 0.0), x != x),
                             HOLES),
    "wide": (lambda x: (tg.tanh(x), tg.sigmoid(x), tg.exp(x), tg.softplus(x), tg.sqrt(tg.abs(x)), tg.log(tg.abs(x)),
                        x**2, x / x, tg.square(x), 1 / x, tg.squared_error(x, 1.0)), WIDE),
    "powers": (lambda x: (x**3, x**-1, x**0, 2.0**x, tg.abs(x) ** x, x**1, x**0.0), np.array([-2.0, -1, 1, 2, 3])),
    "a column of a box": (lambda x: (x[:, :, 0] * 2, tg.sum(x[:, :, 1]), tg.max(x[:, :, 1], axis=0),
                                     tg.sum(x[:, :, 1], axis=1), x[:, :, 0] + x[::-1, :, 1]), BOX),
    "the sum of a column of a box": (lambda x: [tg.sum(tg.exp(x[:, :, 0]))], BOX),
    "numbers of two kinds joined": (lambda x: (tg.concatenate([tg.exp(x), x.astype("f4") * 2, x > 0]),
                                               tg.stack([x[0] * 2, np.arange(3) * 3])), X),
    "matrices of two kinds": (lambda x: (tg.exp(x) @ x.astype("f4")[0], x.astype("f4") @ tg.exp(x),
                                         x.astype("f4")[0] @ tg.exp(x)[0]), BOX[:2] * np.swapaxes(BOX[:2], 1, 2)),
    "a box times a row": (lambda x: (tg.reshape(x, (2, 1, 1, 3)) @ x[0], x[0] @ tg.reshape(x, (2, 1, 3, 1))), X),
    "axes of no length": (lambda x: (tg.einsum("ij,ik->jk", x, x[:, :0]), tg.einsum("ij,ik->jk", x[:, :0], x),
                                     tg.einsum("ij,kj->ik", x[:, :0], x[:, :0]), tg.einsum("ij->i", x[:, :0])), X),
    "a box backwards": (lambda x: (tg.exp(x[::-1]), tg.sum(x[::-1, :, ::-1], axis=(0, 1)), x[::-1, 0].T @ x[:, 0]),
                        BOX),
}  # fmt: skip


@each_backend
@pytest.mark.parametrize("name", CORNERS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::tinygraph.WideningWarning")
def test_corners(name, backend):
    fn, x = CORNERS[name]
    expected = eager(fn, x)
    got = tg.compile(fn, backend=backend)(x)
    for a, b in zip(got, expected, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, 1e-12, 1e-322)


@each_backend
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_float32_over_its_whole_range(backend):
    fn = CORNERS["wide"][0]
    for a, b in zip(tg.compile(fn, backend=backend)(WIDE4), eager(fn, WIDE4), strict=True):
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_allclose(a, b, 1e-6, 1e-45)


@each_backend
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_mean_of_nothing_is_not_a_number(backend):
    assert np.isnan(tg.compile(lambda x: tg.mean(x), backend=backend)(np.zeros((0, 3))))


@each_backend
@pytest.mark.parametrize(
    "fn",
    [
        lambda table, ids: tg.take(table, ids, axis=0),
        lambda table, ids: table[ids],
        lambda table, ids: tg.one_hot(ids, 5),
        lambda table, ids: tg.softmax_cross_entropy(table[:3], ids),
        lambda table, ids: tg.unroll(lambda i, h: (tg.take(table, i, axis=0), h), ids, 0.0)[0],
    ],
    ids=["take", "index", "one_hot", "loss", "in a loop"],
)
def test_numbers_out_of_range_are_refused_at_any_call(fn, backend):
    """Never read from memory that is not the table's; and the next call is right again."""
    table, right = np.arange(25.0).reshape(5, 5), np.array([0, 4, 2])
    compiled = tg.compile(fn, backend=backend)
    for _ in range(2):
        assert_near(compiled(table, right), eager(fn, table, right))
        for wrong in ([0, 5, 2], [0, -6, 2], [0, 1 << 40, 2]):
            with pytest.raises((tg.GraphError, IndexError)):
                compiled(table, np.array(wrong))


@each_backend
def test_of_two_lookups_the_one_that_is_out_of_range_is_named(backend):
    compiled = tg.compile(lambda x, i, j: tg.take(x, i, axis=0) * tg.one_hot(j, 5), backend=backend)
    table, right = np.arange(25.0).reshape(5, 5), np.array([0, 4, 2])
    for i, j, name in ((right, right + 1, "one_hot"), (right + 1, right, "take")):
        with pytest.raises(tg.GraphError, match=f"^{name}"):
            compiled(table, i, j)


@each_backend
def test_indices_from_the_end(backend):
    assert_same(
        lambda x, ids: (tg.take(x, ids, axis=0), x[ids], tg.grad(tg.sum(tg.square(x[ids])), x)),
        X,
        np.array([-1, 0, -2, -1]),
        backend=backend,
    )


@each_backend
@pytest.mark.parametrize("narrow", ["state", "weight", "input"])
def test_dtypes_mixed_in_a_cell(narrow, backend):
    """float32 products are products of float32 wherever they are done: what is joined must not widen them."""
    kinds = {name: "f4" if name == narrow else "f8" for name in ("state", "weight", "input")}
    rng = np.random.default_rng(2)
    w, v = (tg.parameter((rng.normal(size=(3, 3)) * 0.3).astype(d)) for d in (kinds["weight"], "f8"))

    def cell(x, h):
        new = h @ w + x @ v + x @ w + (h * 1.5) @ v
        return (h @ w, h @ v, new), tg.tanh(new).astype(kinds["state"])

    def fn(xs, h):
        ys, h = tg.unroll(cell, xs, h)
        return ys, h, tg.grad(tg.sum(ys[2]) + tg.sum(h), [w, v])

    assert_same(
        fn,
        rng.normal(size=(4, 2, 3)).astype(kinds["input"]),
        rng.normal(size=(2, 3)).astype(kinds["state"]),
        backend=backend,
        tolerance=2e-6,
    )
