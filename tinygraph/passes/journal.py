"""The journal of a compilation: for which traced op each later node, and each action of the plan, was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..core.graph import ancestors
from ..core.leaves import Constant
from ..core.node import Node


@dataclass
class Journal:
    """What passes and planner write down if they are given one.

    Nodes carry what they were made for as their origin, which copies keep and new nodes take from `now.place`.

    Attributes:
        dropped: maps a traced node that a rule did away with to the reason in words.
        done_by: maps the ``id`` of an action to the traced nodes whose work it does; of a loop, to the traced loops.
        actions: the actions in order.
    """

    dropped: dict[Node, str] = field(default_factory=dict)
    done_by: dict[int, list[Node]] = field(default_factory=dict)
    actions: Sequence[Any] = ()

    def replaced(self, node: Node, new: Node) -> None:
        """Note that a rule put ``new`` in the place of a node."""
        why = ""
        if type(new) is Constant:
            why = "made of constants alone: computed once, when compiled"
        elif any(new is x for x in node._inputs):
            why = "changes nothing: its input is used in its place"
        elif {*makers(new)}.isdisjoint(makers(node)):
            why = "equal to another op: done once"
        if why:
            self.dropped |= dict.fromkeys(makers(node), why)
        else:
            _inherit(node, new)

    def made(self, nodes: Iterable[Node], actions: Iterable[Any]) -> None:
        """Note that these actions, and those in them, compute the nodes."""
        done = [x for node in nodes for x in makers(node)]
        for action in actions:
            self.done_by[id(action)] = done
            self.made(nodes, getattr(action, "actions", ()))


def makers(node: Node) -> tuple[Any, ...]:
    """The traced nodes for which a node was made."""
    return node._place[2:]


def _inherit(node: Node, new: Node) -> None:
    """Note that ``new`` does the work of what the rule took in with ``node``: of x in (x @ y).T, put as y.T @ x.T."""
    fresh, edge = {new: None}, list[Node]()
    for n in (nodes := [new]):
        for x in n._inputs:
            if x._op is None or {*makers(x)} != {*makers(node)}:
                edge.append(x)
            elif x not in fresh:
                fresh[x] = None
                nodes.append(x)
    taken = [x for x in node._inputs if x._op is not None and not any(x is e for e in edge)] if edge else []
    for x in taken:
        for n in [n for n in fresh if n._op is x._op] or [new]:
            also(n, [x])


def also(node: Node, others: Iterable[Node]) -> None:
    """Note that a node does the work of others, too."""
    node._place = (*node._place, *(x for other in others for x in makers(other)))


def every(results: Sequence[Node]) -> Iterator[Node]:
    """The nodes of a traced graph and of the bodies of its loops."""
    for node in ancestors(results):
        yield node
        of = node._attributes.get("of")
        if isinstance(of, Node):
            yield from every([of, *node._inputs[0]._attributes["body"].nexts])
        elif "body" in node._attributes:
            yield from every(node._attributes["body"].nexts)


@contextmanager
def marked(results: Sequence[Node]) -> Iterator[None]:
    """A context in which each node of a traced graph is its own origin, so that what is made for it tells so."""
    places = {node: node._place for node in every(results) if node._op is not None}
    try:
        for node, place in places.items():
            node._place = (*place[:2], node)
        yield
    finally:
        for node, place in places.items():
            node._place = place
