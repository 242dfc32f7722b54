"""Equal nodes become one: the same op of the same inputs with the same settings, the same small constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.leaves import Constant
from ..core.node import Node
from .rewriting import Rule, Rules

PLAIN = (bool, int, float, str, slice, type, np.dtype, np.generic, type(...))
LARGEST = 64
"""Elements up to which constants are compared; larger ones are one only if they are the same node."""


class MergeEqual(Rules):
    """Merge nodes that compute the same.

    Args:
        rules: tried on each node before it is compared (see `Rules`), so that one walk does both.
    """

    def __init__(self, *rules: Rule) -> None:
        super().__init__(*rules)
        self.levels: list[dict[Any, Node]] = []

    def enter(self, order: Sequence[Node], roots: Sequence[Node]) -> None:
        self.levels.append({})

    def leave(self) -> None:
        self.levels.pop()

    def node(self, node: Node, was: Node) -> Node | None:
        found = super().node(node, was)
        if found is None or not found._inputs:
            return found
        inputs = tuple([self._number(x) for x in found._inputs])
        return self.levels[-1].setdefault((found._op, inputs, _settings(found._attributes)), found)

    def _number(self, x: Node) -> Any:
        if type(x) is Constant and x._value.size <= LARGEST:
            return (x._value.dtype.str, x._value.shape, x._value.tobytes())
        return id(x)


def _settings(settings: dict[str, Any]) -> Any:
    """What tells settings apart: how plain ones are written, of others which they are."""
    return tuple([(name, _told(v)) for name, v in settings.items()])


def _told(setting: Any) -> Any:
    if isinstance(setting, (tuple, list)):
        return tuple([_told(v) for v in setting])
    # An array is not written whole, and two slots of one shape are written the same.
    return repr(setting) if setting is None or isinstance(setting, PLAIN) else id(setting)
