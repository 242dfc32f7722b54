"""Notes of the forward pass and of the update: what is no wrong gradient, and yet does not learn what it should."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from .cases import Cases
from .clipped import clipping_in
from .lines import key_of, line_of
from .naming import TARGETS, role_of
from .objects import Objects
from .stopped import first_line
from .subject import Case, Outcome, Subject, copied
from .table import right_gradients, tolerance_of
from .usual_losses import stacked


def notes(subject: Subject, cases: Cases) -> tuple[str, ...]:
    """One sentence for each thing that was seen; what could not be looked at is said, too."""
    told: list[str] = []
    looks = Looks(subject, cases)
    for what, check in CHECKS.items():
        try:
            with subject.surroundings.kept():
                told += check(looks)
        except Exception as error:  # whatever the user's code raises when it is called so
            told.append(f"not checked: {what} ({first_line(error)})")
    return tuple(dict.fromkeys(told))


class Looks:
    """A subject and two runs of it on nodes, which the checks have in common."""

    def __init__(self, subject: Subject, cases: Cases) -> None:
        self.subject, self.cases = subject, cases
        steps = 3 if cases.places else None
        self.plain = [cases.case(steps, draw) for draw in range(2)]
        self.near = tolerance_of(subject)

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """The runs; none where there is no loss."""
        outcomes = [self.subject.on_nodes(case, back=False) for case in self.plain]
        return [outcome for outcome in outcomes if isinstance(outcome.loss, Node)]

    def run(self, case: Case) -> Outcome:
        """A run on arrays."""
        return self.subject.run({name: np.array(x) for name, x in case.parameters.items()}, copied(case.arguments))


def constant_activations(looks: Looks) -> list[str]:
    """Operations on parameters whose result is one and the same number, not 0, for other weights and inputs, or NaN."""
    values: dict[Hashable, set[float]] = defaultdict(set)
    nodes: dict[Hashable, Node] = {}
    without_numbers = set[Hashable]()  # the first of those that are NaN; all that comes after them is, too
    for outcome in looks.outcomes:
        below = _depend_on({*outcome.leaves.values()}, outcome.loss)
        for x in below:
            if x.dtype.kind == "f" and x.size > 1 and key_of(x):
                key: Hashable = key_of(x)
                nodes.setdefault(key, x)
                low, high = float(np.min(x.value)), float(np.max(x.value))
                values[key] |= {low, high}
                if low != low and not any(np.isnan(y.value).any() for y in x.inputs):
                    without_numbers.add(key)
    told: list[str] = []
    for key, numbers in values.items():
        line = line_of(nodes[key])
        steady = len(numbers) == 1 and numbers != {0.0} and not any(_is_steady(x, values) for x in nodes[key].inputs)
        if line is not None and (steady or key in without_numbers):
            what = f"is {next(iter(numbers)):.6g}, whatever the weights and the inputs are"
            told.append(f"line {line.number}: {line.expression} {what if steady else 'makes NaN of numbers'}")
    return told


def _is_steady(x: Node, values: Mapping[Hashable, set[float]]) -> bool:
    return len(values.get(key_of(x), ())) == 1


def _depend_on(leaves: set[Node], root: Node) -> list[Node]:
    """The nodes under the root that depend on one of the leaves."""
    below: set[Node] = set(leaves)
    order = ancestors([root])
    for x in order:
        if any(y in below for y in x.inputs):
            below.add(x)
    return [x for x in order if x in below and x not in leaves]


def equal_outputs(looks: Looks) -> list[str]:
    """Outputs that are the same at each step, though the inputs are not."""
    if not looks.cases.places:
        return []
    one, two = (looks.run(looks.cases.case(steps)).outputs for steps in (1, 3))
    if one is None:
        return []
    short, long = np.shape(stacked(one)), stacked(two)
    axes = [k for k, (m, n) in enumerate(zip(short, long.shape, strict=False)) if (m, n) == (1, 3)]
    if not axes:
        return []
    over_time = np.moveaxis(long, axes[0], 0)
    if np.allclose(over_time, over_time[:1], rtol=1e-12, atol=0):
        return ["the outputs are equal at every step, though the inputs are not"]
    return []


def states_that_stay(looks: Looks) -> list[str]:
    """Two steps of which neither has to do with the other: exchanging the data of one adds the same to the loss."""
    cases = looks.cases
    if not cases.places or not looks.outcomes:
        return []
    for draw in range(0, 16, 2):  # some, since labels that are drawn twice are equal now and then
        draws = [cases.case(2, draw + k) for k in range(2)]
        losses = []
        for first, second in ((0, 0), (0, 1), (1, 0), (1, 1)):
            arguments = _mixed(draws[first].arguments, draws[second].arguments, cases, ())
            outcome = looks.run(Case(2, draws[0].parameters, arguments))
            losses.append(float(np.squeeze(np.asarray(outcome.loss, float))))
        size, together = max(map(abs, losses)), losses[0] - losses[1] - losses[2] + losses[3]
        if abs(together) > 1e-11 * size or not np.isfinite(size):
            return []
    return ["the state never reaches the next step: what a step adds to the loss does not depend on the step before"]


def _mixed(a: Any, b: Any, cases: Cases, path: tuple[Any, ...]) -> Any:
    """The first step of ``a`` and the second of ``b``; what has no steps is that of ``a``."""
    axis = cases.places.get(path)
    if isinstance(a, Mapping):
        return {key: _mixed(part, b[key], cases, (*path, key)) for key, part in a.items()}
    if axis is None and isinstance(a, (list, tuple)):
        return type(a)([_mixed(part, b[k], cases, (*path, k)) for k, part in enumerate(a)])
    if axis is None:
        return a.copy() if isinstance(a, np.ndarray) else a
    if isinstance(a, np.ndarray):
        return np.concatenate([np.take(a, [0], axis), np.take(b, [1], axis)], axis)
    return type(a)([a[0], b[1]])


def without_influence(looks: Looks) -> list[str]:
    """Parameters whose right gradient is zero at any number of steps."""
    largest: dict[str, float] = defaultdict(float)
    for outcome in looks.outcomes:
        for name, g in right_gradients(outcome).items():
            largest[name] = max(largest[name], float(np.abs(g).max(initial=0)))
    limit = 1e-14 * max(largest.values(), default=0.0)
    idle = [name for name, size in largest.items() if size <= limit]
    return [f"{name} has no influence on the loss" for name in idle]


def changed_caches(looks: Looks) -> list[str]:
    """Another gradient in a second call of the backward pass on one forward pass."""
    subject, case = looks.subject, looks.plain[0]
    first, second = subject.again(case)  # type: ignore[attr-defined]
    others = _differing(first, second, looks.near)
    if not others:
        return []
    names = subject.changed(case) if isinstance(subject, Objects) else []
    what = ", ".join(names[:3]) or "what the forward pass keeps"
    told = f"a second call of the backward pass on one forward pass gives another gradient of {', '.join(others)}"
    return [f"{told}: it changes {what} in place"]


def growing_sums(looks: Looks) -> list[str]:
    """Gradients to which a second step adds."""
    subject, near = looks.subject, looks.near
    first, second = subject.again(looks.plain[0], whole=True)  # type: ignore[attr-defined]
    twice = {name: None if g is None else 2 * g for name, g in first.items()}
    names = [n for n in _differing(first, second, near) if n not in _differing(twice, second, near)]
    called = [subject.name_of_gradient(name) if isinstance(subject, Objects) else f"d{name}" for name in names]
    if not called:
        return []
    return [f"{', '.join(called)}: nothing sets it to zero, so a second step adds its gradient to that of the first"]


def _differing(a: Mapping[str, Any], b: Mapping[str, Any], near: float) -> list[str]:
    """Names of arrays that differ."""
    pairs = {name: (x, b[name]) for name, x in a.items() if x is not None and b[name] is not None}
    return [n for n, (x, y) in pairs.items() if np.linalg.norm(x - y) > near * max(float(np.linalg.norm(x)), 1e-300)]


def partial_clipping(looks: Looks) -> list[str]:
    """Clipping that leaves parameters out."""
    subject, told = looks.subject, []
    if isinstance(subject, Objects):
        raw = [{n: g for n, g in subject.gradients(case).items() if g is not None} for case in looks.plain]
        sizes = [float(np.abs(g).max()) for gradients in raw for g in gradients.values() if g.any()]
        short = [subject.clipped(case, 0.3 * min([1.0, *sizes])) for case in looks.plain]
        told.append(clipping_in([*zip(short, raw, strict=True)], looks.near))
    case = looks.plain[0]
    large = Case(case.steps, case.parameters, _enlarged(case.arguments))
    if looks.outcomes and large.arguments is not case.arguments:
        right = right_gradients(subject.on_nodes(large, back=False))
        told.append(clipping_in([(subject.gradients(large), right)], looks.near))
    return [*dict.fromkeys(clipping.left_out_by for clipping in told if clipping.left_out)]


def _enlarged(arguments: Any) -> Any:
    """Targets a thousand times as large, so that a limit that stands in the code is met."""
    if not isinstance(arguments, Mapping) or not any(role_of(str(key)) == TARGETS for key in arguments):
        return arguments
    return {key: _times(x) if role_of(str(key)) == TARGETS else x for key, x in arguments.items()}


def _times(x: Any) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)([_times(part) for part in x])
    return 1e3 * x if isinstance(x, np.ndarray) and x.dtype.kind == "f" and not np.isin(x, (0, 1)).all() else x


CHECKS: dict[str, Callable[[Looks], list[str]]] = {
    "constant activations": constant_activations,
    "outputs over time": equal_outputs,
    "states over time": states_that_stay,
    "parameters without influence": without_influence,
    "a second backward pass": changed_caches,
    "a second step": growing_sums,
    "clipping": partial_clipping,
}
