"""SGD, Lion: steps along the gradient, its running mean, or the sign of that."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import GraphError, refusing
from .flat import Moments
from .optimizer import Optimizer, Rate, StepNumbers, asked


class SGD(Optimizer):
    """Gradient descent, with momentum if asked: ``w <- w - learning_rate * g``.

    With momentum, ``v <- momentum * v + (1 - dampening) * g``, of which the first is ``v = g``, and v takes the
    place of g; with ``nesterov`` it is ``g + momentum * v``. Weight decay adds ``weight_decay * w`` to g.

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive, in the unit of a parameter per unit of its gradient; or a function of the steps done.
        momentum, dampening: in [0, 1).
        nesterov: whether to look ahead; it needs momentum and no dampening.
        weight_decay: 0 or more.
        groups: as in `Optimizer`.

    Raises:
        GraphError: as in `Optimizer`, or an option is out of range.

    Source:
        Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning", 2013,
        in the form of PyTorch's SGD.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.SGD([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.4
    """

    elementwise = True
    momentum: float = 0.0
    nesterov: bool = False

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        groups: Any = None,
    ) -> None:
        self.momentum, self.dampening, self.nesterov, self.weight_decay = momentum, dampening, nesterov, weight_decay
        self.moments = ("velocity",) if asked("SGD", "momentum", momentum, groups) else ()
        super().__init__(parameters, learning_rate, groups)

    def check(self) -> None:
        super().check()
        if self.nesterov and (not self.momentum or self.dampening):
            raise GraphError("SGD: nesterov needs momentum and no dampening", got=f"momentum={self.momentum}")

    def numbers(self, t: int, rate: float) -> StepNumbers:
        return {"rate": rate, "share": 1.0 if t == 1 else 1 - self.dampening}

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        if self.weight_decay:
            g = g + self.weight_decay * w
        if not self.momentum:
            return w - numbers["rate"] * g, moments
        velocity = self.momentum * moments["velocity"] + numbers["share"] * g
        change = g + self.momentum * velocity if self.nesterov else velocity
        return w - numbers["rate"] * change, {"velocity": velocity}


class Lion(Optimizer):
    """Lion: every number moves by the same amount, in the direction of a running mean of gradients.

    ::

        w <- w - learning_rate * (sign(beta1 m + (1 - beta1) g) + weight_decay * w)        m <- beta2 m + (1 - beta2) g

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes.
        learning_rate: positive, in the unit of the parameters; or a function of the steps done. A third to a tenth of
            what suits Adam.
        betas: ``(beta1, beta2)``, each in [0, 1).
        weight_decay: 0 or more; some ten times what suits Adam.
        groups: as in `Optimizer`.

    Raises:
        GraphError: as in `Optimizer`, or an option is out of range.

    Source:
        Chen et al., "Symbolic discovery of optimization algorithms", 2023, algorithm 2.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter(3.0, name="w")
        >>> optimizer = tg.train.Lion([w], learning_rate=0.1)
        >>> (w * w).backward()
        >>> optimizer.step()
        >>> round(w.item(), 6)
        2.9
    """

    moments = ("mean",)
    elementwise = True

    @refusing
    def __init__(
        self,
        parameters: Any,
        learning_rate: Rate = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        groups: Any = None,
    ) -> None:
        self.betas, self.weight_decay = betas, weight_decay
        super().__init__(parameters, learning_rate, groups)

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        (beta1, beta2), mean = self.betas, moments["mean"]
        direction = np.sign(beta1 * mean + (1 - beta1) * g)
        if self.weight_decay:
            direction = direction + self.weight_decay * w
        return w - numbers["rate"] * direction, {"mean": beta2 * mean + (1 - beta2) * g}
