"""What is audited: a forward pass and a backward pass written by hand, which run on arrays and on nodes alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from ...core.leaves import parameter
from ...core.node import Node
from ...recording import makers
from ...recording.recorded import ours_in, recording
from .aliases import bindings_seen
from .attributes import clone
from .surroundings import Keeper, is_changeable


@dataclass(frozen=True)
class Case:
    """Numbers to run a subject with.

    Attributes:
        steps: the number of time steps; None where it is not known.
        parameters: arrays by name.
        arguments: what else the functions take.
        runs: those on nodes that were made with these numbers.
    """

    steps: int | None
    parameters: dict[str, np.ndarray]
    arguments: Any
    runs: dict[Hashable, Outcome] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Outcome:
    """What a run made: the loss, and the hand-written gradients by the names of the parameters.

    Attributes:
        loss: one number, as an array or a node; None where nobody says what it is.
        outputs: what the forward pass returned.
        gradients: arrays or nodes, or None for a parameter for which the backward pass makes none.
        leaves: on nodes the parameters themselves.
        right: the right gradients, once somebody asked for them.
    """

    loss: Any
    outputs: Any
    gradients: dict[str, Any]
    leaves: dict[str, Node] = field(default_factory=dict)
    right: dict[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)


class Subject(ABC):
    """A forward and a backward pass.

    Attributes:
        parameters: the user's arrays by name.
        arguments: the user's other arguments.
        functions: those of the user's functions whose lines are followed; the backward pass is the first.
        surroundings: what these change besides their arguments.
        apart: whether the backward pass is a function of its own.
    """

    parameters: dict[str, np.ndarray]
    arguments: Any
    functions: tuple[FunctionType, ...]
    surroundings: Keeper
    apart: bool

    @abstractmethod
    def _run(self, parameters: Mapping[str, Any], arguments: Any, back: bool) -> Outcome: ...

    def run(self, parameters: Mapping[str, Any], arguments: Any, back: bool = True) -> Outcome:
        """Runs both passes, or the first if apart; it may overwrite arrays. Each run draws the same random numbers."""
        with self.surroundings.same_chance():
            return self._run(parameters, arguments, back or not self.apart)

    def gradients(self, case: Case) -> dict[str, np.ndarray | None]:
        """The hand-written gradients as arrays."""
        copies = {name: np.array(x) for name, x in case.parameters.items()}
        with self.surroundings.kept():
            gradients = self.run(copies, copied(case.arguments)).gradients
        return {name: None if g is None else np.array(g, float) for name, g in gradients.items()}

    def on_nodes(self, case: Case, bindings: bool = True, back: bool = True) -> Outcome:
        """A run whose loss and gradients are nodes; each knows the user's line that made it. It runs once.

        With ``bindings`` a name that is bound to what is there makes a node too, see `aliases.py`. Without ``back`` the
        gradients may be left out.
        """
        whole, wanted = (self, bindings, True), (self, bindings, back)
        if whole not in case.runs and wanted not in case.runs:
            case.runs[wanted] = self._on_nodes(case, bindings, back)
        return case.runs[whole if whole in case.runs else wanted]

    def _on_nodes(self, case: Case, bindings: bool, back: bool) -> Outcome:
        leaves: dict[str, Node] = {name: parameter(x, name) for name, x in case.parameters.items()}
        with self.surroundings.kept(), self.recorded(bindings):
            writable = {name: makers.array(x) for name, x in leaves.items()}
            outcome = self.run(writable, copied(case.arguments), back)
        return Outcome(outcome.loss, outcome.outputs, outcome.gradients, leaves)

    @contextmanager
    def recorded(self, bindings: bool = False) -> Iterator[None]:
        """A context in which the user's functions run on nodes, with all that they write."""
        with ExitStack() as stack:
            stack.enter_context(recording(follows=True))
            for function in {id(f.__globals__): f for f in self.functions}.values():
                stack.enter_context(ours_in(function))
            if bindings:
                stack.enter_context(bindings_seen(self.functions, self.functions[0] if self.apart else None))
            yield


def copied(x: Any) -> Any:
    """The same structure with arrays of its own, since the user's code may write into them."""
    if isinstance(x, np.ndarray):
        return x.copy()
    if isinstance(x, dict):
        return {key: copied(part) for key, part in x.items()}
    if type(x) in (list, tuple):
        return type(x)([copied(part) for part in x])
    return clone(x) if is_changeable(x) else x
