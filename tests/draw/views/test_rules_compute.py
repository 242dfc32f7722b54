"""The rules beside pictures, run as code: what they say is the gradient is the gradient, and z is the value."""

from __future__ import annotations

import inspect
import math
from itertools import pairwise
from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.views.test_rules import OPS, node_of
from tinygraph.draw.views.formulas import rule

OTHERS = """
concatenate cumsum einsum entry erf erfc excess fmax fmin getitem matmul max maximum min minimum pick power prod put
scaled_power scatter sigmoid_cross_entropy softmax_cross_entropy solve stack take write write_at
"""
"""Ops whose rules call functions that numpy has not, or that take any number of arrays."""


def larger(*args: Any, **settings: Any) -> Any:
    """Python's and numpy's function of this name, which rules mean by one word."""
    return max(*args) if len(args) > 1 and not settings else np.max(*args, **settings)


def spread(g: Any, x: Any, axis: Any) -> Any:
    """A gradient of a sum over axes, as each of its terms has it."""
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return np.broadcast_to(
        np.reshape(g, [1 if i in {a % x.ndim for a in axes} else n for i, n in enumerate(x.shape)]), x.shape
    )


KNOWN = {name: getattr(np, name) for name in dir(np) if not name.startswith("_")}
KNOWN |= {name: getattr(np.linalg, name) for name in ("inv", "solve", "cholesky", "det")}
KNOWN |= {
    "math": math,
    "pairwise": pairwise,
    "max": larger,
    "spread": spread,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
}
KNOWN |= dict.fromkeys(("floating", "in_floats"), np.asarray) | dict.fromkeys(
    ("_hidden", "_in_dtype_of"), lambda _, x: x
)


def summed(g: Any, like: np.ndarray) -> np.ndarray:
    """A gradient in the shape of its input: summed over what was stretched."""
    g = np.broadcast_to(g, np.broadcast_shapes(np.shape(g), like.shape))
    g = g.sum(axis=tuple(range(g.ndim - like.ndim)))
    long = tuple(i for i, n in enumerate(like.shape) if n == 1 != g.shape[i])
    return g.sum(axis=long, keepdims=True)


def told(name: str) -> tuple[Any, dict[str, Any]] | None:
    """The node of an op, and its names after its rules were run; None if these name what numpy has not."""
    node = node_of(OPS[name])
    parameters = inspect.signature(node.op.forward).parameters.values()
    if any(x.kind is x.VAR_POSITIONAL for x in parameters):
        return None
    names = [x.name for x in parameters if x.default is x.empty]
    settings = {x.name: x.default for x in parameters if x.default is not x.empty} | node.attributes
    seed = np.random.default_rng(0).normal(size=node.shape)
    env = KNOWN | dict(zip(names, [x.value for x in node.inputs], strict=False)) | settings
    env |= {"z": node.value, "gz": seed, "wanted": [True] * 9}
    forward = dict(env)
    try:
        with np.errstate(all="ignore"):
            for line in rule(type(node.op)).backward:
                exec(line, env)
            for line in rule(type(node.op)).forward:
                exec(line, forward)
    except Exception:
        return None
    return node, env | {"forward": forward["z"], "names": names, "seed": seed}


def test_rules_that_are_numpy_code_give_the_gradients() -> None:
    ran = []
    for name, case in OPS.items():
        result = told(name)
        if result is None:
            continue
        node, env = result
        np.testing.assert_allclose(env["forward"], node.value, err_msg=name)
        asked = [k for k in case.differentiable if k < len(env["names"]) and f"g{env['names'][k]}" in env]
        right = tg.grad(node, [node.inputs[k] for k in asked], env["seed"])
        for k, g in zip(asked, right, strict=True):
            said = summed(env[f"g{env['names'][k]}"], node.inputs[k].value)
            np.testing.assert_allclose(said, g.value, rtol=1e-7, atol=1e-12, err_msg=f"{name}: {env['names'][k]}")
            ran.append(name)
    assert {*OPS} - {*ran} == {*OTHERS.split()}
