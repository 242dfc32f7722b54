"""Optimizers, which update parameters from their gradients: SGD and Adam."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Self

import numpy as np

from ..core import habits
from ..core.checks import positive, unmasked
from ..core.errors import GraphError, NonFiniteError, refusing, shown
from ..core.leaves import Parameter
from ..core.missing import MissingOnOurs, install
from ..core.node import Node
from ..core.structure import leaves, map_leaves
from ..core.together import new_values, set_together


class Optimizer:
    """Updates parameters from their gradients; a subclass computes the change in `change`.

    A step updates all parameters and the optimizer's own attributes, or none, whatever stops it: a gradient that does
    not fit, an error in `change`, Ctrl-C. `begin` and `change` run on a copy, which becomes the optimizer at the end;
    its lists and dicts are copies, too, but not the arrays in them: ``self.mean[index] = array`` sets a new one.
    The parameters' old arrays are not changed; each parameter gets a new array.

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes. What is added to them or taken
            out of them later changes nothing in the optimizer.
        learning_rate: positive; unit of a parameter per unit of its gradient. The attribute
            of this name may be set between steps.

    Raises:
        GraphError: ``parameters`` contains something that is not a parameter, or a parameter twice,
            or ``learning_rate`` is not a positive number.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> class SignDescent(tg.train.Optimizer):
        ...     def change(self, index, gradient):
        ...         return self.learning_rate * np.sign(gradient)
        >>> w = tg.parameter([1.0, -1.0])
        >>> SignDescent([w], learning_rate=0.5).step([np.array([3.0, -2.0])])
        >>> w.value
        array([ 0.5, -0.5])
    """

    @refusing
    def __init__(self, parameters: Any, learning_rate: float) -> None:
        self.parameters = map_leaves(lambda p: p, parameters)  # the caller may change the dict or list later
        self._flat: list[Parameter] = leaves(parameters)
        self.learning_rate = learning_rate
        for p in self._flat:
            if not isinstance(p, Parameter):
                raise GraphError(
                    f"{_name(self)}: not a parameter",
                    expected="nested lists or dicts of tg.parameter",
                    got=p.label() if isinstance(p, Node) else type(p).__name__,
                    fix=habits.no_node(p),
                )
        if len(set(self._flat)) < len(self._flat):
            raise GraphError(f"{_name(self)}: a parameter is listed twice", fix="list each parameter once")

    @property
    def learning_rate(self) -> float:
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self._learning_rate = positive(_name(self), "learning_rate", rate)

    @refusing
    def step(self, gradients: Any = None) -> None:
        """Updates every parameter once.

        Args:
            gradients: arrays or nodes in the nesting of the parameters, each with its parameter's
                shape and dtype; None takes the gradients that `backward` stored in ``.grad``.

        Raises:
            GraphError: a gradient is missing, or has another shape or dtype.
            NonFiniteError: a gradient contains a NaN or an infinity.
        """
        flat = [p.grad for p in self._flat] if gradients is None else _matched(self.parameters, gradients)
        arrays = [_checked(self, p, g) for p, g in zip(self._flat, flat, strict=True)]
        ahead = self._copy()
        ahead.begin()
        moved = [ahead._moved(i, g) for i, g in enumerate(arrays)]
        # All at once: one `p.value = ...` after the other could be stopped in the middle by Ctrl-C.
        set_together([*new_values(zip(self._flat, moved, strict=True)), (self, "__dict__", ahead.__dict__)])

    def _copy(self) -> Self:
        ahead, attributes = object.__new__(type(self)), vars(self).copy()
        for name, value in attributes.items():
            if type(value) in (list, dict, set):
                attributes[name] = value.copy()
        ahead.__dict__ = attributes
        return ahead

    def _moved(self, index: int, gradient: np.ndarray) -> np.ndarray:
        """The value of parameter number ``index`` after the step."""
        p = self._flat[index]
        array = np.asarray(p.value - self.change(index, gradient))
        if array.shape != gradient.shape or array.dtype != gradient.dtype:
            expected, got = f"{p.shape} {p.dtype}", f"{array.shape} {array.dtype}"
            raise GraphError(f"{_name(self)}: the change of {p.label()} does not fit", expected=expected, got=got)
        return array

    def begin(self) -> None:
        """Called once per step, before the first `change`."""

    def change(self, index: int, gradient: np.ndarray) -> np.ndarray:
        """Returns what to subtract from parameter number ``index``, with the shape and dtype of ``gradient``."""
        raise GraphError(f"{_name(self)} has no change", fix="define change(self, index, gradient)")


class SGD(Optimizer):
    """Gradient descent, ``w <- w - learning_rate * g``.

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive; unit of a parameter per unit of its gradient.

    Raises:
        GraphError: as in `Optimizer`.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.SGD([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.4
    """

    def change(self, index: int, gradient: np.ndarray) -> np.ndarray:
        return self.learning_rate * gradient


class Adam(Optimizer):
    """Adam: the step size follows from the gradient's running mean ``m`` and mean square ``v``.

    With t counting steps from 1::

        m <- beta1 m + (1 - beta1) g           v <- beta2 v + (1 - beta2) g^2
        w <- w - learning_rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive; in the unit of the parameters, about the size of one step.
        betas: ``(beta1, beta2)``, each in [0, 1).
        eps: positive; in the unit of the gradients.

    Raises:
        GraphError: as in `Optimizer`, or ``betas`` or ``eps`` is out of range.

    Source:
        Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.Adam([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.9
    """

    @refusing
    def __init__(
        self, parameters: Any, learning_rate: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
    ) -> None:
        super().__init__(parameters, learning_rate)
        self.betas = _two_shares(betas)
        self.eps = positive("Adam", "eps", eps)
        self._steps = 0
        self._mean = [np.zeros_like(p.value) for p in self._flat]
        self._square = [np.zeros_like(p.value) for p in self._flat]

    def begin(self) -> None:
        self._steps += 1

    def change(self, index: int, gradient: np.ndarray) -> np.ndarray:
        beta1, beta2 = self.betas
        # New arrays, as `Optimizer` asks, but few of them: each costs a large network as much as two operations.
        m, v, part = beta1 * self._mean[index], beta2 * self._square[index], np.asarray((1 - beta1) * gradient)
        m += part
        np.square(gradient, part)
        part *= 1 - beta2
        v += part
        self._mean[index], self._square[index] = m, v
        np.sqrt(v, part)
        part /= math.sqrt(1 - beta2**self._steps)
        part += self.eps
        return self.learning_rate / (1 - beta1**self._steps) * m / part


install(Optimizer, habits.OPTIMIZER, MissingOnOurs)


def _matched(parameters: Any, gradients: Any) -> list[Any]:
    """The gradients in the order of the flat parameters, matched by key and position; None where there is none."""
    if parameters is None:
        return []
    if isinstance(parameters, Parameter):
        return [gradients]
    keys = list(parameters) if isinstance(parameters, dict) else list(range(len(parameters)))
    count = len(gradients) if isinstance(gradients, (list, tuple)) else 0
    gradient_keys = list(gradients) if isinstance(gradients, dict) else list(range(count))
    if _nesting(parameters) is not _nesting(gradients) or set(keys) != set(gradient_keys):
        raise GraphError(
            "step: the gradients are not nested as the parameters were when the optimizer was made",
            expected=f"{type(parameters).__name__} of {keys}",
            got=f"{type(gradients).__name__} of {gradient_keys}",
            fix="a new optimizer, if parameters came or went" if isinstance(gradients, (dict, list, tuple)) else "",
        )
    return [g for k in keys for g in _matched(parameters[k], gradients[k])]


def _nesting(x: Any) -> type:
    """Its type; dict for subclasses of dict, which structures of nodes do not keep."""
    return dict if isinstance(x, dict) else type(x)


def _checked(optimizer: Optimizer, p: Parameter, gradient: Any) -> np.ndarray:
    subject = f"{_name(optimizer)}: the gradient of {p.label()}"
    if gradient is None:
        raise GraphError(f"{subject} was never computed", fix="call loss.backward() first, or pass step(gradients)")
    array = gradient.value if isinstance(gradient, Node) else np.asarray(unmasked(gradient))
    if array.shape != p.shape or array.dtype != p.dtype:
        expected, got = f"{p.shape} {p.dtype}", f"{array.shape} {array.dtype}"
        raise GraphError(f"{subject} does not fit", expected=expected, got=got)
    if not np.isfinite(array).all():
        raise NonFiniteError(
            f"{subject} is not finite",
            expected="finite numbers",
            got=f"{int((~np.isfinite(array)).sum())} of {array.size} are NaN or infinite",
            fix='lower the learning rate, clip, or find the op that computes it: with tg.nonfinite("raise")',
        )
    return array


def _two_shares(betas: Any) -> tuple[float, float]:
    if (
        isinstance(betas, (tuple, list))
        and len(betas) == 2
        and all(isinstance(b, Real) and 0 <= float(b) < 1 for b in betas)
    ):
        return float(betas[0]), float(betas[1])
    raise GraphError("Adam: a beta is out of range", expected="two numbers in [0, 1)", got=shown(betas))


def _name(optimizer: Optimizer) -> str:
    return type(optimizer).__name__
