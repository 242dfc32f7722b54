"""Objects that are audited: a class with a forward and a backward pass, which keeps parameters as attributes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ...core.errors import GraphError, shown
from ...core.graph import ancestors
from ...core.leaves import parameter
from ...core.node import Node
from ...core.structure import leaves as tree_leaves
from ...recording import makers
from . import updates
from .attributes import Path, arrays_in, clone, exchange, get, name_of, objects_in, parts_of, put
from .methods import OwnPass, functions_of, loss_method, method_of
from .naming import CLIP, INPUTS, RATE, TARGETS, role_of
from .passing import OFF, PassedNumbers, Passing
from .sources import Sources, is_alike, paired
from .subject import Case, Outcome, Subject, copied
from .surroundings import Keeper

STEPS = ("t", "seqlen", "seqlength", "sequencelength", "timesteps", "nsteps", "numsteps", "steps", "length", "nt")


class Objects(Subject):
    """A forward and a backward pass as methods of an object, of which each run uses a copy.

    A parameter is a floating array of the object, or of its layers, dicts and lists, that the forward pass leaves as it
    is and for which the backward pass makes a gradient: an attribute such as ``dW`` or ``grads["W"]``, or a result, or
    what is subtracted from it at a learning rate of 1.

    Args:
        model: any object.
        loss: of (outputs, targets); None for a method ``loss``, or a number that a pass returns.
        inputs, targets: what the passes take.
        forward, backward: functions of the object, where its methods have other names or arguments.

    Attributes:
        unlearned: names of arrays that the loss depends on, for which nothing is learned.
        rate: a learning rate that stands in the code as a number; 1 if there is none.
    """

    def __init__(
        self,
        model: Any,
        loss: Callable[..., Any] | None = None,
        inputs: Any = None,
        targets: Any = None,
        forward: Callable[..., Any] | None = None,
        backward: Callable[..., Any] | None = None,
    ) -> None:
        self.arguments = {INPUTS: inputs, TARGETS: targets}
        self._model, self._numbers = model, PassedNumbers(1.0, OFF)
        self._backward = method_of(model, "backward", backward)
        self._forward = _forward_of(model, forward, loss)
        self._loss = loss if loss is not None else loss_method(model)
        self.apart = self._forward is not None and self._loss is not None
        self.functions = functions_of(model, self._backward, self._forward, self._loss)
        self.surroundings = Keeper(self.functions, model)
        self._sources, self._paths = Sources(), dict[str, Path]()
        self.rate = 1.0
        self.unlearned: tuple[str, ...] = ()
        with self.surroundings.kept():
            self._find()

    @property
    def names_no_loss(self) -> bool:
        """Whether nobody says what the loss is."""
        return self._no_loss

    def with_loss(self, loss: Callable[..., Any]) -> Objects:
        """The same passes, held against another loss."""
        other = copy.copy(self)
        other._loss, other._no_loss = loss, False
        return other

    def _run(self, parameters: Mapping[str, Any], arguments: Any, back: bool) -> Outcome:
        model, before = self._start(parameters, arguments), self._before(parameters)
        passing = self._passing(arguments)
        passing.go_forward(model)
        return passing.outcome(self._gradients(model, before, passing.go_back(model)) if back else {})

    def again(self, case: Case, whole: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        """The gradients of a first and of a second call of the backward pass on one forward pass.

        Parameters and accumulators are the same before both calls. With ``whole`` both passes are called twice on one
        object, and nobody but the object sets its accumulators to zero.
        """
        arguments, results = copied(case.arguments), []
        model, passing = self._start(case.parameters, arguments), self._passing(arguments)
        state = {path: np.array(x) for path, x in arrays_in(model).items()}
        own = {*self._sources.attributes.values()}
        if not whole:
            passing.go_forward(model)
        for _ in range(2):
            with self.surroundings.same_chance(model):
                if whole:
                    passing.go_forward(model)
                returned = passing.go_back(model)
            results.append(_arrays(self._gradients(model, self._before(case.parameters), returned)))
            for path, x in state.items():
                if path not in own if whole else path in self._sources.zeroed or path in self._paths.values():
                    put(model, path, x.copy())
        return results[0], results[1]

    def changed(self, case: Case) -> list[str]:
        """Names of the arrays that the backward pass changes, but for parameters and gradients."""
        arguments = copied(case.arguments)
        model, passing = self._start(case.parameters, arguments), self._passing(arguments)
        passing.go_forward(model)
        before = {path: np.array(x) for path, x in arrays_in(model).items()}
        passing.go_back(model)
        own = {*self._sources.attributes.values(), *self._sources.zeroed, *self._paths.values()}
        now = {path: x for path, x in arrays_in(model).items() if path in before and path not in own}
        return [name_of(path) for path, x in now.items() if not np.array_equal(x, before[path], equal_nan=True)]

    def clipped(self, case: Case, limit: float) -> dict[str, Any]:
        """The gradients with arguments and attributes such as ``clip_norm`` at ``limit``."""
        return self._with(PassedNumbers(1.0, limit), case)

    def without_rate(self, case: Case) -> list[str]:
        """The parameters whose updates do not know the learning rate, if those of others do."""
        pairs = self._at_two_rates(case)
        rated = any(np.allclose(b, 2 * a) for a, b in pairs.values())
        return [n for n, (a, b) in pairs.items() if rated and np.allclose(a, b)]

    def _at_two_rates(self, case: Case) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What is taken from each parameter that is updated, at the learning rates 1 and 2."""
        once, twice = self.gradients(case), self._with(PassedNumbers(2.0, OFF), case)
        pairs = {n: (once[n], twice[n]) for n, p in self._paths.items() if self._sources.kinds.get(p) == "updated"}
        return {n: (a, b) for n, (a, b) in pairs.items() if a is not None and b is not None and np.any(a)}

    def at_other_rate(self, case: Case, rate: float) -> tuple[Objects, frozenset[str]]:
        """The same passes at another learning rate than 1, and the parameters from which so much more is due."""
        if not any(np.allclose(b, 2 * a) for a, b in self._at_two_rates(case).values()):
            return self, frozenset()
        other = copy.copy(self)
        other._numbers = PassedNumbers(rate, OFF)
        return other, frozenset(n for n, path in self._paths.items() if self._sources.kinds.get(path) == "updated")

    def _with(self, numbers: PassedNumbers, case: Case) -> dict[str, Any]:
        before = self._numbers
        try:
            self._numbers = numbers
            return self.gradients(case)
        finally:
            self._numbers = before

    def name_of_gradient(self, name: str) -> str:
        """The attribute that holds the gradient of a parameter; the parameter itself if none does."""
        path = self._sources.attributes.get(self._paths[name])
        return name_of(path) if path else name

    def _passing(self, arguments: Any) -> Passing:
        return Passing(self._forward, self._backward, self._loss, arguments, self._numbers, self.recorded)

    def _find(self) -> None:
        """Learns what the parameters are from one run on nodes."""
        candidates = {path: x for path, x in arrays_in(self._model).items() if x.size}
        self._paths = {name_of(path): path for path in candidates}
        self._sources.zeroed = {*paired(candidates).values()}
        leaves = {p: parameter(x, name_of(p)) for p, x in candidates.items() if p not in self._sources.zeroed}
        with self.recorded():
            writable = {name_of(path): makers.array(leaf) for path, leaf in leaves.items()}
            arguments = copied(self.arguments)
            model, passing = self._start(writable, arguments), self._passing(arguments)
            passing.go_forward(model)
            still = {path: leaf for path, leaf in leaves.items() if updates.is_kept(get(model, path), leaf)}
            returned = passing.go_back(model)
        needed, self._no_loss = _depended_on(passing), passing.loss is None
        rated = passing.rated or _has_rate(self._model)
        self._sources.look(model, still, returned, self._backward.function, needed, rated)
        learned = [path for path in still if path in self._sources.kinds]
        missing = [path for path in still if path not in learned and needed is not None and leaves[path] in needed]
        alike = [path for path in missing if is_alike(path, learned)]
        self.unlearned = tuple([name_of(path) for path in missing if path not in alike])
        self._paths = {name_of(path): path for path in candidates if path in learned or path in alike}
        self.parameters = {name: np.asarray(candidates[path]) for name, path in self._paths.items()}
        self.rate = self._sources.rate
        if not learned:
            raise _nothing_learned(self._backward, candidates)

    def _start(self, parameters: Mapping[str, Any], arguments: Any) -> Any:
        """A copy of the object with these parameters, accumulators of zeros, and learning rates of 1."""
        model = clone(self._model)
        on_nodes = any(isinstance(x, Node) for x in parameters.values())
        own = {self._paths[name]: x for name, x in parameters.items()}
        new: dict[int, Any] = {}
        for path, x in arrays_in(model).items():
            if path in own:
                new[id(x)] = own[path] if on_nodes else np.array(own[path])
            elif path in self._sources.zeroed or on_nodes:
                plain = np.zeros_like(x) if path in self._sources.zeroed else x
                new[id(x)] = makers.array(plain) if on_nodes else plain
        exchange(model, new)
        _set_numbers(model, _lengths(self.arguments[INPUTS], arguments[INPUTS]), self._numbers)
        return model

    def _before(self, parameters: Mapping[str, Any]) -> dict[Path, Any]:
        """The parameters as nobody can overwrite them: arrays of their own, or the leaves."""
        parts = {self._paths[name]: x for name, x in parameters.items()}
        return {p: x.inputs[0] if isinstance(x, Node) else copied(x) for p, x in parts.items()}

    def _gradients(self, model: Any, before: Mapping[Path, Any], returned: Any) -> dict[str, Any]:
        gradients = self._sources.gradients(model, before, returned, self._backward.function)
        return {name: gradients.get(path) for name, path in self._paths.items()}


def _arrays(gradients: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if g is None else np.array(g, float) for name, g in gradients.items()}


def _depended_on(passing: Passing) -> set[Node] | None:
    """The nodes that the loss depends on, or the outputs where there is no loss; None if nobody knows."""
    roots = [x for x in tree_leaves(passing.outputs if passing.loss is None else passing.loss) if isinstance(x, Node)]
    return {*ancestors(roots)} if roots else None


def _forward_of(model: Any, told: Any, loss: Any) -> OwnPass | None:
    """The forward pass; None where the backward pass does both and returns the loss."""
    try:
        return method_of(model, "forward", told)
    except GraphError:
        if loss is None:
            return None
        raise


def _has_rate(model: Any) -> bool:
    return any(role_of(str(key)) == RATE for x in objects_in(model) for (_, key), _ in parts_of(x))


def _set_numbers(model: Any, lengths: tuple[int, int] | None, numbers: PassedNumbers) -> None:
    """Sets learning rates, the limit of a clipping, and the number of steps to that of the inputs."""
    for part in objects_in(model):
        for step, x in [*parts_of(part)]:
            if type(x) not in (int, float) or not isinstance(step[1], str):
                continue
            role, word = role_of(step[1]), step[1].replace("_", "").lower()
            if role in (RATE, CLIP):
                put(part, (step,), numbers.rate if role == RATE else numbers.clip)
            elif lengths and word in STEPS and x == lengths[0]:
                put(part, (step,), lengths[1])


def _lengths(before: Any, now: Any) -> tuple[int, int] | None:
    """The length of the inputs that changed, and what it is now."""
    a, b = ((len(x),) if isinstance(x, (list, tuple)) else np.shape(x) for x in (before, now))
    return next(((int(m), int(n)) for m, n in zip(a, b, strict=False) if m != n), None)


def _nothing_learned(backward: OwnPass, candidates: Mapping[Path, Any]) -> GraphError:
    who = backward.function.__qualname__
    return GraphError(
        f"audit: {who} makes no gradient of an array of the object",
        expected="attributes such as dW or grads['W'], results, or an update such as self.W -= lr * dW",
        got=f"arrays {shown([name_of(path) for path in candidates])}",
        fix="backward=lambda model, inputs, targets: ...  # which returns a dict of gradients",
    )
