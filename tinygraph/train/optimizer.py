"""The base class of optimizers: a rule in numpy that updates parameters, on arrays and in a compiled step alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from inspect import signature
from typing import Any, ClassVar, Self

import numpy as np

from ..core import habits
from ..core.checks import integer, positive
from ..core.errors import GraphError, refusing, shown
from ..core.leaves import Parameter
from ..core.markup import amounts, card, table
from ..core.missing import MissingOnOurs, install
from ..core.node import Node
from ..core.structure import leaves, map_leaves
from ..core.together import Change, new_values, set_together
from .flat import Flat, Member, Moments, check_state, checked
from .nesting import matched, names_of
from .ranges import RANGES

StepNumbers = Mapping[str, Any]
"""Numbers of one step by name: floats, or nodes in a compiled step."""
Rate = float | Callable[[int], float]
"""A learning rate, or a function of the number of steps done that returns one."""


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters of one dtype with options of their own."""

    options: Mapping[str, Any]
    indices: list[int]
    flat: Flat = field(default_factory=Flat)


class Optimizer:
    """Updates parameters from their gradients by a rule that a subclass writes in numpy, in `update`.

    The same lines compute with arrays in `step`, and with nodes in the compiled step of `tg.train.step`. A step updates
    all parameters and moments or none, whatever stops it. The parameters' old arrays are not changed.

    Args:
        parameters: nested lists, tuples or dicts of `tg.parameter`, of any shapes. What is added to them or taken
            out of them later changes nothing in the optimizer.
        learning_rate: positive, in the unit of a parameter per unit of its gradient; or a function of the number of
            steps done, such as `tg.train.cosine`. The attribute of this name may be set between steps.
        groups: maps patterns of names to options of these parameters: ``{"*.bias": {"weight_decay": 0.0}}``. Names
            are those of the dicts, joined by dots, and positions in lists; ``*`` stands for any letters. Of several
            patterns that fit, the last one counts.

    Attributes:
        moments: the names of the arrays that the rule keeps for each parameter, zeros at first.
        elementwise: whether the rule treats each number by itself; then all parameters of a dtype are updated as one
            array, by a compiled rule if they are many.
        steps: the number of steps done.

    Raises:
        GraphError: ``parameters`` contains something that is not a parameter, or a parameter twice; ``learning_rate``
            is not a positive number; a group's pattern fits no name, or its option does not exist.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> class SignDescent(tg.train.Optimizer):
        ...     def update(self, w, g, moments, numbers):
        ...         return w - numbers["rate"] * np.sign(g), moments
        >>> w = tg.parameter([1.0, -1.0])
        >>> SignDescent([w], learning_rate=0.5).step([np.array([3.0, -2.0])])
        >>> w.value
        array([ 0.5, -0.5])
    """

    moments: tuple[str, ...] = ()
    elementwise: ClassVar[bool] = False
    _told: str | None = None
    _first_rate: Rate

    @refusing
    def __init__(self, parameters: Any, learning_rate: Rate, groups: Mapping[str, Mapping[str, Any]] | None = None):
        self.parameters = map_leaves(lambda p: p, parameters)  # the caller may change the dict or list later
        self._flat: list[Parameter] = leaves(parameters)
        self._check_parameters()
        self.names = names_of(self.parameters)
        self.steps = 0
        self.learning_rate = learning_rate
        self.groups = self._grouped(_checked_groups(groups))
        self.check()
        rules = {i: self._with(group.options) for group in self.groups for i in group.indices}
        self._moments = [{m: rules[i].start(m, p.value) for m in self.moments} for i, p in enumerate(self._flat)]

    def check(self) -> None:
        """Raises an error if an option is out of range; called for those of each group, too, and when one was set."""
        ours = next(c for c in type(self).__mro__ if c.__module__.startswith("tinygraph."))
        for name in RANGES.keys() & signature(ours).parameters.keys() & vars(self).keys():
            setattr(self, name, RANGES[name](_name(self), name, getattr(self, name)))

    def start(self, moment: str, value: np.ndarray) -> np.ndarray:
        """Returns a parameter's moment before the first step: zeros."""
        return np.zeros_like(value)

    def numbers(self, t: int, rate: float) -> StepNumbers:
        """Returns the numbers that `update` receives at step ``t``, counted from 1: ``{"rate": rate}``."""
        return {"rate": rate}

    def update(self, w: Any, g: Any, moments: Moments, numbers: StepNumbers) -> tuple[Any, Moments]:
        """Returns the new value and the new moments of a parameter ``w`` with the gradient ``g``: the rule itself.

        It is written in operators and numpy functions, since all of these are arrays, or nodes in a compiled step.
        """
        raise GraphError(f"{_name(self)} has no rule", fix="define update(self, w, g, moments, numbers)")

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return self.rate_at(self.steps)

    @learning_rate.setter
    def learning_rate(self, rate: Rate) -> None:
        self._rate = rate if callable(rate) else positive(_name(self), "learning_rate", rate)
        self._first_rate = self._first_rate if self.steps else self._rate

    def rate_at(self, steps: int) -> float:
        """The learning rate after so many steps."""
        return positive(_name(self), "learning_rate", self._rate(steps)) if callable(self._rate) else self._rate

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
        flat = [p.grad for p in self._flat] if gradients is None else matched(self.parameters, gradients)
        arrays = {p: checked(_name(self), p, g) for p, g in zip(self._flat, flat, strict=True)}
        set_together(self.changes(*self.updated(arrays, self._moments, self.numbers_now())))

    def numbers_now(self) -> list[StepNumbers]:
        """The numbers of the next step, for each group."""
        for p in self._flat:
            if not p.trained:
                fix = "a new optimizer of net.parameters(), which leaves out what is frozen"
                raise GraphError(f"{_name(self)}: {p.label()} is frozen or a buffer", fix=fix)
        rules = [self._with(group.options) for group in self.groups]
        if self._told is None:  # an option was set
            for rule in (self, *rules):
                rule.check()
            self.options()
        return [rule.numbers(self.steps + 1, rule.rate_at(self.steps)) for rule in rules]

    def updated(
        self, gradients: Mapping[Parameter, Any], moments: Sequence[Moments], numbers: Sequence[StepNumbers]
    ) -> tuple[list[Any], list[Moments]]:
        """The new values and moments of all parameters: arrays, or nodes if the gradients are nodes."""
        new: dict[int, tuple[Any, Moments]] = {}
        for group, own in zip(self.groups, numbers, strict=True):
            parts = [Member(p, gradients[p], moments[i]) for i in group.indices for p in (self._flat[i],)]
            updated = group.flat.updated(self._with(group.options), own, parts)
            new.update(zip(group.indices, updated, strict=True))
        return [new[i][0] for i in range(len(new))], [new[i][1] for i in range(len(new))]

    def changes(self, values: list[np.ndarray], moments: list[Moments]) -> list[Change]:
        """What `set_together` sets when a step is done: one value after the other could be stopped in the middle."""
        own: list[Change] = [(self, "_moments", moments), (self, "steps", self.steps + 1)]
        return [*new_values(zip(self._flat, values, strict=True)), *own]

    def options(self) -> str:
        """The options of all groups, as text."""
        if self._told is None or any(group.options for group in self.groups):
            own = {name: x for name, x in vars(self).items() if not name.startswith("_") and name not in _NO_OPTIONS}
            told = repr((own, [group.options for group in self.groups]))
            if not all(map(_stays, own.values())):
                return told
            self._told = told
        return self._told

    def __setattr__(self, name: str, value: Any) -> None:
        """Options may be set at any time; steps and moments are set by `set_together`, past this method."""
        object.__setattr__(self, "_told", None)
        object.__setattr__(self, name, value)

    def _repr_html_(self) -> str:
        own = {name: x for name, x in vars(self).items() if not name.startswith("_") and name not in _NO_OPTIONS}
        rate = f"{self.learning_rate:g}" + ", by a schedule" * callable(self._rate)
        rows = [("learning_rate", rate), *own.items(), ("steps", self.steps)]
        for group in self.groups:
            names = ", ".join([self.names[i] for i in group.indices])
            rows += [(shown(dict(group.options), 200), names)] if group.options else []
        count = sum(p.size for p in self._flat)
        return card(f"{_name(self)} of {amounts(len(self._flat), count)}", table(("", ""), rows))

    def named(self) -> list[tuple[str, Parameter]]:
        """The name of each parameter, and itself."""
        return list(zip(self.names, self._flat, strict=True))

    def state(self) -> list[Moments]:
        """The moments of each parameter."""
        return self._moments

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of the moments of each parameter, ``"mean.W"``, of ``"steps"``, and of a rate set after a step."""
        named = zip(self.names, self._moments, strict=True)
        arrays = {f"{m}.{name}": x.copy() for name, own in named for m, x in own.items()}
        rate = {} if callable(self._rate) or self._rate == self._first_rate else {"rate": np.array(self._rate)}
        return {"steps": np.array(self.steps), **rate, **arrays}

    @refusing
    def load_state_dict(self, arrays: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` returned, all of it or nothing.

        Raises:
            GraphError: a name is missing, unexpected, or its array has another shape or dtype; the steps or the rate
                are out of range.
        """
        rate = {"rate": np.array(0.0)} if isinstance(arrays, Mapping) and "rate" in arrays else {}
        check_state(_name(self), arrays, {name: x for name, x in self.state_dict().items() if name != "rate"} | rate)
        moments = [{m: np.array(arrays[f"{m}.{name}"]) for m in self.moments} for name in self.names]
        steps, now = integer(_name(self), "steps", int(arrays["steps"])), self._rate
        if rate:
            now = positive(_name(self), "rate", float(arrays["rate"]))
        elif not callable(now):
            now = self._first_rate
        set_together([(self, "_moments", moments), (self, "steps", steps), (self, "_rate", now)])

    def _check_parameters(self) -> None:
        for p in self._flat:
            if not isinstance(p, Parameter):
                expected, got = "nested lists or dicts of tg.parameter", type(p).__name__
                got = p.label() if isinstance(p, Node) else got
                raise GraphError(f"{_name(self)}: not a parameter", expected=expected, got=got, fix=habits.no_node(p))
        if len(set(self._flat)) < len(self._flat):
            raise GraphError(f"{_name(self)}: a parameter is listed twice", fix="list each parameter once")

    def _grouped(self, groups: Mapping[str, Mapping[str, Any]]) -> list[ParameterGroup]:
        """The options of each group and the positions of its parameters; dtypes are apart, since each is one array."""
        for pattern, options in groups.items():
            if not any(fnmatchcase(name, pattern) for name in self.names):
                problem = f"{_name(self)}: no parameter has a name like {shown(pattern)}"
                raise GraphError(problem, expected=f"a pattern for {shown(self.names, 120)}")
            known = sorted(name for name in vars(self) if not name.startswith("_") and name not in _NO_OPTIONS)
            unknown = [name for name in options if name not in (*known, "learning_rate")]
            if unknown:
                problem = f"{_name(self)} has no option {shown(unknown[0])} for {shown(pattern)}"
                raise GraphError(problem, expected=", ".join(["learning_rate", *known]))
            self._with(options).check()
        members: dict[Any, list[int]] = {}
        for i, (name, p) in enumerate(zip(self.names, self._flat, strict=True)):
            fits = [pattern for pattern in groups if fnmatchcase(name, pattern)]
            members.setdefault((fits[-1] if fits else None, p.dtype), []).append(i)
        return [
            ParameterGroup({} if key is None else dict(groups[key]), indices) for (key, _), indices in members.items()
        ]

    def _with(self, options: Mapping[str, Any]) -> Self:
        """This optimizer with other options; itself, if there are none."""
        if not options:
            return self
        rule = object.__new__(type(self))
        rule.__dict__ = vars(self).copy()
        for name, value in options.items():
            setattr(rule, name, value)
        return rule


_NO_OPTIONS = ("parameters", "names", "steps", "moments", "groups")

install(Optimizer, habits.OPTIMIZER, MissingOnOurs)


def _checked_groups(groups: Any) -> Mapping[str, Mapping[str, Any]]:
    groups = {} if groups is None else groups
    if isinstance(groups, Mapping) and all(isinstance(k, str) and isinstance(v, Mapping) for k, v in groups.items()):
        return groups
    expected = 'a dict from patterns of names to options: {"*.bias": {"weight_decay": 0.0}}'
    raise GraphError("an optimizer's groups are no groups", expected=expected, got=shown(groups, 80))


def asked(owner: str, option: str, value: Any, groups: Any) -> bool:
    """Whether the optimizer or a group asks for what needs a moment of its own: then all parameters have it."""
    several = [o for o in groups.values() if isinstance(o, Mapping)] if isinstance(groups, Mapping) else []
    return bool(RANGES[option](owner, option, value)) or any(bool(o.get(option)) for o in several)


def _stays(x: Any) -> bool:
    """Whether an option cannot change in place."""
    return all(map(_stays, x)) if isinstance(x, tuple) else x is None or isinstance(x, (bool, int, float, str))


def _name(optimizer: Optimizer) -> str:
    return type(optimizer).__name__
