"""`tg.check.audit`; what it needs is loaded at the first audit: it would be half of the time that an import takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .report import AuditReport


def audit(
    passes: Any,
    loss: Callable[..., Any] | None = None,
    parameters: Mapping[str, Any] | Sequence[Any] | None = None,
    arguments: Any = (),
    *,
    inputs: Any = None,
    targets: Any = None,
    forward: Callable[..., Any] | None = None,
    backward: Callable[..., Any] | None = None,
    repair: bool = True,
    seed: int = 0,
) -> AuditReport:
    """Whether gradients written by hand are right; if not, which line is wrong, and what it should be.

    The code runs with random numbers in place of yours, at T = 1, 2 and 4 time steps. A hand-written gradient g of a
    parameter p, of the shape of p, is right if |g - dL/dp| is at most 1.5e-8 |dL/dp| (3.5e-4 in float32), with dL/dp as
    `tg.grad` has it, or if it is that but for a truncation or a clipping. Of a wrong one both passes are followed line
    by line.

    Args:
        passes: the backward function; or a function that returns loss and gradients; or an object with methods.
        loss: returns the loss, from what ``passes`` takes, or from (outputs, targets) of an object.
        parameters: arrays by the names of the functions' arguments, or of globals of their file; or a list of arrays,
            or of dicts and lists of them, that the functions take as one argument.
        arguments: what else the functions take, by name or in order.
        inputs, targets: what an object's methods take.
        forward, backward: functions of the object, if its methods have other names or take other arguments.
        repair: whether to look for edits that make the gradients right, which takes some seconds.
        seed: of the random numbers.

    Returns:
        a report with ``passed``, ``rows``, ``findings``, ``repairs`` and ``notes``; print it.

    Raises:
        GraphError: there is nothing to audit, an argument has no value, or the forward pass does not run on nodes.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> def loss(w, x):
        ...     return np.sum(np.tanh(x @ w))
        >>> def backward(w, x):
        ...     return x.T @ (1 - np.tanh(x @ w) ** 2)
        >>> tg.check.audit(backward, loss, {"w": np.ones((3, 2))}, {"x": np.ones((4, 3))}).passed
        True
    """
    audited: Callable[..., AuditReport] = import_module(".auditor", __package__).audited
    return audited(passes, loss, parameters, arguments, inputs, targets, forward, backward, repair=repair, seed=seed)
