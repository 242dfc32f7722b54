"""Calls by name: which of a function's arguments is a parameter, which is data, which is what the forward pass kept."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from types import FunctionType
from typing import Any

from ...core.errors import GraphError, shown

KINDS = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
UPDATES = ("lr", "learning_rate", "learningrate", "eta", "alpha", "step_size", "rate")
"""Names of learning rates, which are 1 in an audit: what an update takes away is the gradient then."""


def call(function: Callable[..., Any], whole: Any, arguments: Any, kept: Sequence[Any] = ()) -> Any:
    """Calls the function with what its arguments' names ask for.

    A name among ``parameters`` is that parameter, one among ``arguments`` that argument. Names that are neither get the
    dict of parameters, if no name is a parameter's; then the other arguments in order; then what is ``kept``.
    Parameters that no argument names are globals of the function's file. Where the ``whole`` is a list, it is one
    argument, or each of its arrays is one.
    """
    parameters = whole if isinstance(whole, Mapping) else Listed(whole)
    names = _names(function)
    values = _values(function, names, parameters, arguments, kept)
    more = _by_any_name(function, names, parameters, arguments)
    taken = isinstance(parameters, Listed) or any(value is parameters for value in values.values())
    others = [] if taken else [p for p in parameters if p not in values and p not in more]
    with _globals(function, {name: parameters[name] for name in others}):
        keywords = {n: v for n, v in values.items() if names[n].kind is inspect.Parameter.KEYWORD_ONLY} | more
        return function(*[v for n, v in values.items() if n not in keywords], **keywords)


class Listed(dict[str, Any]):
    """Parameters that have no names of the user's."""

    def __init__(self, whole: Sequence[Any]) -> None:
        super().__init__((f"parameters[{k}]", x) for k, x in enumerate(whole))
        self.whole = whole


def _names(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return _names_of(function) if isinstance(function, FunctionType) else _names_of.__wrapped__(function)


@lru_cache(maxsize=64)  # the search for repairs calls the same functions thousands of times
def _names_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    return {name: p for name, p in inspect.signature(function).parameters.items() if p.kind in KINDS}


@lru_cache(maxsize=64)
def _is_open(function: Callable[..., Any]) -> bool:
    return any(p.kind is inspect.Parameter.VAR_KEYWORD for p in inspect.signature(function).parameters.values())


def _values(
    function: Callable[..., Any],
    names: Mapping[str, inspect.Parameter],
    parameters: Mapping[str, Any],
    arguments: Any,
    kept: Sequence[Any],
) -> dict[str, Any]:
    by_name = dict(arguments) if isinstance(arguments, Mapping) else {}
    others = [value for name, value in by_name.items() if name not in names]
    others = others if isinstance(arguments, Mapping) else [*arguments]
    free = [n for n in names if n not in parameters and n not in by_name]
    needed = [n for n in free if names[n].default is inspect.Parameter.empty]
    supply = [*others]
    if not any(n in parameters for n in names):
        if isinstance(parameters, Listed) and len(needed) == len(parameters) + len(others):
            supply = [*parameters.values(), *others]
        elif needed and not _are_globals(function, parameters):
            supply = [parameters.whole if isinstance(parameters, Listed) else parameters, *others]
    supply = [*kept] if kept and len(needed) == len(kept) else [*supply, *kept]
    if len(needed) > len(supply):
        raise _too_few(function, needed, supply, parameters)
    told = {n: supply[k] for k, n in enumerate(needed)}
    told |= {n: 1.0 for n in names if n.lower() in UPDATES and n not in told}
    values = {n: parameters[n] if n in parameters else by_name.get(n, told.get(n)) for n in names}
    return {n: v for n, v in values.items() if n in parameters or n in by_name or n in told}


def _by_any_name(function: Any, names: Any, parameters: Mapping[str, Any], arguments: Any) -> dict[str, Any]:
    """What a function with ``**keywords`` takes besides: all that has a name."""
    open_ended = _is_open if isinstance(function, FunctionType) else _is_open.__wrapped__
    if isinstance(parameters, Listed) or not open_ended(function):
        return {}
    every = {**parameters, **(arguments if isinstance(arguments, Mapping) else {})}
    return {str(name): x for name, x in every.items() if name not in names}


def _too_few(function: Any, needed: Sequence[str], supply: Sequence[Any], parameters: Mapping[str, Any]) -> GraphError:
    who = getattr(function, "__name__", type(function).__name__)
    return GraphError(
        f"audit: {who} takes {', '.join(needed)}, and there is no value for {', '.join(needed[len(supply) :])}",
        expected=f"names of parameters ({', '.join(parameters)}), of arguments, or as many values as names",
        got=shown([type(value).__name__ for value in supply]),
        fix="arguments={name: value}, or a lambda that calls it",
    )


def _are_globals(function: Any, parameters: Mapping[str, Any]) -> bool:
    names = getattr(function, "__globals__", {})
    return all(name in names for name in parameters)


@contextmanager
def _globals(function: Any, values: Mapping[str, Any]) -> Iterator[None]:
    names = getattr(function, "__globals__", {})
    unknown = [name for name in values if name not in names]
    if unknown:
        who = getattr(function, "__name__", type(function).__name__)
        problem = f"audit: {who} does not take {', '.join(unknown)}, and its file has no such name"
        raise GraphError(problem, expected="parameters by the names of arguments or of globals", got=shown([*values]))
    before = {name: names[name] for name in values}
    try:
        names.update(values)
        yield
    finally:
        names.update(before)
