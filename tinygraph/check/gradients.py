"""Compares gradients of any order with directional central differences."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from ..core.checks import integer, positive
from ..core.errors import GraphError, plain, refusing, shown
from ..core.leaves import Constant, Parameter, array_of, parameter
from ..core.markup import card, table
from ..core.node import Node
from ..core.structure import leaves, rebuild
from ..engine.grad import grad
from ..ops import multiply
from ..ops import sum as sum_
from . import kinks

MOST_ORDERS = 10
"""The highest order: the derivative of a tanh of two numbers takes 3 s there, and rounding leaves little of it."""


class Row(NamedTuple):
    """One comparison: the derivative of one order along one random direction of one parameter."""

    order: int
    name: str
    error: float
    """|analytic - numeric| / the larger of the two magnitudes."""
    analytic: float
    """The directional derivative by `tg.grad`."""
    numeric: float
    """The directional derivative by central differences."""
    kink: str = ""
    """Where the function has a kink, so that the two differ and neither is wrong."""


@dataclass(frozen=True)
class Report:
    """The result of `gradients`: a row for each parameter and order, and the tolerance."""

    rows: tuple[Row, ...]
    tolerance: float

    @property
    def largest_error(self) -> float:
        return max(row.error for row in self.rows)

    @property
    def passed(self) -> bool:
        # `<=` is False for a NaN error, as it has to be; `not any(error > tolerance)` would be True.
        return all(row.error <= self.tolerance for row in self.rows)

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [f"order  {'parameter':<{max(width, 9)}}  {'error':>8}  {'analytic':>22}  {'numeric':>22}"]
        for row in self.rows:
            numbers = f"{row.error:8.1e}  {row.analytic:22.15g}  {row.numeric:22.15g}"
            wrong = f"  <- {self._word(row)}" if self._word(row) else ""
            lines.append(f"{row.order:>5}  {row.name:<{max(width, 9)}}  {numbers}{wrong}")
        return "\n".join(map(plain, [*lines, f"allowed error {self.tolerance:.1e}"]))

    def _word(self, row: Row) -> str:
        return "" if row.error <= self.tolerance else "kink" if row.kink else "wrong"

    def _repr_html_(self) -> str:
        rows = [(*row[:2], f"{row[2]:.1e}", *(f"{x:.15g}" for x in row[3:5]), self._word(row)) for row in self.rows]
        wrong = [k for k, row in enumerate(self.rows) if self._word(row)]
        heads = ("order", "parameter", "error", "analytic", "numeric", "")
        return card(f"check of gradients, allowed error {self.tolerance:.1e}", table(heads, rows, wrong))


class GradientError(GraphError, AssertionError):
    """A gradient differs from the finite differences, or there is none, at a kink; ``report`` holds all comparisons."""

    @refusing
    def __init__(self, report: Report) -> None:
        rows = [row for row in report.rows if not row.error <= report.tolerance]
        wrong = sorted({row.name for row in rows if not row.kink})
        problem, fix = f"wrong gradient of {', '.join(wrong)}", ""
        if not wrong:
            places = ", ".join(dict.fromkeys(row.kink for row in rows))
            problem = f"a kink at {places}: a derivative jumps there, and around it the gradient is right"
            fix = "check at a point farther from the kink, such as x + 0.1"
        super().__init__(f"check.gradients: {problem}\n{report}", fix=fix)
        self.report = report


@refusing
def gradients(
    fn: Callable[..., Node], arguments: Any, order: int = 2, *, tolerance: float | None = None, seed: int = 0
) -> Report:
    """Compares the gradients of ``fn`` with central differences and raises an error if they differ.

    At a kink, or nearer to one than the differences reach, it says so and where: relu at 0, abs at 0, ties of max.

    For each argument x and a direction v it compares <df/dx, v> with
    (f(x - 2hv) - 8 f(x - hv) + 8 f(x + hv) - f(x + 2hv)) / 12h, whose error is of order h^4
    (Fornberg 1988, "Generation of finite difference formulas", table 1). Rounding adds
    eps |f| / h, and the two balance at h = eps^(1/5), times the larger of 1 and max |x|
    (the argument of Press et al., Numerical Recipes, 3rd ed., section 5.7, for this formula).
    If the curvature of f is too large for h, h / 8 is used instead: of the steps h, h / 8 and h / 64, the two
    neighbours whose slopes agree best are chosen, and the larger step of these two is used
    (after Ridders 1982, "Accurate computation of F'(x)").
    v has length 1 and is a random vector plus the gradient's direction, so that the derivative is not near 0.
    For the next order, f is replaced by the sum of its directional derivatives.

    Args:
        fn: maps nodes to one node of any shape; called as ``fn(*arguments)``, or
            ``fn(**arguments)`` for a dict, or ``fn()`` if it takes no arguments and uses the parameters itself.
            If the result has several elements, their sum with random weights is checked.
        arguments: list, tuple or dict of arrays or parameters; a parameter's value is changed and
            restored. Integer arrays are passed on and not checked.
        order: 1 to 10.
        tolerance: the largest relative error; by default sqrt(eps) of the arguments' dtype
            (1.5e-8 for float64, 3.5e-4 for float32).
        seed: the seed of the random directions.

    Returns:
        a `Report`, which can be printed and has ``largest_error``.

    Raises:
        GradientError: a gradient differs, or the point is at a kink; the report names the parameter, the error and
            both numbers.
        GraphError: there is nothing to check, or ``fn`` does not return a node, or returns other numbers at each call.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> report = tg.check.gradients(lambda w, x: tg.tanh(w @ x), [np.eye(2) * 0.3, np.ones((2, 3))])
        >>> report.largest_error < 1e-9
        True
    """
    nodes, call = _prepare(fn, arguments)
    parameters = [x for x in nodes if isinstance(x, Parameter)]
    order = integer("check.gradients", "order", order, 1)
    if order > MOST_ORDERS:
        problem, expected = "check.gradients: each order takes some three times as long", f"at most {MOST_ORDERS}"
        raise GraphError(problem, expected=expected, got=shown(order))
    if not parameters:
        raise GraphError(
            "check.gradients has nothing to check",
            expected="a floating array or parameter, order >= 1",
            got=f"{len(nodes)} arguments, order {order}",
        )
    eps = float(max(np.finfo(x.dtype).eps for x in parameters))
    rng = np.random.default_rng(seed)
    tolerance = eps**0.5 if tolerance is None else positive("check.gradients", "tolerance", tolerance)
    f = _weighted_sum(call, rng)
    rows: list[Row] = []
    with _restoring(parameters):
        for n in range(1, order + 1):
            rows += [_compare(f, x, n, eps, tolerance, rng) for x in parameters]
            f = _directional(f, parameters, rng)
    report = Report(tuple(rows), tolerance)
    if not report.passed:
        raise GradientError(report)
    return report


def _prepare(fn: Callable[..., Node], arguments: Any) -> tuple[list[Node], Callable[[], Node]]:
    """The arguments as nodes, and a function that calls ``fn`` with them."""
    if not isinstance(arguments, (list, tuple, dict)):
        arguments = [arguments]
    names = list(inspect.signature(fn).parameters)
    items = arguments.items() if isinstance(arguments, dict) else enumerate(arguments)
    named = [(str(names[k]) if isinstance(k, int) and k < len(names) else str(k), a) for k, a in items]
    nodes = [_leaf(a, name) for name, argument in named for a in leaves(argument)]
    arguments = rebuild(arguments, nodes)
    if not names:
        return nodes, lambda: fn()
    return nodes, lambda: fn(**arguments) if isinstance(arguments, dict) else fn(*arguments)


def _leaf(argument: Any, name: str) -> Node:
    if isinstance(argument, Node):
        return argument
    array = array_of(argument)
    return parameter(array, name) if array.dtype.kind == "f" else Constant(array, name)


def _weighted_sum(call: Callable[[], Node], rng: np.random.Generator) -> Callable[[], Node]:
    y = _result(call)
    weights = Constant(np.asarray(rng.uniform(0.5, 1.5, y.shape), y.dtype)) if y.size != 1 else None
    return lambda: sum_(multiply(call(), weights)) if weights is not None else sum_(call())


def _result(call: Callable[[], Node]) -> Node:
    """The function's result; two calls have to return the same numbers."""
    y, again = call(), call()
    if not isinstance(y, Node):
        problem, fix = "check.gradients: the function must return one node", "pick one, as in lambda x: layer(x)[0]"
        raise GraphError(problem, got=type(y).__name__, fix=fix)
    if not np.array_equal(y.value, again.value, equal_nan=True):
        raise GraphError(
            "check.gradients: the function returned other numbers in a second call",
            expected="the same numbers for the same arguments",
            got="a function with random numbers, or with a state that changes",
            fix="layer.eval(), or create the random generator from a seed inside the function",
        )
    return y


def _directional(f: Callable[[], Node], parameters: list[Parameter], rng: np.random.Generator) -> Callable[[], Node]:
    """The sum over parameters of <df/dx, v> with random v, as a function that can be differentiated again."""
    directions = [Constant(np.asarray(rng.uniform(-1, 1, x.shape), x.dtype)) for x in parameters]

    def derivative() -> Node:
        terms = [sum_(multiply(g, v)) for g, v in zip(grad(f(), parameters), directions, strict=True)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    return derivative


def _compare(
    f: Callable[[], Node], x: Parameter, order: int, eps: float, tolerance: float, rng: np.random.Generator
) -> Row:
    row, v, h = _along(f, x, order, eps, tolerance, rng)
    if row.error <= tolerance:
        return row
    kinked = _kinked(f, x, v, h, row)
    if kinked is None:
        return row
    apart = np.random.default_rng(0)  # so that the numbers of later rows stay the same

    def again() -> tuple[float, bool]:
        here, w, _ = _along(f, x, order, eps, tolerance, apart)
        return here.error, here.error > tolerance and _kinked(f, x, w, h, here) is not None

    right = kinks.right_around(again, x, h, tolerance, apart)
    return row._replace(kink=kinks.place(*kinked, x, v, 2 * h)) if right else row


def _kinked(
    f: Callable[[], Node], x: Parameter, v: np.ndarray, h: float, row: Row
) -> tuple[Callable[[], Node], kinks.Kink] | None:
    """The function or its derivative, the one with a kink near x that explains the difference, and that kink."""
    along = Constant(v)
    for g, most in ((f, 4.0), (lambda: sum_(multiply(grad(f(), x), along)), 4 * h)):
        kink = kinks.find(g, x, v, 2 * h)
        if kink is not None and abs(row.analytic - row.numeric) <= most * kink.bend:
            return g, kink
    return None


def _along(
    f: Callable[[], Node], x: Parameter, order: int, eps: float, tolerance: float, rng: np.random.Generator
) -> tuple[Row, np.ndarray, float]:
    """The comparison along a random direction, that direction, and the step."""
    y = f()
    g = grad(y, x).value
    v = rng.uniform(-1, 1, x.shape)
    if np.any(g):
        v = v + g / np.abs(g).max()
    # Length 1: along a longer direction, as of a wide matrix, a step of h would be too large for the formula.
    v = np.asarray(v / max(float(np.linalg.norm(v)), np.finfo(float).tiny), x.dtype)
    h = eps**0.2 * max(1.0, float(np.abs(x.value).max(initial=0)))
    analytic = float(np.sum(g.astype(np.float64) * v))
    numeric = _extrapolated(f, x, v, h)
    # Below this the difference is rounding of f itself, and a relative error means nothing.
    floor = abs(y.item()) * eps / h / tolerance
    size = max(abs(analytic), abs(numeric), floor, np.finfo(float).tiny)
    return Row(order, x.name or x.label(), abs(analytic - numeric) / size, analytic, numeric), v, h


def _extrapolated(f: Callable[[], Node], x: Parameter, v: np.ndarray, h: float) -> float:
    """The slope at the step h or h / 8 that the next smaller step changes least; independent of `grad`."""
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
def _restoring(parameters: list[Parameter]) -> Iterator[None]:
    """Restores the parameters' values at the end, also after an error."""
    before = [(x.value, x.changed) for x in parameters]
    try:
        yield
    finally:
        for x, (value, changed) in zip(parameters, before, strict=True):
            x.value = value
            x.changed = changed
