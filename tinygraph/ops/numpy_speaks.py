"""numpy functions on nodes, by ``__array_ufunc__`` and ``__array_function__``: np.tanh(node) is tg.tanh(node)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache, partial
from inspect import signature
from itertools import takewhile
from typing import Any, NoReturn

import numpy as np

from ..core.errors import (
    OFFER,
    UNFIT,
    GraphError,
    MutationError,
    asked,
    asking,
    refuse,
    refusing,
    users_line,
    users_place,
)
from ..core.node import Node
from ..core.op import Op
from ..core.scope import now
from ..core.structure import leaves, map_leaves
from ..core.traced import Traced
from . import (
    choice,
    curves,
    differences,
    joining,
    numpy_products,
    order_statistics,
    questions,
    rearranging,
    rebound,
    slicing,
    statistics,
    ufunc_methods,
    windows,
)
from .array_dot import factor
from .broadcasting import broadcast_to
from .call_site import CHANCES, is_checked, method_called, named, place_of_out, refuse_numpys_mean
from .numpy_functions import FUNCTIONS, UFUNCS, as_node, cast_for, joined
from .operators import depends_on_parameter
from .scipy_functions import of_scipy, refuse_scipy

for _part in (statistics, differences, rearranging, joining, windows, curves):
    FUNCTIONS |= _part.FUNCTIONS

FULL = statistics.FULL | joining.FULL | rearranging.FULL
"""Functions with all of numpy's settings, which are called instead of the op where it lacks one."""

LARGEST_LIST = 100_000
"""The most elements for which ``np.array(nodes)`` makes one node each; above, it raises and suggests np.stack."""

LARGEST_TRACED = 1_000
"""The same for data in a compiled function, where a node costs a millisecond at the first call."""

UFUNCS.update(questions.UFUNCS | numpy_products.UFUNCS | curves.UFUNCS)
FUNCTIONS.update(numpy_products.FUNCTIONS | questions.FUNCTIONS | order_statistics.FUNCTIONS)


def register(vocabulary: Mapping[str, Any]) -> None:
    """Make ``np.name(node)`` call the op ``name``, for every op with the name of a numpy function."""
    for name, op in vocabulary.items():
        function = getattr(np, name, None)
        if function is not None:
            (UFUNCS if isinstance(function, np.ufunc) else FUNCTIONS).setdefault(function, op)


def array_ufunc(self: Node, ufunc: Any, method: str, *inputs: Any, out: Any = None, **settings: Any) -> Any:
    """Node.__array_ufunc__: numpy calls it for ``ufunc(*inputs)`` with a node among the inputs."""
    plain = method == "__call__"
    if "where" in settings and plain:
        return _where(self, ufunc, inputs, out, **settings)
    if out is not None:
        if not any(isinstance(x, Node) for x in inputs):
            refuse_numpys_mean(users_line())
            inputs = tuple(map(as_node, inputs))
        compute = partial(array_ufunc, self, ufunc, method, *inputs, **settings)
        if ufunc.nout == 1:
            return written(called(ufunc), out[0], (lambda: _stretched(compute(), out[0])) if plain else compute)
        results = zip(out, compute(), strict=True)
        return tuple([z if x is None else written(called(ufunc), x, partial(as_node, z)) for x, z in results])
    if method == "at":
        return _recorder(f"{called(ufunc)}.at", "a + b, which makes a new node").add_at(ufunc, *inputs)
    op = UFUNCS.get(ufunc) or of_scipy(ufunc)
    if not plain:
        op, settings = ufunc_methods.find(ufunc, method, op, settings), {}
    if op is None and plain and {*"".join(getattr(ufunc, "types", "d"))} <= {*"O->"}:
        z = ufunc(*[np.array(x, object) for x in inputs])  # np.frompyfunc's, of each number by itself
        return tuple(map(_of_numbers, z)) if isinstance(z, tuple) else _of_numbers(z)
    if op is None and _is_data(inputs):
        return now.recorder.data(getattr(ufunc, method)(*map_leaves(_number, inputs), **settings))
    if op is None:
        raise _unsupported(called(ufunc) + ("" if plain else f".{method}"), UFUNCS)
    dtype = settings.pop("dtype", None)
    if settings.keys() - ({"axis"} if op is numpy_products.vecdot else set()):
        raise GraphError(f"np.{ufunc.__name__}: nodes do not support {sorted(settings)}", got=users_line())
    try:
        inputs = tuple(map(joined, inputs))
        return op(*(inputs if dtype is None else cast_for(ufunc, inputs, dtype)), **settings)
    except UNFIT as error:
        _refused(error, called(ufunc) + ("" if plain else f".{method}"), inputs, {}, plain)


def _stretched(z: Node, target: Any) -> Node:
    """A ufunc's result in the shape of the larger array that it is written into, if it fits there."""
    fits = z.ndim <= target.ndim and all(n in (1, m) for n, m in zip(z.shape[::-1], target.shape[::-1], strict=False))
    return broadcast_to(z, target.shape) if fits and isinstance(target, Node) and z.shape != target.shape else z


def _of_numbers(z: Any) -> Any:
    """An array of nodes and numbers as one node; one of other things as it is."""
    parts = list(z.flat) if isinstance(z, np.ndarray) else []
    kinds = [isinstance(x, (int, float, np.number)) or (isinstance(x, Node) and not x.ndim) for x in parts]
    return joined(z) if all(kinds) and any(isinstance(x, Node) for x in parts) else z


def _where(self: Node, ufunc: Any, inputs: Any, out: Any, where: Any, **settings: Any) -> Any:
    """``ufunc(..., out=a, where=mask)``: what is hidden is not computed, and stays as it is in ``a``."""
    if where is True:
        return array_ufunc(self, ufunc, "__call__", *inputs, out=out, **settings)
    if out is None or ufunc.nout > 1:
        problem = f"{called(ufunc)}: what where= hides has no value"
        raise GraphError(problem, got=users_line(), fix="out=np.zeros_like(x), or np.where(mask, z, 0)")

    def compute() -> Any:
        # In the place of what is hidden stands a number for which no op has an infinite slope or a warning.
        nodes = [*map(as_node, inputs)]
        shown = [choice.where(where, x, np.asarray(0.5 if x.dtype.kind == "f" else 1, x.dtype)) for x in nodes]
        return choice.where(where, array_ufunc(self, ufunc, "__call__", *shown, **settings), out[0])

    return written(called(ufunc), out[0], compute)


def array_function(self: Node, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Node.__array_function__: numpy calls it for ``function(*args, **kwargs)`` with a node among the arguments."""
    if len(args) > 2 and (place := place_of_out(function)) < len(args):
        args, kwargs = args[:place], named(function, place, args, kwargs)
    if kwargs.get("out") is not None:
        rest = {name: x for name, x in kwargs.items() if name != "out"}
        call = partial(array_function, self, function, types, args, rest)
        return written(called(function), kwargs["out"], call)
    op = FUNCTIONS.get(function)
    if op is None and _is_data([args, kwargs]):
        return now.recorder.data(function(*map_leaves(_number, args), **map_leaves(_number, kwargs)))
    if op is None and function in numpy_products.REFUSED:
        problem, fix = f"np.linalg.{function.__name__} is not supported on nodes", numpy_products.REFUSED[function]
        raise GraphError(problem, got=users_line(), fix=fix)
    if op is None:
        raise _unsupported(called(function), FUNCTIONS)
    if isinstance(op, Op) and (len(args) > _alike(function, op) or (kwargs and not kwargs.keys() <= op._known)):
        if function not in FULL:  # ``device=None`` means nothing to astype
            kwargs = {name: x for name, x in kwargs.items() if x is not None or name in op.settings}
        op = FULL.get(function, op)
    try:
        z = op(*args, **kwargs)
        recorder = None if isinstance(op, Op) else now.recorder
        return z if recorder is None else recorder.composed(z, function, (*args, *kwargs.values()))
    except UNFIT as error:
        return _again(self, function, types, args, kwargs, error, isinstance(op, Op))


def _is_data(arguments: Any) -> bool:
    """Whether numpy itself may answer: code that does not know of nodes has arrays of data, which are nodes here."""
    if now.recorder is None or not now.recorder.anywhere:
        return False
    nodes = [x for x in leaves(arguments) if isinstance(x, Node)]
    return not any(isinstance(x, Traced) or depends_on_parameter(x) for x in nodes)


def _number(x: Any) -> Any:
    return x.value if isinstance(x, Node) else x


def _again(self: Node, function: Any, types: Any, args: Any, kwargs: Any, error: Exception, is_op: bool) -> Any:
    """The call with arrays of nodes as nodes, if there are any; else the error, with the function's name."""
    parts = [joined(x) if isinstance(x, np.ndarray) else x for x in args]
    if all(part is x for part, x in zip(parts, args, strict=True)):
        _refused(error, called(function), args, kwargs, is_op)
    return array_function(self, function, types, parts, kwargs)


def _refused(error: Exception, name: str, args: Any, kwargs: Any, is_op: bool) -> NoReturn:
    """Raises the error as a `GraphError` that begins with numpy's name, or with the op's, where the call is one op."""
    refuse(error, name, args, kwargs)
    if isinstance(error, GraphError) and not is_op and not str(error).startswith(name):
        raise type(error)(f"{name}: {error}") from None
    raise error


@cache
def _alike(function: Any, op: Op) -> int:
    """How many arguments, from the first on, mean the same to numpy's function as to the op."""
    if op.arity < 0 or not op.settings:
        return op.arity
    pairs = zip([*signature(function).parameters][op.arity :], op.settings, strict=False)
    return op.arity + len([*takewhile(lambda names: names[0] == names[1], pairs)])


@refusing
def array(self: Node, dtype: Any = None, copy: Any = None) -> np.ndarray:
    """Node.__array__: numpy calls it to convert a node, or a list of nodes, to an array.

    A node that depends on no parameter becomes an array of numbers, any other one of nodes of one element, so that
    ``np.array(outputs)`` keeps the gradient, although it is slow. If numpy needs numbers (``a[t] = node``), it raises.
    """
    plain, traced = not depends_on_parameter(self), isinstance(self, Traced)
    if not plain or traced or (now.recorder is not None and self.dtype.kind == "f"):
        if not plain or traced:
            refuse_scipy(self)
        stand_in = factor(self, dtype, copy)
        if stand_in is not None:
            return stand_in
    if sys._getframe(2).f_code.co_name == "as_strided" and (not plain or self._record is not None):
        # It would read the memory of objects as numbers, and no write would come through it.
        fix = "np.lib.stride_tricks.sliding_window_view(x, n), or x[np.arange(4)[:, None] + np.arange(3)]"
        raise GraphError("np.lib.stride_tricks.as_strided is not supported on nodes", got=users_line(), fix=fix)
    asked_for = (dtype is not None and method_called(3) in CHANCES) or is_checked()  # chances, or what a test compares
    if (plain and not (traced and self.dtype.kind == "f")) or asked_for:
        return np.array(self.value, dtype=dtype)
    if dtype is not None and np.dtype(dtype) != object:
        problem = f"{self.label()} would be stored in a plain array and lose its gradient"
        ways = rebound.offer()
        fix = asked(f"x.value for numbers alone; np.stack joins a list of nodes; {ways}")
        fix = f"{fix}; {ways}" if fix.startswith("collect") else fix
        if np.dtype(dtype).kind in "biu":
            problem = f"{self.label()} would be stored in an array of whole numbers, without what comes after the point"
            fix = "make it of floats, np.zeros(n), np.full(n, 0.0), np.array([0.0, 1.0]); or x.value.astype(int)"
        if sys._getframe(2).f_code.co_name in ("_mean", "_var"):
            problem, fix = "numpy's mean of a list makes a plain number of a node", "np.mean(np.stack(nodes))"
        raise MutationError(problem, got=users_line(), fix=fix)
    if asking(users_place()[0]):
        raise MutationError(f"{self.label()} would lose its gradient", got=users_line(), fix=asked(""))
    if dtype is None and re.search(r"nditer\(|nested_iters\(", line := users_line()) and "refs_ok" not in line:
        fix = "for at in np.ndindex(x.shape): x[at]  # or x.flat, np.ndenumerate(x)"
        raise GraphError("np.nditer goes over numbers alone, not over nodes", got=line, fix=fix)
    if self.size > (LARGEST_TRACED if plain else LARGEST_LIST):
        problem = f"np.array of {self.label()} would make {self.size} nodes of one element"
        raise GraphError(problem, got=users_line(), fix="join a list of nodes with np.stack; omit np.asarray(node)")
    elements = np.empty(self.shape, dtype=object)
    for at in np.ndindex(self.shape):
        elements[at] = slicing.getitem(self, index=at)
    elements.flags.writeable = now.recorder is None or copy is True  # numpy's would be the array itself
    return elements


def written(who: str, target: Any, compute: Callable[[], Any]) -> Any:
    """``out=target``, where arrays may be written and ``target`` is one of them."""
    fix = "omit out= and use the result"
    if isinstance(target, np.ndarray) and target.dtype.hasobject:
        z = broadcast_to(compute(), target.shape)
        for at in np.ndindex(target.shape):
            target[at] = slicing.getitem(z, index=at)
        return target
    if type(target) is np.ndarray and now.recorder is not None and rebound.by_this_line(target):
        return rebound.instead_of(target, compute())
    if not isinstance(target, Node):
        if type(target) is np.ndarray and target.dtype.kind in "biu" and (z := as_node(compute())).dtype.kind in "biu":
            target[...] = z.value  # no gradient flows there
            return target
        problem = f"{who} would change a plain array in place (out= or an operator like +=), and lose the gradient"
        raise MutationError(problem, got=users_line(), fix=f"{fix}; {rebound.offer()}")
    return _recorder(f"{who} (out= or an operator like +=)", fix).written(who, target, compute)


def _recorder(who: str, fix: str) -> Any:
    if now.recorder is None:
        raise MutationError(f"{who} would change an array in place", got=users_line(), fix=f"{fix}; {OFFER}")
    return now.recorder


def _unsupported(name: str, table: dict[Any, Any]) -> GraphError:
    names = [called(function) for function in table]
    near = ", ".join(get_close_matches(name, names, 5, 0))
    expected = f"one of the names in docs/numpy.md; near are {near}"
    fix = asked(f"use these, tg's ops, or your own tg.Op; {name}(x.value) if no gradient is needed")
    return GraphError(f"{name} is not supported on nodes", expected=expected, got=users_line(), fix=fix)


def called(function: Any) -> str:
    """A function's name as one writes it: ``np.linalg.norm``."""
    name = function.__name__
    if getattr(np, name, None) is function:
        return f"np.{name}"
    module = str(getattr(function, "__module__", "") or "")
    return f"np{module[5:]}.{name}" if module.startswith("numpy") else f"{module}.{name}".lstrip(".")


for _word, _method in (("__array_ufunc__", array_ufunc), ("__array_function__", array_function), ("__array__", array)):
    setattr(Node, _word, _method)
