"""One right call or more of every public callable that trains, saves, schedules and generates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import tinygraph as tg

from .right import Call, call, x

train = tg.train
OPTIONS: dict[str, dict[str, Any]] = {
    "SGD": {"momentum": 0.9, "dampening": 0.1, "nesterov": False, "weight_decay": 0.1},
    "Adam": {"betas": lambda: (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.1, "amsgrad": True},
    "AdamW": {"betas": lambda: (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.1, "amsgrad": True},
    "NAdam": {"momentum_decay": 0.1, "weight_decay": 0.1},
    "RAdam": {"betas": lambda: (0.9, 0.99), "weight_decay": 0.1},
    "RMSprop": {"alpha": 0.9, "eps": 1e-8, "weight_decay": 0.1, "momentum": 0.5, "centered": True},
    "Adagrad": {"rate_decay": 0.1, "weight_decay": 0.1, "first_sum": 0.1, "eps": 1e-8},
    "Adadelta": {"rho": 0.9, "eps": 1e-6, "weight_decay": 0.1},
    "Lion": {"betas": lambda: (0.9, 0.99), "weight_decay": 0.1},
    "Muon": {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "rounds": 2},
}


def of_optimizers() -> Iterator[Call]:
    for name, options in OPTIONS.items():
        kind, groups = getattr(train, name), {"0": {"weight_decay": 0.0}}
        yield call(f"train.{name}", _stepped(kind), lambda: [x()], lambda: 0.1, groups=lambda g=groups: g, **options)
    yield call("train.SGD.step", lambda g: train.SGD([x()], 0.1).step(g), lambda: [np.ones((2, 3))])
    adam = train.Adam([x()])
    yield call("train.Adam.load_state_dict", lambda s: train.Adam([x()]).load_state_dict(s), adam.state_dict)
    yield call("train.Optimizer", train.Optimizer, lambda: [x()], lambda: 0.1)


def of_schedules() -> Iterator[Call]:
    yield call("train.constant", _rates(train.constant), lambda: 0.1, warm_up=3)
    yield call("train.step_decay", _rates(train.step_decay), lambda: 0.1, lambda: 5, factor=0.5, warm_up=3)
    yield call("train.exponential", _rates(train.exponential), lambda: 0.1, lambda: 0.9, warm_up=3)
    yield call("train.cosine", _rates(train.cosine), lambda: 0.1, lambda: 9, least=0.1, warm_up=3)
    yield call("train.one_cycle", _rates(train.one_cycle), lambda: 0.1, lambda: 9, rise=0.3, first=0.1, last=0.01)
    yield call("train.plateau", _rates(train.plateau), lambda: 0.1, factor=0.5, patience=2, least=0.01)


def of_runs() -> Iterator[Call]:
    w = tg.parameter(np.ones(2), "w")

    def loss(x: Any) -> Any:
        return tg.sum(w * x)

    def ran(*args: Any, **options: Any) -> Any:
        return train.step(*args, **options)(np.ones(2))

    sgd = lambda: train.SGD([w], 0.1)  # noqa: E731
    options = {"clip": 1.0, "accumulate": 1, "nonfinite": "skip", "backend": "numpy"}
    yield call("train.step", ran, lambda: loss, lambda: [w], sgd, **options)
    made = train.step(loss, [w], train.SGD([w], 0.1), backend="eager")
    looks = {"validate": lambda: lambda: 1.0, "every": 1, "baseline": 2.0, "patience": 3, "overfit": 1, "quiet": True}
    more = {"callbacks": lambda: [lambda history: len(history) > 3], "also": lambda: {"rng": np.random.default_rng(0)}}
    yield call("train.fit", _ended, lambda: made, lambda: [np.ones(2)], steps=2, **looks, **more)
    found = {"low": 1e-3, "high": 0.1, "steps": 12}
    yield call("train.find_learning_rate", _searched, lambda: made, lambda: [np.ones(2)], **found)
    yield call("train.Checkpoint", train.Checkpoint, lambda: "folder", keep=2, best="loss")
    yield call(
        "train.Checkpoint.save", _saved, lambda: 3, lambda: {"w": [w]}, lambda: {"loss": 1.0}, lambda: {"a": "b"}
    )
    yield call("train.Average", _averaged, lambda: [w], decay=0.9)
    yield call("train.History", lambda: train.History())
    yield call("train.metadata", train.metadata, lambda: _file())


def of_generation() -> Iterator[Call]:
    def net(ids: Any, state: Any) -> Any:
        return tg.take(tg.constant(np.eye(4)), ids, axis=0), state

    rng = np.random.default_rng(0)
    options = {"rng": lambda: rng, "temperature": 0.5, "top_k": 2, "top_p": 0.5}
    yield call("train.sample", train.sample, lambda: np.ones((2, 4)), **options)
    more = {"stop": 3, "state": lambda: np.zeros(1)}
    yield call("train.generate", _short(train.generate), lambda: net, lambda: [0], lambda: 2, **options, **more)
    beams = {**more, "length_penalty": 0.5}
    yield call("train.beam", _short(train.beam), lambda: net, lambda: [0], lambda: 2, lambda: 2, **beams)
    yield call("train.Streaming", _streamed, lambda: lambda x, h: (x + h, h), lambda: np.ones(2), backend="numpy")


def _ended(*args: Any, **options: Any) -> Any:
    """`fit`, which takes no number of steps that is right and lasts for hours."""
    if isinstance(options.get("callbacks", []), list):
        options["callbacks"] = [*options.get("callbacks", []), lambda history: len(history) > 3]
    return train.fit(*args, **options)


def _searched(*args: Any, **options: Any) -> Any:
    """The search, which takes no number of steps that is right and lasts for hours."""
    if isinstance(options.get("steps"), (int, float, np.number)) and options["steps"] > 999:
        raise tg.GraphError("too long for a test")
    return train.find_learning_rate(*args, **options)


def _short(generate: Any) -> Any:
    """The function, which takes no length that is right and lasts for hours."""

    def run(net: Any, start: Any, *sizes: Any, **options: Any) -> Any:
        if any(isinstance(size, (int, float, np.number)) and size > 999 for size in sizes):
            raise tg.GraphError("too long for a test")
        return generate(net, start, *sizes, **options)

    return run


def _stepped(kind: Any) -> Any:
    def run(parameters: Any, *args: Any, **options: Any) -> None:
        optimizer = kind(parameters, *args, **options)
        optimizer.step([np.ones((2, 3))])

    return run


def _rates(make: Any) -> Any:
    return lambda *args, **options: [make(*args, **options)(s) for s in range(12)]


def _saved(*args: Any) -> Any:
    return train.Checkpoint("folder").save(*args)


def _averaged(*args: Any, **options: Any) -> None:
    average = train.Average(*args, **options)
    average.look()
    with average.applied():
        pass


def _file() -> str:
    train.save("m.safetensors", {"w": np.ones(2)})
    return "m.safetensors"


def _streamed(cell: Any, state: Any, **options: Any) -> Any:
    return train.Streaming(cell, state, **options)(np.ones(2))


TRAINING = [*of_optimizers(), *of_schedules(), *of_runs(), *of_generation()]
