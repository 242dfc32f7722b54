"""What right calls are made of: `Call`, and new arguments of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygraph as tg

X = np.arange(6.0).reshape(2, 3) + 1.0


@dataclass(frozen=True)
class Call:
    """A right call: ``make`` gives the function and new arguments each time."""

    name: str
    make: Callable[[], tuple[Callable[..., Any], list[Any]]]
    options: dict[str, Callable[[], Any]] = field(default_factory=dict)


def call(called: str, function: Any, /, *makers: Callable[[], Any], **options: Any) -> Call:
    settings = {k: v if callable(v) else (lambda v=v: v) for k, v in options.items()}
    return Call(called, lambda: (function, [make() for make in makers]), settings)


def x() -> Any:
    return tg.parameter(np.arange(6.0).reshape(2, 3) + 1, "x")


def w() -> Any:
    return tg.parameter(np.ones((3, 3)) / 2, "w")


def a() -> Any:
    return np.arange(6.0).reshape(2, 3)


def xs() -> Any:
    return np.arange(24.0).reshape(4, 2, 3) / 24


def f() -> Any:
    return lambda x: tg.sum(tg.tanh(x))


def cell() -> Any:
    return lambda x, h: (tg.tanh(x + h),) * 2


def loss() -> Any:
    return tg.sum(x() * 2.0)


def entering(context: Any) -> Any:
    """A function that enters a context and makes a node in it."""

    def call(*args: Any, **options: Any) -> Any:
        with context(*args, **options):
            return repr(tg.tanh(tg.constant(1.0)))

    return call


def mask() -> Any:
    return x() > 2


def square() -> tg.Node:
    return tg.parameter([[2.0, 0.5], [0.5, 3.0]])
