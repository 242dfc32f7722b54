"""The gradient graph beside the forward graph: boxes with a gradient, their rules, and links."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np

from ...core.graph import ancestors
from ...core.leaves import Constant
from ...core.node import Node
from ...engine.grad import grad
from ..labels import clean, number, shape
from ..norms.heat import Heat
from ..picture import Part
from ..shown.folding import Folded, Link
from ..shown.roles import LOOKUPS
from .formulas import renamed, rule
from .terms import SIGNS
from .wording import Words

MOST = 30
"""Longest rule, in characters, that is written in full; a longer one loses keyword arguments first, then more."""

_LIST = r"(?<=\w\()(?:[^()]|\(…\))+,(?:[^()]|\(…\))+(?=\))"
_SHORTER = ((r", \w+=(\([^()]*\)|[^(),])*", ""), (r" for \w.* in .*\]$", ", …]"), (_LIST, "…"), (_LIST, "…"))
"""What a long rule loses, one after the other: keyword arguments, the range of a comprehension, arguments."""


@dataclass
class Mirror:
    """The gradient graph that belongs to a graph.

    Attributes:
        loss: the node that is differentiated; ``folded``: its graph as it is drawn.
        twins: maps each box to the box of its gradient, a constant with the gradient's value and the box as origin.
        arrows: maps each twin to its links from the twins of the box's users, with the forward link of each.
        reads: the boxes whose rule reads a value of the forward pass.
        ops: maps each box to the number of ops of each name that the gradient graph has for it.
    """

    loss: Node
    folded: Folded
    twins: dict[Node, Node] = field(default_factory=dict)
    arrows: dict[Node, list[tuple[Link, Link]]] = field(default_factory=dict)
    reads: set[Node] = field(default_factory=set)
    ops: dict[Node, Counter[str]] = field(default_factory=dict)


def gradients_of(loss: Node) -> dict[Node, Node]:
    """Returns the gradient of the loss with respect to every node that it reaches, as nodes of one graph."""
    reached = ancestors([loss], lambda x: x.op is None or x.op.differentiable)
    nodes = [x for x in reached if x.dtype.kind == "f"]
    with np.errstate(all="ignore"):  # what is infinite or no number is hatched
        return dict(zip(nodes, grad(loss, nodes), strict=True))


def mirror(folded: Folded, heat_map: Heat, gradients: dict[Node, Node], loss: Node) -> Mirror:
    """Returns the boxes of the gradients, and each link between them with the forward link that it follows backward."""
    result = Mirror(loss, folded)
    for node in folded.nodes:
        if heat_map.norms.get(node) is not None or node in folded.dots:
            result.twins[node] = twin = Constant(gradients.get(node, node).value)
            twin._place = (node.step, node.scope, node)
    for user in folded.nodes:
        for link in folded.arrows[user]:
            if link.source in result.twins and user in result.twins:
                back = Link(result.twins[user], link.cut, result.twins[link.source], link.slot)
                result.arrows.setdefault(result.twins[link.source], []).append((back, link))
    _count_ops(result, gradients)
    return result


def _count_ops(mirror: Mirror, gradients: dict[Node, Node]) -> None:
    box = {x: node for node, part in mirror.folded.parts.items() for x in part.held}
    forward = set(ancestors([*gradients]))
    for node in ancestors([*gradients.values()]):
        if node.origin is None or node in forward or node.op is None:
            continue
        owner = box.get(node.origin, node.origin)
        mirror.ops.setdefault(owner, Counter())[node.op.name] += 1
        if any(x in forward and (x.op is not None or x.size > 1) for x in node.inputs):
            mirror.reads.add(owner)


def local_rule(node: Node, reached: Container[Node]) -> list[str]:
    """Returns the op's own rule: a line per input with a gradient, and a line per other name in these lines."""
    if node.op is None:
        return []
    parameters = inspect.signature(node.op.forward).parameters.values()
    names = [f"g{x.name}" for x in parameters]
    unused = set()
    for i, x in enumerate(parameters):
        inputs = node.inputs[i:] if x.kind is x.VAR_POSITIONAL else node.inputs[i : i + 1]
        if not any(y in reached for y in inputs):
            unused.add(f"g{x.name}")
    lines = [x.partition(" = ")[::2] for x in rule(type(node.op)).backward]
    aside = {name: value for name, value in lines if name in unused}  # gradients that are not asked for
    values = {name: renamed(value, aside) for name, value in lines if name not in unused}
    results = [x for x in values if x in names]
    if not results and aside:
        return []
    results = results or [*values]
    for name in results:
        values[name] = values.get(values[name], values[name])  # gx = slope
    return [f"{x} = {values[x]}" for x in values if x in results or x in _needed(values, results)]


def _needed(values: dict[str, str], results: list[str]) -> set[str]:
    """Returns the names that the results depend on, directly or through other names."""
    names: set[str] = set()
    queue = list(results)
    while queue:
        new = values.keys() & set(re.findall(r"\w+", values[queue.pop()])) - names
        names |= new
        queue += new
    return names


def rule_line(lines: list[str]) -> str:
    """Returns the gradients of a rule in one line, in the order of the inputs, as in its ``return`` statement."""
    parts = [x.partition(" = ") for x in lines]
    used = " ".join(value for *_, value in parts)
    helps = [name for name, *_ in parts if name == "gz" or (name[:1] != "g" and re.search(rf"\b{name}\b", used))]
    text = ", ".join(value for name, _, value in parts if name not in helps)
    for long, short in _SHORTER:
        text = re.sub(long, short, text) if len(text) > MOST else text
    return clean(text, MOST)


def twin_words(node: Node, forward: Words, mirror: Mirror, heat_map: Heat, reached: Container[Node]) -> Words:
    """Returns the text of a gradient's box: ``∂h2 ‖0.38‖``, and the rule below."""
    norm = heat_map.norms.get(node)
    if norm is None or node in mirror.folded.dots:
        return Words([Part("⋯")], "", forward.tip)
    lines = [] if node in mirror.folded.parts else local_rule(node, reached)
    ops = ", ".join(f"{n} {name}" for name, n in mirror.ops.get(node, {}).items())
    tip = [f"gradient with respect to {forward.tip[0]}", f"{shape(node.shape)} {node.dtype}, norm {number(norm, 4)}"]
    tip += lines + ([f"in the gradient's graph: {ops}"] if ops else [])
    return Words(
        [Part(clean(f"∂{_name(node, forward, mirror)}")), Part(f"‖{number(norm)}‖", "value")],
        rule_line(lines) or shape(node.shape),
        tip,
    )


def _name(node: Node, forward: Words, mirror: Mirror) -> str:
    """Returns what stands after ``∂``: the name of a node, or only its op, because the box beside it shows the rest."""
    if node.op is None or node in mirror.folded.parts or forward.name:
        return forward.name or forward.title[0].text
    if node is mirror.loss:
        return "loss"
    if node.op.name in LOOKUPS:
        return " ".join(x.text for x in forward.title)
    return SIGNS.get(node.op.name) or node.op.name.replace("cross_entropy", "CE").replace("_", " ")
