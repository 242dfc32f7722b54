"""The backends: what each is called, what it needs, how it runs a stretch of a plan's actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from numpy import ndarray

from ..core.errors import GraphError
from ..plan.actions import Buffer, Product


class Stretch(Protocol):
    """Actions made ready to run, over the plan's block of memory.

    Attributes:
        forms: of each product how it is done, in words.
        extra_bytes: memory that it keeps beside the block.
        text: the generated code.
    """

    forms: dict[Product, str]
    extra_bytes: int
    text: str

    def bind(self, buffers: Sequence[Buffer]) -> Callable[[list[ndarray]], None]:
        """What runs the actions, told the arrays of ``buffers`` in their order."""


BackendParts = tuple[Callable[[Any], bool], Callable[[list[Any], ndarray], Stretch]]
"""Whether an action can be run, and what makes a stretch of actions that can."""


@dataclass(frozen=True)
class Backend:
    """A way to run plans.

    Attributes:
        name: what ``tg.compile(fn, backend=name)`` says.
        fuses: whether it does a group of element-wise nodes in one pass over memory; then the planner makes groups.
        needs: the package without which it cannot run; ``""`` where numpy is enough.
        load: gives its parts; its files are imported no earlier.
    """

    name: str
    fuses: bool
    needs: str
    load: Callable[[], BackendParts]


def _numpy() -> BackendParts:
    from .by_numpy import NumpyStretch, can_run

    return can_run, NumpyStretch


def _native() -> BackendParts:
    from .by_native import NativeStretch, can_run

    return can_run, NativeStretch


NUMPY = Backend("numpy", fuses=False, needs="", load=_numpy)

BACKENDS = {backend.name: backend for backend in (
    Backend("native", fuses=True, needs="llvmlite", load=_native),
    NUMPY,
)}  # fmt: skip
"""By name; ``"auto"`` is the first whose package is installed."""


def backend_of(name: str) -> Backend:
    """The backend of this name, or the first installed one for ``"auto"``.

    Raises:
        GraphError: there is none of this name, or what it needs is not installed.
    """
    installed = [b for b in BACKENDS.values() if not b.needs or find_spec(b.needs) is not None]
    if name == "auto":
        return installed[0]
    backend = BACKENDS.get(name)
    if backend is None:
        fix = "backend='native': numba no longer has a part in it" if name == "numba" else ""
        raise GraphError(
            "compile: unknown backend", expected=", ".join(map(repr, ["auto", *BACKENDS])), got=repr(name), fix=fix
        )
    if backend not in installed:
        raise GraphError(
            f"compile: the backend {name!r} needs {backend.needs}",
            expected="the extra fast",
            fix=f"pip install {backend.needs}, or backend='numpy'",
        )
    return backend
