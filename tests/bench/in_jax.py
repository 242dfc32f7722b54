"""A gradient step lowered to JAX beside a scan by hand, and on a GPU beside cuDNN by PyTorch.

    python -m tests.bench.in_jax [--rounds N] [--sizes minchar small mid large] [--unroll 1 4]

Bar, on the CPU: at most 1.1 times the scan by hand. On a GPU nothing is a bar: it reports, as `jax.devices()` has one.
There ask for ``--sizes mid large --unroll 1 2 4 8``, once as it is, once with XLA's command buffers:
``XLA_FLAGS=--xla_gpu_enable_command_buffer=FUSION,CUBLAS,WHILE``. ``--unroll`` is that of `lax.scan`, for the scan by
hand, too. On a CPU processor time counts, of one thread.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from itertools import product
from typing import Any

# Before XLA reads it: threads of a busy machine wait for each other.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import numpy as np

import tinygraph as tg

from .recurrent_jax import lstm
from .turns import medians

SIZES = {
    "minchar": (25, 1, 64, 100),
    "small": (50, 16, 64, 128),
    "mid": (64, 32, 128, 256),
    "large": (64, 64, 512, 512),
}
"""T, B, I, H."""


def contenders(T: int, B: int, I: int, H: int) -> dict[str, Callable[[], Any]]:  # noqa: E741  the axes' names
    rng = np.random.default_rng(0)
    cell = tg.cells.LSTM(I, H, rng=0)
    xs, mix = (rng.normal(size=(T, B, n)).astype(np.float32) for n in (I, H))

    def loss(xs: Any, mix: Any) -> Any:
        return tg.sum(tg.unroll(cell, xs)[0] * mix)

    def by_hand(w: Any, xs: Any, mix: Any) -> Any:
        def body(state: Any, x: Any) -> Any:
            state = lstm(w, x, state)
            return state, state[0]

        zeros = jax.numpy.zeros((B, H))
        return jax.numpy.sum(jax.lax.scan(body, (zeros, zeros), xs)[1] * mix)

    ours = jax.jit(tg.export.jax(tg.value_and_grad(loss, cell.parameters()), cell.parameters()))
    hand = jax.jit(jax.value_and_grad(by_hand))
    w = {name: jax.numpy.asarray(p.value) for name, p in cell.parameters().items()}
    on_device = jax.numpy.asarray(xs), jax.numpy.asarray(mix)
    for name, g in ours(w, *on_device)[1].items():
        np.testing.assert_allclose(g, hand(w, *on_device)[1][name], 1e-2, 1e-3 * float(np.abs(g).max()))
    steps = {"ours": lambda: jax.block_until_ready(ours(w, *on_device))}
    steps["by hand"] = lambda: jax.block_until_ready(hand(w, *on_device))
    return steps | _cudnn(xs, mix, H)


def _cudnn(xs: np.ndarray, mix: np.ndarray, H: int) -> dict[str, Callable[[], Any]]:
    """PyTorch's LSTM on the GPU, if there is one."""
    if jax.default_backend() != "gpu" or find_spec("torch") is None:
        return {}
    import torch

    layer = torch.nn.LSTM(xs.shape[2], H).cuda()
    x, m = torch.from_numpy(xs).cuda(), torch.from_numpy(mix).cuda()

    def step() -> None:
        layer.zero_grad()
        (layer(x)[0] * m).sum().backward()
        torch.cuda.synchronize()

    return {"cuDNN": step}


def unrolled(size: str, unroll: int) -> dict[str, Callable[[], Any]]:
    """The contenders, compiled while `lax.scan` takes so many steps at once."""
    scan = jax.lax.scan
    jax.lax.scan = partial(scan, unroll=unroll)
    try:
        steps = contenders(*SIZES[size])
        for step in steps.values():
            step()
    finally:
        jax.lax.scan = scan
    return steps


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.in_jax", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--sizes", nargs="*", default=["minchar", "small", "mid"], choices=SIZES)
    parser.add_argument("--unroll", type=int, nargs="*", default=[1])
    told = parser.parse_args()
    clock = time.process_time if jax.default_backend() == "cpu" else time.perf_counter
    print(f"on {jax.devices()[0]}")
    for size, unroll in product(told.sizes, told.unroll):
        times = medians(unrolled(size, unroll), told.rounds, clock=clock)
        rest = ", ".join(f"{name} {times['ours'] / t:.2f}" for name, t in times.items() if name != "ours")
        ours = f"ours {1e3 * times['ours']:.3f} ms; over {rest}"
        print(f"{size} {SIZES[size]}, unroll {unroll}: {ours}", flush=True)


if __name__ == "__main__":
    main()
