"""One right call of every public callable that writes a graph for another system, or reads one, and of live pages."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg

from .right import Call, call

W = tg.parameter(np.ones(3), "w")
FOLDER = Path(tempfile.mkdtemp(prefix="tinygraph-wrong-"))


def fn() -> Any:
    return lambda x: np.tanh(x * W)


def layer() -> Any:
    return tg.Recurrent(tg.cells.RNN(3, 2, rng=0))


def example() -> Any:
    return np.ones((2, 3))


def file(suffix: str) -> Any:
    return lambda: str(FOLDER / f"out{suffix}")


def page() -> Any:
    return tg.draw.live(tg.cells.RNN(1, 2, rng=0), np.ones((2, 1)))


def of_exporters() -> Iterator[Call]:
    yield call("export.c", tg.export.c, fn, example, file(".c"), weights="inside", int8=False)
    yield call("export.js", tg.export.js, fn, example, file(".js"), int8=False)
    yield call(
        "export.onnx", tg.export.onnx, layer, lambda: np.ones((4, 2, 3)), file(".onnx"), dynamic=("T", "B"), native=True
    )
    yield call("export.metadata", tg.export.metadata, file(".onnx"))
    yield call("load_onnx", tg.load_onnx, file(".onnx"))
    yield call("export.jax", tg.export.jax, fn, lambda: [W], devices=1, combine="mean")
    cell, text = lambda: tg.cells.RNN(3, 2, rng=0), lambda: "abab"
    live = {
        "targets": lambda: np.ones((4, 2)),
        "loss": lambda: lambda y, t: tg.sum((y - t) ** 2),
        "title": "RNN",
        "lang": "zh",
    }
    yield call("draw.live", tg.draw.live, cell, lambda: np.ones((4, 3)), **live)
    yield call("draw.live", tg.draw.live, cell, text, vocabulary=lambda: tg.train.Characters("ab"))
    yield call("LivePage.save", lambda *v: page().save(*v), file(".html"))
    yield call("LivePage.page", lambda **k: page().page(**k), height=300)
    yield call("export.torch", tg.export.torch, layer, backend="numpy")


EXPORTS = [*of_exporters()]
