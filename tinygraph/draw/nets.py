"""Nets run on zeros: a copy of a net, a layer or a cell is called with inputs of these shapes; the net itself stays."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from inspect import signature
from typing import Any

import numpy as np

from ..core.errors import GraphError, shown
from ..core.node import Node
from ..core.structure import leaves
from ..time.cell_contract import Layer, takes
from ..time.unroll import unroll


def is_net(target: Any) -> bool:
    """Whether this is a net, a layer or a cell, rather than nodes."""
    return hasattr(target, "named_state") and callable(target) and not isinstance(target, type)


class Twin:
    """A copy of a net, with which it shares results of ops and the parameters that are trained, which no call changes.

    Attributes:
        net: the copy.
        parts: maps dotted names to it and to the modules in it, in order; its own name is "".
    """

    def __init__(self, owner: str, net: Any) -> None:
        self.owner, self.name, self.model = owner, type(net).__name__, net
        held = [x for _, x in _inside(net, "", {}) if isinstance(x, Node)]
        shared = {id(x): x for x in held if x.op is not None or getattr(x, "trained", False)}
        try:
            self.net = deepcopy(net, shared)
        except Exception as error:
            problem, fix = f"{owner}: {self.name} cannot be copied", f"tg.{owner} of what it returns"
            raise GraphError(problem, got=f"{type(error).__name__}: {error}", fix=fix) from error
        self.parts = {path: x for path, x in _inside(self.net, "", {}) if is_net(x)}

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """Returns what the net returns for inputs of these shapes; a cell with one input runs over its first axis.

        A shape becomes zeros of the net's dtype, and of integers if the net refuses these; what is no shape is passed
        as it is.

        Raises:
            GraphError: the net does not take so many inputs, or raises an error.
        """
        is_cell = hasattr(self.net, "initial_state") and not isinstance(self.net, Layer) and len(inputs) == 1
        if not is_cell and not takes(self.model, len(inputs)):
            got = f"{len(inputs)} input{'s' * (len(inputs) != 1)}, {self._asked(inputs)}"
            expected = f"{self.name}{signature(self.model)}, a shape, an array or None for each"
            problem = f"{self.owner}: {self.name} takes other inputs"
            raise GraphError(problem, expected=expected, got=got, fix=self._fix())
        dtype = next((x.dtype for x in self.net.named_state().values()), np.dtype(float))
        errors: list[Exception] = []
        with _same_chances(self.parts.values()):
            for kind in (dtype, np.dtype(int)):
                values = [_zeros(x, kind) for x in inputs]
                try:
                    return unroll(self.net, values[0]) if is_cell else self.net(*values)
                except Exception as error:
                    errors.append(error)
        why = errors["integ" in str(errors[0])]
        problem = f"{self.owner}: {self.name} does not run on zeros of these shapes"
        got = f"{self._asked(inputs)}: {str(why).splitlines()[0] if str(why) else type(why).__name__}"
        expected = "a shape, an array or None for each of its inputs"
        raise GraphError(problem, expected=expected, got=got, fix=self._fix()) from why

    def _asked(self, inputs: Sequence[Any]) -> str:
        return ", ".join(shown(x, 60) for x in inputs) or "nothing"

    def _fix(self) -> str:
        own = f"tg.{self.owner}"
        return f"{own}(net, (T, B, I), state), with what its __call__ takes; or {own}(net(x, state))"


def net_with(owner: str, net: Any, inputs: Sequence[Any]) -> tuple[Any, Sequence[Any]]:
    """Returns a net and the shapes of its inputs.

    Raises:
        GraphError: it is no net, or there are no shapes.
    """
    if not is_net(net):
        problem, fix = f"{owner}: shapes of inputs are for a net", f"tg.{owner}(node), without shapes"
        raise GraphError(problem, expected="a tg.Module", got=shown(net, 80), fix=fix)
    if not inputs:
        problem, fix = f"{owner}: the shape of a net's input is missing", f"tg.{owner}(net, (5, 2, 3))"
        raise GraphError(problem, expected="such as (T, B, I)", got=shown(net, 80), fix=fix)
    return net, inputs


def nodes_of(net: Any, inputs: Sequence[Any]) -> list[Node]:
    """Returns the nodes to draw: what a net returns for inputs of these shapes."""
    net, inputs = net_with("draw", net, inputs)
    nodes = [x for x in leaves(Twin("draw", net)(inputs)) if isinstance(x, Node)]
    if not nodes:
        raise GraphError(f"draw: {type(net).__name__} returns no node", fix="tg.draw of a node of your own")
    return nodes


def _inside(value: Any, path: str, visited: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    """Yields modules, nodes and all else in a value, depth first, each once, with the dotted names of its place."""
    if id(value) in visited or isinstance(value, (np.ndarray, str)):
        return
    visited[id(value)] = value
    yield path, value
    inner = value if isinstance(value, dict) else getattr(value, "__dict__", {})
    inner = dict(enumerate(value)) if isinstance(value, (list, tuple)) else inner
    for name, part in inner.items() if callable(value) or isinstance(value, (dict, list, tuple)) else ():
        yield from _inside(part, f"{path}.{name}" if path else str(name), visited)


def _zeros(shape: Any, dtype: np.dtype) -> Any:
    """Returns zeros for a shape, also within a tuple, a list or a dict of shapes, such as a state (h, c)."""
    if isinstance(shape, dict):
        return {name: _zeros(part, dtype) for name, part in shape.items()}
    if not isinstance(shape, (tuple, list)):
        return shape
    if all(isinstance(x, (int, np.integer)) and x >= 0 for x in shape):
        return np.zeros(shape, dtype)
    return type(shape)(_zeros(part, dtype) for part in shape)


@contextmanager
def _same_chances(parts: Any) -> Iterator[None]:
    """Leave random generators that are no part of the net as they are: NumPy's, Python's, and those of its files."""
    files = {name for part in parts for cls in type(part).__mro__ if (name := cls.__module__) in sys.modules}
    known = [x for name in files for x in vars(sys.modules[name]).values() if isinstance(x, np.random.Generator)]
    states = [(x, x.bit_generator.state) for x in known]
    ours, pythons = np.random.get_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(ours)
        random.setstate(pythons)
        for x, state in states:
            x.bit_generator.state = state
