"""The target PyTorch: modules whose forward and backward are compiled functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tinygraph.core.structure import leaves, map_leaves

from .scenarios import Scenario, weighed
from .target import Target


class InTorch(Target):
    """Values with PyTorch's gradients on, of the scenarios' functions; gradients are those that autograd gets."""

    name = "torch"
    packages = ("torch",)

    def run(self, scenario: Scenario) -> list[ndarray]:
        case = scenario.case(self.dtype)
        if scenario.use != "gradient":
            module = tg.export.torch(case.fn, flat(case.parameters))
            module(*map_leaves(as_tensor, case.example))
            return [y.detach().numpy() for y in leaves(module(*map_leaves(as_tensor, case.arguments)))]
        forward = case.forward
        module = tg.export.torch(lambda *a: weighed(forward(*a)), flat(case.parameters))
        arguments = map_leaves(as_tensor, case.arguments)
        module(*arguments).backward()
        wrt = [*module.parameters(), *[x for x in leaves(arguments) if x.is_floating_point()]]
        return [np.zeros(x.shape) if x.grad is None else x.grad.numpy() for x in wrt]


def flat(parameters: dict[str, tg.Parameter]) -> dict[str, tg.Parameter]:
    """The same order under names that PyTorch keeps in order, too: it goes through a module before its submodules."""
    return {f"w{k}": p for k, p in enumerate(parameters.values())}


def as_tensor(array: Any) -> Any:
    """A tensor that wants a gradient, if it can have one."""
    import torch

    tensor = torch.tensor(array)
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor
