"""A gradient step lowered to JAX beside a scan by hand, and on a GPU beside cuDNN by PyTorch.

    python -m tests.bench.in_jax [--rounds N] [--sizes minchar small mid large]

Bar, on the CPU: at most 1.1 times the scan by hand. On a GPU nothing is a bar: it reports, as `jax.devices()` has one.
XLA's command buffers are tried by ``XLA_FLAGS=--xla_gpu_enable_command_buffer=FUSION,CUBLAS,WHILE``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.in_jax", description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--sizes", nargs="*", default=["minchar", "small", "mid"], choices=SIZES)
    told = parser.parse_args()
    print(f"on {jax.devices()[0]}")
    for size in told.sizes:
        times = medians(contenders(*SIZES[size]), told.rounds)
        rest = ", ".join(f"{name} {times['ours'] / t:.2f}" for name, t in times.items() if name != "ours")
        print(f"{size} {SIZES[size]}: ours {1e3 * times['ours']:.3f} ms; over {rest}", flush=True)


if __name__ == "__main__":
    main()
