"""exp, log, expm1, log1p, tanh, sigmoid and softplus as branch-free arithmetic, in float32 and float64.

The polynomials were fitted for this file; none comes from a library. Each was fitted with 50 digits (mpmath) to the
remainder of its formula, at Chebyshev nodes of the interval, by least squares weighted by the relative error of the
result and reweighted by Lawson's method (C. L. Lawson, "Contributions to the theory of linear least maximum
approximation", 1961) until the error is level. Then the coefficients were rounded one by one from the constant term
upwards, and the others refitted after each. The remaining relative error is given beside each polynomial. The tests
measure the rounding error of the formulas and state a bound for each function in units in the last place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .text import Value

EXP = {
    # (e**r - 1 - r) / r**2 on |r| <= ln(2) / 2; 3.1e-9 of e**r, and 3.7e-18
    "float": (0.4999999403953552, 0.1666651964187622, 0.04166824743151665, 0.00836881436407566, 0.001382256275974214),
    "double": (
        0.5000000000000011, 0.16666666666666433, 0.04166666666652694, 0.008333333333482304, 0.0013888888944371587,
        0.00019841269531231792, 2.480149239346138e-05, 2.7557565673426583e-06, 2.763048591199963e-07,
        2.5006274862342694e-08,
    ),
}  # fmt: skip

LOG = {
    # (2 artanh(s) / s - 2) / s**2 by z = s**2, on z <= 0.0295 for 1 + f between sqrt(1/2) and sqrt(2); 2.9e-11, 1.2e-18
    "float": (0.6666666269302368, 0.40000849962234497, 0.2851015329360962, 0.24028760194778442),
    "double": (
        0.6666666666666735, 0.39999999999409974, 0.2857142874351836, 0.22222198444779714, 0.181835716958588,
        0.15313844020353298, 0.1479819332763621,
    ),
}  # fmt: skip

LOG1P = {
    # the same on z <= 1/9, for 1 + f between 1 and 2; 1.1e-10, 1.3e-18
    "float": (0.6666667461395264, 0.3999895453453064, 0.2861497104167938, 0.21446958184242249, 0.24232779443264008),
    "double": (
        0.6666666666666632, 0.4000000000015274, 0.2857142854835948, 0.22222223940565064, 0.18181744902023098,
        0.153865398538693, 0.13301229745471818, 0.1210410624284078, 0.08348582830046394, 0.17003131286895934,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Format:
    """An IEEE 754 floating type, and the ranges of the formulas.

    Attributes:
        mantissa: number of stored mantissa bits.
        bias: bias of the exponent.
        integer: LLVM integer type of the same width.
        ln2: ln(2) in two parts; the first has so few bits that its product with an exponent is exact.
        exp_range: for larger |x|, exp(x) is 0 or infinity.
        tanh_range: for larger |x|, tanh(x) rounds to 1 or -1.
    """

    mantissa: int
    bias: int
    integer: str
    ln2: tuple[float, float]
    exp_range: float
    tanh_range: float


def _parts(bits: int) -> tuple[float, float]:
    """ln(2) as a number of ``bits`` bits and a remainder, from the exact series of 2 artanh(1/3)."""
    exact = sum((Fraction(2, (2 * k + 1) * 3 ** (2 * k + 1)) for k in range(60)), Fraction(0))
    first = Fraction(math.floor(exact * 2**bits), 2**bits)
    return float(first), float(exact - first)


FORMATS = {
    "float": Format(23, 127, "i32", _parts(15), 110.0, 9.02),
    "double": Format(52, 1023, "i64", _parts(41), 760.0, 20.0),
}


SCALES = {
    (64, "<16 x float>"): "llvm.x86.avx512.mask.scalef.ps.512",
    (64, "<8 x double>"): "llvm.x86.avx512.mask.scalef.pd.512",
}
"""The AVX-512 intrinsic for x * 2**n; LLVM's portable ``ldexp`` would convert n to integers and back. Its last
operands: the values of masked-out lanes, the mask, and 4 for the current rounding mode."""


def polynomial(x: Value, coefficients: Sequence[float]) -> Value:
    """The sum of coefficients[k] * x**k, by Horner's rule"""
    total = x.like(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = total.fma(x, coefficient)
    return total


def absolute(x: Value) -> Value:
    return x.call("fabs")


def at_most(x: Value, bound: float) -> Value:
    """The smaller of x and a bound; NaN stays."""
    return x.compare("ogt", bound).where(bound, x)


def at_least(x: Value, bound: float) -> Value:
    """The larger of x and a bound; NaN stays."""
    return x.compare("olt", bound).where(bound, x)


def _reduced(x: Value) -> tuple[Value, Value]:
    """Argument reduction: n and e**r - 1, where x = n ln(2) + r with integral n and |r| <= ln(2) / 2."""
    ln2, rest = FORMATS[x.element].ln2
    n = (x * (1 / math.log(2))).call("rint")
    r = n.fma(-rest, n.fma(-ln2, x))
    return n, polynomial(r, EXP[x.element]).fma(r * r, r)


def _two_to(n: Value, element: str) -> Value:
    """2**n for an integer n (i32) in the range of normal numbers."""
    form = FORMATS[element]
    wide = n if form.integer == "i32" else n.cast("sext", form.integer)
    exponent = wide + form.bias
    bits = exponent._make(form.integer, f"shl {exponent}, {exponent.like(form.mantissa).name}")
    return bits.cast("bitcast", element)


def scaled(x: Value, n: Value) -> Value:
    """x * 2**n for an integral n, rounded once, also where the result is denormal or infinite."""
    name = SCALES.get((x.writer.vector_bytes, x.type))
    if name:
        all_lanes = x.writer.constant(f"i{x.lanes}", 1, -1)
        return x.writer.invoke(name, x.element, x.lanes, x, n, x, all_lanes, x.writer.constant("i32", 1, 4))
    n = n._make("i32", f"freeze {n.cast('fptosi', 'i32')}")  # of NaN some number, and no poison
    half = n._make("i32", f"ashr {n}, {n.like(1).name}")
    return x * _two_to(half, x.element) * _two_to(n - half, x.element)


def exp(x: Value) -> Value:
    """e**x"""
    bound = FORMATS[x.element].exp_range
    n, rest = _reduced(at_least(at_most(x, bound), -bound))
    return scaled(rest + 1.0, n)


def expm1(x: Value) -> Value:
    """e**x - 1 = 2**n (e**r - 1) + (2**n - 1), whose second term is exact; for large x it might overflow."""
    bound = FORMATS[x.element].exp_range
    n, rest = _reduced(at_least(at_most(x, bound), -bound))
    near = scaled(rest, n) + (scaled(x.like(1.0), n) - 1.0)
    return x.compare("ogt", 50.0).where(scaled(rest + 1.0, n), near).call("copysign", x)


def _exp_of_minus(x: Value) -> Value:
    """e**-|x|, which never overflows."""
    n, rest = _reduced(at_least(-absolute(x), -FORMATS[x.element].exp_range))
    return scaled(rest + 1.0, n)


def sigmoid(x: Value) -> Value:
    """1 / (1 + e**-x) computed from e = e**-|x|, so that both tails are equally exact"""
    e = _exp_of_minus(x)
    return x.compare("olt", 0.0).where(e, x.like(1.0)) / (e + 1.0)


def tanh(x: Value) -> Value:
    """(e**2x - 1) / (e**2x + 1)"""
    form = FORMATS[x.element]
    n, rest = _reduced(at_most(absolute(x), form.tanh_range) * 2.0)
    less_one = scaled(rest, n) + (scaled(x.like(1.0), n) - 1.0)
    return (less_one / (less_one + 2.0)).call("copysign", x)


def log(x: Value) -> Value:
    """ln(x) = k ln(2) + ln(1 + f) with 1 + f = x / 2**k between sqrt(1/2) and sqrt(2)

    With s = f / (2 + f), ln(1 + f) = 2 artanh(s) = f - f**2 / 2 + s (f**2 / 2 + R(s)), whose first term is exact.
    """
    form = FORMATS[x.element]
    lift = form.mantissa + 2
    denormal = x.compare("olt", 2.0 ** (1 - form.bias))
    bits = denormal.where(x * 2.0**lift, x).cast("bitcast", form.integer)
    k, reduced = _exponent(bits, x.element)
    k = k - denormal.where(float(lift), x.like(0.0))
    f = reduced - 1.0
    s = f / (f + 2.0)
    z = s * s
    half = f * f * 0.5
    tail = k.fma(form.ln2[1], s * (half + z * polynomial(z, LOG[x.element])))
    y = k * form.ln2[0] - ((half - tail) - f)
    y = x.compare("olt", math.inf).where(y, x)
    return x.compare("oeq", 0.0).where(-math.inf, x.compare("olt", 0.0).where(math.nan, y))


def _exponent(bits: Value, element: str) -> tuple[Value, Value]:
    """k as a float, and x / 2**k between sqrt(1/2) and sqrt(2), from the bits of a normal number x > 0."""
    form = FORMATS[element]
    # The exponent bits stand above the mantissa bits: after the bits of sqrt(1/2) are subtracted, the exponent is k.
    root = (form.bias - 1 << form.mantissa) + math.floor((math.sqrt(0.5) * 2 - 1) * 2**form.mantissa)
    shift = bits.like(form.mantissa).name
    k = (bits - root)._make(form.integer, f"ashr {bits - root}, {shift}")
    reduced = bits - k._make(form.integer, f"shl {k}, {shift}")
    narrow = k if form.integer == "i32" else k.cast("trunc", "i32")
    return narrow.cast("sitofp", element), reduced.cast("bitcast", element)


def log1p(x: Value) -> Value:
    """ln(1 + x) = ln(u) - ((u - 1) - x) / u with u = 1 + x rounded: the second term is what rounding took"""
    u = x + 1.0
    y = log(u)
    finite = u.compare("ogt", 0.0) & u.compare("olt", math.inf)
    return finite.where(y - ((u - 1.0) - x) / u, y).call("copysign", x)


def _log1p(e: Value) -> Value:
    """ln(1 + e) for 0 <= e <= 1: with s = e / (2 + e) it is e - s (e - R(s))"""
    s = e / (e + 2.0)
    z = s * s
    return e - s * (e - z * polynomial(z, LOG1P[e.element]))


def softplus(x: Value) -> Value:
    """ln(1 + e**x) = max(x, 0) + ln(1 + e**-|x|)"""
    return at_least(x, 0.0) + log_tail(x)


def log_tail(x: Value) -> Value:
    """ln(1 + e**-|x|)"""
    return _log1p(_exp_of_minus(x))
