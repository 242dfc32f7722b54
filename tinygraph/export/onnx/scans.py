"""Loops over time as nodes of the kind Scan, whose body is the graph of one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...core.node import Node
from ...core.traced import Slot
from ...loops.loop import Body
from ..traced.sizes import Filled, Size
from .shapes import reshaped, sliced
from .wires import Wire

if TYPE_CHECKING:
    from .translation import Translation


def looped(to: Translation, node: Node, selections: Sequence[Node]) -> list[Wire]:
    """Writes a loop as a Scan; returns the values of the nodes that select from it."""
    body: Body = node._attributes["body"]
    count, states = len(body.slices), node._inputs[len(body.slices) : len(body.slices) + len(body.carries)]
    picked = list(dict.fromkeys(s._attributes["of"] for s in selections if isinstance(s._attributes["of"], Node)))
    used = to.used(body, picked)
    pairs = [(slot, x) for slot, x in zip(body.slices, node._inputs, strict=False) if slot in used]
    slices = [to.value(x) for slot, x in pairs if to.silent(x) is None]
    with to.inside() as nodes:
        for slot, x in zip(body.fixed, node._inputs[count + len(states) :], strict=True):
            if slot in used:
                to.put(slot, to.value(x))
        entering = [_entered(to, slot) for slot in body.carries]
        entering += [_entered(to, slot) for slot, x in pairs if to.silent(x) is None]
        for slot, x in pairs:
            if (number := to.silent(x)) is not None:
                to.put(slot, to.evenly(number, slot))
        if not slices:
            slices, entering = [_steps(to, body, node)], [*entering, to.writer.info(to.writer.name("t"), _I8, ())]
        results = _own(to, nodes, to.write([*body.nexts, *picked]))
        leaving = [
            to.writer.info(name, y.dtype, to.free.shape(y))
            for name, y in zip(results, [*body.nexts, *picked], strict=True)
        ]
    inputs = [*[to.value(s) for s in states], *slices]
    outputs = _scan(to, nodes, entering, leaving, inputs, len(slices), body.reverse)
    rows = {of: k + len(states) for k, of in enumerate(picked)}
    chosen = [s._attributes["of"] for s in selections]
    names = [outputs[of if isinstance(of, int) else rows[of]] for of in chosen]
    return [Wire(to.writer, name, s.dtype) for name, s in zip(names, selections, strict=True)]


_I8 = np.dtype(np.int64)


def _entered(to: Translation, slot: Slot) -> Any:
    """The description of an input of the body, which stands for a slot."""
    name = to.writer.name(f"{to.writer.prefix}{slot.name or 'step'}.in")
    to.put(slot, Wire(to.writer, name, slot.dtype))
    return to.writer.info(name, slot.dtype, to.free.shape(slot))


def _steps(to: Translation, body: Body, node: Node) -> Wire:
    """The numbers of the steps, for a loop that takes nothing else along."""
    steps = to.free.solver.size(body.steps, to.free.twins[node]._attributes["body"].steps)
    return Wire(to.writer, to.writer.filled(Filled(0, (steps,), _I8, 0)), _I8)


def _own(to: Translation, nodes: list[Any], values: list[Wire]) -> list[str]:
    """Names of the values as outputs of a body: each made by a node in it, and none twice."""
    made, names = {name for node in nodes for name in node.output}, list[str]()
    for value in values:
        own = value.name in made and value.name not in names
        names.append(value.name if own else to.writer.write("Identity", value))
    return names


def _scan(
    to: Translation,
    nodes: list[Any],
    entering: list[Any],
    leaving: list[Any],
    inputs: list[Wire],
    count: int,
    reverse: bool,
) -> list[str]:
    """Writes the Scan with this body; returns the names of its outputs, final states first."""
    w, states = to.writer, len(inputs) - count
    graph = w.onnx.helper.make_graph(nodes, w.name(f"{w.prefix}body"), entering, leaving)
    backward = {"scan_input_directions": [1] * count, "scan_output_directions": [1] * (len(leaving) - states)}
    if not backward["scan_output_directions"]:
        del backward["scan_output_directions"]
    settings = {"body": graph, "num_scan_inputs": count} | (backward if reverse else {})
    names = w.write("Scan", *inputs, outputs=len(leaving), **settings)
    return [names] if isinstance(names, str) else names


def running(to: Translation, node: Node, inputs: list[Wire]) -> Wire:
    """A linear recurrence, or a running product, as a Scan of its own."""
    if node._op is not None and node._op.name == "cumprod":
        return _products(to, node, inputs[0].to(node.dtype))
    return _linear(to, node, *[x.to(node.dtype) for x in inputs])


def _products(to: Translation, node: Node, x: Wire) -> Wire:
    axis, source = node._attributes.get("axis"), node._inputs[0]
    if axis is None or not source.ndim:
        x, axis = reshaped(to.writer, x, [-1]), 0
    sizes = to.free.shape(node)
    axis %= len(sizes)
    perm = [axis, *[k for k in range(len(sizes)) if k != axis]]
    x = x.of("Transpose", perm=perm)
    step = tuple(sizes[k] for k in perm[1:])
    start = Wire(to.writer, to.writer.filled(Filled(1, step, node.dtype)), node.dtype)
    z = _written(to, [start], [x], lambda s, xs: s * xs[0], step)[0]
    return z.of("Transpose", perm=[perm.index(k) for k in range(len(perm))])


def _linear(to: Translation, node: Node, a: Wire, b: Wire) -> Wire:
    """s_0 = b_0, s_t = a_t * s_(t-1) + b_t; with ``adjoint`` from the end, of pairs with ``is_complex``."""
    w, sizes = to.writer, to.free.shape(node)
    adjoint, pairs = (bool(node._attributes.get(k, False)) for k in ("adjoint", "is_complex"))
    steps, rest = sizes[0], (slice(None),) * (len(sizes) - 1)
    count = Size(steps.letters, steps.factor, steps.more - 1) if isinstance(steps, Size) else steps - 1
    whole = Wire(w, w.shape([count, *sizes[1:]]), _I8)
    a = a.of("Expand", whole)
    first, others = (-1, slice(0, -1)) if adjoint else (0, slice(1, None))
    start, added = sliced(w, b, (first, *rest)), sliced(w, b, (others, *rest))

    def step(s: Wire, xs: list[Wire]) -> Wire:
        return (_times(s, xs[0], adjoint) if pairs else s * xs[0]) + xs[1]

    states = _written(to, [start], [a, added], step, sizes[1:], adjoint)
    edge = start.of("Unsqueeze", Wire(w, w.constant([0], np.int64), _I8))
    parts = [states[0], edge] if adjoint else [edge, states[0]]
    return Wire(w, w.write("Concat", *parts, axis=0), node.dtype)


def _times(s: Wire, a: Wire, conjugate: bool) -> Wire:
    """The product of complex numbers whose last axis holds the real and the imaginary part."""
    w = s.writer
    (p, q), (c, d) = (
        [x.of("Gather", Wire(w, w.constant([k], np.int64), _I8), axis=-1) for k in (0, 1)] for x in (s, a)
    )
    d = -d if conjugate else d
    return Wire(w, w.write("Concat", p * c - q * d, p * d + q * c, axis=-1), s.dtype)


def _written(
    to: Translation,
    states: list[Wire],
    slices: list[Wire],
    step: Any,
    sizes: Sequence[int | Size],
    reverse: bool = False,
) -> list[Wire]:
    """A Scan of one state whose new values, one a step, are all that leaves it."""
    w, dtype = to.writer, states[0].dtype
    with to.inside() as nodes:
        names = [w.name(f"{w.prefix}running.in") for _ in [*states, *slices]]
        entering = [w.info(name, dtype, sizes) for name in names]
        values = [Wire(w, name, dtype) for name in names]
        new = step(values[0], values[1:])
        leaving = [w.info(name, dtype, sizes) for name in _own(to, nodes, [new, new])]
    outputs = _scan(to, nodes, entering, leaving, [*states, *slices], len(slices), reverse)
    return [Wire(w, outputs[1], dtype)]
