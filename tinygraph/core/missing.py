"""Names that are not here and that people write: an error that is an AttributeError and says what to write."""

from __future__ import annotations

import sys
from functools import partial
from inspect import getattr_static
from typing import Any

from .errors import MissingImportError, MissingNameError, plain, shown, users_line
from .habits import Fixes


class Missing:
    """An attribute that a class does not have: reading it raises a `MissingNameError`, so ``hasattr`` is False.

    A class with `__getattr__` would do the same for all names, but then Python looks up every attribute by a longer
    way: an addition of two nodes takes 12% longer (CPython 3.11).
    """

    def __init__(self, name: str, fix: str) -> None:
        self.name, self.fix, self.__doc__ = name, fix, f"Not here; write {fix}"

    def __get__(self, owner: Any, kind: type) -> Any:
        if owner is None:
            return self
        who = getattr(owner, "label", lambda: kind.__name__)()
        raise MissingNameError(f"{who} has no attribute {plain(self.name)!r}", fix=self.fix)


class MissingForGood(Missing):
    """One that cannot be set either."""

    def __set__(self, owner: Any, value: Any) -> None:
        self.__get__(owner, type(owner))


class MissingOnOurs(Missing):
    """One that cannot be set on objects of this library, where it would change nothing; a user's own class may."""

    def __get__(self, owner: Any, kind: type) -> Any:
        own = {} if owner is None else vars(owner)
        return own[self.name] if self.name in own else super().__get__(owner, kind)

    def __set__(self, owner: Any, value: Any) -> None:
        if type(owner).__module__.startswith("tinygraph."):
            super().__get__(owner, type(owner))
        vars(owner)[self.name] = value


class ElementCount(int):
    """A number of elements, as numpy's ``x.size``; who calls it, as PyTorch's ``x.size(0)``, is told what to write."""

    __slots__ = ()

    def __call__(self, axis: Any = "") -> Any:
        fix = "x.shape" if axis == "" else f"x.shape[{axis}]"
        raise MissingNameError(f"x.size is a number, {int(self)}, and no method", got=f"x.size({axis})", fix=fix)


def install(kind: type, fixes: Fixes, missing: type[Missing] = Missing) -> None:
    """Gives a class an error for each of these names that it lacks; ``dir`` does not show them."""
    for name, fix in fixes.items():
        if isinstance(getattr(kind, name, fix), (str, Missing)):
            setattr(kind, name, missing(name, fix))
    kind.__dir__ = _shown  # type: ignore[method-assign, assignment]


def lock(kind: type, fixes: Fixes) -> None:
    """Gives the properties of a class that cannot be set an error that says what to write."""
    for name, attribute in [*vars(kind).items()]:
        if isinstance(attribute, property) and attribute.fset is None:
            fix = fixes.get(name, "make a new node: nodes do not change")
            setattr(kind, name, attribute.setter(partial(_refuse_to_set, name, fix)))


def _refuse_to_set(name: str, fix: str, owner: Any, value: Any) -> None:
    problem, fix = f"{owner.label()}: its {name} cannot be set", fix.format(shown(value))
    raise MissingNameError(problem, got=users_line(), fix=fix)


def _shown(owner: Any) -> list[str]:
    own = getattr(owner, "__dict__", {})
    return [n for n in object.__dir__(owner) if n in own or not isinstance(getattr_static(owner, n, None), Missing)]


def unknown(module: str, name: str, fix: str) -> Exception:
    """The error for a name that a module lacks, called by its ``__getattr__``."""
    problem = f"module {module!r} has no attribute {name!r}"
    if not fix:
        return AttributeError(problem, name=name, obj=sys.modules[module])
    # `from tinygraph import nn` hides every AttributeError behind an ImportError of its own.
    importing = sys._getframe(2).f_code.co_name == "_handle_fromlist"
    return (MissingImportError if importing else MissingNameError)(problem, fix=fix)
