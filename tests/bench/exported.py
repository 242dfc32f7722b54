"""Exported C against compiled functions: a step of an LSTM, and whole gradients.

    python -m tests.bench.exported [--rounds N] [--flags "-O3 -march=native"]

float32, one thread, B = 1, processor time, contenders in turns. "native code" is the machine code of a plan without
Python's call. What calls it and the C function is ctypes, which takes about a microsecond of each. Before the clock
starts the results must agree to 1e-5 of the largest. Bars, ratios of medians: a step of LSTM (16, 32) at most half of
the compiled call; the gradient of LSTM T 16 I 8 H 24 at most 1.5 times native code. Then the sizes of that step for a
Cortex-M4, where its compiler is installed.
"""

from __future__ import annotations

import argparse
import ctypes
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.core.structure import leaves

from .machine import description
from .turns import medians

IN_A_ROW = 200
CORE = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
CORTEX = ["arm-none-eabi-gcc", *CORE, "-std=c99", "-Os", "-c"]
Example = tuple[Any, ...]


def step() -> tuple[Any, Example]:
    cell = tg.cells.LSTM(16, 32, rng=0)
    return cell, (np.linspace(-1, 1, 16, dtype=np.float32)[None], cell.initial_state(1))


def gradient(kind: str) -> tuple[Any, Example]:
    cell = getattr(tg.cells, kind)(8, 24, rng=0)

    def loss(xs: Any) -> Any:
        return tg.mean(tg.unroll(cell, xs)[0] ** 2)

    xs = np.random.default_rng(0).normal(size=(16, 1, 8)).astype(np.float32)
    return tg.value_and_grad(loss, cell.parameters()), (xs,)


def in_c(fn: Any, example: Example, expected: list[Any], flags: str, folder: Path) -> Callable[[], None]:
    """So many calls of the C function in a row."""
    tg.export.c(fn, example, folder / "run.c")
    command = ["gcc", "-std=c99", *flags.split(), "-shared", "-fPIC", "run.c", "-o", f"{abs(hash(flags))}.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    function = ctypes.CDLL(str(folder / command[-2])).run
    arrays = [*map(np.ascontiguousarray, leaves(example)), *(np.empty(y.shape, np.float32) for y in expected)]
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in arrays]

    def call() -> None:
        for _ in range(IN_A_ROW):
            function(*pointers)

    call()
    for got, want in zip(arrays[-len(expected) :], expected, strict=True):
        assert np.abs(got - want).max() <= 1e-5 * np.abs(want).max()
    return call


def native(compiled: Any, example: Example) -> Callable[[], None]:
    """So many runs of the machine code of the latest plan in a row."""
    runner = compiled.plan._runner
    values = [np.ascontiguousarray(p._value) for p in runner._parameters]
    results = [np.empty(shape, dtype) for shape, dtype in runner._results]
    arrays = [*leaves(example), *values, *results]
    (stretch,) = runner.stretches

    def call() -> None:
        runner._runs[0](arrays)  # the addresses of these arrays
        for _ in range(IN_A_ROW):
            stretch.native._run(stretch.native._pointer)

    return call


def measured(fn: Any, example: Example, flags: str, rounds: int) -> dict[str, float]:
    """Microseconds of one call, by contender."""
    compiled = tg.compile(fn, backend="native")
    expected = leaves(compiled(*example))

    def call() -> None:
        for _ in range(IN_A_ROW):
            compiled(*example)

    with tempfile.TemporaryDirectory() as folder:
        contenders = {"compiled call": call, "native code": native(compiled, example)}
        contenders |= {f"C {own}": in_c(fn, example, expected, own, Path(folder)) for own in ("-O2", flags)}
        times = medians(contenders, rounds, 1, time.process_time)
    return {name: 1e6 * t / IN_A_ROW for name, t in times.items()}


def sizes() -> None:
    if shutil.which(CORTEX[0]) is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        for int8 in (False, True):
            tg.export.c(*step(), Path(folder) / "lstm.c", int8=int8)
            subprocess.run([*CORTEX, "lstm.c"], cwd=folder, check=True)
            told = subprocess.run(
                ["arm-none-eabi-size", "lstm.o"], cwd=folder, capture_output=True, text=True, check=True
            )
            text, data, bss = told.stdout.splitlines()[1].split()[:3]
            print(
                f"LSTM (16, 32) on a Cortex-M4, -Os, int8={int8}: flash {text} bytes, RAM {int(data) + int(bss)} bytes"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--flags", default="-O3 -march=native")
    options = parser.parse_args()
    print(description(1))
    cases = {"LSTM (16, 32), a step": step()}
    cases |= {f"{kind}, gradient": gradient(kind) for kind in ("LSTM", "GRU", "MGU", "LEM", "coRNN")}
    for name, (fn, example) in cases.items():
        times = measured(fn, example, options.flags, options.rounds)
        own, plain = times[f"C {options.flags}"], times["native code"]
        told = "  ".join(f"{contender} {t:6.1f}" for contender, t in times.items())
        print(f"{name:22} us: {told}  C: {own / times['compiled call']:.2f} of the call, {own / plain:.2f} of native")
    sizes()


if __name__ == "__main__":
    main()
