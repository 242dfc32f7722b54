"""Departures: an operation of the user's that made something else than what is due, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ...core.node import Node
from .book import ratio
from .lines import Line
from .right import Thing
from .written import Operation


class Argument(NamedTuple):
    """A wrong thing that is handed to a function.

    Attributes:
        line: binds it for the call, or calls.
        name: what it is called there.
        node, due: what it is, and what it should be, the first time that it is wrong.
    """

    line: Line
    name: str
    node: Node
    due: Thing


@dataclass(frozen=True)
class Departure:
    """An operation that made something else than what is due.

    Attributes:
        operation: where it happens.
        node: the first of its nodes that is wrong.
        due: what it should have made there.
        right: what its nodes should have made, and those of operations that are exchanged with it.
        mended: the parameters whose gradients become right if they do.
        values: what the graph would be, if all that was blamed so far were right.
        argument: what a caller of its function handed on, where that is what is wrong.
    """

    operation: Operation
    node: Node
    due: Thing
    right: Mapping[Node, np.ndarray]
    mended: frozenset[str]
    values: Mapping[Node, np.ndarray]
    argument: Argument | None = None

    @cached_property
    def is_multiple(self) -> bool:
        """Whether what was made is a multiple of what is due, which is more likely than another thing."""
        made, due = self.node._value.ravel(), self.right[self.node].ravel()
        return made.size == due.size and ratio(made, due) is not None

    @property
    def rank(self) -> tuple[int, int, bool]:
        return len(self.mended), -self.node.serial, self.is_multiple
