"""`tg.export.torch`: a function, a cell or a layer as a module of PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ...cells.base.module import Module
from ...compiled import Compiled
from ...core.errors import GraphError, refusing, shown
from ...core.leaves import Parameter
from ...run.backends import backend_of
from ...train.step import TrainingStep
from ..traced.packages import package
from .halves import Halves

WHAT = "export.torch"


@refusing
def torch(layer: Any, parameters: Mapping[str, Parameter] | None = None, *, backend: str = "auto") -> Any:
    """A ``torch.nn.Module`` on the CPU whose forward and backward are compiled functions of this library.

    It is called as the layer is, with tensors in place of arrays, in any nesting, and returns tensors. Inputs, states
    and parameters get gradients if they need one. The first call for new shapes compiles.

    Its parameters are ``torch.nn.Parameter`` and start as copies of the layer's, under the same names, with what is not
    trained as buffers: ``module.load_state_dict`` and any optimizer of PyTorch change what is computed, and
    ``layer.load_state_dict(module.state_dict())`` brings the numbers back. ``train()`` and ``eval()`` hold for the
    layer, too. ``torch.compile`` leaves the module as it is.

    Args:
        layer: a layer (`tg.Recurrent`), a cell, another module, or a function of arrays that returns nodes.
        parameters: those of a function, or further ones, by names.
        backend: as for `compile`.

    Raises:
        GraphError: PyTorch is not installed; ``layer`` cannot be called. A call raises it if a tensor is not on the CPU
            or has another dtype than the parameters, and where the layer would.

    Example:
        >>> import tinygraph as tg
        >>> layer = tg.Recurrent(tg.cells.LEM(3, 4, rng=0))
        >>> module = tg.export.torch(layer)  # doctest: +SKIP
        >>> outputs, state = module(torch.ones(5, 2, 3))  # doctest: +SKIP
        >>> outputs.sum().backward()  # doctest: +SKIP
    """
    theirs = package("torch", WHAT).nn.Module
    fn = layer.fn if isinstance(layer, Compiled) else layer
    if not callable(fn) or isinstance(fn, (type, theirs, TrainingStep)):
        got, fix = shown(layer, 80), f"{WHAT}(tg.Recurrent(cell)), or a function of arrays"
        raise GraphError(f"{WHAT}: only what can be called can be exported", got=got, fix=fix)
    backend_of(backend)
    own = {str(name): x for name, x in fn.named_state().items()} if isinstance(fn, Module) else {}
    expected = "a dict of names with parameters of tg.parameter or tg.buffer"
    if not isinstance(parameters, (Mapping, type(None))):
        raise GraphError(f"{WHAT}: parameters have no names", expected=expected, got=shown(parameters, 80))
    for name, x in (parameters or {}).items():
        if not isinstance(x, Parameter) or not isinstance(name, str) or own.get(name, x) is not x:
            raise GraphError(f"{WHAT}: parameters has a wrong entry", expected=expected, got=shown({name: x}, 80))
        own[name] = x
    for name in own:
        if "" in (parts := name.split(".")) or parts[-1] == "training":
            problem = f"{WHAT}: a module of PyTorch has no parameter of this name"
            raise GraphError(problem, expected="one or more words, joined by dots", got=shown(name))
    return import_module(".module", __package__).CompiledModule(Halves(fn, own, backend))
