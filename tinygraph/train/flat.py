"""Flat buffers: the parameters of a group, their gradients and moments as one array each, updated in pieces."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..compiled import Compiled, compile
from ..core.checks import as_array
from ..core.errors import GraphError, NonFiniteError, shown
from ..core.leaves import Parameter
from ..core.node import Node

if TYPE_CHECKING:
    from .optimizer import Optimizer, StepNumbers

SMALL = 1 << 12
"""Up to so many numbers a rule runs in numpy as it stands; for 80,000, compiled, it takes less than half the time."""

Moments = dict[str, Any]


class Member(NamedTuple):
    """A parameter, its gradient, its moments."""

    parameter: Parameter
    gradient: Any
    moments: Moments


class Flat:
    """Updates a group of parameters as one array, and remembers which arrays are parts of it."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[list[np.ndarray], np.ndarray]] = {}
        self._compiled: tuple[str, Compiled] | None = None

    def __reduce__(self) -> Any:
        return Flat, ()  # what it remembers saves time alone

    def updated(self, rule: Optimizer, numbers: StepNumbers, parts: Sequence[Member]) -> list[tuple[Any, Moments]]:
        """Returns the new value and the new moments of each parameter."""
        if not rule.elementwise or isinstance(parts[0].gradient, Node):
            traced = isinstance(parts[0].gradient, Node)
            return [_updated(rule, p if traced else p._value, g, own, numbers) for p, g, own in parts]
        old = {name: self._joined(name, [part.moments[name] for part in parts]) for name in rule.moments}
        whole = self._joined("", [part.parameter._value for part in parts])
        gradient = np.concatenate([part.gradient.reshape(-1) for part in parts])
        update = rule.update if whole.size <= SMALL else self._compiled_for(rule)
        value, own = _updated(rule, whole, gradient, old, numbers, update)
        shapes = [part.parameter.shape for part in parts]
        self._known = {name: (_apart(array, shapes), array) for name, array in {"": value, **own}.items()}
        values, moments = self._known[""][0], {name: self._known[name][0] for name in old}
        return [(value, {name: arrays[i] for name, arrays in moments.items()}) for i, value in enumerate(values)]

    def _compiled_for(self, rule: Optimizer) -> Compiled:
        """The rule as a compiled function, a new one after its options were set."""
        options = rule.options()
        if self._compiled is None or self._compiled[0] != options:
            self._compiled = options, compile(lambda w, g, moments, numbers: rule.update(w, g, moments, numbers))
        return self._compiled[1]

    def _joined(self, name: str, arrays: list[np.ndarray]) -> np.ndarray:
        """The arrays as one; the very one of which they are the parts, if nobody has set another in the meantime."""
        parts, whole = self._known.get(name, ([], None))
        if whole is not None and all(a is b for a, b in zip(parts, arrays, strict=True)):
            return whole
        return np.concatenate([array.reshape(-1) for array in arrays])


def _updated(
    rule: Optimizer, w: Any, g: Any, moments: Moments, numbers: StepNumbers, update: Any = None
) -> tuple[Any, Moments]:
    subject = f"{type(rule).__name__}: "
    try:
        value, own = (update or rule.update)(w, g, dict(moments), dict(numbers))
    except KeyError as error:  # of an option that was set later
        fix = "set the options that need it when the optimizer is made"
        raise GraphError(
            f"{subject}there is no moment or number {error}", got=f"{[*moments, *numbers]}", fix=fix
        ) from error
    if own.keys() != moments.keys():
        raise GraphError(f"{subject}update returned other moments", expected=f"{[*moments]}", got=f"{[*own]}")
    check_fit(f"{subject}the new value", value, w)
    for name, m in own.items():
        check_fit(f"{subject}the new {name}", m, moments[name])
    return value, {name: own[name] for name in moments}  # a step hands moments on by their order


def check_fit(subject: str, array: Any, like: Any) -> None:
    """Raises an error if an array or node has not the shape and dtype of another."""
    shape, dtype = getattr(array, "shape", ()), getattr(array, "dtype", type(array).__name__)
    if shape != like.shape or dtype != like.dtype:
        raise GraphError(f"{subject} does not fit", expected=f"{like.shape} {like.dtype}", got=f"{shape} {dtype}")


def checked(owner: str, p: Parameter, gradient: Any) -> np.ndarray:
    """The gradient of a parameter as an array that fits and is finite."""
    subject = f"{owner}: the gradient of {p.label()}"
    if gradient is None:
        raise GraphError(f"{subject} was never computed", fix="call loss.backward() first, or pass step(gradients)")
    array = gradient.value if isinstance(gradient, Node) else as_array(gradient)
    check_fit(subject, array, p.value)
    if not np.isfinite(array).all():
        got = f"{int((~np.isfinite(array)).sum())} of {array.size} are NaN or infinite"
        fix = 'lower the learning rate, clip, or find the op that computes it: with tg.nonfinite("raise")'
        raise NonFiniteError(f"{subject} is not finite", expected="finite numbers", got=got, fix=fix)
    return array


def check_state(owner: str, arrays: Any, own: Mapping[str, np.ndarray]) -> None:
    """Raises an error if these are not arrays of the names, shapes and dtypes of an object's own state."""
    if not isinstance(arrays, Mapping) or set(arrays) != set(own):
        got = sorted(set(arrays) ^ set(own)) if isinstance(arrays, Mapping) else type(arrays).__name__
        problem = f"{owner}: the state is that of another one"
        raise GraphError(problem, expected="the names of its own state", got=shown(got, 120))
    for name, x in own.items():
        check_fit(f"{owner}: the state {name}", as_array(arrays[name]), x)


def _apart(whole: np.ndarray, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    parts, start = [], 0
    for shape in shapes:
        end = start + math.prod(shape)
        parts.append(whole[start:end].reshape(shape))
        start = end
    return parts
