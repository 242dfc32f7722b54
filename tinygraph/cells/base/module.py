"""The base class of all holders of parameters: names, saving and loading, training mode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ...core import habits
from ...core.checks import flag, text
from ...core.errors import GraphError, refusing, shown
from ...core.leaves import Parameter, switched
from ...core.markup import amounts, card, table
from ...core.missing import MissingOnOurs, install
from ...core.together import set_together
from .loading import Arrays, load_into
from .masks import Mask


class Module:
    """Holds parameters, buffers and other modules, as attributes or in lists, tuples and dicts that are attributes.

    A cell, a layer or a whole net is a subclass that sets them in ``__init__`` and has a ``__call__``. A cell that is a
    function or an object of another class may hold them as attributes, too. Parameters that a function only refers to
    in its body are not part of the module.

    Attributes:
        training: whether dropout and zoneout draw random masks; `train` and `eval` set it.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> class Tagger(tg.Module):
        ...     def __init__(self):
        ...         self.cell, self.head = tg.cells.GRU(3, 4, rng=0), tg.Linear(4, 2, rng=0)
        ...     def __call__(self, xs):
        ...         return self.head(tg.unroll(self.cell, xs)[0])
        >>> Tagger()(np.ones((5, 1, 3))).shape, list(Tagger().parameters())[-2:]
        ((5, 1, 2), ['head.weight', 'head.bias'])
        >>> two = tg.cells.Stack([tg.cells.RNN(3, 4, rng=0), tg.cells.RNN(4, 4, rng=1)])
        >>> list(two.parameters())[:2], two.eval().training
        (['cells.0.weight_ih', 'cells.0.weight_hh'], False)
    """

    training: bool = True

    def __init_subclass__(cls) -> None:
        """The public methods of this library's own modules refuse what does not fit, as `refusing` does."""
        super().__init_subclass__()
        for name, value in list(vars(cls).items()) if cls.__module__.startswith("tinygraph.") else []:
            if isinstance(value, FunctionType) and (name in ("__init__", "__call__") or not name.startswith("_")):
                setattr(cls, name, refusing(value))

    def __setattr__(self, name: str, value: Any) -> None:
        name_parameters({name: value})
        if type(value) is Parameter and not value.home:
            value.home = type(self).__name__
        super().__setattr__(name, value)

    def parameters(self) -> dict[str, Parameter]:
        """Maps dotted names to the parameters to train, with those of submodules: ``{"cells.0.weight_ih": ...}``.

        A parameter that is used in two places has the name of the first. Buffers and frozen ones are not among them.
        """
        return {name: x for name, x in self.named_state().items() if x.trained}

    def named_state(self) -> dict[str, Parameter]:
        """Maps dotted names to all that `state_dict` holds: parameters, frozen ones, too, and buffers."""
        names = {x: name for name, x in reversed([*_named(self._root(), Parameter)])}
        state: dict[str, Parameter] = {ParameterName(name): x for x, name in reversed(names.items())}
        if len(state) < len(names):
            twice = next(str(name) for x, name in names.items() if state[ParameterName(name)] is not x)
            problem = f"{type(self).__name__}: two parameters have the name {twice!r}"
            raise GraphError(problem, fix="no dots in the keys of dicts, and no key beside the same as a text")
        return state

    def _root(self) -> Mapping[str, Any]:
        """The attributes from which the dotted names start."""
        return vars(self)

    def freeze(self, pattern: str = "*") -> Any:
        """Makes the parameters whose names fit a pattern, ``"encoder.*"``, stay as they are; returns this module.

        They leave ``parameters()`` and stay in ``state_dict()``. An optimizer that was made before has to be made anew.

        Raises:
            GraphError: the pattern fits no name.
        """
        return self._set_trained(pattern, False)

    def unfreeze(self, pattern: str = "*") -> Any:
        """Ends what `freeze` did; a buffer whose name fits is trained, too."""
        return self._set_trained(pattern, True)

    def _set_trained(self, pattern: str, trained: bool) -> Any:
        names = self.named_state()
        fits = [x for name, x in names.items() if fnmatchcase(name, text(type(self).__name__, "pattern", pattern))]
        if not fits:
            problem = f"{type(self).__name__}: no parameter has a name like {shown(pattern)}"
            raise GraphError(problem, expected=f"a pattern for {shown(list(map(str, names)), 160)}")
        set_together(switched(fits, trained))
        return self

    def generators(self) -> list[np.random.Generator]:
        """The random generators of this module and its submodules, in order, each once."""
        holders = [x for _, x in _named(self._root(), (np.random.Generator, Mask))]
        return list({id(g): g for g in (x.rng if isinstance(x, Mask) else x for x in holders)}.values())

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of every array: of the parameters, the frozen ones, too, and of the buffers."""
        return {str(name): x.value.copy() for name, x in self.named_state().items()}

    @refusing
    def load_state_dict(self, arrays: Arrays, strict: bool = True) -> None:
        """Loads parameters from a PyTorch state_dict, from arrays by name, or from a safetensors file.

        Names of PyTorch's layers such as ``weight_ih_l1_reverse`` are understood. The arrays may contain biases that
        this module was built without, if these are zeros.

        Args:
            arrays: names with arrays or tensors of the parameters' shapes, cast to their dtype; or the file's path.
            strict: whether missing and unexpected names are an error; if not, they are ignored, unless none fits.

        Raises:
            GraphError: names are missing, unexpected or of another shape, or numbers are NaN, infinite or too large for
                the dtype (all in one message); nothing is loaded.
        """
        absent = {name for name, _ in _named(self._root(), type(None))}
        load_into(type(self).__name__, self.named_state(), absent, arrays, strict)

    def _repr_html_(self) -> str:
        own = self.named_state()
        rows = [(name, shown(x.shape), x.dtype, "" if x.trained else "not trained") for name, x in own.items()]
        count = sum(x.size for x in own.values())
        mode = "" if self.training else ", as after eval()"
        words = f"{type(self).__name__}: {amounts(len(own), count)}{mode}"
        return card(words, table(("name", "shape", "dtype", ""), rows) if own else "")

    def train(self, mode: bool = True) -> Any:
        """Turns dropout and zoneout on or off in this module and all its submodules; returns this module.

        It also holds for functions that are compiled already, from their next call on.
        """
        self.training = flag(type(self).__name__, "training", mode)
        for _, module in _named(vars(self), Module):
            module.train(mode)
        return self

    def eval(self) -> Any:
        """``train(False)``."""
        return self.train(False)


class ParameterName(str):
    """A text; who takes it for the parameter itself (``for p in cell.parameters()``) is told what to write."""

    __slots__ = ()


install(ParameterName, habits.NAME)
install(Module, habits.MODULE)
install(Module, habits.FROZEN, MissingOnOurs)


def name_parameters(attributes: Mapping[str, Any]) -> None:
    """Gives parameters their dotted names among these attributes, for error messages, tables and pictures."""
    for path, x in _named(attributes, Parameter):
        if x.name is None or path.endswith(f".{x.name}"):
            x.name = path


def attributes_of(value: Any) -> Mapping[str, Any]:
    """The attributes of a module, or of an object that may be a cell; empty for other values."""
    owner = value.__self__ if isinstance(value, MethodType) else value
    if isinstance(owner, type) or not (callable(value) or isinstance(value, Module)):
        return {}
    return getattr(owner, "__dict__", {})


def _named(
    root: Any, cls: type | tuple[type, ...], path: str = "", visited: dict[int, Any] | None = None
) -> Iterator[tuple[str, Any]]:
    """Yields (dotted name, instance of ``cls``) from attributes, and from the cells, lists and dicts among them.

    ``visited`` holds each container by its id, since containers may hold one another.
    """
    visited = {id(root): root} if visited is None else visited
    for name, value in root.items() if isinstance(root, Mapping) else enumerate(root):
        if isinstance(value, cls):
            yield f"{path}{name}", value
            continue
        inner = value if isinstance(value, (list, tuple, dict)) else attributes_of(value)
        if inner and id(inner) not in visited:
            visited[id(inner)] = inner
            yield from _named(inner, cls, f"{path}{name}.", visited)
