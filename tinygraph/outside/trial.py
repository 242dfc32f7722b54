"""One trace of a function, with what it took from outside."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from ..core.errors import refusing
from ..core.graph import ancestors
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.scope import Kept, next_serial, now
from ..core.structure import leaves, map_leaves
from ..core.traced import Slot, Tracing
from ..core.widening import noting
from ..ops.numpy_functions import as_node
from ..time.traced_segments import checkpointing
from .door import Copies, Door
from .same import signature


class Trial:
    """One trace of a function.

    Args:
        fn: the function.
        arguments: its positional and keyword arguments, with a `Slot` in place of each array.
        checkpoint: whether loops over time are traced in segments.
        copies: see `Door`.

    Attributes:
        structure: what the function returned.
        results: its leaves as traced nodes.
        fills_arguments: whether the function put something into a list or a dict among its arguments.
    """

    def __init__(self, fn: Callable[..., Any], arguments: Any, checkpoint: bool, copies: Copies) -> None:
        self.since, self.door = next_serial(), Door(copies)
        self.slots = [x for x in leaves(arguments) if isinstance(x, Slot)]
        args, kwargs = own = map_leaves(lambda x: x, arguments)
        before = {id(x) for x in leaves(own)}
        with Kept(), Tracing(), checkpointing(checkpoint), noting() as self.widenings:
            now.door = self.door
            self.structure = refusing(fn, "compile")(*args, **kwargs)
            if now.refused is not None:
                raise now.refused
            self.results: list[Node] = [as_node(y) for y in leaves(self.structure)]
        self.fills_arguments = any(id(x) not in before for x in leaves(own))

    @cached_property
    def order(self) -> list[Node]:
        """The nodes of the graph, but for those of loops' bodies."""
        return ancestors(self.results)

    def equals(self, other: Trial) -> bool:
        """Whether a later trial has the same graph; a parameter made meanwhile is known by its numbers."""
        own, others = (signature(t.results, self.since, self.slots) for t in (self, other))
        return bool(own == others)

    def ties(self) -> list[tuple[Parameter, int]]:
        """The parameters that nodes made before were computed from, each with the serial number of the first such."""
        ties: dict[Parameter, int] = {}
        for node in self.order:
            if type(node) is Node:
                ties |= {p: node.serial for p in node._inputs if isinstance(p, Parameter) and p not in ties}
        return [*ties.items()]

    def makes_parameters(self) -> bool:
        """Whether the function made a parameter that its results depend on."""
        return any(isinstance(n, Parameter) and n.serial > self.since for n in self.order)
