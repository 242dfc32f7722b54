"""Departures: an operation of the user's that made something else than what is due, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...core.node import Node
from .right import Thing
from .written import Operation


@dataclass(frozen=True)
class Departure:
    """An operation that made something else than what is due.

    Attributes:
        operation: where it happens.
        node: the first of its nodes that is wrong.
        due: what it should have made there.
        mended: the parameters whose gradients become right if it does.
    """

    operation: Operation
    node: Node
    due: Thing
    mended: frozenset[str]


@dataclass(frozen=True)
class Attempt:
    """A departure, and the values that mend it."""

    departure: Departure
    overrides: dict[Node, np.ndarray]

    @property
    def rank(self) -> tuple[int, int]:
        return len(self.departure.mended), -self.departure.node.serial
