"""Cases of the ops that work place by place: arithmetic, exponentials, choices, two losses."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from fractions import Fraction
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


def quotients(name: str, fn: Callable[..., Any]) -> list[Case]:
    """Cases of a division with whole quotients, which are not large, or their jumps would be near."""
    pairs = [spaced(*pair, low=-3.0, high=3.0) for pair in PAIRS]
    return [Case(name, (x, np.asarray(y + np.sign(y))), by_element(fn)) for x, y in pairs]


LEADING = [pair for pair in PAIRS if np.broadcast_shapes(*pair) == pair[0]]
"""Those where the second input alone is stretched, as the targets of a loss may be."""


def _ln_of_share(x: float, t: float) -> float:
    s = 0.5 * (1 + math.tanh(x / 2))
    return -(t * math.log(s) + (1 - t) * math.log(1 - s))


def _area(x: float) -> float:
    """erf(x) by its series at 0."""
    terms = [(-1) ** n * x ** (2 * n + 1) / (math.factorial(n) * (2 * n + 1)) for n in range(60)]
    return 2 / math.sqrt(math.pi) * math.fsum(terms)


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
    *ones("exp2", lambda a: 2.0**a),
    *ones("expm1", lambda a: 2 * math.exp(a / 2) * math.sinh(a / 2)),
    *ones("log1p", lambda a: 2 * math.atanh(a / (2 + a)), low=-0.7, high=4.0),
    *twos("logaddexp", lambda a, b: math.log(math.exp(a) + math.exp(b)), low=-3.0, high=3.0),
    *ones("erf", _area, low=-2.5, high=2.5),
    *ones("erfc", lambda a: 1 - _area(a), low=-2.5, high=2.5),
]

HYPERBOLIC = [
    *ones("sinh", lambda a: cmath.sin(1j * a).imag),
    *ones("cosh", lambda a: cmath.cos(1j * a).real),
    *ones("arcsinh", lambda a: math.copysign(math.log(abs(a) + math.sqrt(a * a + 1)), a)),
    *ones("arccosh", lambda a: math.log(a + math.sqrt(a * a - 1)), low=1.3, high=5.0),
    *ones("arctanh", lambda a: (math.log(1 + a) - math.log(1 - a)) / 2, low=-0.6, high=0.6),
]

PERIODIC = [
    *ones("sin", lambda a: cmath.exp(1j * a).imag, low=-5.0, high=5.0),
    *ones("cos", lambda a: cmath.exp(1j * a).real, low=-5.0, high=5.0),
    *ones("tan", lambda a: cmath.exp(1j * a).imag / cmath.exp(1j * a).real, low=-1.4, high=1.4),
    *ones("arcsin", lambda a: cmath.phase(complex(math.sqrt(1 - a * a), a)), low=-0.6, high=0.6),
    *ones("arccos", lambda a: cmath.phase(complex(a, math.sqrt(1 - a * a))), low=-0.6, high=0.6),
    *ones("arctan", lambda a: cmath.phase(complex(1, a)), low=-3.0, high=3.0),
    *twos("arctan2", lambda y, x: cmath.phase(complex(x, y))),
    *twos("hypot", lambda a, b: abs(complex(a, b))),
]

ROUNDING = [
    *ones("floor", lambda a: float(a // 1), low=-3.0, high=3.0),
    *ones("ceil", lambda a: -(-a // 1), low=-3.0, high=3.0),
    *ones("trunc", lambda a: float(int(a)), low=-3.0, high=3.0),
    *ones("rint", lambda a: (a + 0.5) // 1, low=-3.0, high=3.0),
    *ones("round", lambda a: (a + 0.5) // 1, low=-3.0, high=3.0),
    *ones(
        "round", lambda a, decimals: float(round(Fraction(a), decimals)), low=-3.0, high=3.0, attributes={"decimals": 1}
    ),
    *ones("round", lambda a, decimals: (a / 10 + 0.5) // 1 * 10, low=-99.0, high=99.0, attributes={"decimals": -1}),
    *quotients("floor_divide", lambda a, b: float(Fraction(a) / Fraction(b) // 1)),
    *quotients("remainder", lambda a, b: float(Fraction(a) - Fraction(b) * (Fraction(a) // Fraction(b)))),
    *quotients("fmod", lambda a, b: math.copysign(float(abs(Fraction(a)) % abs(Fraction(b))), a)),
]

CHOICE = [
    *twos("maximum", lambda a, b: a if a > b else b),
    *twos("minimum", lambda a, b: a if a < b else b),
    *twos("fmax", lambda a, b: a if a > b else b),
    *twos("fmin", lambda a, b: a if a < b else b),
    *twos("copysign", lambda a, b: abs(a) if b > 0 else -abs(a), wrt=(0,)),
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

CASES = [*ARITHMETIC, *EXPONENTIAL, *HYPERBOLIC, *PERIODIC, *ROUNDING, *CHOICE, *LOSS]
