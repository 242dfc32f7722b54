"""Runs the loops of this folder, as they are marked and without their marks."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

import tinygraph as tg
from tinygraph.core.graph import ancestors
from tinygraph.core.leaves import Parameter
from tinygraph.draw.unmarked.steps import marked

X = np.random.default_rng(0).normal(size=(4, 2, 3))


def run(source):
    """The loss that a source computes."""
    rng = np.random.default_rng(1)
    P = {name: tg.parameter(rng.normal(size=(3, 3)) * 0.4, name) for name in "UWVABCE"}
    names = {"np": np, "tg": tg, "X": X, "P": P, **P}
    exec(compile(source, "<article>", "exec"), names)
    return names["loss"]


def without_marks(source):
    """The same source; nobody says at which step a node is made."""
    plain, count = re.subn(r"with tg\.step\(.*\):", "if True:", source)
    assert count or "tg.step" not in source
    return plain


def ops_at_steps(nodes):
    """How many results of each op and shape there are at each step."""
    kinds = ((x.op.name if x.op else x.kind, x.shape, x.step) for x in nodes if not isinstance(x, Parameter))
    return Counter(kinds)


def told(*roots):
    """The nodes of a graph as they are drawn."""
    new = marked([*roots], ancestors(roots))
    return [new[x] for x in ancestors(roots)]
