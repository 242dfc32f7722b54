"""Exported files in onnxruntime: beside PyTorch's own export, beside this library, and 1,000 single steps.

    python -m tests.bench.onnx          # needs onnx, onnxruntime, llvmlite; torch and onnxscript for the first table

One thread each; processor time, medians of runs in turns. Bar: the exported LSTM is as fast as
PyTorch's export of nn.LSTM.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .machine import description, set_threads

set_threads(1)

import numpy as np  # noqa: E402

import tinygraph as tg  # noqa: E402
from tests.targets.sessions import session  # noqa: E402

from .turns import medians  # noqa: E402

SIZES = ((64, 1, 16, 32), (64, 1, 64, 128), (50, 16, 64, 128), (64, 32, 128, 256))
"""T, B, I, H."""
CELLS = ("LSTM", "GRU", "MGU", "LEM")


def drawn(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def exported(fn: Any, example: Any) -> Any:
    """A session of a function's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "own.onnx")
        tg.export.onnx(fn, example, path)
        return session(str(path))


def runs(own: Any, *arrays: Any) -> Callable[[], Any]:
    feed = dict(zip([x.name for x in own.get_inputs()], arrays, strict=True))
    return lambda: own.run(None, feed)


def by_torch(cell: Any, T: int, B: int, dynamo: bool) -> Any:
    """A session of PyTorch's export of the same LSTM, with its state as inputs, too."""
    import torch

    layer = torch.nn.LSTM(cell.input_size, cell.hidden_size).eval()
    layer.load_state_dict({f"{name}_l0": torch.tensor(p.value.copy()) for name, p in cell.parameters().items()})
    state = tuple(torch.zeros(1, B, cell.hidden_size) for _ in range(2))
    file, names = io.BytesIO(), ["x", "h", "c"]
    arguments = (torch.zeros(T, B, cell.input_size), state)
    if dynamo:
        torch.onnx.export(layer, arguments, dynamo=True, verbose=False).save(file)
    else:
        axes = {"x": {0: "T", 1: "B"}, "h": {1: "B"}, "c": {1: "B"}}
        torch.onnx.export(layer, arguments, file, dynamo=False, input_names=names, dynamic_axes=axes, opset_version=17)
    return session(file.getvalue())


def beside_torch(rounds: int) -> None:
    print(f"\nAn LSTM in onnxruntime, us a call, and the ratio of ours to PyTorch's export\n{'T, B, I, H':<20}", end="")
    print(f"{'ours':>9}{'script':>9}{'ratio':>7}{'export':>9}{'ratio':>7}")
    for T, B, I, H in SIZES:  # noqa: E741  the axes' own letters
        cell = tg.cells.LSTM(I, H, rng=0)
        x, states = drawn(T, B, I), (np.zeros((B, H), np.float32),) * 2
        theirs = [s[None] for s in states]
        own = exported(tg.Recurrent(cell), x)
        contenders = {"ours": runs(own, x, *states)}
        for name, dynamo in (("script", False), ("export", True))[: 1 + (find_spec("onnxscript") is not None)]:
            contenders[name] = runs(by_torch(cell, T, B, dynamo), x, *theirs)
        first = [np.squeeze(c()[0]) for c in contenders.values()]
        assert all(np.allclose(first[0], other, atol=1e-5) for other in first[1:])
        us = {name: 1e6 * t for name, t in medians(contenders, rounds, clock=time.process_time).items()}
        print(f"{T}, {B}, {I}, {H}".ljust(20), end="")
        print(f"{us['ours']:>9.0f}", *(f"{us[k]:>8.0f}{us['ours'] / us[k]:>7.2f}" for k in us if k != "ours"))


def beside_ours(rounds: int) -> None:
    print("\nA sequence of T, B, I, H = 64, 1, 16, 32, us: onnxruntime and this library")
    for name in CELLS:
        layer = tg.Recurrent(getattr(tg.cells, name)(16, 32, rng=0))
        x, state = drawn(64, 1, 16), layer.initial_state(1)
        states = state if isinstance(state, tuple) else (state,)
        contenders = {"onnxruntime": runs(exported(layer, x), x, *states)}
        if name in ("LSTM", "GRU"):
            with tempfile.TemporaryDirectory() as folder:
                tg.export.onnx(layer, x, Path(folder, "scan.onnx"), native=False)
                contenders["as a Scan"] = runs(session(str(Path(folder, "scan.onnx"))), x, *states)
        step = tg.compile(layer)
        contenders["ours"] = lambda step=step, x=x, state=state: step(x, state)
        print(
            f"{name:<8}",
            ", ".join(f"{k} {1e6 * t:.0f}" for k, t in medians(contenders, rounds, clock=time.process_time).items()),
        )


def streaming(rounds: int, steps: int = 1000) -> None:
    print(f"\n{steps} single steps of an LSTM (16, 32), the state handed on, ms")
    cell = tg.cells.LSTM(16, 32, rng=0)
    xs, state = drawn(steps, 1, 16), tuple(cell.initial_state(1))
    whole, one, ours = exported(tg.Recurrent(cell), drawn(5, 2, 16)), exported(cell, drawn(2, 16)), tg.compile(cell)

    def layer() -> Any:
        h, c = state
        for x in xs:
            y, h, c = whole.run(None, {"inputs": x[None], "state.0": h, "state.1": c})
        return y[0]

    def single() -> Any:
        h, c = state
        for x in xs:
            y, h, c = one.run(None, {"inputs": x, "state.0": h, "state.1": c})
        return y

    def compiled() -> Any:
        s = state
        for x in xs:
            y, s = ours(x, s)
        return y

    contenders = {"the layer's file, T = 1": layer, "the cell's file": single, "compiled": compiled}
    first = [c() for c in contenders.values()]
    assert all(np.allclose(first[0], other, atol=1e-4) for other in first[1:])
    print(", ".join(f"{k} {1e3 * t:.1f}" for k, t in medians(contenders, rounds, 1, time.process_time).items()))


def main(rounds: int) -> None:
    print(description(1))
    try:
        import torch
    except ModuleNotFoundError:
        print("no torch: its export is not measured")
    else:
        torch.set_num_threads(1)
        beside_torch(rounds)
    beside_ours(rounds)
    streaming(rounds)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
