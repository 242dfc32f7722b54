"""A training step of every cell of torchrecurrent against its layer: outputs, gradients of all parameters and of x.

    python -m tests.bench.cells [small] [large]

``small`` is T = 50, B = 8, I = H = 32, ``large`` T = 64, B = 32, I = H = 256; float32, one thread. Bars: the median of
the ratios at least 5 and 2, no cell slower. Needs torch and torchrecurrent 0.2.5.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from statistics import median
from types import ModuleType
from typing import Any

from .machine import description, set_threads
from .turns import medians

SIZES = {"small": (50, 8, 32, 5.0, 7), "large": (64, 32, 256, 2.0, 3)}
"""T, B, I = H, the least median of the ratios, and rounds."""


def names(peer: ModuleType, tg: ModuleType) -> list[str]:
    """Cells that both have, and the peer as layers."""
    known = [name.removesuffix("Cell") for name in dir(peer) if name.endswith("Cell")]
    return sorted(name for name in known if hasattr(tg.cells, name) and hasattr(peer, name))


def ours(tg: ModuleType, cell: Any, xs: Any) -> Callable[[], Any]:
    """The compiled step: the sum of the outputs' squares, its gradients by the parameters and by x."""
    state = cell.initial_state(xs.shape[1])

    def step(x: Any) -> Any:
        loss = tg.sum(tg.unroll(cell, x, state)[0] ** 2)
        return loss, tg.grad(loss, [x, *cell.parameters().values()])

    compiled = tg.compile(step)
    return lambda: compiled(xs)


def theirs(torch: ModuleType, layer: Any, xs: Any) -> Callable[[], Any]:
    """The same by the peer's layer and torch's autograd."""
    x = torch.tensor(xs, requires_grad=True)

    def step() -> Any:
        layer.zero_grad()
        x.grad = None
        outputs = layer(x)
        loss = (outputs[0] if isinstance(outputs, tuple) else outputs).square().sum()
        loss.backward()
        return loss.item(), x.grad

    return step


def compare(size: str) -> bool:
    """Time all cells at a size; whether the bars are met."""
    np, torch = importlib.import_module("numpy"), importlib.import_module("torch")
    peer, tg = importlib.import_module("torchrecurrent"), importlib.import_module("tinygraph")
    torch.set_num_threads(1)
    T, B, H, bar, rounds = SIZES[size]
    xs = np.random.default_rng(0).normal(size=(T, B, H)).astype(np.float32)
    print(f"{size}: T = {T}, B = {B}, I = H = {H}, ms a step")
    ratios: dict[str, float] = {}
    for name in names(peer, tg):
        layer = getattr(peer, name)(H, H)
        cell = getattr(tg.cells, name)(H, H, rng=0)
        took = medians({"ours": ours(tg, cell, xs), "theirs": theirs(torch, layer, xs)}, rounds)
        ratios[name] = took["theirs"] / took["ours"]
        print(f"  {name:24} ours {1e3 * took['ours']:8.3f}   theirs {1e3 * took['theirs']:8.2f}   {ratios[name]:6.1f}")
    least = min(ratios, key=lambda name: ratios[name])
    met = median(ratios.values()) >= bar and ratios[least] >= 1
    told = f"median {median(ratios.values()):.1f} (bar {bar:g}), least {ratios[least]:.1f}, {least} (bar 1)"
    print(f"  {len(ratios)} cells: {told}: {'met' if met else 'MISSED'}")
    return met


def main() -> None:
    set_threads(1)
    print(description(1))
    results = [compare(size) for size in sys.argv[1:] or SIZES]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
