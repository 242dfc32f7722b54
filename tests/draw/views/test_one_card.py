"""A call of `unroll` is one card, whatever its states have to do with each other; layers and directions are several."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each
from tinygraph.draw.norms.states import states
from tinygraph.draw.shown.folding import fold


def two(x, s):
    a, b = s
    a = np.tanh(x + a)
    b = 0.5 * b + a
    return b, (a, b)


def two_unrolled(**options):
    return tg.sum(tg.unroll(two, np.ones((6, 3)), (np.zeros(3), np.zeros(3)), **options)[0])


def of_cell(name, **options):
    cell = getattr(tg.cells, name)(3, 4, rng=0)
    return tg.sum(tg.unroll(cell, np.random.default_rng(0).normal(size=(4, 2, 3)), **options)[0])


def matrix_memory(steps=4):
    """The mLSTM of xLSTM: a matrix and its normaliser, which do not depend on each other."""
    w = weights(Q=(4, 3), K=(4, 3), V=(4, 3), f=(3,), i=(3,))

    def cell(x, state):
        c, n = state
        q, k, v = w["Q"] @ x, w["K"] @ x * 0.5, w["V"] @ x
        forget, enter = tg.sigmoid(w["f"] @ x), tg.exp(w["i"] @ x)
        c = forget * c + enter * (tg.reshape(v, (4, 1)) @ tg.reshape(k, (1, 4)))
        n = forget * n + enter * k
        return c @ q / tg.maximum(np.abs(n @ q), 1.0), (c, n)

    xs = np.random.default_rng(0).normal(size=(steps, 3))
    return tg.sum(tg.unroll(cell, xs, (np.zeros((4, 4)), np.zeros(4)))[0])


def three_states():
    """Each feeds the next within a step, none the one before."""
    w = weights(A=(4, 4), B=(4, 4), C=(4, 4))

    def cell(x, s):
        a, b, c = s
        a = tg.tanh(w["A"] @ a + x)
        b = tg.tanh(w["B"] @ b + a)
        c = tg.tanh(w["C"] @ c + b)
        return c, (a, b, c)

    return tg.sum(tg.unroll(cell, np.ones((4, 4)), (np.zeros(4),) * 3)[0])


def by_hand(scopes):
    """The same in a loop of the user's, each state in a scope of its own or all in one."""
    w = weights(A=(4, 4), B=(4, 4))
    a = b = tg.constant(np.zeros(4))
    for t in range(4):
        with tg.step(t):
            with tg.scope(scopes[0]):
                a = tg.tanh(w["A"] @ a + np.ones(4) * t)
            with tg.scope(scopes[1]):
                b = tg.tanh(w["B"] @ b + a)
    return tg.sum(b)


def layers(count, **options):
    cell = tg.cells.Stack.of(tg.cells.SCRN, 3, 4, num_layers=count, rng=0)
    return tg.sum(tg.unroll(cell, np.ones((4, 2, 3)), **options)[0])


CARDS = {
    "two": (two_unrolled(), 1),
    "two, truncated": (two_unrolled(truncate=2), 1),
    "two, in reverse": (two_unrolled(reverse=True), 1),
    "two, a window": (two_unrolled(truncate=2, window="sliding"), 1),
    "SCRN": (of_cell("SCRN"), 1),
    "SCRN, padded": (of_cell("SCRN", lengths=[4, 2]), 1),
    "mLSTM": (matrix_memory(), 1),
    "three states": (three_states(), 1),
    "one scope": (by_hand(["net", "net"]), 1),
    "two scopes": (by_hand(["low", "high"]), 2),
    "two layers": (layers(2), 2),
    "three layers": (layers(3, reverse=True), 3),
}


@each("name", CARDS)
def test_a_call_of_unroll_is_one_card(name):
    root, count = CARDS[name]
    bands = tg.draw(root, "rolled").picture.bands
    assert len(bands) == count, [b.title for b in bands]
    assert all(b.times in (4, 6) for b in bands), [b.times for b in bands]


def test_a_box_for_each_step_is_one_for_all_states():
    root = two_unrolled()
    titles = [" ".join(p.text for p in b.title) for b in tg.draw(root, level="cell").picture.boxes]
    assert sum(x.startswith("cell") for x in titles) == 6
    assert [(x.cell, x.name, len(x.at)) for x in states(fold([root]), [root])] == [
        ("", "b", 6),
        ("", "a", 6),
    ]


@each("name", tg.cells.__all__)
def test_every_cell_of_the_library_is_one_card(name):
    kind = getattr(tg.cells, name)
    takes_sizes = isinstance(kind, type) and issubclass(kind, tg.cells.Cell) and kind.__module__.count("around") == 0
    if not takes_sizes or kind is tg.cells.Cell:
        return
    size = 4 if name == "IntersectionRNN" else 3
    xs = np.random.default_rng(0).normal(size=(4, 2, size))
    picture = tg.draw(tg.sum(tg.unroll(kind(size, 4, rng=0), xs)[0]), "rolled").picture
    assert [b.times for b in picture.bands] == [4], [b.title for b in picture.bands]


def test_sums_over_time_in_a_scope_of_their_own_are_no_cell() -> None:
    """Only what has parameters is one, unless nothing has."""
    w = weights(A=(4, 4))
    h, total = tg.constant(np.zeros(4)), tg.constant(np.zeros(4))
    for t in range(4):
        with tg.step(t):
            with tg.scope("net"):
                h = tg.tanh(w["A"] @ h + np.ones(4) * t)
            with tg.scope("sums"):
                total = total + h
    assert [b.times for b in tg.draw(tg.sum(total), "rolled").picture.bands] == [4]
    total = tg.constant(np.zeros(4))
    for t in range(4):
        with tg.step(t):
            total = total + tg.exp(total)
    assert [b.times for b in tg.draw(tg.sum(total), "rolled").picture.bands] == [4]
