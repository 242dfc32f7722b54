"""Whether two traces of a function are the same graph: the same ops in the same order on the same leaves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from numpy import ndarray

from ..core.graph import ancestors
from ..core.kept_state import OURS
from ..core.leaves import Constant, Parameter
from ..core.node import Node
from ..core.traced import Slot
from ..loops.loop import Body

ADDRESS = re.compile(" at 0x[0-9a-fA-F]+")
"""Where an object lies, which is another place for one that each trace makes."""


def signature(results: Sequence[Node], since: int, slots: Iterable[Slot] = ()) -> Any:
    """What is equal for two traces that compute the same from the same arguments.

    Args:
        results: traced nodes.
        since: the serial number at which the trace began; parameters made later are known by their numbers.
        slots: the function's arguments, which both traces share.
    """
    return _signature(results, since, _numbered(slots))


def _signature(results: Sequence[Node], since: int, numbers: dict[Node, int]) -> tuple[Any, ...]:
    """``numbers`` holds the slots, and is filled with all nodes."""
    order = [n for n in ancestors(results, lambda n: n not in numbers) if n not in numbers]
    picked: defaultdict[Node, list[Node]] = defaultdict(list)
    for node in order:
        if _picks(node):
            picked[node._inputs[0]].append(node._attributes["of"])
    lines = []
    for node in order:
        numbers[node] = len(numbers)
        lines.append(_line(node, since, numbers, picked[node]))
    return (*lines, tuple([numbers[node] for node in results]))


def _picks(node: Node) -> bool:
    """Whether a node picks a node of a loop's body; the bodies' signatures hold these in the order of the picks."""
    return node._op is not None and node._op.selects and isinstance(node._attributes["of"], Node)


def _line(node: Node, since: int, numbers: dict[Node, int], picked: list[Node]) -> Any:
    kind = type(node), node.shape, node.dtype
    if isinstance(node, (Constant, Parameter)):
        return id(node) if isinstance(node, Parameter) and node.serial < since else (*kind, node._value.tobytes())
    if node._op is None:
        return *kind, getattr(node, "written", None), _setting(getattr(node, "draw", None), since, picked)
    settings: Any = ()
    if not _picks(node):
        settings = tuple([(name, _setting(value, since, picked)) for name, value in node._attributes.items()])
    own = tuple([(name, _setting(value, since, picked)) for name, value in _state(node._op).items()])
    return type(node._op), own, *kind, tuple([numbers[x] for x in node._inputs]), settings


def _state(op: Any) -> dict[str, Any]:
    """What an op of the user's keeps: two of one class may compute different things."""
    return {name: value for name, value in vars(op).items() if name not in OURS} if op.keeps_state else {}


def _setting(value: Any, since: int, picked: list[Node]) -> Any:
    if isinstance(value, Body):
        sizes = len(value.slices), len(value.carries), value.steps, value.reverse, value.recompute
        return sizes, _signature([*value.nexts, *picked], since, _numbered(value.slots))
    if isinstance(value, Node):
        return value.shape, value.dtype
    if isinstance(value, ndarray):
        return value.shape, value.dtype, value.tobytes()
    if isinstance(value, (tuple, list)):
        return tuple([_setting(v, since, picked) for v in value])
    return getattr(value, "__qualname__", None) or ADDRESS.sub("", repr(value))


def _numbered(slots: Iterable[Slot]) -> dict[Node, int]:
    return {slot: k for k, slot in enumerate(slots)}
