"""Composite ops become element-wise ops and reductions of the same numbers, whatever axis, dtype and labels."""

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.leaves import as_nodes
from tinygraph.passes import Rules
from tinygraph.passes.decompose import RULES, decompose

from .graphs import assert_same_numbers, ops_of, run, trace

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 5)) * 4
SHARES = RNG.dirichlet(np.ones(5), size=(2, 3)) * 1.5  # a row need not add up to 1
LABELS = RNG.integers(0, 5, size=(2, 3))
LOSSES = tg.softmax_cross_entropy(X, LABELS).value

CASES = {
    "softmax": (tg.softmax, (X,)),
    "softmax over the first axis": (lambda x: tg.softmax(x, axis=0), (X,)),
    "log_softmax": (tg.log_softmax, (X,)),
    "log_softmax over the middle axis": (lambda x: tg.log_softmax(x, axis=1), (X,)),
    "logsumexp": (tg.logsumexp, (X,)),
    "logsumexp over an axis": (lambda x: tg.logsumexp(x, axis=1), (X,)),
    "logsumexp over two axes kept": (lambda x: tg.logsumexp(x, axis=(0, 2), keepdims=True), (X,)),
    "logsumexp of -inf": (lambda x: tg.logsumexp(x, axis=-1), (np.full((2, 3), -np.inf),)),
    "logsumexp with an inf": (lambda x: tg.logsumexp(x, axis=-1), (np.array([[1.0, np.inf], [0.0, 1.0]]),)),
    "logsumexp of large numbers": (lambda x: tg.logsumexp(x, axis=-1), (X * 1e4,)),
    "logsumexp of numbers far below 0": (lambda x: tg.logsumexp(x, axis=(1, 2)), (X - 2e4,)),
    "softmax of large numbers": (lambda x: tg.softmax(x, axis=1), (X * 1e4,)),
    "log_softmax of large numbers": (tg.log_softmax, (X * 1e4,)),
    "labels": (lambda x, n: tg.softmax_cross_entropy(x, n), (X, LABELS)),
    "labels of large logits": (lambda x, n: tg.softmax_cross_entropy(x, n), (X * 1e4, LABELS)),
    "probabilities": (lambda x, p: tg.softmax_cross_entropy(x, p), (X, SHARES)),
    "probabilities of one row": (lambda x, p: tg.softmax_cross_entropy(x, p), (X[0, 0], SHARES[0, 0])),
    "excess": (lambda x, z, n: tg.ops.excess(x, z, n), (X, LOSSES, LABELS)),
}


@each("name", CASES)
@each("dtype", ["f8", "f4"])
def test_the_numbers_stay(name, dtype):
    fn, args = CASES[name]
    graph = trace(fn, *(a.astype(dtype) if a.dtype.kind == "f" else a for a in args))
    results = run(Rules(decompose), run(Rules(decompose), graph.results))  # what one rule writes, another may take
    assert not set(ops_of(results)) & {op.name for op in RULES}
    with np.errstate(all="ignore"):
        assert_same_numbers(graph, results, 1e-12 if dtype == "f8" else 1e-5)


def test_nothing_is_done_to_no_elements():
    graph = trace(tg.softmax, np.ones((0, 3)))
    assert ops_of(run(Rules(decompose), graph.results)) == ["softmax"]


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("labels", [SHARES, LABELS], ids=["probabilities", "integers"])
def test_both_kinds_of_labels_by_hand(backend, labels):
    """Losses and gradients against the definition, -sum p ln softmax(x), in plain numpy."""
    if backend == "native":
        pytest.importorskip("llvmlite")
    rows = labels if labels.dtype.kind == "f" else np.eye(5)[labels]
    logs = X - np.log(np.exp(X).sum(-1, keepdims=True))
    wanted = [-(rows * logs).sum(-1), np.exp(logs) * rows.sum(-1, keepdims=True) - rows]

    def fn(x, p):
        losses = tg.softmax_cross_entropy(x, p)
        return losses, *tg.grad(tg.sum(losses), [x, p] if labels is SHARES else [x])

    found = tg.compile(fn, backend)(X, labels)
    for a, b in zip(found, [*wanted, -logs] if labels is SHARES else wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    (losses,) = as_nodes((fn(tg.constant(X), tg.constant(labels))[0],))
    np.testing.assert_allclose(losses.value, wanted[0], rtol=1e-12)
