"""The ops of the vocabulary in groups, computed from it: for tests of what knows ops by name."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tinygraph.core.op import Op, Spec
from tinygraph.ops.broadcasting import Elementwise

NAMES = [*tg.ops.__all__, *tg.ops.FOR_GRADIENTS]
OPS: dict[str, Op] = {name: op for name in NAMES if isinstance(op := getattr(tg.ops, name), Op)}
ELEMENTWISE = {name: op for name, op in OPS.items() if isinstance(op, Elementwise)}


def _relation(op: Op) -> bool:
    one = Spec((), np.dtype(float))
    return op.infer(*[one] * op.arity).dtype == bool


RELATIONS = [name for name, op in ELEMENTWISE.items() if _relation(op)]
UNARY = [name for name, op in ELEMENTWISE.items() if op.arity == 1]
LOSSES = {name for name, op in ELEMENTWISE.items() if op.leads}
"""Of these only the second input may be stretched."""
BINARY = [name for name, op in ELEMENTWISE.items() if op.arity == 2 and name not in RELATIONS]

NOT_EVERYWHERE = {
    "log",
    "log1p",
    "sqrt",
    "power",
    "scaled_power",
    "divide",
    "quotient",
    "remainder",
    "fmod",
    "floor_divide",
    "tan",
    "arcsin",
    "arccos",
    "arccosh",
    "arctanh",
    "exp2",
    "expm1",
    "sinh",
    "cosh",
}
"""Of some numbers they make NaN, infinity, or numbers beyond any range."""
JUMPS = {"floor", "ceil", "trunc", "rint", "round", "sign", "copysign", "arctan2", *RELATIONS}
"""A last bit of their input may change their result by one."""
TAME_UNARY = [name for name in UNARY if name not in NOT_EVERYWHERE | JUMPS]
TAME_BINARY = [name for name in BINARY if name not in NOT_EVERYWHERE | JUMPS]
