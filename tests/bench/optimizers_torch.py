"""The optimizers against PyTorch's, number by number: 50 steps in float64 under the same options.

    python -m tests.bench.optimizers_torch          # needs torch

Bar: a difference of 1e-12 relative to the largest weight; Muon, whose products PyTorch computes in bfloat16, is shown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import tinygraph as tg

torch.set_default_dtype(torch.float64)  # NAdam keeps its product of shares in the default dtype
STEPS = 50
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("SGD", {"momentum": 0.9, "weight_decay": 0.1}, {}),
    ("SGD", {"momentum": 0.9, "nesterov": True}, {}),
    ("SGD", {"momentum": 0.7, "dampening": 0.4}, {}),
    ("Adam", {"weight_decay": 0.1}, {}),
    ("Adam", {"amsgrad": True, "betas": (0.5, 0.6)}, {}),
    ("AdamW", {"weight_decay": 0.3}, {}),
    ("NAdam", {"weight_decay": 0.1, "momentum_decay": 0.01}, {}),
    ("RAdam", {"betas": (0.8, 0.9), "weight_decay": 0.1}, {}),
    ("RAdam", {}, {}),
    ("RMSprop", {"momentum": 0.9, "centered": True}, {}),
    ("RMSprop", {"alpha": 0.9, "weight_decay": 0.1}, {}),
    ("Adagrad", {"rate_decay": 0.1, "first_sum": 0.5}, {"lr_decay": 0.1, "initial_accumulator_value": 0.5}),
    ("Adadelta", {"rho": 0.5, "weight_decay": 0.1}, {}),
    ("Muon", {}, {}),
]


def ends(name: str, options: dict[str, Any], torch_options: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The weights after the same gradients, here and there."""
    random = np.random.default_rng(0)
    start, gradients = random.normal(size=(7, 5)), random.normal(size=(STEPS, 7, 5))
    ours, theirs = tg.parameter(start), torch.tensor(start, requires_grad=True)
    optimizer = getattr(tg.train, name)([ours], learning_rate=0.01, **options)
    peer = getattr(torch.optim, name)([theirs], lr=0.01, **(torch_options or options))
    for g in gradients:
        optimizer.step([g])
        theirs.grad = torch.tensor(g)
        peer.step()
    return ours.value, theirs.detach().numpy()


def one_cycle() -> float:
    """The largest difference of the rates of one_cycle from those of OneCycleLR, relative."""
    peer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    rates, schedule = [], torch.optim.lr_scheduler.OneCycleLR(peer, max_lr=0.3, total_steps=37)
    for _ in range(37):
        rates.append(peer.param_groups[0]["lr"])
        peer.step()
        schedule.step() if len(rates) < 37 else None
    ours = [tg.train.one_cycle(0.3, 37)(s) for s in range(37)]
    return float(np.max(np.abs(np.array(ours) / rates - 1)))


def main() -> None:
    for case in CASES:
        ours, theirs = ends(*case)
        error = np.abs(ours - theirs).max() / np.abs(theirs).max()
        verdict = "shown" if case[0] == "Muon" else "met" if error <= 1e-12 else "MISSED"
        print(f"  {case[0]:10}{case[1]!s:50}{error:10.1e}   {verdict}")
    print(f"  one_cycle against OneCycleLR: {one_cycle():.1e}")


if __name__ == "__main__":
    main()
