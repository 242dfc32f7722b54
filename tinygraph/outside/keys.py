"""The key of a plan: nesting, shapes and dtypes of the arguments, and exactly the values that are none of these."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.checks import unmasked
from ..core.errors import GraphError
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.op import Op
from .parts import Slots, entries, parts_of

IMMUTABLE = ("decimal", "fractions", "datetime", "pathlib", "uuid", "zoneinfo", "ipaddress")
"""Modules of Python whose objects do not change."""

BY_IDENTITY = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType, Parameter, Op, Enum, np.ufunc)


def flatten(argument: Any, parts: list[Any], arrays: list[ndarray], numbers: list[float]) -> None:
    """Append the parts of the key of an argument, its arrays, and its floats, which may be new at each call."""
    cls = type(argument)
    if cls is tuple or cls is list or isinstance(argument, (tuple, list)):
        parts.append((cls, len(argument)))
        if cls is not tuple and cls is not list:
            parts.append(_beside(argument))
        for x in argument:
            if type(x) is ndarray and x.flags.c_contiguous and (dtype := x.dtype).kind in "fiub":
                parts.append((x.shape, dtype))
                arrays.append(x)
            else:
                flatten(x, parts, arrays, numbers)
    elif cls is dict or isinstance(argument, dict):
        parts.append((cls, tuple([exact(k) for k in argument]) if argument else ()))
        if cls is not dict:
            parts.append(_beside(argument))
        for x in argument.values():
            flatten(x, parts, arrays, numbers)
    elif cls is float:
        parts.append(cls)
        numbers.append(argument)
    elif is_array(argument):
        array = np.asarray(argument.value if isinstance(argument, Node) else unmasked(argument))
        if not array.flags.c_contiguous:
            array = np.ascontiguousarray(array)
        if array.dtype.kind not in "fiub":
            problem = "compile: an argument must be an array of real numbers or booleans"
            raise GraphError(problem, got=f"dtype {array.dtype}")
        parts.append((array.shape, array.dtype))
        arrays.append(array)
    else:
        parts.append(exact(argument))


def _beside(argument: Any) -> Any:
    """The key of what an object of another class holds beside its items, or its value: attributes, a default."""
    own = getattr(argument, "__dict__", None)
    attributes = () if own is None or own is argument else own.items()
    cls: type = type(argument)
    slots = entries(Slots(argument, parts_of(cls)[1])).items()
    return exact((getattr(argument, "default_factory", None), *attributes, *slots))


def is_array(x: Any) -> bool:
    return isinstance(x, (ndarray, np.generic)) or (isinstance(x, Node) and not isinstance(x, Parameter))


def exact(x: Any) -> Any:
    """A key that two values share only if they are the same to any function: 0.0 is not -0.0, 1 is not True.

    Raises:
        GraphError: x may change, and would be read once.
    """
    cls = type(x)
    if x is None or cls in (str, int, bool, bytes, object, type(...)) or isinstance(x, (BY_IDENTITY, np.dtype)):
        return cls, x
    if cls is float:
        return cls, x.hex()
    if cls is complex or cls is range or cls.__module__ in IMMUTABLE:
        return cls, x, repr(x)
    if isinstance(x, (complex, str, int, float, bytes)):
        return cls, x, repr(x), _beside(x)
    if isinstance(x, (tuple, frozenset)):
        kind = tuple if isinstance(x, tuple) else frozenset
        return cls, kind([exact(v) for v in x]), None if cls is kind else _beside(x)
    if cls is slice:
        return cls, exact((x.start, x.stop, x.step))
    if is_dataclass(x) and not isinstance(x, type) and x.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        return cls, tuple([exact(getattr(x, f.name)) for f in fields(x)])
    if not isinstance(x, ndarray) and (callable(x) or cls.__module__ == "tinygraph.time.feedback"):
        return cls, Same(x)
    raise _may_change(x, cls)


def _may_change(x: Any, cls: type) -> GraphError:
    fix = (
        "pass its numbers and arrays one by one, or in a dict; make its class a frozen dataclass of plain values; or "
        "use it in the function without passing it"
    )
    if isinstance(x, (np.random.Generator, np.random.RandomState)):
        fix = "tg.noise(lambda shape: rng.normal(size=shape), x.shape) in the function, which draws at each call"
    return GraphError(
        f"compile: an argument is neither an array nor a plain value, but a {cls.__name__}, which may change unnoticed",
        expected="arrays in lists, tuples, dicts; numbers, strings, None, functions, cells",
        got=cls.__name__,
        fix=fix,
    )


class Same:
    """An object as a part of a key, equal to itself alone."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.x is other.x

    def __hash__(self) -> int:
        return id(self.x)


def named(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The leaves of the arguments in order, by the words for them: ``{"xs": ..., "lr": ..., "states[0]": ...}``."""
    names = [] if all(map(is_array, args)) else parameter_names(fn)
    more = [f"argument {k + 1}" for k in range(len(args))]
    words: dict[str, Any] = {}
    for name, x in [*zip([*names, *more[len(names) :]], args, strict=False), *kwargs.items()]:
        _name(name, x, words)
    return words


def parameter_names(fn: Callable[..., Any]) -> list[str]:
    """The names of a function's positional parameters, as far as they can be known."""
    try:
        return [p.name for p in inspect.signature(fn).parameters.values() if p.kind < p.VAR_POSITIONAL]
    except (TypeError, ValueError):
        return []


def _name(word: str, x: Any, words: dict[str, Any]) -> None:
    if isinstance(x, dict):
        for key, part in x.items():
            _name(f"{word}[{key!r}]", part, words)
    elif isinstance(x, (list, tuple)):
        for k, part in enumerate(x):
            _name(f"{word}[{k}]", part, words)
    else:
        words[word] = x
