"""A training step of a PyTorch model with a LEM: `tg.export.torch` beside the same cell written in PyTorch's ops.

    python -m tests.bench.in_torch

One thread each, float32, Adam of PyTorch; processor time, medians of whole steps, in turns.
PyTorch's own LSTM is beside ours, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import linear

import tinygraph as tg

from .turns import medians

SIZES = ((32, 1, 8, 24), (64, 16, 8, 32))
"""T, B, I, H."""
ROUNDS = 5


class Written(torch.nn.Module):
    """The LEM as one writes it in PyTorch: the products of the inputs at once, the rest step by step."""

    def __init__(self, cell: tg.cells.LEM) -> None:
        super().__init__()
        for name, value in cell.state_dict().items():
            self.register_parameter(name, torch.nn.Parameter(torch.from_numpy(value)))
        self.dt = cell.dt

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, Any]:
        h = c = x.new_zeros(x.shape[1], self.weight_hh.shape[1])
        outputs = []
        for step in linear(x, self.weight_ih, self.bias_ih):
            x_1, x_2, x_z, x_y = step.chunk(4, 1)
            h_1, h_2, h_z = linear(h, self.weight_hh, self.bias_hh).chunk(3, 1)
            d_h, d_c = self.dt * torch.sigmoid(x_1 + h_1), self.dt * torch.sigmoid(x_2 + h_2)
            before, c = c, (1 - d_c) * c + d_c * torch.tanh(x_z + h_z)
            h = (1 - d_h) * h + d_h * torch.tanh(x_y + linear(before, self.weight_ch, self.bias_ch))
            outputs.append(h)
        return torch.stack(outputs), (h, c)


def stepping(module: torch.nn.Module, x: torch.Tensor, hidden: int) -> Callable[[], float]:
    """A training step of the module under a linear layer."""
    head = torch.nn.Linear(hidden, 1)
    optimizer = torch.optim.Adam([*module.parameters(), *head.parameters()], lr=1e-3)

    def step() -> float:
        optimizer.zero_grad()
        loss = head(module(x)[0]).square().mean()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return step


def main() -> None:
    torch.set_num_threads(1)
    for t, b, i, h in SIZES:
        x, cell = torch.randn(t, b, i), tg.cells.LEM(i, h, rng=0)
        ours, written = tg.export.torch(tg.Recurrent(cell)), Written(cell)
        torch.testing.assert_close(ours(x)[0], written(x)[0], rtol=1e-4, atol=1e-5)
        modules = {"LEM ours": ours, "LEM in ops": written}
        modules |= {"LSTM ours": tg.export.torch(tg.Recurrent(tg.cells.LSTM(i, h, rng=0)))}
        modules |= {"LSTM PyTorch's": torch.nn.LSTM(i, h)}
        times = medians({name: stepping(m, x, h) for name, m in modules.items()}, ROUNDS, clock=time.process_time)
        times |= {
            f"{name}, forward": s for name, s in medians(forwards(modules, x), ROUNDS, clock=time.process_time).items()
        }
        print(f"T {t} B {b} I {i} H {h}: " + "; ".join(f"{name} {s * 1e6:.0f} us" for name, s in times.items()))


def forwards(modules: dict[str, torch.nn.Module], x: torch.Tensor) -> dict[str, Callable[[], object]]:
    """Each module's forward pass alone, without gradients."""

    def alone(module: torch.nn.Module) -> Callable[[], object]:
        def run() -> object:
            with torch.no_grad():
                return module(x)

        return run

    return {name: alone(module) for name, module in modules.items()}


if __name__ == "__main__":
    main()
