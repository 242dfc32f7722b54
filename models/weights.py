"""The weights of a model: initial arrays, parameters, and a step of gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

import tinygraph as tg
from tinygraph.train import SGD

Arrays = dict[str, np.ndarray]


def sine_array(shape: tuple[int, ...], scale: float, phase: float, mean: float = 0.0) -> np.ndarray:
    """``mean + scale * sin(0.7 k k + phase)`` for k = 1, 2, ...: initial weights without a random generator.

    Any language computes the same numbers, so that losses can be compared digit by digit.

    Args:
        shape: the shape of the result, filled in C order.
        scale, phase, mean: plain numbers; the phase is in radians.

    Returns:
        float64 array of shape ``shape``.

    Example:
        >>> sine_array((1, 2), scale=1.0, phase=0.0).round(4)
        array([[0.6442, 0.335 ]])
    """
    k = np.arange(1, np.prod(shape) + 1, dtype=np.float64)
    return (mean + scale * np.sin(0.7 * k * k + phase)).reshape(shape)


def redrawn(arrays: Arrays, draw: Callable[[tuple[int, ...]], np.ndarray]) -> Arrays:
    """New random arrays of the same names and shapes; arrays of zeros, the biases, stay zeros.

    The six systems use ``np.random.RandomState``, whose numbers NumPy has promised never to
    change, so that a seed always gives the same initial weights.

    Args:
        arrays: arrays by name, of any shape.
        draw: maps a shape to an array of that shape.

    Example:
        >>> redrawn({"W": sine_array((1, 2), 0.1, 0.0), "b": np.zeros(2)}, np.ones)
        {'W': array([[1., 1.]]), 'b': array([0., 0.])}
    """
    return {name: draw(array.shape) if array.any() else np.zeros_like(array) for name, array in arrays.items()}


def as_parameters(arrays: Arrays, names: Iterable[str]) -> dict[str, tg.Parameter]:
    """Maps each of ``names`` to a `tg.parameter` with the shape and dtype of its array.

    Args:
        arrays: floating-point arrays by name, of any shape; other names are ignored.
        names: the names of the system's weights.

    Raises:
        GraphError: an array is missing.

    Example:
        >>> as_parameters({"b": np.zeros((1, 3))}, ["b"])["b"].shape
        (1, 3)
    """
    names = list(names)
    missing = [name for name in names if name not in arrays]
    if missing:
        raise tg.GraphError(
            f"the system lacks {', '.join(missing)}",
            expected=f"arrays named {', '.join(names)}",
            got=", ".join(arrays) or "no arrays",
            fix="start from cosine_init() or random_init(seed)",
        )
    return {name: tg.parameter(arrays[name], name=name) for name in names}


def descend(sgd: SGD, loss: tg.Node, clip: Callable[[Arrays], Arrays] | None = None) -> None:
    """One step of gradient descent, ``w <- w - learning_rate * clip(dloss/dw)`` for every weight.

    Args:
        sgd: the optimizer, with a dict of parameters of any shapes.
        loss: shape (), computed from these parameters.
        clip: maps gradients by name to clipped gradients; None does not clip.

    Example:
        >>> w = {"w": tg.parameter(3.0)}
        >>> descend(SGD(w, learning_rate=0.25), w["w"] * w["w"])
        >>> w["w"].item()
        1.5
    """
    tg.zero_grad(sgd.parameters)
    loss.backward()
    gradients = {name: parameter.grad for name, parameter in sgd.parameters.items()}
    sgd.step(clip(gradients) if clip else gradients)
