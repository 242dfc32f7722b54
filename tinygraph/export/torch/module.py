"""The module of PyTorch that runs compiled functions; imported when `tg.export.torch` is called."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from numpy import ndarray

from ...cells.base.module import Module
from ...core.checks import as_array
from ...core.errors import GraphError
from ...core.node import Node
from ...core.scope import now
from ...core.structure import leaves, map_leaves, rebuild
from .halves import Halves

WHAT = "export.torch"
FLOATS = torch.float32, torch.float64


class CompiledModule(torch.nn.Module):
    """A function, a cell or a layer of this library, see `tinygraph.export.torch`."""

    def __init__(self, halves: Halves) -> None:
        super().__init__()
        self._halves = halves
        self._places: list[tuple[torch.nn.Module, str]] = []
        self._forms: list[tuple[str, torch.dtype, tuple[int, ...]]] = []
        for name, parameter in halves.parameters.items():
            array = torch.from_numpy(parameter.value.copy())
            self._forms.append((name, array.dtype, parameter.shape))
            self._places.append(self._registered(name, array, parameter.trained))
        self._dtypes = {dtype for _, dtype, _ in self._forms} or {*FLOATS}
        self.training = getattr(halves.fn, "training", True)

    def _registered(self, path: str, array: torch.Tensor, trained: bool) -> tuple[torch.nn.Module, str]:
        """Holds an array under its dotted name: a module for each part, whatever else a module has of that name."""
        holder: torch.nn.Module = self
        *outer, name = path.split(".")
        for part in outer:
            holder = cast(torch.nn.Module, holder._modules.setdefault(part, torch.nn.Module()))
        if trained:
            holder._parameters[name] = torch.nn.Parameter(array)
        else:
            holder._buffers[name] = array
        return holder, name

    def train(self, mode: bool = True) -> Any:
        """Turns dropout and zoneout on or off, also in the layer that this module was made of."""
        if isinstance(self._halves.fn, Module):
            self._halves.fn.train(mode)
        return super().train(mode)

    @torch.compiler.disable
    def forward(self, *args: Any, **kwargs: Any) -> Any:
        weights = [self._weight(*place) for place in self._places]
        if now.watching:
            fix = "torch.autograd.set_detect_anomaly(True), or call the layer itself"
            raise GraphError(f"{WHAT}: nonfinite does not look into an exported module", fix=fix)
        call = map_leaves(_tensor, (args, kwargs))
        inputs = [x for x in leaves(call) if isinstance(x, torch.Tensor)]
        self._check(weights, inputs)
        if not torch.is_grad_enabled() or not any(t.requires_grad for t in (*weights, *inputs)):
            results = self._halves.value([*map(_array, weights)], map_leaves(_plain, call))
            return map_leaves(torch.from_numpy, results)
        form: list[Any] = []
        tensors = _Compiled.apply(self._halves, call, form, len(weights), *weights, *inputs)
        return rebuild(form[0], list(tensors))

    def _weight(self, holder: torch.nn.Module, name: str) -> torch.Tensor:
        tensor: torch.Tensor | None = holder._parameters.get(name)
        tensor = holder._buffers.get(name) if tensor is None else tensor
        return getattr(holder, name) if tensor is None else tensor

    def _check(self, weights: list[torch.Tensor], inputs: list[torch.Tensor]) -> None:
        for (name, dtype, shape), w in zip(self._forms, weights, strict=True):
            if w.dtype is not dtype or w.shape != shape or not w.is_cpu or w.layout is not torch.strided:
                _refuse(f"the parameter {name!r}", w, "module")
                fix = "build the layer with this dtype and these sizes, and export that"
                problem = f"{WHAT}: the parameter {name!r} has another dtype or shape than the layer's"
                raise GraphError(problem, expected=f"{dtype} {shape}", got=f"{w.dtype} {tuple(w.shape)}", fix=fix)
        for k, x in enumerate(inputs):
            if not x.is_cpu or x.layout is not torch.strided or x.dtype not in self._dtypes:
                _refuse(f"tensor {k} of the arguments", x)
                if x.is_floating_point():
                    wanted = " or ".join(str(dtype) for dtype in FLOATS if dtype in self._dtypes)
                    problem = f"{WHAT}: tensor {k} of the arguments has another dtype than the parameters"
                    fix = f"x.to({wanted.partition(' ')[0]})"
                    raise GraphError(problem, expected=wanted, got=str(x.dtype), fix=fix)


def _refuse(what: str, x: torch.Tensor, word: str = "x") -> None:
    """A GraphError if numpy cannot read the tensor's memory, or has no dtype of that kind."""
    if not x.is_cpu or x.layout is not torch.strided:
        got, fix = f"{x.layout} on {x.device}", f"{word}.cpu(), or x.to_dense()"
        raise GraphError(f"{WHAT}: {what} is not in plain memory", expected="a dense tensor on cpu", got=got, fix=fix)
    if (x.is_floating_point() and x.dtype not in FLOATS) or x.is_complex() or x.is_quantized:
        problem = f"{WHAT}: {what} has no dtype of ours"
        raise GraphError(problem, expected="float32 or float64", got=str(x.dtype), fix=f"{word}.float()")


class _Compiled(torch.autograd.Function):
    """Both halves as one step of autograd; the structure of the results is appended to ``form``."""

    @staticmethod
    def forward(ctx: Any, halves: Halves, call: Any, form: list[Any], count: int, *tensors: torch.Tensor) -> Any:
        ctx.set_materialize_grads(False)
        needs = ctx.needs_input_grad[4:]
        arrays = [*map(_array, tensors)]
        filled = _filled(call, arrays[count:])
        results, kept = halves.forward(needs, arrays[:count], filled)
        form.append(results)
        outputs = tuple(map(torch.from_numpy, leaves(results)))
        ctx.halves, ctx.call, ctx.count = halves, call, count
        ctx.floats = [k for k, y in enumerate(outputs) if y.is_floating_point()]
        ctx.mark_non_differentiable(*[y for y in outputs if not y.is_floating_point()])
        ctx.save_for_backward(*tensors, *map(torch.from_numpy, kept))
        return outputs

    @staticmethod
    def backward(ctx: Any, *gy: torch.Tensor | None) -> Any:
        needs, count, saved = ctx.needs_input_grad[4:], ctx.count, ctx.saved_tensors
        arrays = [*map(_array, saved)]
        tensors, kept = arrays[: len(needs)], arrays[len(needs) :]
        arrived = [None if (g := gy[k]) is None else _array(g) for k in ctx.floats]
        call = _filled(ctx.call, tensors[count:])
        gradients = [*map(torch.from_numpy, ctx.halves.backward(needs, tensors[:count], call, kept, arrived))]
        if torch.is_grad_enabled():
            gradients = _Once.apply(len(gradients), *gradients, *saved, *[g for g in gy if g is not None])
        rest = iter(gradients)
        return None, None, None, None, *[next(rest) if need else None for need in needs]


class _Once(torch.autograd.Function):
    """Gradients as they are, for ``create_graph=True``; else their own gradient would be left out in silence."""

    @staticmethod
    def forward(ctx: Any, count: int, *tensors: torch.Tensor) -> Any:
        return tuple(g.view_as(g) for g in tensors[:count])

    @staticmethod
    def backward(ctx: Any, *_: Any) -> Any:
        problem = f"{WHAT}: the gradient of the module is differentiated again, which PyTorch cannot do with it"
        raise GraphError(problem, fix="compute the gradient within the function, by tg.grad, and export that")


def _filled(call: Any, arrays: list[ndarray]) -> Any:
    rest = iter(arrays)
    return map_leaves(lambda x: next(rest) if isinstance(x, torch.Tensor) else x, call)


def _tensor(x: Any) -> Any:
    """An array as a tensor, of its own memory if that can be written; other values as they are."""
    if isinstance(x, Node):
        got = f"{x.label()}, in a call of an exported module"
        raise GraphError(f"{WHAT}: a node came where a tensor is needed", got=got, fix="call the layer itself on nodes")
    if not isinstance(x, (ndarray, np.generic)):
        return x
    array = as_array(x)
    if array.dtype.kind not in "fiubc":  # complex ones are refused as tensors
        raise GraphError(f"{WHAT}: an array of the arguments has no numbers", got=f"dtype {array.dtype}")
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _array(x: torch.Tensor) -> ndarray:
    """The tensor's memory as an array."""
    x = x.detach()
    array: ndarray = x.resolve_neg().numpy() if x.is_neg() else x.numpy()
    return array


def _plain(x: Any) -> Any:
    return _array(x) if isinstance(x, torch.Tensor) else x
