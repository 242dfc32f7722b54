"""What is asked of a picture besides the graph and the view, and the check that it can be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from types import NoneType
from typing import Any

from ..core.errors import GraphError
from ..core.node import Node
from ..core.structure import leaves
from .labels import clean

LEVELS = ("auto", "op", "cell", "layer", "whole")
LAYOUTS = ("auto", "time", "dot")
PARAMS = ("chip", "ghost", "hub")
MAX_NODES = 5000
"""Boxes that a picture may have unless told: more than anyone reads, and drawn in under a second."""


@dataclass(frozen=True)
class Options:
    """The options of `tg.draw`, under its names."""

    level: str = "auto"
    gradients: bool | Mapping[Node, Any] | None = None
    values: bool = False
    truncate: int | None = None
    title: str | None = None
    tokens: Sequence[str] | Mapping[int, str] | None = None
    max_nodes: int | None = MAX_NODES
    layout: str = "auto"
    params: str = "chip"

    def __post_init__(self) -> None:
        for option, known in (("level", LEVELS), ("layout", LAYOUTS), ("params", PARAMS)):
            given = getattr(self, option)
            if not isinstance(given, str) or given not in known:
                raise GraphError(f"draw has no {option} {given!r}", expected=", ".join(known), got=repr(given))
        _whole(self.truncate, "truncate", "steps")
        _whole(self.max_nodes, "max_nodes", "boxes")
        if not isinstance(self.values, bool):
            raise GraphError("draw: values is a yes or no", expected="True or False", got=type(self.values).__name__)
        if not isinstance(self.gradients, (bool, Mapping, NoneType)):
            raise GraphError(
                "draw: gradients cannot be drawn",
                expected="True, None, or a dict from nodes to arrays",
                got=type(self.gradients).__name__,
                fix="gradients=True computes them; tg.grad(loss, nodes) gives a dict of them",
            )

    @property
    def heading(self) -> str | None:
        """The title as it is shown."""
        return None if self.title is None else clean(str(self.title), 120)

    @property
    def has_gradients(self) -> bool:
        return self.gradients is not None and self.gradients is not False


def _whole(given: Any, option: str, unit: str) -> None:
    if given is not None and (not isinstance(given, Integral) or isinstance(given, bool) or given < 1):
        raise GraphError(
            f"draw: {option} is a number of {unit}", expected="an integer from 1, or None", got=repr(given)
        )


def roots_of(given: Any) -> list[Node]:
    """The nodes of a structure, each once.

    Raises:
        GraphError: there is none, or something else among them.
    """
    found = leaves(given)
    strangers = [type(x).__name__ for x in found if not isinstance(x, Node)]
    if strangers or not found:
        compiled = any(hasattr(x, "graph") for x in found)
        raise GraphError(
            "draw needs a node",
            expected="a node, or a list of nodes",
            got=", ".join(strangers) or "nothing",
            fix='of a compiled function: view="compiled", or its graph("after")'
            if compiled
            else "pass a result of ops, such as the loss",
        )
    return list(dict.fromkeys(found))
