"""The registry of backends: name, required package, and the class that runs a stretch of actions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

from numpy import ndarray

from ..core.errors import GraphError, shown
from ..forking import LOCK
from ..plan.actions import Buffer, Product


class Stretch(Protocol):
    """Consecutive actions of a plan, compiled for one backend.

    Attributes:
        forms: maps each matrix product to its kernel and measured time, as text.
        extra_bytes: memory that it allocates in addition to the plan's memory block.
        text: the generated code.
        code, code_bytes: the compiled code, which several plans may share, and its memory.
    """

    forms: dict[Product, str]
    extra_bytes: int
    text: str
    code: Any
    code_bytes: int

    def bind(self, buffers: Sequence[Buffer]) -> Callable[[list[ndarray]], None]:
        """Returns a function that runs the actions, given the arrays of ``buffers`` in their order."""


BackendParts = tuple[Callable[[Any], bool], Callable[[list[Any], ndarray], Stretch]]
"""The predicate for the actions that a backend can run, and the constructor of a stretch of such actions."""


@dataclass(frozen=True)
class Backend:
    """A backend.

    Attributes:
        name: the argument ``backend`` of ``tg.compile``.
        fuses: whether it runs a group of element-wise nodes in one pass over memory; then the planner forms groups.
        needs: the required package; ``""`` if numpy is enough.
        load: imports the backend's modules and returns its parts.
        graphs: if it takes whole graphs and plans them itself, imports what does and returns it.
    """

    name: str
    fuses: bool
    needs: str
    load: Callable[[], BackendParts]
    graphs: Callable[[], Any] | None = None


def _numpy() -> BackendParts:
    with LOCK:
        from .by_numpy import NumpyStretch, can_run

        return can_run, NumpyStretch


def _native() -> BackendParts:
    with LOCK:
        from .by_native import NativeStretch, can_run

        return can_run, NativeStretch


def _jax() -> Any:
    with LOCK:
        from .by_jax import Jitted

        return Jitted


NUMPY = Backend("numpy", fuses=False, needs="", load=_numpy)

BACKENDS = {
    backend.name: backend
    for backend in (
        Backend("native", fuses=True, needs="llvmlite", load=_native),
        NUMPY,
        Backend("jax", fuses=False, needs="jax", load=_numpy, graphs=_jax),
    )
}
"""Maps names to backends; ``"auto"`` selects the first one whose package is installed."""


def backend_of(name: str) -> Backend:
    """Returns the backend of this name; for ``"auto"`` the first one that is installed.

    Raises:
        GraphError: no backend has this name, or its package is not installed.
    """
    if isinstance(name, str) and name == "auto":
        return next(filter(_is_installed, BACKENDS.values()))
    backend = BACKENDS.get(name) if isinstance(name, str) else None
    if backend is None:
        names = ", ".join(map(repr, ["auto", *BACKENDS]))
        fix = "backend='native', which does not use numba any more" if shown(name) == "'numba'" else ""
        raise GraphError("compile: the backend is unknown", expected=names, got=shown(name), fix=fix)
    if not _is_installed(backend):
        problem = f"compile: the backend {shown(name)} needs the package {backend.needs}, which is not installed"
        extra = "jax" if backend.needs == "jax" else "fast"
        fix = f"pip install {backend.needs} (the extra {extra}), or backend='numpy'"
        raise GraphError(problem, fix=fix)
    return backend


def _is_installed(backend: Backend) -> bool:
    return not backend.needs or find_spec(backend.needs) is not None
