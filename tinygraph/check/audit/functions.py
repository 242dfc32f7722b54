"""Functions that are audited: a loss and its backward pass, or one function that does both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...recording.recorded import code_of
from .calls import call
from .results import gradients_of, loss_of
from .subject import Outcome, Subject


class Functions(Subject):
    """A backward pass as a function.

    Args:
        backward: returns the gradients, as a tuple, a list or a dict; if ``loss`` is None, the loss before them.
        loss: returns the loss, and perhaps what ``backward`` needs besides.
        parameters: arrays by name.
        arguments: what the functions take besides, by name or in order.
    """

    def __init__(
        self,
        backward: Callable[..., Any],
        loss: Callable[..., Any] | None,
        parameters: Mapping[str, Any],
        arguments: Any,
    ) -> None:
        self._backward, self._loss = backward, loss
        self.parameters = {name: np.asarray(x) for name, x in parameters.items()}
        self.arguments = arguments
        self.functions = tuple([code_of(f) for f in (backward, loss) if f is not None])

    def run(self, parameters: Mapping[str, Any], arguments: Any) -> Outcome:
        values = dict(parameters)
        if self._loss is None:
            result = call(self._backward, values, arguments)
            rest = result[1:] if isinstance(result, (tuple, list)) else result
            return Outcome(loss_of(result), None, gradients_of(rest, parameters, self._backward))
        result = call(self._loss, values, arguments)
        kept = [*result[1:]] if isinstance(result, tuple) else []
        gradients = call(self._backward, values, arguments, kept)
        return Outcome(loss_of(result), None, gradients_of(gradients, parameters, self._backward))
