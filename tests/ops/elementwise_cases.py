"""Cases of the ops that work place by place: arithmetic, exponentials, choices, two losses."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .case import Case, by_element, spaced

PAIRS = [((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 2)), ((2, 2), ()), ((), ()),
         ((0, 3), (1, 3)), ((3,), (0, 1)), ((2, 0, 3), (3,)), ((2, 1, 2), (3, 1))]  # fmt: skip
"""Shapes for two inputs: equal, stretched on either side and on both, without axes, without elements."""

SINGLES = [(2, 3), (), (4,), (0, 3), (2, 1, 2)]


def ones(name: str, fn: Callable[..., Any], low: float = -2.0, high: float = 2.0, **settings: Any) -> list[Case]:
    """Cases of an op with one input."""
    return [Case(name, spaced(shape, low=low, high=high), by_element(fn), **settings) for shape in SINGLES]


def twos(name: str, fn: Callable[..., Any], low: float = -2.0, high: float = 2.0, pairs: Any = PAIRS, **settings: Any):
    """Cases of an op with two inputs."""
    return [Case(name, spaced(*pair, low=low, high=high), by_element(fn), **settings) for pair in pairs]


LEADING = [pair for pair in PAIRS if np.broadcast_shapes(*pair) == pair[0]]
"""Those where the second input alone is stretched, as the targets of a loss may be."""


def _ln_of_share(x: float, t: float) -> float:
    s = 0.5 * (1 + math.tanh(x / 2))
    return -(t * math.log(s) + (1 - t) * math.log(1 - s))


def _whole_power(x: float, p: float) -> float:
    product = math.prod([x] * int(abs(p)))
    return product if p >= 0 else 1 / product


_triples: list[tuple[tuple[int, ...], ...]] = [
    ((2, 3), (2, 3), (2, 3)),
    ((3,), (2, 1), ()),
    ((2, 1), (3,), (2, 3)),
    ((), (2,), (2,)),
    ((0, 3), (3,), (1, 3)),
]


def _where_case(condition: tuple[int, ...], x: tuple[int, ...], y: tuple[int, ...]) -> Case:
    flags = spaced(condition)[0] > 0
    return Case("where", (flags, *spaced(x, y)), by_element(lambda c, a, b: a if c else b))


ARITHMETIC = [
    *twos("add", lambda a, b: a + b),
    *twos("subtract", lambda a, b: a - b),
    *twos("multiply", lambda a, b: a * b),
    *twos("divide", lambda a, b: a / b),
    *twos("quotient", lambda a, b: a / b),
    *ones("negative", lambda a: 0.0 - a),
    *ones("square", lambda a: a * a),
    *twos("power", lambda a, p: math.exp(p * math.log(a)), low=0.4, high=2.5),
    *(
        Case("power", (*spaced((2, 3)), np.full(shape, p)), by_element(_whole_power), wrt=(0,), note=f"p{p}")
        for p in (3.0, 2.0, 1.0, 0.0, -1.0, -2.0)
        for shape in ((3,), ())
    ),
    *(
        Case(
            "scaled_power",
            spaced(*shapes, low=0.4, high=2.5),
            by_element(lambda g, a, p: math.exp(p * math.log(a)) * g),
        )
        for shapes in _triples
    ),
]

EXPONENTIAL = [
    *ones("exp", lambda a: math.e**a),
    *ones("log", lambda a: math.log2(a) / math.log2(math.e), low=0.3, high=4.0),
    *ones("sqrt", lambda a: math.hypot(math.sqrt(a / 2), math.sqrt(a / 2)), low=0.3, high=4.0),
    *ones("tanh", lambda a: (math.exp(2 * a) - 1) / (math.exp(2 * a) + 1)),
    *ones("sigmoid", lambda a: 0.5 * (1 + math.tanh(a / 2)), low=-5.0, high=5.0),
    *ones("softplus", lambda a: math.log(1 + math.exp(a)), low=-5.0, high=5.0),
]

PERIODIC = [
    *ones("sin", lambda a: cmath.exp(1j * a).imag, low=-5.0, high=5.0),
    *ones("cos", lambda a: cmath.exp(1j * a).real, low=-5.0, high=5.0),
]

ROUNDING = [*ones("floor", lambda a: float(a // 1), low=-3.0, high=3.0)]

CHOICE = [
    *twos("maximum", lambda a, b: a if a > b else b),
    *twos("minimum", lambda a, b: a if a < b else b),
    *(_where_case(*shapes) for shapes in _triples),
    *ones("clip", lambda a, a_min, a_max: min(max(a, a_min), a_max), attributes={"a_min": -0.9, "a_max": 1.1}),
    *ones("clip", lambda a, a_max: min(a, a_max), attributes={"a_max": 0.25}),
    *ones("abs", lambda a: math.copysign(a, 1.0)),
    *ones("relu", lambda a: a if a > 0 else 0.0),
    *ones("sign", lambda a: math.copysign(1.0, a)),
    *twos("greater", lambda a, b: not a <= b, result="bool"),
    *twos("greater_equal", lambda a, b: not a < b, result="bool"),
    *twos("less", lambda a, b: not a >= b, result="bool"),
    *twos("less_equal", lambda a, b: not a > b, result="bool"),
    *twos("equal", lambda a, b: a - b == 0, result="bool"),
    *twos("not_equal", lambda a, b: abs(a - b) > 0, result="bool"),
]

LOSS = [
    *twos("squared_error", lambda a, b: a * a - 2 * a * b + b * b, pairs=LEADING),
    *twos("sigmoid_cross_entropy", _ln_of_share, low=-3.0, high=4.0, pairs=LEADING),
]

CASES = [*ARITHMETIC, *EXPONENTIAL, *PERIODIC, *ROUNDING, *CHOICE, *LOSS]
