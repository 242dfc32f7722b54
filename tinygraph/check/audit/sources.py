"""Sources of gradients: for each parameter of an object an attribute, a result of the backward pass, or an update."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import FunctionType
from typing import Any

import numpy as np

from ...core.node import Node
from . import updates
from .attributes import Path, arrays_in, get
from .results import gradients_of, names_gradient, names_returned

_GRADIENTS = ("d", "dparams", "dweights", "grads", "grad", "gradients", "gradient", "deltas", "dp", "g", "diff")
_VALUES = ("params", "parameters", "weights", "p", "theta", "data", "value", "val", "state")


class Sources:
    """Where the gradients of an object's parameters are.

    Attributes:
        kinds: "attribute", "returned" or "updated" by the path of the parameter.
        attributes: paths of gradients by those of parameters.
        zeroed: paths of arrays that a backward pass may add to, and that are zeros before it.
        rate: a learning rate that stands in the code as a number; 1 if there is none.
    """

    def __init__(self) -> None:
        self.kinds: dict[Path, str] = {}
        self.attributes: dict[Path, Path] = {}
        self.zeroed: Collection[Path] = ()
        self.rate = 1.0

    def look(
        self,
        model: Any,
        before: Mapping[Path, Node],
        returned: Any,
        function: FunctionType,
        needed: Collection[Node] | None,
        rated: bool,
    ) -> None:
        """Finds the source of each gradient after a run on nodes; ``needed`` are nodes that the loss depends on."""
        arrays = {path: x for path, x in arrays_in(model).items() if path not in before}
        pairs = paired({**before, **arrays})
        by_name = _named(returned, before, function)
        changed = {path for path, leaf in before.items() if not updates.is_kept(get(model, path), leaf)}
        matters = {path for path, leaf in before.items() if needed is None or leaf in needed}
        for path in before:
            if path in pairs:
                self.kinds[path], self.attributes[path] = "attribute", pairs[path]
            elif path in by_name:
                self.kinds[path] = "returned"
            elif path in changed and path in matters:
                self.kinds[path] = "updated"
        twins = {path[-1] for path in self.kinds if path in matters}
        for path in {*self.kinds} - matters:
            if path[-1] in twins:  # an optimizer's moments go by the names of what is learned
                del self.kinds[path]
        learned = [*self.kinds]
        for path in changed - {*self.kinds}:
            if is_alike(path, learned) and path[-1] not in twins:
                self.kinds[path] = "updated"
        rest = {path: x for path, x in before.items() if path not in self.kinds and path in matters}
        if not any(kind == "updated" for kind in self.kinds.values()):
            whole = {p: x for p, x in before.items() if p in rest or self.kinds.get(p) == "returned"} if rest else {}
            for path, g in self._returned(returned, whole, function).items():
                if g is not None and path in rest:
                    self.kinds[path] = "returned"
        self._find_rate(model, before, rated)

    def gradients(
        self, model: Any, before: Mapping[Path, Any], returned: Any, function: FunctionType
    ) -> dict[Path, Any]:
        """The gradients after a run, by the paths of the parameters; ``before`` are arrays or leaves."""
        results = {p: x for p, x in before.items() if self.kinds.get(p) == "returned"}
        gradients = self._returned(returned, results, function)
        for path, x in before.items():
            kind = self.kinds.get(path)
            if kind == "attribute":
                gradients[path] = get(model, self.attributes[path])
            elif kind == "updated":
                taken = updates.taken_away(x, get(model, path))
                gradients[path] = taken if self.rate == 1 else updates.without_rate(taken, self.rate)
        return {path: gradients.get(path) for path in before}

    def _returned(self, returned: Any, before: Mapping[Path, Any], function: FunctionType) -> dict[Path, Any]:
        if returned is None or not before:
            return {}
        tails = {path: str(path[-1][1]) for path in before}
        unique = len({*tails.values()}) == len(tails)
        keys = {(f"{k}.{tails[path]}" if unique else f"{k}"): path for k, path in enumerate(before)}
        gradients = gradients_of(returned, {key: before[path] for key, path in keys.items()}, function)
        return {keys[key]: g for key, g in gradients.items()}

    def _find_rate(self, model: Any, before: Mapping[Path, Node], rated: bool) -> None:
        kinds = self.kinds.items()
        rates = {updates.rate_in(before[p], get(model, p)) for p, kind in kinds if kind == "updated"}
        if len(rates) == 1 and None not in rates and not rated:
            self.rate = float(rates.pop() or 1.0)


def is_alike(path: Path, others: Collection[Path]) -> bool:
    """Whether a name begins as one of the others does: ``Whh`` beside ``Wxh``, but not ``h0`` or ``mask``."""
    return str(path[-1][1])[:1] in {str(other[-1][1])[:1] for other in others}


def paired(arrays: Mapping[Path, Any]) -> dict[Path, Path]:
    """Maps paths of parameters to those of their gradients, by names: ``W`` and ``dW``, ``W`` and ``grads['W']``."""
    pairs: dict[Path, Path] = {}
    for path, x in arrays.items():
        options = [(_score(path, other), other) for other in arrays if other != path]
        fitting = [(s + (np.shape(arrays[o]) == np.shape(x)), k, o) for k, (s, o) in enumerate(options) if s]
        whole = [each for each in fitting if each[0] >= 2]
        if whole:
            pairs[path] = max(whole, key=lambda each: (each[0], -each[1]))[2]
    return {path: other for path, other in pairs.items() if path not in pairs.values()}


def _score(path: Path, other: Path) -> int:
    """2 if the other is called as the gradient of the first, 1 if only its last name is; 0 if not."""
    marked = [k for k in other if k[1] in _GRADIENTS]
    a = [k for _, k in path if k not in _VALUES or len(path) == 1]
    b = [k for kind, k in other if (kind, k) not in marked or len(other) == 1]
    if not a or not b:
        return 0
    if len(a) == len(b) and all(map(_is_called, a, b)) and (marked or a != b):
        return 2
    tails = isinstance(a[-1], str) and _is_called(a[-1], b[-1]) and (marked or a[-1] != b[-1])
    return 1 if tails else 0


def _is_called(key: Any, other: Any) -> bool:
    if not isinstance(key, str) or not isinstance(other, str):
        return bool(key == other)
    return names_gradient(other, key)


def _named(returned: Any, before: Mapping[Path, Any], function: FunctionType) -> set[Path]:
    """Paths of the parameters whose gradients the backward pass returns by name."""
    told = [str(key) for key in returned] if isinstance(returned, Mapping) else names_returned(function)
    if not isinstance(returned, (Mapping, tuple, list)) or len({str(p[-1][1]) for p in before}) < len(before):
        return set()
    return {path for path in before if any(names_gradient(name, str(path[-1][1])) for name in told)}
