"""A function as a plan knows it: its trace, the floats of each call, and the looks at what it took from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core.errors import GraphError
from ..core.op import Spec
from ..core.structure import map_leaves
from ..core.traced import Slot
from .door import Copies
from .keys import is_array
from .numbers import Floats, NeededError
from .parts import PLAIN
from .reach import TYPES
from .trial import Trial
from .watch import Watch


class Function:
    """A function, traced for one set of shapes.

    Args:
        fn: the user's function.
        arguments: its positional and keyword arguments.
        checkpoint: whether loops over time are traced in segments.
        copies: see `Door`.
        words: the leaves of the arguments, by the words for them.
        numbers: the floats among them, in order.
        valued: the indices of the floats of which the function knows the values.

    Attributes:
        trial: the trace that the plan is made of.
        calls_left: how many calls from now the next look is.
        each_call: whether `begin` is called before each call.

    Raises:
        NeededError: the function needs the value of another of its floats.
        GraphError: it leaves values outside, or its numbers depend on what it changes or draws.
    """

    def __init__(
        self, fn: Callable[..., Any], arguments: Any, checkpoint: bool, copies: Copies, words: Mapping[str, Any],
        numbers: Sequence[float], valued: Sequence[int],
    ) -> None:  # fmt: skip
        self._fn, self._checkpoint, self._copies = fn, checkpoint, copies
        self._names, self._valued = [w for w, x in words.items() if type(x) is float], frozenset(valued)
        self._form = map_leaves(_slot, arguments)
        self._values = numbers
        holders = {w: x for w, x in words.items() if not is_array(x) and type(x) not in PLAIN}
        self._watch = Watch({"the function": fn} | holders)
        if TYPES in self._watch.reach.names and len(self._valued) < len(numbers):
            raise NeededError({*range(len(numbers))})
        self.trial = self._first()
        self._ties = self.trial.ties()
        self.each_call = bool(numbers or self._ties)
        self._calls, self.calls_left = 1, 2

    def begin(self, numbers: Sequence[float]) -> None:
        """Called before each call of the plan, or only before those at which it looks at what changed: 2, 3, 5, 9, ...

        Raises:
            GraphError: something that the function reaches by itself has changed.
        """
        self._numbers.values = numbers
        for parameter, serial in self._ties:
            if parameter.changed > serial:
                problem = (
                    f"compile: {parameter.label()} was set after a node that the function uses was computed from it"
                )
                raise GraphError(problem, fix="compute the node inside of the function")
        if self.calls_left <= 0:
            self.calls_left = 1  # as long as it raises, it looks at every call
            self._watch.look(self.trial, lambda: self._trial(numbers)[0])
            self._calls, self.calls_left = 2 * self._calls, self._calls

    def _first(self) -> Trial:
        try:
            trial, self._numbers = self._trial(self._values)
            numbers = self._watch.examine(trial, lambda: self._trial(self._values)[0])
            if numbers:
                raise NeededError(numbers)
        except Exception:
            self._watch.put_back()
            raise
        return trial

    def _trial(self, values: Sequence[float]) -> tuple[Trial, Floats]:
        """A trace, and the numbers in it."""
        numbers = Floats(values, self._names)
        count = iter(range(len(values)))

        def leaf(x: Any) -> Any:
            if type(x) is not float:
                return x
            k = next(count)
            return values[k] if k in self._valued else numbers.number(k)

        try:
            trial = Trial(self._fn, map_leaves(leaf, self._form), self._checkpoint, self._copies)
        except Exception:
            everything = {*range(len(values))} - self._valued
            if not everything:
                raise
            raise NeededError(numbers.needed or everything) from None
        finally:
            numbers.open = False
        if numbers.needed:
            raise NeededError(numbers.needed)
        return trial, numbers


def _slot(x: Any) -> Any:
    return Slot(Spec(x.shape, x.dtype), getattr(x, "name", None)) if is_array(x) else x
