"""Whether two traces of a function are the same graph: the same ops in the same order on the same leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from numpy import ndarray

from ..core.graph import ancestors
from ..core.leaves import Constant, Parameter
from ..core.node import Node
from ..core.traced import Slot
from ..loops.loop import Body


def signature(results: Sequence[Node], since: int, slots: Iterable[Slot] = ()) -> Any:
    """What is equal for two traces that compute the same from the same arguments.

    Args:
        results: traced nodes.
        since: the serial number at which the trace began; parameters made later are known by their numbers.
        slots: the function's arguments, which both traces share.
    """
    return _signature(results, since, _numbered(slots))


def _signature(results: Sequence[Node], since: int, known: dict[Node, int]) -> tuple[Any, ...]:
    numbers, lines = dict(known), []
    for node in ancestors(results, lambda n: n not in known):
        if node in known:
            continue
        numbers[node] = len(numbers)
        lines.append(_line(node, since, numbers))
    return (*lines, tuple([numbers[node] for node in results]))


def _line(node: Node, since: int, numbers: dict[Node, int]) -> Any:
    kind = type(node), node.shape, node.dtype
    if isinstance(node, (Constant, Parameter)):
        return id(node) if isinstance(node, Parameter) and node.serial < since else (*kind, node._value.tobytes())
    if node._op is None:
        return *kind, getattr(node, "written", None)
    if node._op.selects and isinstance(node._attributes["of"], Node):
        body = node._inputs[0]._attributes["body"]
        of: Any = _signature([node._attributes["of"]], since, _numbered(body.slots))
    else:
        of = tuple([(name, _setting(value, since)) for name, value in node._attributes.items()])
    return type(node._op), *kind, tuple([numbers[x] for x in node._inputs]), of


def _setting(value: Any, since: int) -> Any:
    if isinstance(value, Body):
        sizes = len(value.slices), len(value.carries), value.steps, value.reverse, value.recompute
        return sizes, _signature(value.nexts, since, _numbered(value.slots))
    if isinstance(value, Node):
        return value.shape, value.dtype
    if isinstance(value, ndarray):
        return value.shape, value.dtype, value.tobytes()
    if isinstance(value, (tuple, list)):
        return tuple([_setting(v, since) for v in value])
    return getattr(value, "__qualname__", None) or repr(value)


def _numbered(slots: Iterable[Slot]) -> dict[Node, int]:
    return {slot: k for k, slot in enumerate(slots)}
