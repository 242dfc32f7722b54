"""One run of an object's passes: what the forward pass returns, its loss, and what the backward pass is called with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ...core.errors import GraphError
from ...core.leaves import parameter
from ...core.node import Node
from ...core.structure import leaves, map_leaves
from ...engine.grad import grad
from ...recording import makers
from .methods import OwnPass
from .naming import CLIP, INPUTS, OUTPUTS, RATE, SLOPE, TARGETS, arguments_of, bound, called, role_of, roles_of
from .results import loss_of, names_returned
from .subject import Outcome

OFF = 1e12
"""The limit of a clipping that clips nothing."""


class PassedNumbers(NamedTuple):
    """What is passed where a learning rate, or the limit of a clipping, is due."""

    rate: float
    clip: float


class Passing:
    """Calls the passes of an object one after the other.

    Attributes:
        outputs: what the forward pass returns, of several things the outputs.
        loss: one number; None where nobody says what it is.
        rated: whether a pass takes a learning rate.
    """

    def __init__(
        self,
        forward: OwnPass | None,
        backward: OwnPass,
        loss: Any,
        arguments: Any,
        numbers: PassedNumbers,
        recorded: Any,
    ) -> None:
        self._forward, self._backward, self._loss = forward, backward, loss
        self._recorded = recorded
        self._kept: dict[str, Any] = {}
        self.outputs: Any = None
        self.loss: Any = None
        self.rated = False
        self._supply: dict[str, Callable[[], Any]] = {
            INPUTS: lambda: arguments[INPUTS],
            TARGETS: lambda: arguments[TARGETS],
            RATE: lambda: numbers.rate,
            CLIP: lambda: numbers.clip,
        }
        self._targets = arguments[TARGETS]

    def go_forward(self, model: Any) -> None:
        """The forward pass and the loss."""
        if self._forward is None:
            return
        result, values = self._forward.call(model, self._supply, {}, (INPUTS, TARGETS))
        self._kept = _by_name(result, self._forward)
        self.outputs = _outputs(result, self._kept)
        if self._loss is not None:
            self.loss = self._loss_at(model, self.outputs)
        elif any(role_of(name) == TARGETS for name in values):
            self.loss = loss_of(result)

    def go_back(self, model: Any) -> Any:
        """The backward pass: what it returns, without a loss before it."""
        supply = {**self._supply, SLOPE: lambda: self._slope(model)}
        if self._forward is not None:
            supply[OUTPUTS] = lambda: self.outputs
        kept = {**self._kept, **({} if self.loss is None else {"loss": self.loss})}
        returned, values = self._backward.call(model, supply, kept, (INPUTS, TARGETS), all_of_it=True)
        self.rated = any(role_of(name) == RATE for name in values)
        if self._forward is None and self.loss is None:
            self.loss = loss_of(returned)
            returned = returned[1:] if isinstance(returned, (tuple, list)) else returned
        return returned

    def outcome(self, gradients: dict[str, Any]) -> Outcome:
        return Outcome(self.loss, self.outputs, gradients)

    def _loss_at(self, model: Any, outputs: Any) -> Any:
        if outputs is None:
            fix = "forward=lambda model, inputs: (model.forward(inputs), model.y)[1]"
            raise GraphError("audit: the forward pass returns nothing, and the loss needs outputs", fix=fix)
        supply = {**self._supply, OUTPUTS: lambda: outputs}
        kept = {name: outputs if x is self.outputs else x for name, x in self._kept.items()}
        if isinstance(self._loss, OwnPass):
            return loss_of(self._loss.call(model, supply, kept, (OUTPUTS, TARGETS))[0])
        names = [n for n, p in arguments_of(self._loss).items() if p.default is p.empty]
        roles = roles_of(names)
        if len(names) == 2 and {*roles.values()} != {OUTPUTS, TARGETS}:
            return loss_of(self._loss(outputs, self._targets))
        name = getattr(self._loss, "__name__", "loss")
        return loss_of(called(self._loss, bound(name, self._loss, supply, kept, (OUTPUTS, TARGETS))))

    def _slope(self, model: Any) -> Any:
        """The gradient of the loss with respect to the outputs."""
        if self._loss is None or self.outputs is None:
            fix = "loss=lambda outputs, targets: ..."
            raise GraphError("audit: backward takes the gradient of the outputs, which needs a loss", fix=fix)
        if any(isinstance(x, Node) for x in leaves(self.outputs)):
            copies = map_leaves(makers.array, self.outputs)
            return map_leaves(makers.array, grad(self._loss_at(model, copies), copies))
        with self._recorded():
            copies = map_leaves(lambda x: makers.array(parameter(np.asarray(x, float))), self.outputs)
            slopes = grad(self._loss_at(model, copies), copies)
        return map_leaves(lambda g: np.array(g.value), slopes)


def _by_name(result: Any, forward: OwnPass) -> dict[str, Any]:
    """What the forward pass returned by the names in its ``return``."""
    names = names_returned(forward.function)
    parts = result if isinstance(result, tuple) else (result,)
    return dict(zip(names, parts, strict=True)) if len(names) == len(parts) else {}


def _outputs(result: Any, kept: dict[str, Any]) -> Any:
    if not isinstance(result, tuple) or not result:
        return result
    for role in (OUTPUTS, TARGETS):
        for name, part in kept.items():
            if role_of(name.rpartition(".")[2]) == role:
                return part
    return next((part for name, part in kept.items() if name != "loss"), result[0])
