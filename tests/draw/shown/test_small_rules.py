"""Small rules of what is shown: which node has a line's name, what is a mask, which steps are meant."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.draw.shown.ellipsis import chosen
from tinygraph.draw.shown.letters import _shared
from tinygraph.draw.shown.padding import is_mask


def test_of_several_nodes_of_a_line_the_last_ones_have_its_names():
    x = tg.constant(np.ones(2))
    early = [x * 2.0, x * 3.0]
    a, b, c, d = (tg.tanh(x * float(k)) for k in range(4))
    e, twin = tg.exp(d.inputs[0]), tg.tanh(d.inputs[0])
    told = [
        (("h",), [b, a], [("h", b)]),
        (("h",), [d, e], [("h", e)]),
        (("h",), [d, twin], []),  # a list of several has no node of its own
        (("*rest",), [a, b], []),
        (("p", "q"), [a, b], [("p", a), ("q", b)]),
        (("p", "q"), [*early, a, b, c, d], [("p", c), ("q", d)]),
        (("p", "q"), [a, b, c], []),
        (("p", "*rest", "q"), [a, b, c, d], [("p", a), ("q", d)]),
        (("p", "*rest", "q"), [a], []),
        (("p", "*rest"), [a, b], [("p", a)]),
    ]
    for names, members, right in told:
        assert [(name, id(y)) for name, y in _shared(names, members)] == [(name, id(y)) for name, y in right]


def test_a_mask_is_what_unroll_makes_of_lengths_alone():
    real = tg.constant(np.array([True, False]), name="real")
    others = tg.constant(np.array([True]), name="m"), tg.constant(np.ones(2), name="real")
    assert is_mask(real) and not any(map(is_mask, others)) and not is_mask(tg.parameter(np.ones(2), "real"))


def test_a_place_in_time_counts_in_each_phase():
    phases = [[(0, 0), (0, 1), (0, 2)], [(1, 0), (1, 1)]]
    assert chosen(phases, phases[0], [-3, 2]) == {(0, 0), (0, 2)}
    assert chosen(phases, phases[1], [-3, 2, -2, 1]) == {(1, 0), (1, 1)} and chosen(phases, phases[1], [2]) == set()
    for i in (3, -4):
        with pytest.raises(tg.GraphError, match=rf"steps has {i}, but there are 3 time steps(?s:.*)from -3 to 2"):
            chosen(phases, phases[0], [0, i])
