"""Operators and array methods of nodes: ``+ - * / ** @ []``, comparisons, ``.T``, ``.sum()`` and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.checks import unmasked
from ..core.errors import GraphError, MutationError, PlaceError, asked, refusing, users_line
from ..core.leaves import node_of
from ..core.node import Node
from ..core.percent import is_shown
from ..core.scope import now
from . import arithmetic, choice, exponential, numpy_functions, product, questions, reduction, rounding, shape
from .call_site import CHANCES, method_called
from .lookup import ARRAY, pick, take
from .slicing import getitem


def index(x: Node, key: Any) -> Node:
    """``x[key]`` with ints, slices, None, ``...``, and arrays of integers or booleans."""
    if type(key) is int and x._record is None:
        return getitem(x, index=(key,))
    if isinstance(key, (np.ndarray, Node)) and key.dtype.kind in "iu" and x.shape:
        return take(x, key, axis=0)
    row = None if x._record is None or now.recorder is None else now.recorder.row(x, key)
    if row is not None:
        return row
    at = basic(key)
    if at is not None:
        return getitem(x, index=at)
    template, arrays = parts(x, key)
    if template == (ARRAY,):
        return take(x, arrays[0], axis=0)
    return pick(x, *arrays, index=template)


def basic(key: Any) -> tuple[Any, ...] | None:
    """The key as a tuple, if it holds nothing but ints, slices, None and ``...``; else None."""
    keys = key if isinstance(key, tuple) else (key,)
    if _BASIC.issuperset(map(type, keys)) or all(map(_is_basic, keys)):
        return tuple([_settled(k) if type(k) is slice else k for k in keys])
    return None


def parts(x: Node, key: Any) -> tuple[tuple[Any, ...], list[Any]]:
    """The key as an index with `ARRAY` in place of each array, and the arrays, a mask as the integers that it means."""
    keys = key if isinstance(key, tuple) else (key,)
    keys = tuple([(_settled(k) if type(k) is slice else k) if _is_basic(k) else _index_array(x, k) for k in keys])
    _check_index(x, keys)
    template: list[Any] = []
    arrays: list[Any] = []
    for k in keys:
        some = [] if _is_basic(k) else _integers(k)
        arrays += some
        template += [ARRAY] * len(some) or [k]
    return tuple(template), arrays


_BASIC = {int, slice, type(None), type(...)}


def _settled(key: slice) -> slice:
    """The slice with a bound that is an array, a counter that its owner may increase later, as the number it is now."""
    bounds = key.start, key.stop, key.step
    if np.ndarray in map(type, bounds):
        return slice(*(int(i) if isinstance(i, np.ndarray) else i for i in bounds))
    return key


def _is_basic(k: Any) -> bool:
    return isinstance(k, (int, slice, type(None), type(...), np.integer)) and not isinstance(k, bool)


def _index_array(x: Node, key: Any) -> Any:
    """An index array, as it is or from a sequence."""
    empty = isinstance(key, (list, tuple)) and not key
    array = unmasked(key)
    if not isinstance(key, (Node, np.ndarray)):
        array = node_of(np.zeros(0, int) if empty else key).value
    if array.dtype.kind not in "iub" or (array.dtype.kind == "b" and not array.ndim):
        problem, expected = f"getitem of {x.label()}: invalid index array", "an array of integers or booleans"
        fix = "x[None] for a new axis, or tg.where" if array.dtype.kind == "b" else ""
        raise PlaceError(problem, expected=expected, got=f"{array.dtype} {array.shape}", fix=fix)
    return array


def _check_index(x: Node, keys: tuple[Any, ...]) -> None:
    """Raises for too many indices, and for a boolean mask of another shape than the axes that it selects from."""
    spans = [0 if k is None or k is ... else 1 if _is_basic(k) or k.dtype.kind != "b" else k.ndim for k in keys]
    if sum(spans) > x.ndim:
        problem, expected = f"getitem of {x.label()}: too many indices", f"at most {x.ndim}, for shape {x.shape}"
        raise PlaceError(problem, expected=expected, got=str(sum(spans)))
    axis = 0
    for k, span in zip(keys, spans, strict=True):
        if k is ...:
            axis = x.ndim - sum(spans) + axis
        elif not _is_basic(k) and k.dtype.kind == "b" and k.shape != x.shape[axis : axis + span]:
            problem, expected = f"getitem of {x.label()}: a mask has the wrong shape", str(x.shape[axis : axis + span])
            raise PlaceError(problem, expected=expected, got=str(k.shape), fix="make the mask from x, as in x[x > 0]")
        axis += span


def _integers(array: Any) -> list[Any]:
    """An index array as integer arrays; a boolean mask becomes the indices where it is True."""
    if array.dtype.kind == "b":
        return [*np.nonzero(array.value if isinstance(array, Node) else array)]
    return [array]


def _to_float(self: Node) -> float:
    if depends_on_parameter(self) and not is_shown() and method_called(2) not in CHANCES:
        problem = f"float() of {self.label()} would lose its gradient"
        fix = asked("x.item() for the number; np.exp(x) for math.exp(x); np.stack(list) for array[i] = x")
        raise MutationError(problem, got=users_line(), fix=fix)
    return float(self.value)


def _to_int(self: Node) -> int:
    # `"%d" % x` puts its own words in the place of a TypeError, so this is none. Code that does not know of nodes
    # means the number, which changes in steps alone.
    told = now.recorder is not None and now.recorder.anywhere
    if not told and depends_on_parameter(self) and not is_shown():
        problem, fix = f"int() of {self.label()} would lose its gradient", "int(x.item())  # a number"
        raise GraphError(problem, got=users_line(), fix=fix)
    return int(self.item())


def _length(self: Node) -> int:
    if not self.shape:
        raise MutationError(f"{self.label()} holds one number and has no length")  # a TypeError, too
    if self.ndim > 1 and method_called(2) == "shuffle":  # numpy's exchanges rows by way of views, which show the writes
        problem = f"shuffling {self.label()} in place would lose some of its rows"
        raise MutationError(problem, got=users_line(), fix="x = x[rng.permutation(len(x))]")
    return self.shape[0]


def depends_on_parameter(node: Node) -> bool:
    """Whether a gradient flows from ``node`` to a parameter."""
    visited, stack = {node}, [node]
    while stack:
        x = stack.pop()
        if x.kind == "parameter":
            return True
        if x.op is not None and x.op.differentiable:
            stack += [i for i in x.inputs if i not in visited]
            visited.update(x.inputs)
    return False


def _to_the_power(self: Node, p: Any) -> Node:
    if type(p) is int and p == 2 and self.dtype.kind == "b":
        p = np.int8(2)  # numpy's ``x ** 2`` is np.square(x), int8 for booleans; np.power(x, 2) is int64
    return arithmetic.power(self, p)


_UNSUPPORTED = {
    "lshift": ("<<", "x * 2**n"),
    "rshift": (">>", "x // 2**n"),
    "trunc": ("math.trunc", "tg.trunc(x), or int(x.item()) for the number"),
}
"""Maps the words of Python's operators that nodes lack to their sign, and what to write in their place."""


def _unsupported(sign: str, fix: str) -> Callable[..., Any]:
    def refuse(self: Node, *args: Any) -> Any:
        raise GraphError(f"{sign} of {self.label()} is not supported on nodes", got=users_line(), fix=fix)

    return refuse


def _operator(op: Any) -> Callable[[Node, Any], Node]:
    call = op.__call__  # bound once: otherwise Python looks up __call__ at each call

    def operator(self: Node, other: Any) -> Node:
        try:
            return call(self, other)
        except GraphError:
            if isinstance(other, np.ndarray) and other.dtype.hasobject:
                return call(self, numpy_functions.joined(other))
            raise

    return operator


SIGNS: dict[str, tuple[str, Any]] = {
    "+": ("add", arithmetic.add),
    "-": ("sub", arithmetic.subtract),
    "*": ("mul", arithmetic.multiply),
    "/": ("truediv", arithmetic.divide),
    "**": ("pow", arithmetic.power),
    "@": ("matmul", product.matmul),
    "&": ("and", questions.MASKS["&"]),
    "|": ("or", questions.MASKS["|"]),
    "^": ("xor", questions.MASKS["^"]),
    "%": ("mod", rounding.remainder),
    "//": ("floordiv", rounding.floor_divide),
}
"""Maps the sign of an operator to Python's word for it and its op."""


def _install() -> None:
    for word, op in SIGNS.values():
        setattr(Node, f"__{word}__", _operator(op))
        setattr(Node, f"__r{word}__", (lambda call: lambda self, other: call(other, self))(op))
    Node.__pow__ = _to_the_power  # type: ignore[method-assign]
    for word, (sign, fix) in _UNSUPPORTED.items():
        for side in ("", "r") if word != "trunc" else ("",):
            setattr(Node, f"__{side}{word}__", _unsupported(sign, fix))
    relations = {"gt": choice.greater, "ge": choice.greater_equal, "lt": choice.less, "le": choice.less_equal}
    relations |= {"eq": choice.equal, "ne": choice.not_equal}
    for word, op in relations.items():
        setattr(Node, f"__{word}__", _operator(op))
    _install_methods()


def _reshape(self: Node, *sizes: Any, order: Any = "C", copy: Any = None) -> Node:
    if not sizes:
        raise GraphError(f"reshape of {self.label()}: a shape is needed", fix="x.reshape(-1), for example")
    sizes = sizes[0] if len(sizes) == 1 else sizes
    if copy is None and type(order) is str and order == "C":
        return shape.reshape(self, shape=sizes)
    if not isinstance(copy, (bool, np.bool_, type(None))):
        raise GraphError("x.reshape: copy is no truth value", expected="True, False or None", got=copy)
    return numpy_functions.reshape(self, sizes, order, copy=copy)


def _reducing(op: Any, function: Any) -> Callable[..., Node]:
    function = refusing(function)

    def method(self: Node, *args: Any, **settings: Any) -> Node:
        if (len(args) > 1 and [*map(type, args[1:])] != [bool]) or (settings and not settings.keys() <= op._known):
            z: Node = function(self, *args, **settings)  # numpy has dtype in the second place, and more settings
            return z
        return op(self, *args, **settings)

    return method


def _transpose(self: Node, *axes: Any) -> Node:
    return shape.transpose(self, axes=axes[0] if len(axes) == 1 else axes or None)


_BY_METHOD = (
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "arcsinh", "arccosh", "arctanh"),
    *("exp2", "expm1", "log1p", "log2", "log10", "rint", "fabs", "hypot", "fmod"),
    *("deg2rad", "rad2deg", "radians", "degrees"),
)
"""Ufuncs of which numpy calls the method, element by element, for an array of nodes."""


def _by_numpy(ufunc: Any) -> Callable[..., Node]:
    return (lambda self: ufunc(self)) if ufunc.nin == 1 else (lambda self, other: ufunc(self, other))


def _install_methods() -> None:
    methods = {
        "swapaxes": shape.swapaxes,
        "take": take,
        "exp": exponential.exp,
        "log": exponential.log,
        "sqrt": exponential.sqrt,
        "tanh": exponential.tanh,
    }
    for word, op in methods.items():
        setattr(Node, word, (lambda call: lambda self, *args, **settings: call(self, *args, **settings))(op))
    for op in (reduction.sum, reduction.mean, reduction.largest, reduction.smallest):
        setattr(Node, op.name, _reducing(op, getattr(np, op.name)))
    others: dict[str, Any] = {
        **{word: _by_numpy(getattr(np, word)) for word in _BY_METHOD},
        "__getitem__": index,
        "__neg__": lambda self: arithmetic.negative(self),
        "__pos__": numpy_functions.positive,
        "__invert__": lambda self: questions.MASKS["~"](self),
        "__abs__": lambda self: choice.abs(self),
        "__divmod__": lambda self, other: numpy_functions.divmod(self, other),
        "__rdivmod__": lambda self, other: numpy_functions.divmod(other, self),
        "__round__": lambda self, decimals=None: rounding.round(self, decimals=0 if decimals is None else decimals),
        "__len__": _length,
        "__float__": _to_float,
        "__int__": _to_int,
        "reshape": _reshape,
        "transpose": _transpose,
        "T": property(shape.transpose),
        "ravel": lambda self, order="C": _reshape(self, -1, order=order),
        "flatten": lambda self, order="C": numpy_functions.copied(_reshape(self, -1, order=order)),
        "copy": lambda self, order="C": numpy_functions.copied(self, order),
        **dict.fromkeys(("conj", "conjugate"), lambda self: self),
        "real": property(lambda self: self),
    }
    for word, method in others.items():
        setattr(Node, word, method)


_install()
