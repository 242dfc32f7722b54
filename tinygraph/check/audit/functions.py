"""Functions that are audited: a loss and its backward pass, or one function that does both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ...core.errors import GraphError
from ...core.structure import leaves, rebuild
from ...recording.recorded import code_of
from .calls import call
from .results import gradients_of, loss_of
from .subject import Case, Outcome, Subject, copied
from .surroundings import Keeper


class Functions(Subject):
    """A backward pass as a function.

    Args:
        backward: returns the gradients, as a tuple, a list or a dict; if ``loss`` is None, the loss before them.
        loss: returns the loss, and perhaps what ``backward`` needs besides.
        parameters: arrays by name; or a list of arrays, or dicts and lists of them, which are one argument.
        arguments: what the functions take besides, by name or in order.
    """

    def __init__(
        self, backward: Callable[..., Any], loss: Callable[..., Any] | None, parameters: Any, arguments: Any
    ) -> None:
        self._backward, self._loss = backward, loss
        self._form = arrays(parameters)
        self.parameters = dict(flat(self._form))
        if len(self.parameters) < len(leaves(self._form)):
            problem = "audit: two parameters have one name"
            raise GraphError(problem, expected="other keys, or a list", got=", ".join(dict(flat(self._form))))
        self.arguments = arguments
        self.functions = tuple([code_of(f) for f in (backward, loss) if f is not None])
        self.surroundings, self.apart = Keeper(self.functions), loss is not None

    def _run(self, parameters: Mapping[str, Any], arguments: Any, back: bool) -> Outcome:
        values = rebuild(self._form, [*parameters.values()])
        if self._loss is None:
            result = call(self._backward, values, arguments)
            rest = result[1:] if isinstance(result, (tuple, list)) else result
            return Outcome(loss_of(result), None, gradients_of(rest, parameters, self._backward))
        result = call(self._loss, values, arguments)
        kept = [*result[1:]] if isinstance(result, tuple) else []
        if not back:
            return Outcome(loss_of(result), None, {})
        gradients = call(self._backward, values, arguments, kept)
        return Outcome(loss_of(result), None, gradients_of(gradients, parameters, self._backward))

    def again(self, case: Case, whole: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        """The gradients of a first and of a second call of the backward pass on one forward pass.

        With ``whole`` both passes are called twice.
        """
        values, arguments, results = (
            rebuild(self._form, [*copied(case.parameters).values()]),
            copied(case.arguments),
            [],
        )
        kept: list[Any] = []
        for time in range(2):
            with self.surroundings.same_chance(values, arguments):
                if self._loss is not None and (whole or not time):
                    result = call(self._loss, values, arguments)
                    kept = [*result[1:]] if isinstance(result, tuple) else []
                returned = call(self._backward, values, arguments, kept)
            rest = returned[1:] if self._loss is None and isinstance(returned, (tuple, list)) else returned
            gradients = gradients_of(rest, case.parameters, self._backward)
            results.append({name: None if g is None else np.array(g, float) for name, g in gradients.items()})
        return results[0], results[1]


def _floating(x: Any) -> np.ndarray:
    array = np.asarray(x)
    return array if array.dtype.kind == "f" else array.astype(float)


def arrays(x: Any) -> Any:
    """The user's parameters in their nesting; a list that holds numbers alone is an array."""
    if isinstance(x, Mapping):
        return {name: arrays(part) for name, part in x.items()}
    if isinstance(x, (list, tuple)) and not all(type(part) in (int, float) for part in leaves(x)):
        return type(x)([arrays(part) for part in x])
    return _floating(x)


def flat(x: Any, name: str = "", key: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays with names: ``W``, ``params[0]``; of a dict in a dict the key alone, as people name gradients so."""
    if isinstance(x, Mapping):
        for inner, part in x.items():
            yield from flat(part, f"{name}[{inner!r}]" if name else str(inner), str(inner))
    elif isinstance(x, (list, tuple)):
        for k, part in enumerate(x):
            yield from flat(part, f"{name or 'parameters'}[{k}]")
    else:
        yield key or name, x
