"""What holds parameters: their names, saving and loading them, and whether it is being trained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MethodType
from typing import Any

import numpy as np

from ...core.leaves import Parameter
from .loading import Arrays, load_into


class Module:
    """Holder of parameters and of other modules, as attributes or in lists and dicts among them.

    A function or an object of any class that is called as a cell may hold them as attributes, too; what a function
    merely mentions is not found.

    Attributes:
        training: whether dropout and zoneout draw; set it by `train` and `eval`.

    Example:
        >>> import tinygraph as tg
        >>> two = tg.cells.Stack([tg.cells.RNN(3, 4, rng=0), tg.cells.RNN(4, 4, rng=1)])
        >>> list(two.parameters())[:2], two.eval().training
        (['cells.0.weight_ih', 'cells.0.weight_hh'], False)
    """

    training: bool = True

    def __setattr__(self, name: str, value: Any) -> None:
        christen({name: value})
        super().__setattr__(name, value)

    def parameters(self) -> dict[str, Parameter]:
        """All parameters by dotted name, those of modules within included: ``{"cells.0.weight_ih": ...}``.

        A parameter that is used in two places has the name of the first.
        """
        named = {x: name for name, x in reversed([*_named(self._held(), Parameter)])}
        return {name: x for x, name in reversed(named.items())}

    def _held(self) -> Mapping[str, Any]:
        """What parameters have their names in."""
        return vars(self)

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of every parameter's array, by the names of `parameters`."""
        return {name: x.value.copy() for name, x in self.parameters().items()}

    def load_state_dict(self, arrays: Arrays, strict: bool = True) -> None:
        """Take over parameters: a PyTorch state_dict, arrays by name, or the path of a safetensors file.

        Names of PyTorch's layers such as ``weight_ih_l1_reverse`` are understood. Biases that this module was built
        without may be among them where they are zeros.

        Args:
            arrays: name -> array or tensor of the parameter's shape; cast to the parameter's dtype.
            strict: refuse missing and unexpected names; without it they are passed over.

        Raises:
            GraphError: all names that are missing, unexpected or of another shape, in one message; nothing is loaded.
        """
        absent = {name for name, _ in _named(self._held(), type(None))}
        load_into(type(self).__name__, self.parameters(), absent, arrays, strict)

    def train(self, mode: bool = True) -> Any:
        """Draw dropout and zoneout (True), here and in all modules within, or not; gives back this module.

        A compiled function heeds it at its next call.
        """
        self.training = mode
        for _, module in _named(vars(self), Module):
            module.train(mode)
        return self

    def eval(self) -> Any:
        """``train(False)``."""
        return self.train(False)


def christen(things: Mapping[str, Any]) -> None:
    """Give parameters the names that they have among these, which messages, tables and pictures call them by."""
    for path, x in _named(things, Parameter):
        if x.name is None or path.endswith(f".{x.name}"):
            x.name = path


def attributes(thing: Any) -> Mapping[str, Any]:
    """What a module holds, or another object that may be a cell; nothing of other things."""
    owner = thing.__self__ if isinstance(thing, MethodType) else thing
    if isinstance(owner, type) or not (callable(thing) or isinstance(thing, Module)):
        return {}
    return getattr(owner, "__dict__", {})


def _named(things: Any, kind: type, path: str = "", seen: dict[int, Any] | None = None) -> Iterator[tuple[str, Any]]:
    """What is of a kind among attributes, in cells, lists and dicts among them, with dotted names.

    ``seen``: by its id, all that was looked into, which may hold one another.
    """
    seen = {id(things): things} if seen is None else seen
    pairs = things.items() if isinstance(things, Mapping) else enumerate(things)
    for name, thing in pairs:
        if isinstance(thing, kind):
            yield f"{path}{name}", thing
            continue
        inside = thing if isinstance(thing, (list, tuple, dict)) else attributes(thing)
        if inside and id(inside) not in seen:
            seen[id(inside)] = inside
            yield from _named(inside, kind, f"{path}{name}.", seen)
