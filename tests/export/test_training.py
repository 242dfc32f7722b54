"""A training step in C and in JavaScript trains as in Python: every optimizer, clipping, several calls an update."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg

from .in_c import Library

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
RNG = np.random.default_rng(0)
XS, TARGETS = RNG.normal(size=(4, 2, 3)), RNG.normal(size=(4, 2, 2))
STEPS = 7


def only(parameters: dict[str, tg.Parameter], axes: int) -> dict[str, tg.Parameter]:
    return {name: p for name, p in parameters.items() if p.value.ndim == axes}


Maker = Callable[[Any], Any]
TRAIN = tg.train
OPTIMIZERS: dict[str, Maker] = {
    "sgd": lambda p: TRAIN.SGD(p, learning_rate=0.1),
    "momentum": lambda p: TRAIN.SGD(p, learning_rate=0.1, momentum=0.9, dampening=0.5),
    "nesterov": lambda p: TRAIN.SGD(p, learning_rate=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: TRAIN.Adam(p, learning_rate=0.05),
    "amsgrad": lambda p: TRAIN.Adam(p, learning_rate=0.05, amsgrad=True, weight_decay=0.01),
    "adamw": lambda p: TRAIN.AdamW(p, learning_rate=0.05, groups={"*bias*": {"weight_decay": 0.0}}),
    "radam": lambda p: TRAIN.RAdam(p, learning_rate=0.05),
    "rmsprop": lambda p: TRAIN.RMSprop(p, learning_rate=0.05, centered=True, momentum=0.5),
    "adagrad": lambda p: TRAIN.Adagrad(p, learning_rate=0.05, rate_decay=0.1),
    "adadelta": lambda p: TRAIN.Adadelta(p),
    "lion": lambda p: TRAIN.Lion(p, learning_rate=0.01),
    "nadam": lambda p: TRAIN.NAdam(p, learning_rate=0.05, weight_decay=0.01),
    "nadams": lambda p: TRAIN.NAdam(p, 0.05, groups={"*bias*": {"betas": (0.5, 0.9), "momentum_decay": 0.1}}),
    "muon": lambda p: [TRAIN.Muon(only(p, 2), learning_rate=0.05), TRAIN.NAdam(only(p, 1), learning_rate=0.05)],
    "muon_decay": lambda p: [
        TRAIN.Muon(only(p, 2), learning_rate=0.05, nesterov=False, weight_decay=0.2, rounds=3),
        TRAIN.SGD(only(p, 1), learning_rate=0.1),
    ],
}
OPTIONS: dict[str, dict[str, Any]] = {
    "sgd": {"clip": 0.1},
    "adam": {"accumulate": 3},
    "adagrad": {"clip": lambda g: tg.train.clip_by_value(g, 0.05)},
}


def trained(name: str, dtype: Any = np.float64) -> tuple[Any, Any, dict[str, tg.Parameter]]:
    """A small network's prediction, its training step, and its parameters."""
    inner, head = tg.Linear(3, 4, rng=0, dtype=dtype), tg.Linear(4, 2, rng=1, dtype=dtype)
    parameters = {f"{k}.{n}": p for k, m in {"inner": inner, "head": head}.items() for n, p in m.parameters().items()}

    def predict(xs: Any) -> Any:
        return head(tg.tanh(inner(xs)))

    def loss_of(xs: Any, targets: Any) -> Any:
        loss = tg.mean((predict(xs) - targets) ** 2)
        return loss, predict(xs)[-1]

    step = TRAIN.step(loss_of, parameters, OPTIMIZERS[name](parameters), backend="numpy", **OPTIONS.get(name, {}))
    return predict, step, parameters


def batch(k: int, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    return (XS + 0.1 * k).astype(dtype), TARGETS.astype(dtype)


def export(to: Callable[..., None], name: str, path: Path, dtype: Any = np.float64) -> None:
    predict, step, _ = trained(name, dtype)
    step(*batch(10, dtype))  # what the optimizer holds now goes along
    to({"predict": predict, "train": step}, {"predict": batch(0, dtype)[0], "train": batch(0, dtype)}, path)


def assert_trains_as_here(name: str, dtype: Any, losses: Any, prediction: Any) -> None:
    """The losses of some steps and the prediction after them are those of our own step."""
    predict, step, _ = trained(name, dtype)
    step(*batch(10, dtype))
    own = [float(step(*batch(k, dtype))[0]) for k in range(STEPS)]
    after, tolerance = predict(tg.constant(batch(0, dtype)[0])).value, 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(losses, own, tolerance, err_msg=name)
    np.testing.assert_allclose(
        np.reshape(prediction, after.shape), after, 0, tolerance * np.abs(after).max(), err_msg=name
    )


def test_every_optimizer_is_here() -> None:
    classes = {x for x in vars(TRAIN).values() if isinstance(x, type) and issubclass(x, TRAIN.Optimizer)}
    made = {type(o) for name in OPTIMIZERS for o in trained(name)[1].optimizers}
    assert made == classes - {TRAIN.Optimizer}


@needs_gcc
def test_every_optimizer_in_c(tmp_path: Path) -> None:
    library = Library(tmp_path)
    for name in OPTIMIZERS:
        export(lambda *args: library.add(args[2].stem, *args[:2]), name, tmp_path / f"{name}.c")
    assert not library.problems
    like = [np.zeros(()), np.zeros((2, 2))]
    for dtype in (np.float64, np.float32):
        library.double = dtype == np.float64
        library.build()
        for name in OPTIMIZERS:
            model = ctypes.create_string_buffer(20000)
            getattr(library.shared, f"{name}_start")(model)
            losses = [library.call(f"{name}_train", batch(k), like, [model])[0] for k in range(STEPS)]
            (after,) = library.call(f"{name}_predict", [XS], [np.zeros((4, 2, 2))], [model])
            assert_trains_as_here(name, dtype, losses, after)


RUN = """
import { readFileSync } from "node:fs";
const { names, inputs, targets, xs } = JSON.parse(readFileSync("data.json"));
const all = {};
for (const name of names) {
    const module = await import(`./${name}.js`);
    const model = module.start();
    const losses = inputs.map((x) => module[`${name}_train`](model, x, targets).loss);
    const bad = module[`${name}_train`](model, inputs[0].map(() => NaN), targets);
    all[name] = [losses, Array.from(module[`${name}_predict`](model, xs).y), bad.updated];
}
console.log(JSON.stringify(all));
"""


@needs_node
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_every_optimizer_in_javascript(dtype: Any, tmp_path: Path) -> None:
    for name in OPTIMIZERS:
        export(tg.export.js, name, tmp_path / f"{name}.js", dtype)
    inputs = [batch(k, dtype)[0].reshape(-1).tolist() for k in range(STEPS)]
    data = {"names": [*OPTIMIZERS], "inputs": inputs, "targets": TARGETS.tolist(), "xs": XS.tolist()}
    (tmp_path / "data.json").write_text(json.dumps(data))
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "run.mjs").write_text(RUN)
    run = subprocess.run(["node", "run.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert not run.returncode, run.stderr
    for name, (losses, prediction, updated) in json.loads(run.stdout).items():
        assert_trains_as_here(name, dtype, losses, prediction)
        assert updated is False


@needs_gcc
def test_a_step_that_is_not_finite_changes_nothing(tmp_path: Path) -> None:
    library = Library(tmp_path, double=True)
    export(lambda *args: library.add("adamw", *args[:2]), "adamw", tmp_path / "adamw.c")
    library.build()
    model = ctypes.create_string_buffer(20000)
    library.shared.adamw_start(model)
    size = 8 * (4 * 3 * 3)
    before = model.raw[:size]
    with pytest.raises(IndexError, match="returned 2"):
        library.call("adamw_train", [XS * np.nan, TARGETS], [np.zeros(()), np.zeros((2, 2))], [model])
    assert model.raw[:size] == before
    library.call("adamw_train", [XS, TARGETS], [np.zeros(()), np.zeros((2, 2))], [model])
    assert model.raw[:size] != before


def test_two_steps_and_numbers_in_python_are_refused(tmp_path: Path) -> None:
    _, step, parameters = trained("adam")
    example = (XS, TARGETS)
    with pytest.raises(tg.GraphError, match=r"(?s)one training step\n  got .*\n  fix "):
        tg.export.c({"a": step, "b": step}, {"a": example, "b": example}, tmp_path / "net.c")

    class Halving(TRAIN.SGD):
        def numbers(self, t: int, rate: float) -> dict[str, float]:
            return {"rate": rate / 2**t, "share": 1.0}

    own = TRAIN.step(step.loss, parameters, Halving(parameters, 0.1))
    with pytest.raises(tg.GraphError, match=r"Halving[\s\S]*fix +tg.train.Adam"):
        tg.export.js(own, example, tmp_path / "net.js")
    assert not [*tmp_path.iterdir()]
