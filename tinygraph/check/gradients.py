"""Gradients of any order held against directional central differences."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..core.errors import GraphError
from ..core.leaves import Constant, Parameter, parameter
from ..core.node import Node
from ..core.structure import leaves, rebuild
from ..engine.grad import grad
from ..ops import multiply
from ..ops import sum as sum_


class Row(NamedTuple):
    """One comparison: along one random direction of one parameter, at one order."""

    order: int
    name: str
    error: float
    """|analytic - numeric| / the larger of the two."""
    analytic: float
    """The directional derivative by `tg.grad`."""
    numeric: float
    """The same by central differences."""


@dataclass(frozen=True)
class Report:
    """What `gradients` found: a row for each parameter and order, and the error that was allowed."""

    rows: tuple[Row, ...]
    tolerance: float

    @property
    def largest_error(self) -> float:
        return max(row.error for row in self.rows)

    @property
    def passed(self) -> bool:
        # Not "no error is above": a NaN error is above nothing.
        return all(row.error <= self.tolerance for row in self.rows)

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"order  {'parameter':<{max(width, 9)}}  {'error':>8}  {'analytic':>22}  {'numeric':>22}"]
        for row in self.rows:
            wrong = "" if row.error <= self.tolerance else "  <- wrong"
            numbers = f"{row.error:8.1e}  {row.analytic:22.15g}  {row.numeric:22.15g}"
            lines.append(f"{row.order:>5}  {row.name:<{max(width, 9)}}  {numbers}{wrong}")
        return "\n".join([*lines, f"allowed error {self.tolerance:.1e}"])


class GradientError(GraphError, AssertionError):
    """A gradient disagrees with the differences; ``report`` holds all comparisons."""

    def __init__(self, report: Report) -> None:
        wrong = sorted({row.name for row in report.rows if not row.error <= report.tolerance})
        super().__init__(f"check.gradients: wrong gradient of {', '.join(wrong)}\n{report}")
        self.report = report


def gradients(
    fn: Callable[..., Node], arguments: Any, order: int = 2, *, tolerance: float | None = None, seed: int = 0
) -> Report:
    """Compare the gradients of ``fn`` with central differences; raise where they disagree.

    For each argument x and a direction v: <df/dx, v> against
    (f(x - 2hv) - 8 f(x - hv) + 8 f(x + hv) - f(x + 2hv)) / 12h, whose error is of order h^4
    (Fornberg 1988, "Generation of finite difference formulas", table 1). Rounding adds
    eps |f| / h, and the two balance at h = eps^(1/5), times the larger of 1 and max |x|
    (the argument of Press et al., Numerical Recipes, 3rd ed., section 5.7, for this formula).
    Where f bends faster than that, h / 8 or h / 64 is taken: of two neighbouring steps, the
    larger of the pair that agrees best (after Ridders 1982, "Accurate computation of F'(x)").
    v has length 1: random plus the gradient's own direction, so that the derivative is not near 0.
    The next order treats the sum of the directional derivatives as the next f.

    Args:
        fn: nodes in, one node of any shape out; called as ``fn(*arguments)``, or
            ``fn(**arguments)`` for a dict, or ``fn()`` if it takes none and uses the parameters itself.
            More than one element out are weighed by random numbers and summed.
        arguments: list, tuple or dict of arrays or parameters; a parameter is moved in place and
            put back. Integer arrays are passed on and not checked.
        order: 1 or more.
        tolerance: the largest relative error; sqrt(eps) of the arguments' dtype if left out
            (1.5e-8 for float64, 3.5e-4 for float32).
        seed: of the random directions.

    Returns:
        a `Report`, to print or to ask for ``largest_error``.

    Raises:
        GradientError: with the report, naming parameter, error and both numbers.
        GraphError: nothing to check; ``fn`` gives something else than a node, or other numbers at each call.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> report = tg.check.gradients(lambda w, x: tg.tanh(w @ x), [np.eye(2) * 0.3, np.ones((2, 3))])
        >>> report.largest_error < 1e-9
        True
    """
    nodes, call = _prepare(fn, arguments)
    moved = [x for x in nodes if isinstance(x, Parameter)]
    if not moved or order < 1:
        raise GraphError(
            "check.gradients has nothing to check",
            expected="a floating array or parameter, order >= 1",
            got=f"{len(nodes)} arguments, order {order}",
        )
    eps = float(max(np.finfo(x.dtype).eps for x in moved))
    rng = np.random.default_rng(seed)
    tolerance = eps**0.5 if tolerance is None else tolerance
    f = _weighed(call, rng)
    rows: list[Row] = []
    with _kept(moved):
        for n in range(1, order + 1):
            rows += [_compare(f, x, n, eps, tolerance, rng) for x in moved]
            f = _directional(f, moved, rng)
    report = Report(tuple(rows), tolerance)
    if not report.passed:
        raise GradientError(report)
    return report


def _prepare(fn: Callable[..., Node], arguments: Any) -> tuple[list[Node], Callable[[], Node]]:
    """The leaves to hand to ``fn``, and ``fn`` called with them."""
    if not isinstance(arguments, (list, tuple, dict)):
        arguments = [arguments]
    names = list(inspect.signature(fn).parameters)
    given = arguments.items() if isinstance(arguments, dict) else enumerate(arguments)
    labelled = [(str(names[k]) if isinstance(k, int) and k < len(names) else str(k), a) for k, a in given]
    nodes = [_leaf(a, name) for name, part in labelled for a in leaves(part)]
    built = rebuild(arguments, nodes)
    if not names:
        return nodes, lambda: fn()
    return nodes, lambda: fn(**built) if isinstance(built, dict) else fn(*built)


def _leaf(argument: Any, name: str) -> Node:
    if isinstance(argument, Node):
        return argument
    array = np.asarray(argument)
    return parameter(array, name) if array.dtype.kind == "f" else Constant(array, name)


def _weighed(call: Callable[[], Node], rng: np.random.Generator) -> Callable[[], Node]:
    y = _result(call)
    weights = Constant(np.asarray(rng.uniform(0.5, 1.5, y.shape), y.dtype)) if y.size != 1 else None
    return lambda: sum_(multiply(call(), weights)) if weights is not None else sum_(call())


def _result(call: Callable[[], Node]) -> Node:
    """The node that the function gives, each time the same."""
    y, again = call(), call()
    if not isinstance(y, Node):
        raise GraphError(
            "check.gradients: the function gives one node",
            got=type(y).__name__,
            fix="pick one: lambda x: layer(x)[0], say",
        )
    if not np.array_equal(y.value, again.value, equal_nan=True):
        raise GraphError(
            "check.gradients: the function gave other numbers when it was called again",
            expected="the same numbers for the same arguments",
            got="draws, or state that it keeps",
            fix="layer.eval(), or a generator made from a seed inside of the function",
        )
    return y


def _directional(f: Callable[[], Node], moved: list[Parameter], rng: np.random.Generator) -> Callable[[], Node]:
    """The sum over parameters of <df/dx, v>, as a function that can be differentiated again."""
    directions = [Constant(np.asarray(rng.uniform(-1, 1, x.shape), x.dtype)) for x in moved]

    def derivative() -> Node:
        terms = [sum_(multiply(g, v)) for g, v in zip(grad(f(), moved), directions, strict=True)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    return derivative


def _compare(
    f: Callable[[], Node], x: Parameter, order: int, eps: float, tolerance: float, rng: np.random.Generator
) -> Row:
    y = f()
    g = grad(y, x).value
    v = rng.uniform(-1, 1, x.shape)
    if np.any(g):
        v = v + g / np.abs(g).max()
    # Length 1: along a longer direction a step of h would leave the reach of the formula in a wide matrix.
    v = np.asarray(v / max(float(np.linalg.norm(v)), np.finfo(float).tiny), x.dtype)
    h = eps**0.2 * max(1.0, float(np.abs(x.value).max(initial=0)))
    analytic = float(np.sum(g.astype(np.float64) * v))
    numeric = _extrapolated(f, x, v, h)
    # Below this the difference is rounding of f itself, and no relative error can be told.
    floor = abs(y.item()) * eps / h / tolerance
    size = max(abs(analytic), abs(numeric), floor, np.finfo(float).tiny)
    return Row(order, x.name or x.label(), abs(analytic - numeric) / size, analytic, numeric)


def _extrapolated(f: Callable[[], Node], x: Parameter, v: np.ndarray, h: float) -> float:
    """The slope from the step at which a smaller one changes it least; the analytic gradient has no say."""
    slopes = [_slope(f, x, v, h / 8**k) for k in range(3)]
    changes = [abs(b - a) for a, b in pairwise(slopes)]
    return slopes[0] if changes[0] <= changes[1] else slopes[1]


def _slope(f: Callable[[], Node], x: Parameter, v: np.ndarray, h: float) -> float:
    start = x.value
    total = 0.0
    for k, weight in ((-2, 1.0), (-1, -8.0), (1, 8.0), (2, -1.0)):
        x.value = (start + np.asarray(k * h, v.dtype) * v).astype(v.dtype, copy=False)
        total += weight * f().item()
    x.value = start
    return total / (12 * h)


@contextmanager
def _kept(moved: list[Parameter]) -> Iterator[None]:
    """Leave the parameters as they were, whatever happens inside."""
    before = [(x.value, x.changed) for x in moved]
    try:
        yield
    finally:
        for x, (value, changed) in zip(moved, before, strict=True):
            x.value = value
            x.changed = changed
