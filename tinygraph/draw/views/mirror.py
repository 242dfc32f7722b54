"""The gradient graph beside a graph: which boxes get a gradient, the rule of each, and what is sent between them."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from ...core.graph import ancestors
from ...core.leaves import Constant
from ...core.node import Node
from ...engine.grad import grad
from ..labels import clean, number, shape
from ..norms.heat import Heat
from ..picture import Part
from ..shown.folding import Folded, Link
from ..shown.roles import LOOKUPS
from .formulas import rule
from .wording import SIGNS, Words

MOST = 30
"""A rule of so many characters is written in full; of a longer one settings go, then arguments, then the end."""

_LIST = r"(?<=\w\()(?:[^()]|\(…\))+,(?:[^()]|\(…\))+(?=\))"
_SHORTER = ((r", \w+=(\([^()]*\)|[^(),])*", ""), (r" for \w.* in .*\]$", ", …]"), (_LIST, "…"), (_LIST, "…"))
"""What is left out of a rule that is too long, one after the other: settings, what a list runs over, arguments."""


@dataclass
class Mirror:
    """The gradient's side of a graph.

    Attributes:
        loss: what is differentiated.
        twins: of each box the box of its gradient, a constant that holds it and whose origin the box is.
        arrows: of each twin what it is sent: links from the twins of the boxes that use it.
        reads: the boxes whose rule reads a value of the forward pass.
        ops: of each box the ops that the gradient's graph holds for it.
        parts: the boxes that hold several ops, which have no rule in one line.
        dots: the boxes that stand for steps left out.
    """

    loss: Node
    twins: dict[Node, Node] = field(default_factory=dict)
    arrows: dict[Node, list[tuple[Link, Link]]] = field(default_factory=dict)
    reads: set[Node] = field(default_factory=set)
    ops: dict[Node, Counter[str]] = field(default_factory=dict)
    parts: set[Node] = field(default_factory=set)
    dots: set[Node] = field(default_factory=set)


def gradients_of(loss: Node) -> dict[Node, Node]:
    """The gradient of the loss with respect to every node that it reaches, as nodes of one graph."""
    reached = ancestors([loss], lambda x: x.op is None or x.op.differentiable)
    nodes = [x for x in reached if x.dtype.kind == "f"]
    return dict(zip(nodes, grad(loss, nodes), strict=True))


def mirror(folded: Folded, warmth: Heat, gradients: dict[Node, Node], loss: Node) -> Mirror:
    """Boxes for the gradients and the links between them, each beside the link that it runs back along."""
    found = Mirror(loss, parts=set(folded.parts), dots=folded.dots)
    for node in folded.nodes:
        if warmth.norms.get(node) is not None or node in folded.dots:
            found.twins[node] = _twin(node, gradients.get(node))
    for user in folded.nodes:
        for link in folded.arrows[user]:
            if link.source in found.twins and user in found.twins:
                back = Link(found.twins[user], link.cut, found.twins[link.source], link.slot)
                found.arrows.setdefault(found.twins[link.source], []).append((back, link))
    _read(found, folded, gradients)
    return found


def _twin(node: Node, gradient: Node | None) -> Node:
    twin = Constant((node if gradient is None else gradient).value)
    twin._place = (node.step, node.scope, node)
    return twin


def _read(found: Mirror, folded: Folded, gradients: dict[Node, Node]) -> None:
    """What each box's rule is made of in the gradient's graph, and whether it reads what was computed forward."""
    box = {x: node for node, part in folded.parts.items() for x in part.held}
    forward = set(ancestors(list(gradients)))
    for node in ancestors(list(gradients.values())):
        if node.origin is None or node in forward or node.op is None:
            continue
        here = box.get(node.origin, node.origin)
        found.ops.setdefault(here, Counter())[node.op.name] += 1
        if any(x in forward and (x.op is not None or x.size > 1) for x in node.inputs):
            found.reads.add(here)


def local_rule(node: Node, reached: Container[Node]) -> list[str]:
    """The op's own rule, a line for each input that gets a gradient, and for each other name in them."""
    if node.op is None:
        return []
    names = [f"g{x}" for x in inspect.signature(node.op.forward).parameters]
    idle = {name for name, x in zip(names, node.inputs, strict=False) if x not in reached}
    lines = [x.partition(" = ")[::2] for x in rule(type(node.op)).backward]
    values = {name: value for name, value in lines if name not in idle}
    results = [x for x in values if x in names] or list(values)
    for name in results:
        values[name] = values.get(values[name], values[name])  # gx = slope
    return [f"{x} = {values[x]}" for x in values if x in results or x in _needed(values, results)]


def _needed(values: dict[str, str], results: list[str]) -> set[str]:
    """The names that results are made of, and those that these are made of."""
    found: set[str] = set()
    left = list(results)
    while left:
        new = values.keys() & set(re.findall(r"\w+", values[left.pop()])) - found
        found |= new
        left += new
    return found


def rule_line(lines: list[str]) -> str:
    """The gradients that a rule gives, in the order of the inputs, as its ``return`` has them."""
    parts = [x.partition(" = ") for x in lines]
    used = " ".join(value for *_, value in parts)
    text = ", ".join(value for name, _, value in parts if re.search(rf"\b{name}\b", used) is None)
    for long, short in _SHORTER:
        text = re.sub(long, short, text) if len(text) > MOST else text
    return clean(text, MOST)


def twin_words(node: Node, forward: Words, found: Mirror, warmth: Heat, reached: Container[Node]) -> Words:
    """What a gradient's box says: ``∂h2 ‖0.38‖``, and below it the rule by which it is sent on."""
    norm = warmth.norms.get(node)
    if norm is None or node in found.dots:
        return Words([Part("⋯")], "", forward.tip)
    lines = [] if node in found.parts else local_rule(node, reached)
    ops = ", ".join(f"{n} {name}" for name, n in found.ops.get(node, {}).items())
    tip = [f"gradient with respect to {forward.tip[0]}", f"{shape(node.shape)} {node.dtype}, norm {number(norm, 4)}"]
    tip += lines + ([f"in the gradient's graph: {ops}"] if ops else [])
    return Words(
        [Part(clean(f"∂{_name(node, forward, found)}", 20)), Part(f"‖{number(norm)}‖", "value")],
        rule_line(lines) or shape(node.shape),
        tip,
    )


def _name(node: Node, forward: Words, found: Mirror) -> str:
    """What the gradient is taken by: the name of a node, else the op alone, for the box beside says the rest."""
    if node.op is None or node in found.parts or (node.name or "").strip():
        return (node.name or "").strip() or forward.title[0].text
    if node is found.loss:
        return "loss"
    if node.op.name in LOOKUPS:
        return " ".join(x.text for x in forward.title)
    return SIGNS.get(node.op.name) or node.op.name.replace("cross_entropy", "CE").replace("_", " ")
