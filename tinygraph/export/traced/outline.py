"""What is to be exported: a function of arrays, with names for its inputs, its results and its parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from ...cells import Recurrent
from ...cells.base.module import Module
from ...compiled import Compiled
from ...core.checks import as_array
from ...core.errors import GraphError, shown
from ...core.leaves import Parameter
from ...core.node import Node
from ...core.structure import leaves, map_leaves
from ...outside.keys import is_array, parameter_names
from ...time.unroll import unroll


@dataclass
class Exported:
    """A function or a layer as exporters see it.

    Attributes:
        what: the exporter's name, with which its errors begin.
        fn: called with ``arguments``, or others of their nesting.
        arguments: the example: arrays in any nesting, and plain values, which are fixed.
        inputs: the names of the arrays among the arguments, with these, in order.
        words: names for the results: one for each of them if they are a tuple of that many.
        parameters: those of the module, if it is one, by their names.
        subject: the layer, the cell or the function itself.
        roles: for each input ``"sequence"`` (T, B, ...), ``"step"`` or ``"state"`` (B, ...), or empty for a function's.
    """

    what: str
    fn: Callable[..., Any]
    arguments: tuple[Any, ...]
    inputs: dict[str, ndarray]
    words: list[str]
    parameters: dict[str, Parameter]
    subject: Any
    roles: dict[str, str]

    def with_arrays(self, arrays: list[Any]) -> tuple[Any, ...]:
        """The arguments with others in place of their arrays, in the order of ``inputs``."""
        rest = iter(arrays)
        whole: tuple[Any, ...] = map_leaves(lambda x: next(rest) if isinstance(x, ndarray) else x, self.arguments)
        return whole

    def result_names(self, structure: Any) -> list[str]:
        """Names for the leaves of what the function returned; none of them is an input's."""
        if isinstance(structure, tuple) and len(structure) == len(self.words):
            pairs = [*zip(self.words, structure, strict=True)]
        elif isinstance(structure, dict):
            pairs = [*structure.items()]
        else:
            pairs = [(self.words[0] if len(self.words) == 1 else "result", structure)]
        names = [name for word, part in pairs for name in paths(str(word), part)]
        return unlike(names, {*self.inputs})


def outlined(what: str, subject: Any, example: Any) -> Exported:
    """The outline of a function, a cell or a layer.

    Args:
        what: the exporter's name.
        subject: a layer (`tg.Recurrent`), of which the state becomes inputs and outputs; a cell, of which one step is
            exported; another module or a function of arrays.
        example: its arguments, a tuple, or its only argument. Without a state, that of layer or cell starts from its
            initial one.

    Raises:
        GraphError: it cannot be called, or an array is none of real numbers or booleans.
    """
    subject = subject.fn if isinstance(subject, Compiled) else subject
    if not callable(subject) or isinstance(subject, type):
        fix = f"{what}(layer, example, ...), or a function of arrays"
        raise GraphError(f"{what}: only what can be called can be exported", got=shown(subject, 80), fix=fix)
    arguments = map_leaves(_plain, example if type(example) is tuple else (example,))
    names, words = parameter_names(subject), ["result"]
    roles = [""] * len(arguments)
    if isinstance(subject, Module) and hasattr(subject, "initial_state"):
        names, words = ["inputs", "state"], ["outputs", "new_state"]
        arguments = _with_state(what, subject, arguments)
        roles = ["sequence" if isinstance(subject, Recurrent) else "step", "state", *roles]
    names = [*names, *[f"input{k}" for k in range(len(names), len(arguments))]]
    told = [(path, role) for word, a, role in zip(names, arguments, roles, strict=False) for path in paths(word, a)]
    rows = zip(unlike([path for path, _ in told], set()), leaves(arguments), [role for _, role in told], strict=True)
    arrays = [(name, x, role) for name, x, role in rows if isinstance(x, ndarray)]
    inputs, roles_of = {name: x for name, x, _ in arrays}, {name: role for name, _, role in arrays}
    parameters = {str(n): p for n, p in subject.named_state().items()} if isinstance(subject, Module) else {}
    return Exported(what, _untruncated(subject), arguments, inputs, words, parameters, subject, roles_of)


def _untruncated(subject: Any) -> Any:
    """A layer as a function without truncation, which changes gradients alone; others as they are."""
    if not isinstance(subject, Recurrent) or subject.settings["truncate"] is None:
        return subject
    settings = subject.settings | {"truncate": None, "window": "chunk"}
    return lambda inputs, state: unroll(subject.cell, inputs, state, **settings)


def _plain(x: Any) -> Any:
    """An array as it stands in memory, whatever holds it; other values as they are."""
    if not is_array(x):
        return x
    array = x.value if isinstance(x, Node) else as_array(x)
    if array.dtype.kind not in "fiub":
        raise GraphError("export: an array of the example has no real numbers", got=f"dtype {array.dtype}")
    return array


def _with_state(what: str, subject: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Inputs and state of a cell or a layer in its dtype; without a state the initial one."""
    arrays = leaves(arguments[:1])
    if not arrays or not all(isinstance(x, ndarray) for x in arrays):
        problem = f"{what}: the example has no array"
        raise GraphError(problem, expected="arrays of the layer's inputs", got=shown(arrays))
    layer = isinstance(subject, Recurrent)
    cell = subject.cell if layer else subject
    arguments = map_leaves(lambda x: _cast(x, getattr(cell, "dtype", None)), arguments)
    if len(arguments) > 1 and arguments[1] is not None:
        return arguments
    sizes = list(arrays[0].shape[:-1])
    if layer and sizes:
        sizes.pop(subject.settings["axis"])
    state = subject.initial_state(sizes[0] if sizes else None)
    if state is None:
        fix = "pass the example as (inputs, state)"
        raise GraphError(f"{what}: the layer's cell is a function, which has no initial state", fix=fix)
    zeros = map_leaves(lambda s: np.asarray(s.value if isinstance(s, Node) else s), state)
    return (arguments[0], zeros, *arguments[2:])


def _cast(x: Any, dtype: Any) -> Any:
    return x.astype(dtype) if dtype is not None and isinstance(x, ndarray) and x.dtype.kind == "f" else x


def paths(word: str, structure: Any) -> list[str]:
    """Names for the leaves of a nested structure: ``state``, ``state.0``, ``state.low.1``."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [name for key, part in structure.items() for name in paths(f"{word}.{key}", part)]
    if isinstance(structure, (list, tuple)):
        fields = getattr(structure, "_fields", range(len(structure)))
        return [name for key, part in zip(fields, structure, strict=True) for name in paths(f"{word}.{key}", part)]
    return [word]


def unlike(names: list[str], taken: set[str]) -> list[str]:
    """The names, with a number after each that another thing has already; ``taken`` gains them."""
    new = []
    for name in names:
        name = name or "result"  # a dict's key may be empty, a name may not
        word, k = name, 1
        while word in taken:
            k, word = k + 1, f"{name}_{k + 1}"
        taken.add(word)
        new.append(word)
    return new
