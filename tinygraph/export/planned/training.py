"""A whole training step: what it changes is a model of fields, which is handed to each call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from ...core.errors import GraphError
from ...core.leaves import Parameter
from ...core.structure import leaves
from ...outside.keys import parameter_names
from ...train.adam import Adam, AdamW, NAdam, RAdam
from ...train.adaptive import Adagrad
from ...train.clipping import square_norm
from ...train.descent import SGD
from ...train.nesting import names_of
from ...train.optimizer import Optimizer
from ...train.step import TrainingStep
from ..traced.outline import outlined
from .lowering import Lowered, Lowering
from .naming import Names, result_words


@dataclass
class Model:
    """What training changes.

    Attributes:
        values: the parameters' fields with their numbers now.
        of: the field of each parameter.
        moments: the fields of moments, as the optimizers hold them one after the other.
        sums: the fields of collected gradients, where several calls make one update.
        rates: the learning rates; of a schedule it is the first.
        products: of NAdam's groups the product of the shares of all steps so far.
        steps: the updates done.
        collected: the calls since the last one.
    """

    values: dict[str, ndarray]
    of: dict[Parameter, str]
    moments: dict[str, ndarray]
    sums: dict[str, ndarray]
    rates: dict[str, float]
    products: dict[str, float]
    steps: int
    collected: int

    @property
    def wide(self) -> dict[str, float]:
        """The fields of 64 bits."""
        return {**self.rates, **self.products}

    @property
    def arrays(self) -> dict[str, ndarray]:
        return {**self.values, **self.moments, **self.sums}

    def updated(self, step: TrainingStep) -> list[str]:
        """The fields that an update sets, in the order of its results."""
        moments = iter(self.moments)
        fields: list[str] = []
        for o in step.optimizers:
            fields += [self.of[p] for _, p in o.named()]
            fields += [next(moments) for _ in o.names for _ in o.moments]
        return fields


def model_of(step: TrainingStep) -> Model:
    """The fields of a training step."""
    names = Names("steps", "collected", "norm", "learning_rate")
    flat = leaves(step.parameters)
    of = {p: names.new(word) for p, word in zip(flat, names_of(step.parameters), strict=True)}
    moments: dict[str, ndarray] = {}
    for o in step.optimizers:
        for (_, p), own in zip(o.named(), o.state(), strict=True):
            moments |= {names.new(f"{moment}_{of[p]}"): x for moment, x in own.items()}
    held = step.state_dict()
    collected = int(held.pop("collected"))
    sums = {names.new(f"sum_{name}"): total for name, total in zip(of.values(), held.values(), strict=False)}
    groups = [(o, k) for o in step.optimizers for k in range(len(o.groups))]
    words = ["learning_rate"] if len(groups) == 1 else [f"learning_rate_{k + 1}" for k in range(len(groups))]
    rates = {word: _rule(o, k).rate_at(o.steps) for word, (o, k) in zip(words, groups, strict=True)}
    rules = [_rule(o, k) for o, k in groups]
    products = {names.new("product"): _product(rule) for rule in rules if _home(rule) is NAdam}
    return Model({of[p]: p._value for p in flat}, of, moments, sums, rates, products, step.steps, collected)


def _rule(optimizer: Optimizer, group: int) -> Optimizer:
    """The optimizer with the options of a group."""
    return optimizer._with(optimizer.groups[group].options)


def _home(rule: Optimizer) -> type:
    """The class that defines the rule's numbers."""
    return next(c for c in type(rule).__mro__ if "numbers" in vars(c))


def _product(rule: Any) -> float:
    """The product of NAdam's shares so far, as `_nadam` has them."""
    steps = np.arange(1, rule.steps + 1)
    return float(np.prod(rule.betas[0] * (1 - 0.5 * 0.96 ** (steps * rule.momentum_decay))))


@dataclass
class Training:
    """A training step in two halves.

    Attributes:
        gradients: computes the results of the loss, the gradients, and the sum of their squares.
        results: how many of its results the loss returned.
        update: of gradients, moments and numbers: new values and new moments.
        numbers: for each number of the update the fields of its rate and its product, and its expression, as `RULES`
            has them.
        factors: maps each product to what it is multiplied by at a step.
    """

    step: TrainingStep
    model: Model
    gradients: Lowered
    results: int
    update: Lowered
    numbers: list[tuple[str, str, str]]
    factors: dict[str, str]


def training(owner: str, step: TrainingStep, example: Any, model: Model) -> Training:
    """Lowers both halves."""
    flat = leaves(step.parameters)
    names = parameter_names(step.loss)
    outline = outlined(owner, step.loss, example)

    def first(*args: Any) -> Any:
        result, gradients = step.differentiated(*args)
        return result, leaves(gradients), square_norm(leaves(gradients))

    def words(structure: Any) -> list[str]:
        own = result_words(step.loss, structure[0])
        own[0] = own[0] or "loss"
        return [*own, *(f"d_{model.of[p]}" for p in flat), "square_of_norm"]

    gradients = Lowering(first, outline.arguments, flat, names, words)
    lowered = gradients.finish()
    count = len(lowered.outputs) - len(flat) - 1
    expressions, factors, update = _update(owner, step, model, lowered.expected[count:-1])
    return Training(step, model, lowered, count, update, expressions, factors)


def _update(
    owner: str, step: TrainingStep, model: Model, gradients: list[ndarray]
) -> tuple[list[tuple[str, str, str]], dict[str, str], Lowered]:
    """The expressions of the optimizers' numbers and of the factors; the second half over the example's gradients."""
    flat = leaves(step.parameters)
    dtype = min((p.dtype for p in flat), key=lambda d: d.itemsize)
    rates, products = iter(model.rates), iter(model.products)
    expressions: list[tuple[str, str, str]] = []
    factors: dict[str, str] = {}
    numbers: list[list[dict[str, ndarray]]] = []
    for o in step.optimizers:
        numbers.append([])
        for k in range(len(o.groups)):
            rule, rate = _rule(o, k), next(rates)
            told, product = numbers_of(owner, rule), ""
            if _home(rule) is NAdam:
                product = next(products)
                factors[product] = _share(rule, "t")
            expressions += [(rate, product, text) for text in told.values()]
            now = rule.numbers(o.steps + 1, rule.rate_at(o.steps))
            numbers[-1].append({name: np.asarray(now[name], dtype) for name in told})

    def second(gradients: Any, moments: Any, numbers: Any) -> Any:
        return step.update(gradients, moments, numbers)

    arguments = gradients, [*model.moments.values()], numbers
    return expressions, factors, Lowering(second, arguments, flat).finish()


StepTexts = Callable[[Any], dict[str, str]]


def _adam(o: Any) -> dict[str, str]:
    return {"rate": f"rate / (1 - pow({o.betas[0]!r}, t))", "root": f"sqrt(1 - pow({o.betas[1]!r}, t))"}


def _share(o: Any, t: str) -> str:
    """NAdam's share of the running mean at step ``t``."""
    return f"{o.betas[0]!r} * (1 - 0.5 * pow(0.96, {t} * {o.momentum_decay!r}))"


def _nadam(o: Any) -> dict[str, str]:
    share, ahead = _share(o, "t"), _share(o, "(t + 1)")
    return {
        "rate": f"rate * ({ahead}) / (1 - product * ({ahead}))",
        "root": _adam(o)["root"],
        "now": f"rate * (1 - {share}) / (1 - product)",
    }


def _radam(o: Any) -> dict[str, str]:
    beta1, beta2 = o.betas
    limit = 2 / (1 - beta2) - 1
    length = f"({limit!r} - 2 * t * pow({beta2!r}, t) / (1 - pow({beta2!r}, t)))"
    scale = f"({length} - 4) * ({length} - 2) * {limit!r} / ({(limit - 4) * (limit - 2)!r} * {length})"
    rate = f"rate / (1 - pow({beta1!r}, t))"
    root = f"{rate} * sqrt(1 - pow({beta2!r}, t)) * sqrt({scale})"
    return {"rate": f"{length} <= 5 ? {rate} : 0", "root": f"{length} <= 5 ? 0 : {root}"}


RULES: dict[type, StepTexts] = {
    Optimizer: lambda o: {"rate": "rate"},
    Adam: _adam,
    AdamW: lambda o: {**_adam(o), "kept": f"1 - rate * {o.weight_decay!r}"},
    NAdam: _nadam,
    RAdam: _radam,
    Adagrad: lambda o: {"rate": f"rate / (1 + (t - 1) * {o.rate_decay!r})"},
    SGD: lambda o: {"rate": "rate", "share": f"t == 1 ? 1 : {1 - o.dampening!r}"},
}
"""The numbers of step t, by the class that defines them; a test holds them against Python's."""


def numbers_of(owner: str, rule: Optimizer) -> dict[str, str]:
    """The numbers that the rule of an optimizer receives at step ``t``, as expressions of ``t`` and ``rate``.

    That of NAdam has ``product``, too: that of its shares up to step ``t``.
    """
    home = _home(rule)
    if home not in RULES:
        problem = f"{owner}: the numbers that {home.__name__} computes for each step are Python, which is not exported"
        raise GraphError(problem, expected=", ".join(c.__name__ for c in RULES), fix="tg.train.Adam, or no `numbers`")
    return RULES[home](rule)
