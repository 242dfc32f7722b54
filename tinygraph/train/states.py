"""The state of the objects of a training run: their arrays by name, and the rest as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.checks import as_array
from ..core.errors import GraphError, shown
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.structure import leaves
from ..core.together import new_values, set_together
from .flat import check_state
from .nesting import names_of

SavedState = tuple[dict[str, np.ndarray], Any]
"""Arrays by name, and what JSON can hold."""


def state_of(name: str, thing: Any) -> SavedState:
    """The arrays and the plain state of an object.

    A module has parameters, buffers and random generators; optimizers, averages and the like have a ``state_dict``;
    data and schedules have a ``position``; others are numpy generators or structures of parameters.

    Raises:
        GraphError: it is none of these.
    """
    if hasattr(thing, "generators"):
        return thing.state_dict(), [g.bit_generator.state for g in thing.generators()]
    if hasattr(thing, "state_dict"):
        return thing.state_dict(), getattr(thing, "position", None)
    if hasattr(thing, "position"):
        return {}, thing.position
    if isinstance(thing, np.random.Generator):
        return {}, thing.bit_generator.state
    if leaves(thing) and all(isinstance(p, Parameter) for p in leaves(thing)):
        return {n: p.value for n, p in zip(names_of(thing), leaves(thing), strict=True)}, None
    if isinstance(thing, Carried):
        return thing.state()
    expected = "a module, an optimizer, data, a schedule, a numpy Generator, or parameters"
    raise GraphError(f"checkpoint: {name} has no state that can be saved", expected=expected, got=type(thing).__name__)


def set_state(name: str, thing: Any, state: SavedState) -> None:
    """Gives an object the state that `state_of` returned."""
    arrays, plain = state
    if hasattr(thing, "generators"):
        generators = thing.generators()
        if len(generators) != len(plain):
            got = f"{len(plain)} in the file, {len(generators)} here"
            raise GraphError(f"checkpoint: {name} has other random generators", got=got)
        from ..cells.base.module import Module  # who asks for no cell loads none

        if getattr(type(thing), "load_state_dict", None) is Module.load_state_dict:
            _set_parameters(name, thing.named_state(), arrays)  # as they were, with a NaN or an infinity, too
        else:
            thing.load_state_dict(arrays)
        for generator, own in zip(generators, plain, strict=True):
            generator.bit_generator.state = own
    elif isinstance(thing, Carried):
        thing.set(arrays, plain)
    elif hasattr(thing, "load_state_dict"):
        thing.load_state_dict(arrays)
        if hasattr(thing, "position"):
            thing.position = plain
    elif isinstance(thing, np.random.Generator):
        thing.bit_generator.state = plain
    elif hasattr(thing, "position"):
        thing.position = plain
    else:
        _set_parameters(name, thing, arrays)


class Carried:
    """What a loop carries from step to step: nested lists, tuples and dicts of arrays, numbers and None."""

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def state(self) -> SavedState:
        arrays: dict[str, np.ndarray] = {}
        return arrays, _encoded(self.value, arrays)

    def set(self, arrays: Mapping[str, np.ndarray], plain: Any) -> None:
        self.value = _decoded(plain, arrays)


def _encoded(x: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(x, (np.ndarray, np.generic, Node)):
        arrays[f"{len(arrays)}"] = as_array(x.value if isinstance(x, Node) else x)
        return {"array": f"{len(arrays) - 1}"}
    if isinstance(x, dict):
        return {"pairs": [[key, _encoded(part, arrays)] for key, part in x.items()]}  # an integer stays one
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return {"tuple" if isinstance(x, tuple) else "list": [_encoded(part, arrays) for part in x]}
    if x is None or isinstance(x, (bool, int, float, str)):
        return {"plain": x}
    expected = "arrays, in lists, tuples without names, and dicts"
    raise GraphError("checkpoint: the state of the loop cannot be saved", expected=expected, got=type(x).__name__)


def _decoded(x: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    ((kind, content),) = x.items()
    if kind == "array":
        return arrays[content]
    if kind in ("pairs", "dict"):  # files of 0.2.0 have dicts
        pairs = content.items() if kind == "dict" else content
        return {key: _decoded(part, arrays) for key, part in pairs}
    if kind in ("list", "tuple"):
        parts = [_decoded(part, arrays) for part in content]
        return tuple(parts) if kind == "tuple" else parts
    return content


def _set_parameters(name: str, parameters: Any, arrays: Mapping[str, np.ndarray]) -> None:
    names, flat = names_of(parameters), leaves(parameters)
    check_state(f"checkpoint, {name}", arrays, {n: p._value for n, p in zip(names, flat, strict=True)})
    set_together(new_values(zip(flat, [np.array(arrays[n]) for n in names], strict=True)))


def as_figures(owner: str, figures: Any) -> dict[str, float]:
    """Figures by name as numbers of Python; one of a node or an array of one number, too."""
    try:
        values = {str(name): x.value if isinstance(x, Node) else x for name, x in figures.items()}
        return {name: float(np.asarray(x).item()) for name, x in values.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise GraphError(f"{owner}: a figure is no number", expected="numbers by name", got=shown(figures)) from error


def as_json(plain: Any) -> str:
    """The plain states as text; integers of numpy become Python's."""
    return json.dumps(plain, default=_plain, ensure_ascii=False, sort_keys=True)


def _plain(x: Any) -> Any:
    if isinstance(x, np.generic):
        return x.item()
    if isinstance(x, np.ndarray):
        return {"ndarray": x.tolist(), "dtype": str(x.dtype)}
    raise GraphError("checkpoint: JSON cannot hold this", expected="numbers, texts, lists, dicts", got=type(x).__name__)


def from_json(text: str) -> Any:
    """The plain states of a file, with the arrays of generators that have some."""
    return json.loads(text, object_hook=_array_again)


def _array_again(x: dict[str, Any]) -> Any:
    return np.array(x["ndarray"], x["dtype"]) if set(x) == {"ndarray", "dtype"} else x
