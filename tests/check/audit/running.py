"""A pass's own gradients and what central differences of its loss say: plain NumPy, nothing of tinygraph."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from types import ModuleType
from typing import Any

import numpy as np

from .passes import Pass

Numbers = dict[str, np.ndarray]
SETTINGS = {"learning_rate": 1.0, "clip_norm": 1e12}
"""Arguments of an update without a default: a step of one, no clipping."""


@dataclass
class Run:
    """How a pass is run by hand: its numbers, its loss at any numbers, its gradients at any numbers."""

    numbers: Numbers
    loss: Callable[[Numbers], float]
    gradients: Callable[[Numbers], Numbers]


def run_of(one: Pass, module: ModuleType) -> Run:
    """The pass in the form in which its ``call`` gives it."""
    arguments, keywords = one.call(module)
    if len(arguments) == 4:
        return _of_functions(one, arguments)
    return _of_step(one, arguments, keywords) if "parameters" in keywords else _of_object(one, arguments[0], keywords)


def differences(run: Run, eps: float = 1e-5) -> Numbers:
    """The gradient by central differences of the loss."""
    slopes = {}
    for name, value in run.numbers.items():
        slopes[name] = np.empty(value.shape)
        for place in np.ndindex(value.shape):
            ends = []
            for step in (eps, -eps):
                moved = value.copy()
                moved[place] += step
                ends.append(run.loss({**run.numbers, name: moved}))
            slopes[name][place] = (ends[0] - ends[1]) / (2 * eps)
    return slopes


def relative(own: np.ndarray, due: np.ndarray) -> float:
    """The largest difference against the largest of what is due; infinite for another shape or no number."""
    if np.shape(own) != np.shape(due) or not np.all(np.isfinite(own)):
        return np.inf
    return float(np.max(np.abs(own - due)) / (np.max(np.abs(due)) + 1e-300))


def _copies(numbers: Numbers) -> Numbers:
    return {name: value.copy() for name, value in numbers.items()}


def _of_functions(one: Pass, given: tuple[Any, ...]) -> Run:
    backward, loss, numbers, arguments = given

    def value(at: Numbers) -> Any:
        with _globals_of(loss, at):
            return loss(*_bound(loss, at, arguments, ()))

    def gradients(at: Numbers) -> Numbers:
        at = _copies(at)
        out = value(at)
        rest = out[1:] if isinstance(out, tuple) else ()
        with _globals_of(backward, at):
            return _by_name(one, backward(*_bound(backward, at, copy.deepcopy(arguments), rest)))

    return Run(numbers, lambda at: _first(value(at)), gradients)


def _of_step(one: Pass, given: tuple[Any, ...], keywords: dict[str, Any]) -> Run:
    (step,), arguments = given, keywords["arguments"]

    def value(at: Numbers) -> Any:
        at = _copies(at)
        with _globals_of(step, at):
            return step(*_bound(step, at, copy.deepcopy(arguments), ()))

    def gradients(at: Numbers) -> Numbers:
        _, *rest = value(at)
        return _by_name(one, rest[0] if isinstance(rest[0], dict) else tuple(rest))

    return Run(keywords["parameters"], lambda at: _first(value(at)), gradients)


def _of_object(one: Pass, fresh: Any, keywords: dict[str, Any]) -> Run:
    inputs, targets = keywords["inputs"], keywords["targets"]

    def at_numbers(at: Numbers) -> tuple[Any, Any]:
        model = copy.deepcopy(fresh)
        for name, value in at.items():
            owner, _, last = name.rpartition(".")
            setattr(_reach(model, owner), last, value.copy())
        return model, keywords.get("forward", lambda rnn: rnn.forward(inputs))(model)

    def gradients(at: Numbers) -> Numbers:
        model, _ = at_numbers(at)
        if "backward" in keywords:
            returned = keywords["backward"](model)
        else:
            needed = [key for key, p in _parameters(model.backward) if p.default is p.empty]
            settings = {key: SETTINGS[key] for key in needed if key in SETTINGS}
            both = len(needed) - len(settings) == 2
            returned = model.backward(*([inputs, targets] if both else [targets]), **settings)
        if one.keep == "returned":
            return _by_name(one, returned)
        return {name: _kept(one, model, name, at[name]) for name in one.parameters}

    numbers = {name: _reach(fresh, name) for name in one.parameters}
    return Run(numbers, lambda at: float(np.squeeze(keywords["loss"](at_numbers(at)[1], targets))), gradients)


def _kept(one: Pass, model: Any, name: str, before: np.ndarray) -> np.ndarray:
    owner, _, last = name.rpartition(".")
    if one.keep == "grads":
        return model.grads[name]
    if one.keep == "attributes":
        return getattr(_reach(model, owner), "d" + last)
    (lr,) = [p.default for key, p in _parameters(model.backward) if key in ("lr", "learning_rate")]
    return (before - _reach(model, name)) / (1.0 if lr is inspect.Parameter.empty else lr)


def _parameters(function: Callable[..., Any]) -> list[tuple[str, inspect.Parameter]]:
    return list(inspect.signature(function).parameters.items())


def _reach(thing: Any, path: str) -> Any:
    return reduce(getattr, path.split("."), thing) if path else thing


def _first(out: Any) -> float:
    return float(np.squeeze(out[0] if isinstance(out, tuple) else out))


def _by_name(one: Pass, returned: Any) -> Numbers:
    if isinstance(returned, dict):
        return {name: returned[name] if name in returned else returned["d" + name] for name in one.parameters}
    if len(returned) < len(one.parameters):
        raise ValueError(f"{len(returned)} gradients of {len(one.parameters)}")
    return dict(zip(one.parameters, returned, strict=False))


def _bound(function: Callable[..., Any], at: Numbers, arguments: Any, rest: tuple[Any, ...]) -> list[Any]:
    """Values for the arguments of a function by their names; what nobody names: all numbers first, then the rest."""
    needed = [name for name, p in _parameters(function) if p.default is p.empty]
    by_name = dict(arguments) if isinstance(arguments, dict) else {}
    others = [name for name in needed if name not in at and name not in by_name]
    queue: list[Any] = [] if by_name else list(arguments)
    if len(others) > len(queue) + len(rest):
        queue.insert(0, at)
    by_name |= dict(zip(others, [*queue, *rest], strict=False))
    return [{**by_name, **at}[name] for name in needed]


@contextmanager
def _globals_of(function: Callable[..., Any], at: Numbers) -> Iterator[None]:
    """Numbers that are no arguments stand in the function's file, while it runs."""
    place = function.__globals__
    before = {name: place[name] for name in at if name in place}
    place.update({name: at[name] for name in before})
    try:
        yield
    finally:
        place.update(before)
