"""RMSprop, Adagrad, Adadelta: steps divided by the size of past gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import refusing
from .flat import Moments
from .optimizer import Optimizer, Rate, StepNumbers, asked


class RMSprop(Optimizer):
    """RMSprop: the gradient divided by the root of its running mean square v.

    ::

        v <- alpha v + (1 - alpha) g^2        w <- w - learning_rate * g / (sqrt(v) + eps)

    With ``centered``, the square of the running mean of g is subtracted from v. With momentum,
    ``u <- momentum u + g / (sqrt(v) + eps)`` takes the place of the quotient.

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive, in the unit of the parameters; or a function of the steps done.
        alpha, momentum: in [0, 1).
        eps: positive; in the unit of the gradients.
        weight_decay: 0 or more; ``weight_decay * w`` is added to g.
        centered: whether to divide by the deviation in place of the root mean square.
        groups: as in `Optimizer`.

    Raises:
        GraphError: as in `Optimizer`, or an option is out of range.

    Source:
        Tieleman and Hinton, "Lecture 6.5: rmsprop", 2012; centered: Graves, "Generating sequences with recurrent neural
        networks", 2013, equations 38 to 45, in the form of PyTorch's RMSprop.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.RMSprop([w], learning_rate=0.01)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.9
    """

    elementwise = True
    momentum: float = 0.0

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        groups: Any = None,
    ) -> None:
        self.alpha, self.eps, self.weight_decay = alpha, eps, weight_decay
        self.momentum, self.centered = momentum, centered
        more = {"mean": ("centered", centered), "velocity": ("momentum", momentum)}
        self.moments = ("square", *(m for m, option in more.items() if asked("RMSprop", *option, groups)))
        super().__init__(parameters, learning_rate, groups)

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        own = {"square": self.alpha * moments["square"] + (1 - self.alpha) * (g * g)}
        spread = own["square"]
        if self.centered or "mean" in moments:
            own["mean"] = self.alpha * moments["mean"] + (1 - self.alpha) * g
        if self.centered:
            spread = np.maximum(spread - own["mean"] * own["mean"], 0.0)  # below 0 by rounding, of gradients all alike
        change = g / (np.sqrt(spread) + self.eps)
        if self.momentum or "velocity" in moments:
            change = own["velocity"] = self.momentum * moments["velocity"] + change
        return w - numbers["rate"] * change, own


class Adagrad(Optimizer):
    """Adagrad: the gradient divided by the root of the sum of its squares, ``s <- s + g^2``.

    At step t, counted from 1, ``w <- w - learning_rate / (1 + (t - 1) rate_decay) * g / (sqrt(s) + eps)``.

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive, in the unit of the parameters; or a function of the steps done.
        rate_decay, weight_decay: 0 or more.
        first_sum: s before the first step, 0 or more; in the square of the gradients' unit.
        eps: positive; in the unit of the gradients.
        groups: as in `Optimizer`.

    Raises:
        GraphError: as in `Optimizer`, or an option is out of range.

    Source:
        Duchi, Hazan, Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011, in
        the form of PyTorch's Adagrad.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.Adagrad([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.9
    """

    elementwise = True
    moments = ("sum",)

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1e-2,
        rate_decay: float = 0.0,
        weight_decay: float = 0.0,
        first_sum: float = 0.0,
        eps: float = 1e-10,
        groups: Any = None,
    ) -> None:
        self.rate_decay, self.weight_decay, self.eps, self.first_sum = rate_decay, weight_decay, eps, first_sum
        super().__init__(parameters, learning_rate, groups)

    def start(self, moment: str, value: np.ndarray) -> np.ndarray:
        return np.full_like(value, self.first_sum)

    def numbers(self, t: int, rate: float) -> StepNumbers:
        return {"rate": rate / (1 + (t - 1) * self.rate_decay)}

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        total = moments["sum"] + g * g
        return w - numbers["rate"] * g / (np.sqrt(total) + self.eps), {"sum": total}


class Adadelta(Optimizer):
    """Adadelta: steps in the unit of the parameters, from the sizes of past gradients and of past changes.

    ::

        v <- rho v + (1 - rho) g^2        d = g sqrt(u + eps) / sqrt(v + eps)        u <- rho u + (1 - rho) d^2
        w <- w - learning_rate * d

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive, without a unit; or a function of the steps done.
        rho: in [0, 1).
        eps: positive; in the square of the gradients' unit.
        weight_decay: 0 or more; ``weight_decay * w`` is added to g.
        groups: as in `Optimizer`.

    Raises:
        GraphError: as in `Optimizer`, or an option is out of range.

    Source:
        Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.Adadelta([w])
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.996838
    """

    elementwise = True
    moments = ("square", "change")

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        groups: Any = None,
    ) -> None:
        self.rho, self.eps, self.weight_decay = rho, eps, weight_decay
        super().__init__(parameters, learning_rate, groups)

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        square = self.rho * moments["square"] + (1 - self.rho) * (g * g)
        change = np.sqrt(moments["change"] + self.eps) / np.sqrt(square + self.eps) * g
        own = {"square": square, "change": self.rho * moments["change"] + (1 - self.rho) * (change * change)}
        return w - numbers["rate"] * change, own
