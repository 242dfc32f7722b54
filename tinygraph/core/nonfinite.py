"""`tg.nonfinite`: raises at the first NaN or infinity, in forward values or gradients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from .checks import one_of
from .errors import GraphError, NonFiniteError, users_line
from .scope import now, settle

if TYPE_CHECKING:
    from .node import Node


@contextmanager
def nonfinite(mode: str) -> Iterator[None]:
    """A context in which the first NaN or infinity raises an error that says where it was computed.

    A compiled function that is called in it runs uncompiled, so that each of its values is looked at.

    Args:
        mode: ``"raise"``, or ``"allow"`` to switch the check off inside another such context.

    Raises:
        NonFiniteError: names the op, node, step, scope and the ranges of the inputs.

    Example:
        >>> import tinygraph as tg
        >>> try:
        ...     with tg.nonfinite("raise"), tg.step(2):
        ...         tg.exp(tg.constant([1.0, 1000.0]), name="weight")
        ... except tg.NonFiniteError as error:
        ...     print(str(error).splitlines()[0])
        exp 'weight' at step 2: the result holds 1 infinity
    """
    one_of("nonfinite: unknown mode", mode, ("raise", "allow"))
    if now.tracing:
        fix = "call the compiled function inside `with tg.nonfinite`"
        raise GraphError("nonfinite: it has no effect inside of a compiled function", got=users_line(), fix=fix)
    before = now.watching
    try:
        now.watching = mode == "raise"
        settle()
        with np.errstate(all="ignore" if mode == "raise" else None):
            yield
    finally:
        now.watching = before
        settle()


class RealRows(int):
    """A time step of a batch of which some rows are padding, where values do not count."""

    rows: np.ndarray


def look_at(rows: np.ndarray) -> None:
    """From here to the end of a time step looks at these rows of the batch alone, forward and later backward."""
    t, scope, origin = now.place
    if t is not None:
        now.place = (step := RealRows(t)), scope, origin
        step.rows = rows


def watch_forward(node: Node) -> None:
    """Raises if the value of a new node is not finite."""
    if not _finite(node, node.value):
        raise _report(node, "the result holds", node.value)


def watch_backward(node: Node, gradient: Any, of: Node) -> None:
    """Raises if the gradient of ``node`` with respect to its input ``of`` is not finite."""
    array = gradient.value if hasattr(gradient, "value") else np.asarray(gradient)
    if not _finite(node, array):
        raise _report(node, f"the gradient of {of.label()} holds", array)


def _finite(node: Node, array: np.ndarray) -> bool:
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return True
    rows = getattr(node.step, "rows", None)
    if rows is None or not rows.ndim:
        return rows is not None and not rows
    batch = [axis for axis, size in enumerate(array.shape) if size == len(rows)]
    return any(np.isfinite(array.compress(rows, axis)).all() for axis in batch)


def _report(node: Node, what: str, array: np.ndarray) -> NonFiniteError:
    nans, infinities = int(np.isnan(array).sum()), int(np.isinf(array).sum())
    counts = [f"{nans} NaN"] * bool(nans) + [f"{infinities} infinity"] * bool(infinities)
    ranges = "; ".join(f"{x.label()} {x.shape} {_range(x.value)}" for x in node.inputs)
    rule = f" (in the gradient of {node.origin.label()})" if node.origin is not None else ""
    return NonFiniteError(
        f"{node.label()}{rule}: {what} {' and '.join(counts)}",
        expected="finite numbers",
        got=f"inputs {ranges or 'none'}" + (f"; in scope {node.scope}" if node.scope else "") + f"; in {users_line()}",
        fix="clip or rescale the inputs, lower the learning rate, or use a stable op (tg.sigmoid, tg.log_softmax)",
    )


def _range(array: np.ndarray) -> str:
    return f"in [{array.min():.3g}, {array.max():.3g}]" if array.size else "empty"
