"""Initialisers of weights, by PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite, sqrt
from numbers import Real
from typing import Any

import numpy as np
from numpy import ndarray

from ...core.checks import as_array
from ...core.errors import GraphError, shown
from ...ops.inference import Shape

Initialiser = Callable[[Any, Shape], ndarray]
"""Maps (numpy Generator, shape) to an array of that shape. The type is Any: np.random would be loaded on import."""


def fans(shape: Shape) -> tuple[int, int]:
    """Fan-in and fan-out of a weight of shape (out, in); for a vector both are its length."""
    return (shape[-1], shape[0]) if len(shape) > 1 else (shape[0] if shape else 1,) * 2


def xavier_uniform(rng: np.random.Generator, shape: Shape) -> ndarray:
    """Uniform within sqrt(6 / (in + out)) (Glorot and Bengio 2010)."""
    bound = sqrt(6 / sum(fans(shape)))
    return rng.uniform(-bound, bound, shape)


def xavier_normal(rng: np.random.Generator, shape: Shape) -> ndarray:
    """Normal with deviation sqrt(2 / (in + out)) (Glorot and Bengio 2010)."""
    return rng.normal(size=shape) * sqrt(2 / sum(fans(shape)))


def kaiming_uniform(rng: np.random.Generator, shape: Shape) -> ndarray:
    """Uniform within sqrt(6 / in) (He et al. 2015)."""
    bound = sqrt(6 / fans(shape)[0])
    return rng.uniform(-bound, bound, shape)


def kaiming_normal(rng: np.random.Generator, shape: Shape) -> ndarray:
    """Normal with deviation sqrt(2 / in) (He et al. 2015)."""
    return rng.normal(size=shape) * sqrt(2 / fans(shape)[0])


def orthogonal(rng: np.random.Generator, shape: Shape) -> ndarray:
    """Orthonormal rows or columns, from a QR decomposition (Saxe et al. 2014)."""
    rows, columns = shape[0], int(np.prod(shape[1:]))
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).reshape(shape)


def identity(rng: np.random.Generator, shape: Shape) -> ndarray:
    """The identity matrix: the recurrent weight of an IRNN (Le et al. 2015, 1504.00941)."""
    return np.eye(shape[0], shape[-1])


def within(bound: float) -> Initialiser:
    """Uniform in [-bound, bound]: PyTorch's initialiser, with 1 / sqrt(H)."""
    return lambda rng, shape: rng.uniform(-bound, bound, shape)


def gaussian(deviation: float) -> Initialiser:
    """Normal with this standard deviation, as some papers give it."""
    return lambda rng, shape: rng.normal(size=shape) * deviation


def as_torch(hidden_size: int) -> dict[str, Any]:
    """PyTorch's initialisers as options of `PackedCell`: all weights uniform within 1 / sqrt(hidden_size)."""

    def uniform(rng: np.random.Generator, shape: Shape) -> ndarray:
        return within(1 / sqrt(hidden_size))(rng, shape)  # hidden_size is checked by then

    return dict.fromkeys(("kernel_init", "recurrent_kernel_init", "bias_init", "recurrent_bias_init"), uniform)


NAMED: dict[str, Initialiser] = {
    "zeros": lambda rng, shape: np.zeros(shape),
    "ones": lambda rng, shape: np.ones(shape),
    "normal": lambda rng, shape: rng.normal(size=shape),
    "uniform": lambda rng, shape: rng.uniform(size=shape),
    "uniform_centered": lambda rng, shape: rng.uniform(-0.1, 0.1, shape),
    "xavier_uniform": xavier_uniform,
    "xavier_normal": xavier_normal,
    "kaiming_uniform": kaiming_uniform,
    "kaiming_normal": kaiming_normal,
    "orthogonal": orthogonal,
    "identity": identity,
}


def filled(init: str | float | Initialiser, rng: np.random.Generator, shape: Shape, dtype: np.dtype) -> ndarray:
    """A new weight, initialised by a name of `NAMED`, a number for all elements, or a function (rng, shape) -> array.

    Raises:
        GraphError: the name is unknown, or the function returns another shape.
    """
    if isinstance(init, str) and init in NAMED:
        init = NAMED[init]
    if not callable(init) and (isinstance(init, bool) or not isinstance(init, Real) or not isfinite(init)):
        expected = f"{', '.join(NAMED)}, a finite number, or a function (rng, shape) -> array"
        raise GraphError("there is no such initialiser", expected=expected, got=shown(init))
    array = as_array(init(rng, shape) if callable(init) else np.full(shape, init))
    if array.shape != shape or array.dtype.kind not in "fiub":
        got = f"{array.dtype} {array.shape}"
        raise GraphError("an initialiser returned another shape, or no numbers", expected=str(shape), got=got)
    return array.astype(dtype, copy=False)
