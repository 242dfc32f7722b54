"""Methods: which of an object's functions are its forward pass, its backward pass and its loss, and what these call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from ...core.errors import GraphError
from ...recording.recorded import code_of
from .attributes import objects_in, parts_of
from .naming import Supply, bound, called

_NAMES = {
    "forward": "forward forward_pass forward_prop forward_propagation fprop feedforward feed_forward __call__ call run "
    "predict unroll",
    "backward": "backward backward_pass backprop backward_prop back_prop backpropagate back_propagate bptt bprop "
    "back_propagation backpropagation backward_propagation calc_gradients compute_gradients gradients train_step step "
    "update fit_step loss_and_gradients loss_fun lossFun loss",
    "loss": "loss compute_loss calculate_loss calc_loss cost loss_function loss_fn criterion get_loss",
}


@dataclass(frozen=True)
class OwnPass:
    """A pass of an object: the name of a method, or a function of the user's that takes the object.

    Attributes:
        function: the Python function, which has a source.
        name: of the method; empty for a function that takes the object.
    """

    function: FunctionType
    call_it: Callable[..., Any]
    name: str

    def call(
        self, model: Any, supply: Supply, kept: Mapping[str, Any], order: tuple[str, ...], all_of_it: bool = False
    ) -> tuple[Any, dict[str, Any]]:
        """What the pass returns, and the arguments that it got."""
        if not self.name:
            values = bound(self.function.__name__, self.call_it, supply, kept, order, 1, all_of_it)
            return called(self.call_it, values, (model,)), values
        method = getattr(model, self.name)
        values = bound(f"{type(model).__name__}.{self.name}", method, supply, kept, order, 0, all_of_it)
        return called(method, values), values


def method_of(model: Any, what: str, told: Callable[..., Any] | None) -> OwnPass:
    """The forward or the backward pass of an object."""
    if told is not None:
        return OwnPass(code_of(told), told, "")
    name = next((n for n in _NAMES[what].split() if _has(model, n)), None)
    if name is not None:
        return OwnPass(code_of(getattr(model, name)), getattr(model, name), name)
    own = [n for c in type(model).__mro__[:-1] for n, f in vars(c).items() if isinstance(f, FunctionType)]
    raise GraphError(
        f"audit: {type(model).__name__} has no method of the name {what}",
        expected=f"one of {', '.join(_NAMES[what].split()[:6])}, ...",
        got=", ".join([n for n in own if not n.startswith("__")]) or "no methods",
        fix=f"{what}=lambda model, inputs, targets: ...  # which calls it",
    )


def loss_method(model: Any) -> OwnPass | None:
    """The method that computes the loss of outputs and targets, if there is one."""
    name = next((n for n in _NAMES["loss"].split() if _has(model, n)), None)
    return OwnPass(code_of(getattr(model, name)), getattr(model, name), name) if name else None


def _has(model: Any, name: str) -> bool:
    return isinstance(getattr(type(model), name, None), (FunctionType, staticmethod, classmethod))


def functions_of(model: Any, *first: Any) -> tuple[FunctionType, ...]:
    """The functions to follow: ``first``, the methods of the object and of its parts, and what they call."""
    queue = [x.function if isinstance(x, OwnPass) else _function(x) for x in first if x is not None]
    for part in objects_in(model):
        queue += [f for c in type(part).__mro__[:-1] for f in map(_function, vars(c).values())]
        queue += [_function(x) for _, x in parts_of(part) if callable(x)]
    functions: dict[CodeType, FunctionType] = {}
    for function in queue:
        if isinstance(function, FunctionType) and function.__code__ not in functions:
            functions[function.__code__] = function
            queue += _called_by(function)
    return tuple(functions.values())


def _function(x: Any) -> Any:
    x = getattr(x, "fget", x)
    try:
        return code_of(getattr(x, "__func__", x)) if callable(x) or hasattr(x, "__func__") else None
    except GraphError:
        return None


def _called_by(function: FunctionType) -> Iterator[FunctionType]:
    """Functions of the same file that a function names, and the methods of classes of that file."""
    for name in names_in(function.__code__):
        x = function.__globals__.get(name)
        own = [x] if isinstance(x, FunctionType) else [*vars(x).values()] if isinstance(x, type) else []
        for f in map(_function, own):
            if f is not None and f.__globals__ is function.__globals__:
                yield f


def names_in(code: CodeType) -> list[str]:
    """The globals and attributes that a function, and functions within it, name."""
    inner = [name for x in code.co_consts if isinstance(x, CodeType) for name in names_in(x)]
    return [*code.co_names, *inner]
