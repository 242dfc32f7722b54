"""One right call or more of every public callable above the engine: cells, training, checks, pictures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg

from .calls import Call, call, f, loss, x

SCRATCH = Path(tempfile.mkdtemp(prefix="wrong-calls-"))
WRAPPERS = {"Stack", "Bidirectional", "Residual", "LayerNorm", "Zoneout", "Parallel", "Recurrent"}
EXTRA: dict[str, dict[str, Any]] = {
    "LSTM": {"gate_order": "ifgo", "clip": 2.0, "forget_bias": 1.0},
    "RNN": {"nonlinearity": "relu"},
    "PhasedLSTM": {"r_on": 0.1, "leak": 0.01},
}


def cell_classes() -> dict[str, Any]:
    named = {name: getattr(tg.cells, name) for name in dir(tg.cells) if not name.startswith("_")}
    return {name: c for name, c in named.items() if isinstance(c, type)}


def gru(size: int = 3) -> Any:
    return tg.cells.GRU(size, 4, rng=0, dtype=float)


def options_of(cls: Any) -> dict[str, Any]:
    """All options of a cell's constructor, its bases' too, at their defaults."""
    import inspect

    found: dict[str, Any] = {}
    for base in cls.__mro__[:-1]:
        for p in inspect.signature(base.__init__).parameters.values():
            if p.default is not p.empty and p.name not in found:
                found[p.name] = p.default
    return found


def stepped(cls: Any, **settings: Any) -> Any:
    """Makes a cell and lets it do a step."""

    def make(*args: Any, **options: Any) -> Any:
        made = cls(*args, **settings, **options)
        return made(np.ones((2, made.input_size)), made.initial_state(2))

    return make


def of_cells() -> Iterator[Call]:
    for name, cls in cell_classes().items():
        if name in WRAPPERS or name == "Cell":
            continue
        size = 4 if name == "IntersectionRNN" else 3
        few = {k: v for k, v in options_of(cls).items() if k not in ("rng", "dtype")}
        yield call(f"cells.{name}", stepped(cls), lambda size=size: size, lambda: 4, rng=0, dtype="f4")
        for k, v in few.items():
            yield Call(f"cells.{name}", lambda c=cls, s=size: (stepped(c), [s, 4]), {k: lambda v=v: v})
        yield Call(
            f"cells.{name}.__call__",
            lambda c=cls, s=size: (made := c(s, 4, rng=0), [np.ones((2, s), "f4"), made.initial_state(2)]),  # type: ignore[misc]
        )
    yield call("cells.Cell", tg.cells.Cell, lambda: 3, lambda: 4, rng=0)
    yield call("cells.Cell.__call__", tg.cells.Cell(3, 4), lambda: np.ones((2, 3)), lambda: np.ones((2, 4)))


def driven(cls: Any) -> Any:
    def make(*args: Any, **options: Any) -> Any:
        made = cls(*args, **options)
        return tg.unroll(made, np.ones((3, 2, 3)), made.initial_state(2))

    return make


def of_wrappers() -> Iterator[Call]:
    yield call("cells.Stack", driven(tg.cells.Stack), lambda: [gru(), gru(4)], dropout=0.5, rng=0)
    yield call("cells.Stack.of", tg.cells.Stack.of, lambda: tg.cells.GRU, lambda: 3, lambda: 4, lambda: 2, rng=0)
    yield call("cells.Bidirectional", driven(tg.cells.Bidirectional), gru, gru)
    yield call("cells.Residual", driven(tg.cells.Residual), lambda: tg.cells.GRU(3, 3, dtype=float))
    yield call("cells.LayerNorm", driven(tg.cells.LayerNorm), gru, output_size=4, epsilon=1e-5, dtype="f8")
    yield call("cells.Zoneout", driven(tg.cells.Zoneout), gru, lambda: 0.5, rng=0)
    yield call("cells.Parallel", driven(tg.cells.Parallel), lambda: tg.cells.minGRU(3, 4, dtype=float))
    sequences = {"state": lambda: np.zeros((2, 4)), "lengths": lambda: [3, 1]}
    layer = lambda *v, **k: tg.Recurrent(gru(), truncate=2)(*v, **k)  # noqa: E731
    yield call("Recurrent.__call__", layer, lambda: np.ones((3, 2, 3)), **sequences)
    yield call("Recurrent", lambda *v, **k: tg.Recurrent(*v, **k)(np.ones((2, 3, 3))), gru, axis=1, truncate=2)


GIVEN: dict[str, tuple[Any, ...]] = {
    "gate": ("r",),
    "initial_state": (2,),
    "weight": (3, 4),
    "bias": (4,),
    "train": (True,),
    "from_input": (np.ones((2, 3)),),
    "from_state": (np.ones((2, 4)),),
    "from_both": (np.ones((2, 3)), np.ones((2, 4))),
    "in_order": ([1, 2, 3],),
    "linear": (np.ones((2, 3)),),
    "after": (np.ones((2, 4)), np.ones((2, 4))),
    "odds": (0,),
    "openness": (np.ones((2, 1)),),
    "over_time": None,
    "load_state_dict": None,
}
"""Arguments of modules' methods; None: called below, or by the driver alone."""


def of_modules() -> Iterator[Call]:
    def fresh() -> dict[str, Any]:
        return {
            "GRU": gru(),
            "PhasedLSTM": tg.cells.PhasedLSTM(3, 4),
            "minGRU": tg.cells.minGRU(3, 4),
            "Stack": tg.cells.Stack([gru(), gru(4)]),
            "Bidirectional": tg.cells.Bidirectional(gru(), gru()),
            "LayerNorm": tg.cells.LayerNorm(gru()),
            "Zoneout": tg.cells.Zoneout(gru(), 0.5),
            "Recurrent": tg.Recurrent(gru()),
            "Linear": tg.Linear(3, 2, rng=0),
            "Embedding": tg.Embedding(5, 2, rng=0),
            "Dropout": tg.Dropout(0.5, rng=0),
        }

    for kind, module in fresh().items():
        for name in dir(module):
            if name.startswith("_") or not callable(getattr(module, name)) or GIVEN.get(name, ()) is None:
                continue
            if isinstance(getattr(module, name), (tg.cells.Cell, type)) or name == "of":
                continue
            yield Call(f"{kind}.{name}", lambda k=kind, n=name: (getattr(fresh()[k], n), list(GIVEN.get(n, ()))))  # type: ignore[misc,arg-type]
        yield Call(
            f"{kind}.load_state_dict",
            lambda k=kind: ((m := fresh()[k]).load_state_dict, [m.state_dict()]),
            {"strict": lambda: True},
        )
    yield call("Linear", tg.Linear, lambda: 3, lambda: 2, bias=False, rng=0, dtype=lambda: np.float64)
    yield call("Linear.__call__", lambda v: tg.Linear(3, 2)(v), lambda: np.ones((2, 3)))
    yield call("Embedding", tg.Embedding, lambda: 5, lambda: 2, rng=0, dtype=lambda: np.float64, deviation=0.1)
    yield call("Embedding.__call__", lambda v: tg.Embedding(5, 2)(v), lambda: [1, 2])
    yield call("Dropout", lambda *v, **k: tg.Dropout(*v, **k)(np.ones(3)), lambda: 0.5, rng=0)
    yield call("Module.freeze", lambda v: gru().freeze(v), lambda: "weight_*")
    yield call("buffer", tg.buffer, lambda: [1.0, 2.0], name="b")
    for module, option in ((tg.cells.Zoneout, "p"), (tg.cells.Stack, "dropout")):
        yield call(
            f"{module.__name__}.{option}", lambda v, m=module, o=option: setattr(fresh()[m.__name__], o, v), lambda: 0.5
        )


def of_training() -> Iterator[Call]:
    train = tg.train
    yield call("train.SGD.step", lambda g: train.SGD({"x": x()}, 0.1).step(g), lambda: {"x": np.ones((2, 3))})
    yield call("train.SGD.learning_rate", lambda v: _with_rate(v), lambda: 0.1)
    yield call("train.clip_by_norm", train.clip_by_norm, lambda: [np.ones(3), None], lambda: 1.0, each=True)
    yield call("train.clip_by_value", train.clip_by_value, lambda: {"a": np.ones(3)}, lambda: 1.0)
    yield call("train.save", train.save, lambda: SCRATCH / "a.safetensors", lambda: {"x": x()}, lambda: {"a": "b"})
    train.save(SCRATCH / "kept.safetensors", {"x": np.ones(2)})
    yield call("train.load", train.load, lambda: SCRATCH / "kept.safetensors")
    yield call("check.gradients", tg.check.gradients, f, lambda: [np.ones(2)], order=1, tolerance=1e-6, seed=0)
    weights, data = (lambda: {"w": np.ones((3, 2)) / 2}), (lambda: {"v": np.ones((4, 3))})
    yield call("check.audit", tg.check.audit, lambda: _slope, lambda: _height, weights, data, repair=False, seed=0)


def _height(w: Any, v: Any) -> Any:
    return np.sum(np.tanh(v @ w))


def _slope(w: Any, v: Any) -> Any:
    return v.T @ (1 - np.tanh(v @ w) ** 2)


def _with_rate(rate: Any) -> None:
    optimizer = tg.train.SGD([x()], 0.1)
    optimizer.learning_rate = rate
    optimizer.step([np.ones((2, 3))])


def recurrent_loss() -> Any:
    w = tg.parameter(np.ones(2), "w")
    outputs, _ = tg.unroll(lambda x, h: (tg.tanh(x + w * h),) * 2, np.ones((3, 2)), np.zeros(2))
    return tg.sum(outputs)


def of_pictures() -> Iterator[Call]:
    options = {"level": "op", "gradients": True, "values": True, "truncate": 1, "title": "net", "max_nodes": 50}
    more = {"tokens": lambda: ["a", "b", "c"]}
    for view in ("unrolled", "rolled", "flow", "backward"):
        yield call("draw", tg.draw, recurrent_loss, lambda view=view: view, **options)
        yield call("draw", tg.draw, recurrent_loss, lambda view=view: view, **more)
    compiled = tg.compile(lambda x: tg.sum(tg.tanh(x)), "numpy")
    compiled(np.ones(3))
    yield call("draw", tg.draw, lambda: compiled, lambda: "compiled")
    yield call("Drawing.text", lambda *v, **k: tg.draw(loss()).text(*v, **k))
    yield call("Drawing.mermaid", lambda *v, **k: tg.draw(loss()).mermaid(*v, **k))
    yield call("Drawing.page", lambda *v, **k: tg.draw(loss()).page(*v, **k), height=300)
    for name in ("x.txt", "x.html", "x.dot"):
        target = lambda name=name: str(SCRATCH / name)  # noqa: E731
        save = lambda *v, **k: tg.draw(loss()).save(*v, **k)  # noqa: E731
        yield call("Drawing.save", save, target)
    yield call("Drawing.save", save, lambda: str(SCRATCH / "x.html"), snapshots=lambda: [tg.draw(loss())])
    yield call("Drawing.pipe", lambda *v, **k: tg.draw(loss()).pipe(*v, **k), format="svg", encoding="utf-8")


ABOVE = [*of_cells(), *of_wrappers(), *of_modules(), *of_training(), *of_pictures()]
