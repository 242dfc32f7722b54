"""The training step: forward, backward, clipping and update in one compiled call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from ..compiled import Compiled, Plan, compile
from ..core.checks import function, integer, one_of
from ..core.errors import UNFIT, GraphError, NonFiniteError, refusing, shown
from ..core.leaves import Parameter
from ..core.markup import card, table
from ..core.node import Node
from ..core.nonfinite import nonfinite as watching
from ..core.scope import now
from ..core.structure import leaves, map_leaves, rebuild
from ..core.together import Change, set_together
from ..engine.grad import grad, zero_grad
from ..ops.numpy_functions import as_node
from ..outside.keys import flatten
from .clipping import Clipper, clipper, square_norm
from .flat import Moments, check_state
from .nesting import matched
from .optimizer import Optimizer


@refusing
def step(
    loss: Callable[..., Any],
    parameters: Any,
    optimizer: Optimizer | Sequence[Optimizer],
    *,
    clip: float | Clipper | None = None,
    accumulate: int = 1,
    nonfinite: str = "raise",
    backend: str = "auto",
) -> TrainingStep:
    """Makes a training step: a function of the loss's arguments that updates the parameters and returns the loss.

    Forward, backward, clipping and update run in one compiled call per set of shapes; the moments of the optimizer stay
    in the optimizer, the learning rate is new at each call. A step is done whole or not at all.

    Args:
        loss: returns a node of one element; or a pair of it and anything else in arrays, such as the state after the
            last time step, which the step then returns, too.
        parameters: nested lists, tuples or dicts of the parameters to update.
        optimizer: made for these parameters; or several that share them, such as `Muon` for the matrices and `Adam` for
            the others.
        clip: the largest norm of all gradients together, as in `clip_by_norm`; or a function of the gradients, nested
            as the parameters, that returns others, such as ``lambda g: tg.train.clip_by_value(g, 1.0)``.
        accumulate: the number of calls whose gradients are averaged for one update.
        nonfinite: what to do if the loss or a gradient is NaN or infinite: ``"raise"`` names the op, node and time step
            where it began; ``"skip"`` leaves all as it was and counts it in ``skipped``.
        backend: as in `compile`; or ``"eager"``, to run without compiling.

    Returns:
        a `TrainingStep`.

    Raises:
        GraphError: the optimizers are not those of the parameters; an option is unknown or out of range; at a call:
            what the loss returns is no node of one element, and all that `compile` raises.
        NonFiniteError: at a call, with ``nonfinite="raise"``; nothing was updated.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> w = tg.parameter([0.0, 0.0], name="w")
        >>> def loss(x, y):
        ...     return tg.mean((x @ w - y) ** 2)
        >>> step = tg.train.step(loss, [w], tg.train.SGD([w], learning_rate=0.2), clip=10.0)
        >>> x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> losses = [step(x, x @ np.array([2.0, -1.0])).item() for _ in range(200)]
        >>> w.value.round(6)
        array([ 2., -1.])
    """
    one_of("step: nonfinite is unknown", nonfinite, ("raise", "skip"))
    own, accumulate = _optimizers(parameters, optimizer), integer("step", "accumulate", accumulate, 1)
    return TrainingStep(function("step", loss), parameters, own, clip, accumulate, nonfinite == "skip", backend)


class TrainingStep:
    """A training step; see `step`.

    Attributes:
        optimizers: a list of them.
        norm: the norm of all gradients of the latest call, before clipping.
        skipped: the number of calls that were left out because of a NaN or an infinity.
        accumulate: the number of calls whose gradients are averaged for one update.
    """

    def __init__(
        self, loss: Any, parameters: Any, optimizers: Any, clip: Any, accumulate: int, skips: bool, backend: str
    ) -> None:
        self.loss, self.parameters = loss, parameters
        self.optimizers: list[Optimizer] = optimizers
        self.norm, self.skipped = math.nan, 0
        self._flat: list[Parameter] = leaves(parameters)
        self._clip, self.accumulate, self._skips = clipper(clip), accumulate, skips
        self._own_clip = callable(clip)
        self._totals = [np.zeros_like(p._value) for p in self._flat] if accumulate > 1 else []
        self._collected = 0
        self._compiled: Compiled | None = None if backend == "eager" else compile(self._whole, backend)

    @property
    def steps(self) -> int:
        """The number of updates done."""
        return self.optimizers[0].steps

    @property
    def plan(self) -> Plan:
        """The plan of the latest call, which ``print`` shows and ``tg.draw(step, "compiled")`` draws."""
        if self._compiled is None:
            raise GraphError("step: an eager step has no plan", got="backend='eager'", fix='leave out backend="eager"')
        return self._compiled.plan

    def __reduce_ex__(self, protocol: Any) -> Any:
        if isinstance(self.loss, FunctionType):
            problem = "step: a copy would train its own parameters, while its loss reads the first ones"
            raise GraphError(problem, got=self.loss.__qualname__, fix="make a new step, or give a method as the loss")
        return super().__reduce_ex__(protocol)

    def _repr_html_(self) -> str:
        norm = "not computed yet" if math.isnan(self.norm) else f"{self.norm:g}"
        rows = [("updates", self.steps), ("skipped", self.skipped), ("norm of the gradients", norm)]
        run = ["eager"] if self._compiled is None else [self._compiled._repr_html_()]
        parts = [table(("", ""), rows), *(o._repr_html_() for o in self.optimizers), *run]
        return card(f"training step of {getattr(self.loss, '__qualname__', shown(self.loss))}", *parts)

    def state_dict(self) -> dict[str, np.ndarray]:
        """The sums of gradients that no update has used yet, and their number; for checkpoints."""
        sums = {f"sum.{k}": total.copy() for k, total in enumerate(self._totals)}
        return {"collected": np.array(self._collected), **sums}

    def load_state_dict(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes over what `state_dict` returned."""
        check_state("step", arrays, self.state_dict())
        if not 0 <= int(arrays["collected"]) < self.accumulate:
            got = f"{arrays['collected']} of {self.accumulate}"
            raise GraphError("step: sums of more calls than it accumulates", got=got, fix="the same accumulate=")
        totals = [np.array(arrays[f"sum.{k}"]) for k in range(len(self._totals))]
        set_together([(self, "_totals", totals), (self, "_collected", int(arrays["collected"]))])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Updates the parameters once; returns the loss before that, shape (), and what else the loss returned."""
        last = self._collected + 1 == self.accumulate
        moments = [x for o in self.optimizers for own in o.state() for x in own.values()] if last else []
        numbers = [o.numbers_now() for o in self.optimizers] if last else []
        result, square, totals, updated = self._run(args, kwargs, self._totals, moments, numbers, self._options())
        self.norm = math.sqrt(square) if square >= 0 else math.nan
        if not (math.isfinite(self.norm) and math.isfinite(_loss_of(result))):
            self._refuse(args, kwargs)
            return result
        changes: list[Change] = [(self, "_totals", totals), (self, "_collected", 0 if last else self._collected + 1)]
        if last:
            changes += self._updates(updated)
        set_together(changes)
        return result

    def _run(self, *whole: Any) -> Any:
        """Runs the step; what stays the same from call to call is not described to the compiled function again."""
        args, kwargs, totals, moments, numbers, options = whole
        if self._compiled is None:
            return self._eager(*whole)
        parts: list[Any] = [options, len(moments)]
        arrays: list[np.ndarray] = []
        floats: list[float] = []
        try:
            flatten((args, kwargs), parts, arrays, floats)
            arrays += [x if x.flags.c_contiguous else np.ascontiguousarray(x) for x in (*totals, *moments)]
            flatten(numbers, parts, arrays, floats)
        except UNFIT:
            return self._compiled(*whole)  # which names what does not fit
        if now.tracing or now.watching:
            return self._compiled(*whole)
        return self._compiled.described(tuple(parts), arrays, floats, whole, {})

    def _whole(self, args: Any, kwargs: Any, totals: Any, moments: Any, numbers: Any, options: str) -> Any:
        """The step as one function, which is compiled: nothing is set before all is known."""
        return self._rest(*self.differentiated(*args, **kwargs), totals, moments, numbers)

    def differentiated(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """What the loss function returns, and the gradients; the first half of a step, on nodes."""
        result = self._result(args, kwargs)
        return result, grad(_loss_of(result), self.parameters)

    def _result(self, args: Any, kwargs: Any) -> Any:
        """What the loss function returns, with a loss of shape ()."""
        result = refusing(self.loss, "step")(*args, **kwargs)
        loss = _loss_of(result)
        if not isinstance(loss, Node) or loss.size != 1:
            got = f"shape {loss.shape}" if isinstance(loss, Node) else type(loss).__name__
            fix = "tg.mean or tg.sum of it; a pair of the loss and something else is fine, too"
            raise GraphError("step: the loss is no node of one element", got=got, fix=fix)
        if not loss.ndim:
            return result
        return (loss.reshape(()), *result[1:]) if isinstance(result, tuple) else loss.reshape(())

    def update(self, gradients: Sequence[Any], moments: Sequence[Any], numbers: Any) -> list[Any]:
        """The second half of a step: the new values and moments of each optimizer, one flat list, on nodes.

        Args:
            gradients: of each parameter, averaged where several are.
            moments: of each optimizer and parameter, one flat list.
            numbers: of the groups of each optimizer.
        """
        new: list[Any] = self._rest(None, rebuild(self.parameters, list(gradients)), [], moments, numbers)[3]
        return new

    def _options(self) -> str:
        """The options of the optimizers, for which a plan holds."""
        return "".join([o.options() for o in self.optimizers])

    def _eager(self, args: Any, kwargs: Any, totals: Any, moments: Any, numbers: Any, options: str) -> Any:
        result = self._result(args, kwargs)
        zero_grad(self._flat)
        _loss_of(result).backward()
        gradients = [np.zeros_like(p._value) if p.grad is None else p.grad for p in self._flat]
        zero_grad(self._flat)
        arrays = map_leaves(lambda y: np.array(as_node(y).value), result)
        if not math.isfinite(square_norm(gradients)):
            return arrays, math.nan, [], []
        return self._rest(arrays, rebuild(self.parameters, gradients), totals, moments, numbers)

    def _rest(self, result: Any, gradients: Any, totals: Any, moments: Any, numbers: Any) -> Any:
        """All that comes after the gradients: on nodes in a compiled step, on arrays in an eager one."""
        square = square_norm(leaves(gradients))
        if totals:
            totals = [total + g for total, g in zip(totals, leaves(gradients), strict=True)]
        if not numbers:
            return result, square, totals, []
        if totals:
            gradients = rebuild(gradients, [total / self.accumulate for total in totals])
            totals = [np.zeros(p.shape, p.dtype) for p in self._flat]
        clipped = self._clipped(gradients)
        if self._own_clip:
            square = square + 0.0 * square_norm(clipped)  # NaN if what the function returns is not finite
        of = dict(zip(self._flat, clipped, strict=True))
        updated: list[Any] = []
        for o, own, n in zip(self.optimizers, self._apart(moments), numbers, strict=True):
            values, new = o.updated(of, own, n)
            updated += [*values, *(x for moment in new for x in moment.values())]
        return result, square, totals, updated

    def _apart(self, moments: Sequence[Any]) -> list[list[Moments]]:
        """Moments from one flat list, for each optimizer and parameter."""
        rest = iter(moments)
        return [[{name: next(rest) for name in o.moments} for _ in o.names] for o in self.optimizers]

    def _updates(self, updated: Sequence[np.ndarray]) -> list[Change]:
        """What a flat list of new values and moments changes."""
        changes: list[Change] = []
        rest = iter(updated)
        for o in self.optimizers:
            values = [next(rest) for _ in o.names]
            changes += o.changes(values, [{name: next(rest) for name in o.moments} for _ in o.names])
        return changes

    def _clipped(self, gradients: Any) -> list[Any]:
        clipped = matched(self.parameters, self._clip(gradients), "step: clip returned another nesting")
        for p, g in zip(self._flat, clipped, strict=True):
            if getattr(g, "shape", None) != p.shape:
                problem = f"step: clip returned no gradient of {p.label()}"
                raise GraphError(problem, expected=f"shape {p.shape}", got=shown(g))
        return clipped

    def _refuse(self, args: Any, kwargs: Any) -> None:
        """Counts a step that is left out, or raises an error that names the place."""
        if self._skips:
            self.skipped += 1
            return
        with watching("raise"):
            result = self._result(args, kwargs)
            grad(_loss_of(result), self._flat)
        fix = 'lower the learning rate, clip, or leave such steps out: nonfinite="skip"'
        problem = "step: the loss or the norm of the gradients is not finite; nothing was updated"
        got = f"a norm of {self.norm}" + ", which may come from the function that clips" * self._own_clip
        raise NonFiniteError(problem, expected="finite numbers", got=got, fix=fix)


def _loss_of(result: Any) -> Any:
    return result[0] if isinstance(result, tuple) else result


def _optimizers(parameters: Any, optimizer: Any) -> list[Optimizer]:
    own = list(optimizer) if isinstance(optimizer, (list, tuple)) else [optimizer]
    if not own or not all(isinstance(o, Optimizer) for o in own):
        expected = "an optimizer, or a list of them"
        raise GraphError("step: no optimizer", expected=expected, got=shown(optimizer), fix="tg.train.Adam(parameters)")
    theirs = [p for o in own for p in leaves(o.parameters)]
    if len(theirs) != len(set(theirs)) or set(theirs) != set(leaves(parameters)):
        raise GraphError(
            "step: the optimizers are not those of the parameters",
            expected="each parameter in one optimizer",
            got=f"{len(leaves(parameters))} parameters, {len(theirs)} in the optimizers",
            fix="tg.train.step(loss, parameters, tg.train.Adam(parameters))",
        )
    return own
