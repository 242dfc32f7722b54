"""A value that one later pass alone reads is computed there, unless that pass would then read more memory."""

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.plan.actions import Elementwise, Product, Reduction

from .test_planner import flat, plan_of

H = 4
W = tg.parameter(np.eye(H))
X, U, V, ROW = np.ones((2, H)), np.ones((2, H)), np.ones((2, H)), np.ones(H)


def accesses(n, last):
    """What the passes before and after the product tanh(x) @ W load and store; ``n`` is known before, read after."""

    def fn(x, u, v, row):
        early = n(u, v, row)
        return last(tg.tanh(x) @ W, early, u, v)

    first, product, second = [a for a in flat(plan_of(fn, X, U, V, ROW).actions) if type(a) is not Reduction]
    assert (type(first), type(product), type(second)) == (Elementwise, Product, Elementwise)
    return [(len(a.loads), len(a.stores)) for a in (first, second)]


STAYS = [(3, 2), (2, 1)]
"""The first pass reads x, u, v and writes tanh and n; the second reads the product and n."""


@each(
    "n, last, expected",
    [
        (lambda u, v, row: u * v, lambda m, n, u, v: m + n, STAYS),  # u and v instead of n would be one more
        (lambda u, v, row: u * row, lambda m, n, u, v: m + n, STAYS),  # u and a row too
        (lambda u, v, row: tg.exp(u), lambda m, n, u, v: m + n, [(1, 1), (2, 1)]),  # u instead of n: no more
        (lambda u, v, row: 0.5 * u, lambda m, n, u, v: m + n, [(1, 1), (3, 1)]),  # u and a number, which is no memory
        (lambda u, v, row: u * tg.sum(row), lambda m, n, u, v: m + n, [(1, 1), (3, 1)]),  # and one computed before
        (lambda u, v, row: u * v, lambda m, n, u, v: (m + n) * u, [(1, 1), (3, 1)]),  # u is read there anyway
        (lambda u, v, row: u * v, lambda m, n, u, v: (m + n) * u + v, [(1, 1), (3, 1)]),  # both are
        (lambda u, v, row: tg.exp(tg.tanh(u)), lambda m, n, u, v: m + n, [(1, 1), (2, 1)]),  # a chain sinks whole
    ],
)
def test_it_sinks_if_no_more_is_read(n, last, expected):
    assert accesses(n, last) == expected


def test_what_two_passes_read_stays():
    def fn(x, u):
        n = tg.exp(u)
        m = tg.tanh(x) @ W
        return tg.sum(tg.tanh(m + n) @ W + n)

    passes = [a for a in flat(plan_of(fn, X, U).actions) if isinstance(a, Elementwise)]
    kernels = [i.op for a in passes for i in a.instructions]
    assert kernels.count("exp") == 1 and len(passes[0].stores) == 2
