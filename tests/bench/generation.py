"""Generation: an LSTM of 128 units one step at a time, and 200 greedy tokens.

    python -m tests.bench.generation [--rounds N]          # torch, onnx and onnxruntime are measured where installed

float32, one thread, B = 1, I = 64, processor time, contenders in turns. "machine code" is the plan without Python's
call. Bars: a step of `tg.train.Streaming` at most 10 us, or, as that depends on the processor, at most 10 / 18.8 of
onnxruntime's in the same run; 200 tokens in one compiled call at most 4.7 ms.
"""

from __future__ import annotations

import argparse
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

from .exported import IN_A_ROW, native  # noqa: E402
from .turns import medians  # noqa: E402

I, H, LETTERS, TOKENS = 64, 128, 65, 200  # noqa: E741  the axes' own letters
X = np.random.default_rng(0).normal(size=(1, I)).astype(np.float32)
CELL = tg.cells.LSTM(I, H, rng=0)


def row(call: Callable[[], object]) -> Callable[[], None]:
    """So many calls."""

    def run() -> None:
        for _ in range(IN_A_ROW):
            call()

    return run


def by_onnxruntime() -> Callable[[], object]:
    from tests.targets.sessions import session

    with tempfile.TemporaryDirectory() as folder:
        tg.export.onnx(CELL, X, Path(folder, "cell.onnx"))
        own = session(str(Path(folder, "cell.onnx")))
    state: Any = CELL.initial_state(1)

    def call() -> None:
        nonlocal state
        _, *state = own.run(None, {"inputs": X, "state.0": state[0], "state.1": state[1]})

    return call


def by_torch() -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    cell, x = torch.nn.LSTMCell(I, H), torch.from_numpy(X)
    state: Any = None

    def call() -> None:
        nonlocal state
        with torch.no_grad():
            state = cell(x, state)

    return call


def steps(rounds: int) -> None:
    compiled, stream = tg.compile(CELL), tg.train.Streaming(CELL)
    state = CELL.initial_state(1)
    compiled(X, state)
    contenders = {"Streaming": row(lambda: stream(X)), "compiled call": row(lambda: compiled(X, state))}
    contenders["machine code"] = native(compiled, (X, state))
    peers = {"onnxruntime": ("onnxruntime", by_onnxruntime), "PyTorch": ("torch", by_torch)}
    contenders |= {name: row(make()) for name, (package, make) in peers.items() if find_spec(package)}
    times = medians(contenders, rounds, 1, time.process_time)
    print("a step, us:", ", ".join(f"{name} {1e6 * t / IN_A_ROW:.1f}" for name, t in times.items()))
    if "onnxruntime" in times:
        print(f"Streaming over onnxruntime: {times['Streaming'] / times['onnxruntime']:.2f}, bar {10 / 18.8:.2f}")


class Net(tg.Module):
    def __init__(self) -> None:
        self.embed, self.cell, self.head = tg.Embedding(LETTERS, I, rng=0), CELL, tg.Linear(H, LETTERS, rng=1)

    def __call__(self, ids: Any, state: Any) -> Any:
        y, state = self.cell(self.embed(ids), state)
        return self.head(y), state

    def initial_state(self, *batch: int) -> Any:
        return self.cell.initial_state(*batch)


def tokens(rounds: int) -> None:
    net = Net()

    @tg.compile
    def greedy(ids: Any, state: Any) -> Any:
        logits, _ = tg.unroll(net, ids, state, feedback=lambda z: tg.argmax(z, axis=-1))
        return tg.argmax(logits, axis=-1)

    ids, state = np.zeros((TOKENS, 1), np.int64), net.initial_state(1)
    np.testing.assert_array_equal(greedy(ids, state)[:, 0], tg.train.generate(net, [0], TOKENS))
    contenders = {"compiled call": lambda: greedy(ids, state)}
    contenders["generate"] = lambda: tg.train.generate(net, [0], TOKENS)
    times = medians(contenders, rounds, 1, time.process_time)
    print(f"{TOKENS} greedy tokens, ms:", ", ".join(f"{name} {1e3 * t:.2f}" for name, t in times.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    print(description(1))
    steps(rounds)
    tokens(rounds)


if __name__ == "__main__":
    main()
