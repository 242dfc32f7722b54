"""Traced graphs computed node by node, loops step by step: the answer that passes and plans are held against."""

from __future__ import annotations

import numpy as np

from tinygraph.core.graph import ancestors
from tinygraph.core.leaves import Constant, Parameter


def evaluate(results, values):
    """Arrays of the ``results``, nodes, from the arrays of their slots."""
    done = {**values}
    for node in ancestors(results):
        if node in done:
            continue
        if isinstance(node, (Constant, Parameter)):
            done[node] = node._value
            continue
        inputs = [done[x] for x in node.inputs]
        if node.op.name == "loop":
            selected = [n for n in _consumers(results) if n.inputs and n.inputs[0] is node]
            done[node] = _run(node.attributes["body"], inputs, [n.attributes["of"] for n in selected])
        else:
            done[node] = np.asarray(node.op.forward(*inputs, **node.attributes))
            assert done[node].shape == node.shape and done[node].dtype == node.dtype, node.label()
    return [done[r] for r in results]


def _consumers(results):
    return [n for n in ancestors(results) if n.op is not None and n.op.selects]


def _run(body, inputs, wanted):
    a, b = len(body.slices), len(body.slices) + len(body.carries)
    xs, state, fixed = inputs[:a], list(inputs[a:b]), inputs[b:]
    nodes = [n for n in wanted if not isinstance(n, int)]
    rows = {n: [None] * body.steps for n in nodes}
    for t in range(body.steps)[:: -1 if body.reverse else 1]:
        here = dict(zip(body.slots, [*(x[t] for x in xs), *state, *fixed], strict=True))
        found = evaluate([*body.nexts, *nodes], here)
        state = found[: len(state)]
        for node, value in zip(nodes, found[len(state) :], strict=True):
            rows[node][t] = value
    return {n: np.stack(r) for n, r in rows.items()} | dict(enumerate(state))
