"""Adam and its kin: AdamW, NAdam, RAdam."""

from __future__ import annotations

import math
from inspect import signature
from typing import Any

import numpy as np

from ..core.errors import GraphError, refusing
from .flat import Moments
from .optimizer import Optimizer, Rate, StepNumbers, asked


class Adam(Optimizer):
    """Adam: the step size follows from the gradient's running mean ``m`` and mean square ``v``.

    With t counting steps from 1::

        m <- beta1 m + (1 - beta1) g           v <- beta2 v + (1 - beta2) g^2
        w <- w - learning_rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive, in the unit of the parameters, about the size of one step; or a function of the
            steps done.
        betas: ``(beta1, beta2)``, each in [0, 1).
        eps: positive; in the unit of the gradients.
        weight_decay: 0 or more; ``weight_decay * w`` is added to g.
        amsgrad: whether the largest v so far is used in place of v.
        groups: as in `Optimizer`.

    Raises:
        GraphError: as in `Optimizer`, or an option is out of range.

    Source:
        Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1; for amsgrad Reddi, Kale, Kumar,
        "On the convergence of Adam and beyond", 2018, algorithm 2, in the form of PyTorch's Adam.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.Adam([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.9
    """

    elementwise = True
    moments: tuple[str, ...] = ("mean", "square")

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        groups: Any = None,
    ) -> None:
        self.betas, self.eps, self.weight_decay, self.amsgrad = betas, eps, weight_decay, amsgrad
        self.moments = (*Adam.moments, *["largest"] * asked(type(self).__name__, "amsgrad", amsgrad, groups))
        super().__init__(parameters, learning_rate, groups)

    def check(self) -> None:
        super().check()
        if self.amsgrad and "amsgrad" not in signature(type(self).__init__).parameters:
            raise GraphError(f"{type(self).__name__} has no option amsgrad", fix="tg.train.Adam, or AdamW")

    def numbers(self, t: int, rate: float) -> StepNumbers:
        beta1, beta2 = self.betas
        return {"rate": rate / (1 - beta1**t), "root": math.sqrt(1 - beta2**t)}

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        change, own = self.step_of(g, moments, numbers)
        return w - change, own

    def step_of(self, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        """What Adam subtracts from a parameter, and the new moments."""
        own = running_means(self.betas, g, moments)
        if self.amsgrad or "largest" in moments:
            own["largest"] = np.maximum(moments["largest"], own["square"])
        square = own["largest"] if self.amsgrad else own["square"]
        return numbers["rate"] * own["mean"] / (np.sqrt(square) / numbers["root"] + self.eps), own


class AdamW(Adam):
    """Adam with decoupled weight decay: before Adam's own step, ``w <- w - learning_rate * weight_decay * w``.

    Args:
        parameters, learning_rate, betas, eps, amsgrad, groups: as in `Adam`, of any shapes.
        weight_decay: 0 or more.

    Raises:
        GraphError: as in `Adam`.

    Source:
        Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2, in the form of
        PyTorch's AdamW.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.AdamW([w], learning_rate=0.1, groups={"0": {"weight_decay": 0.1}})
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.87
    """

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        groups: Any = None,
    ) -> None:
        super().__init__(parameters, learning_rate, betas, eps, weight_decay, amsgrad, groups)

    def numbers(self, t: int, rate: float) -> StepNumbers:
        return {**super().numbers(t, rate), "kept": 1 - rate * self.weight_decay}

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        change, own = self.step_of(g, moments, numbers)
        return numbers["kept"] * w - change, own


class NAdam(Adam):
    """Adam with Nesterov's momentum, whose share of the running mean grows from beta1 / 2 to beta1.

    With ``mu_t = beta1 (1 - 0.96^(t momentum_decay) / 2)``, M_t the product of mu_1 to mu_t, and v as in `Adam`::

        d = g (1 - mu_t) / (1 - M_t) + m mu_{t+1} / (1 - M_{t+1})
        w <- w - learning_rate * d / (sqrt(v / (1 - beta2^t)) + eps)

    Args:
        parameters, learning_rate, betas, eps, weight_decay, groups: as in `Adam`, of any shapes.
        momentum_decay: 0 or more.

    Raises:
        GraphError: as in `Adam`.

    Source:
        Dozat, "Incorporating Nesterov momentum into Adam", 2016, algorithm 2, in the form of PyTorch's NAdam.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.NAdam([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        2.8944
    """

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        groups: Any = None,
    ) -> None:
        self.momentum_decay, self._products = momentum_decay, dict[Any, tuple[int, float]]()
        super().__init__(parameters, learning_rate, betas, eps, weight_decay, False, groups)

    def numbers(self, t: int, rate: float) -> StepNumbers:
        options = *self.betas, self.momentum_decay
        past, product = self._products.get(options, (0, 1.0))
        # One factor a step, always in this order: so a run that goes on has the same bits.
        for k in range(past + 1 if past <= t else 1, t + 1):
            product = (product if k > 1 else 1.0) * self._share(k)
        self._products[options] = t, product
        new, mean = (1 - self._share(t)) / (1 - product), self._share(t + 1) / (1 - product * self._share(t + 1))
        return {"rate": rate * mean, "root": math.sqrt(1 - self.betas[1] ** t), "now": rate * new}

    def _share(self, t: int) -> float:
        return self.betas[0] * (1 - 0.5 * 0.96 ** (t * self.momentum_decay))

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        own = running_means(self.betas, g, moments)
        spread = np.sqrt(own["square"]) / numbers["root"] + self.eps
        return w - (numbers["now"] * g + numbers["rate"] * own["mean"]) / spread, own


class RAdam(Adam):
    """Adam whose first steps follow the mean alone, until the mean square is known well enough.

    With ``r = 2 / (1 - beta2) - 1`` and ``r_t = r - 2 t beta2^t / (1 - beta2^t)``, and m, v as in `Adam`::

        r_t > 5:   w <- w - learning_rate * s * m / (1 - beta1^t) / ((sqrt(v) + eps) / sqrt(1 - beta2^t)),
                   s = sqrt((r_t - 4) (r_t - 2) r / ((r - 4) (r - 2) r_t))
        else:      w <- w - learning_rate * m / (1 - beta1^t)

    Args:
        parameters, learning_rate, betas, eps, weight_decay, groups: as in `Adam`, of any shapes.

    Raises:
        GraphError: as in `Adam`.

    Source:
        Liu et al., "On the variance of the adaptive learning rate and beyond", 2020, algorithm 2, in the form of
        PyTorch's RAdam.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.RAdam([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.4
    """

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        groups: Any = None,
    ) -> None:
        super().__init__(parameters, learning_rate, betas, eps, weight_decay, False, groups)

    def numbers(self, t: int, rate: float) -> StepNumbers:
        beta1, beta2 = self.betas
        limit, root = 2 / (1 - beta2) - 1, math.sqrt(1 - beta2**t)
        length, rate = limit - 2 * t * beta2**t / (1 - beta2**t), rate / (1 - beta1**t)
        if length <= 5:
            return {"rate": rate, "root": 0.0}
        scale = (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
        return {"rate": 0.0, "root": rate * root * math.sqrt(scale)}

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        own = running_means(self.betas, g, moments)
        return w - own["mean"] * (numbers["rate"] + numbers["root"] / (np.sqrt(own["square"]) + self.eps)), own


def running_means(betas: tuple[float, float], g: Any, moments: Moments) -> Moments:
    """The running mean of the gradients and that of their squares."""
    beta1, beta2 = betas
    return {
        "mean": beta1 * moments["mean"] + (1 - beta1) * g,
        "square": beta2 * moments["square"] + (1 - beta2) * (g * g),
    }
