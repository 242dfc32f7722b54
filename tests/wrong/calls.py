"""One right call or more of every public callable of the engine: `tests.wrong.fuzz` makes wrong ones of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import tinygraph as tg
from tests.ops.contraction_cases import CASES as CONTRACTIONS
from tests.ops.elementwise_cases import CASES as ELEMENTWISE
from tests.ops.linalg_cases import CASES as MATRICES
from tests.ops.running_cases import CASES as RUNNING
from tests.ops.structure_cases import CASES as STRUCTURE
from tests.ops.test_every_op import ACTIVATIONS
from tinygraph.ops.numpy_speaks import FUNCTIONS, UFUNCS


@dataclass(frozen=True)
class Call:
    """A right call: ``make`` gives the function and new arguments each time."""

    name: str
    make: Callable[[], tuple[Callable[..., Any], list[Any]]]
    options: dict[str, Callable[[], Any]] = field(default_factory=dict)


def call(called: str, function: Any, /, *makers: Callable[[], Any], **options: Any) -> Call:
    settings = {k: v if callable(v) else (lambda v=v: v) for k, v in options.items()}
    return Call(called, lambda: (function, [make() for make in makers]), settings)


def x() -> Any:
    return tg.parameter(np.arange(6.0).reshape(2, 3) + 1, "x")


def w() -> Any:
    return tg.parameter(np.ones((3, 3)) / 2, "w")


def a() -> Any:
    return np.arange(6.0).reshape(2, 3)


def xs() -> Any:
    return np.arange(24.0).reshape(4, 2, 3) / 24


def f() -> Any:
    return lambda x: tg.sum(tg.tanh(x))


def cell() -> Any:
    return lambda x, h: (tg.tanh(x + h),) * 2


def loss() -> Any:
    return tg.sum(x() * 2.0)


def entering(context: Any) -> Any:
    """A function that enters a context and makes a node in it."""

    def call(*args: Any, **options: Any) -> Any:
        with context(*args, **options):
            return repr(tg.tanh(tg.constant(1.0)))

    return call


def of_ops() -> Iterator[Call]:
    """Two cases of each op, with arrays and with nodes."""
    seen: dict[str, int] = {}
    for case in [*ELEMENTWISE, *STRUCTURE, *RUNNING, *CONTRACTIONS, *MATRICES]:
        seen[case.name] = seen.get(case.name, 0) + 1
        if seen[case.name] > 2 or case.name == "split":
            continue
        function = getattr(tg.ops, case.name)
        options = {k: (lambda v=v: v) for k, v in case.attributes.items()}
        nodes = seen[case.name] == 1
        makers = [lambda v=v, nodes=nodes: tg.constant(v) if nodes else v.copy() for v in case.inputs]
        yield call(f"ops.{case.name}", function, *makers, **options)
    for name in ACTIVATIONS:
        yield call(name, getattr(tg, name), x)
    yield call("gelu", tg.gelu, x, approximate="tanh")
    yield call("elu", tg.elu, a, alpha=0.5)
    yield call("leaky_relu", tg.leaky_relu, a, negative_slope=0.5)
    yield call("hardtanh", tg.hardtanh, x, min_val=-2.0, max_val=0.5)
    yield call("split", tg.split, x, lambda: 3, axis=1)
    yield call("split", tg.split, a, lambda: [1, 2], axis=-1)
    yield call("linear_scan", tg.linear_scan, xs, xs, lambda: np.ones((2, 3)))
    yield call("linear_scan", tg.linear_scan, lambda: (xs(), xs()), lambda: (xs(), xs()), lambda: (0.5, 1.0))


METHODS: dict[str, tuple[Any, ...]] = {
    "sum": (1,),
    "mean": (0, True),
    "max": (1,),
    "min": (0,),
    "argmax": (1,),
    "reshape": (3, 2),
    "transpose": (1, 0),
    "swapaxes": (0, 1),
    "astype": ("float32",),
    "take": ([0, 1], 1),
    "clip": (0, 1),
    "dot": (np.ones((3, 2)),),
    "argpartition": (1,),
    "repeat": (2,),
    "searchsorted": None,
    "item": (0, 1),
    "__getitem__": ((0, slice(1, 3)),),
    "__pow__": (2,),
    "__rpow__": (2.0,),
    "__matmul__": (np.ones((3, 2)),),
    "__rmatmul__": (np.ones((4, 2)),),
    "backward": (np.ones((2, 3)),),
    "__format__": ("",),
    "__array__": ("f4",),
    "__setitem__": (0, 1.0),
    "__setattr__": ("name", "y"),
    "__init__": None,
    "__init_subclass__": None,
    "__new__": None,
    "__class__": None,
    "__subclasshook__": None,
    "__reduce__": None,
    "__reduce_ex__": None,
    "__getstate__": None,
    "__getattribute__": ("shape",),
    "__delattr__": None,
    "__array_ufunc__": None,
    "__array_function__": None,
    **{f"__{side}{word}__": None for word in ("and", "or", "xor", "invert") for side in ("", "r", "i")},
}
"""Arguments of a node's methods where one number is not right; None: not called by users."""
BINARY = [
    "add",
    "sub",
    "mul",
    "truediv",
    "mod",
    "floordiv",
    "divmod",
    "gt",
    "ge",
    "lt",
    "le",
    "eq",
    "ne",
    "iadd",
    "isub",
    "imul",
    "itruediv",
    "imod",
    "ifloordiv",
    "ipow",
    "imatmul",
]


def of_nodes() -> Iterator[Call]:
    binary = {f"__{side}{word}__" for word in BINARY for side in ("", "r")}
    for name in dir(tg.Node):
        if not callable(getattr(tg.Node, name)) or METHODS.get(name, ()) is None:
            continue
        arguments = METHODS.get(name, (2.0,) if name in binary else ())
        yield Call(f"Node.{name}", lambda n=name, v=arguments: (getattr(x(), n), list(v)))  # type: ignore[misc]
    for word in ("and", "rand", "or", "ror", "xor", "rxor"):
        yield call(f"Node.__{word}__", lambda m, other, n=word: getattr(m, f"__{n}__")(other), mask, lambda: X > 1)
    yield call("Node.__invert__", lambda m: ~m, mask)
    yield call("Node.searchsorted", lambda v: x()[0].searchsorted(v), lambda: 2.5)
    yield call("Node.value", lambda v: setattr(tg.constant(1.0), "value", v), lambda: 1.0)
    yield call("Parameter.value", lambda v: setattr(x(), "value", v), a)


X = np.arange(6.0).reshape(2, 3) + 1.0

NUMPY: dict[str, tuple[Any, ...]] = {
    "reshape": ((3, 2),),
    "expand_dims": (0,),
    "squeeze": (),
    "moveaxis": (0, 1),
    "dot": (np.ones((3, 2)),),
    "outer": (np.ones(3),),
    "full_like": (2.0,),
    "astype": ("f4",),
    "broadcast_to": ((4, 2, 3),),
    "clip": (0, 1),
    "matmul": (np.ones((3, 2)),),
    "split": (1,),
    "swapaxes": (0, 1),
    "take": ([0, 1],),
    "transpose": ((1, 0),),
    **dict.fromkeys(("inner", "vdot", "kron", "cross", "allclose", "isclose", "array_equal", "array_equiv"), (X,)),
    **dict.fromkeys(("isin", "digitize", "searchsorted"), (X[0],)),
    "tensordot": (X.T, 1),
    "argpartition": (1,),
    "append": (np.ones((1, 3)), 0),
    "array_split": (2,),
    "average": (1, np.ones(3)),
    "choose": None,
    "compress": None,
    "convolve": None,
    "delete": (1, 0),
    "diag": None,
    "diagflat": None,
    "diff": (1, 0),
    "dsplit": None,
    "extract": None,
    "hsplit": (3,),
    "insert": (1, 2.0, 0),
    "linspace": (2.0, 3),
    "pad": (1,),
    "repeat": (2, 0),
    "roll": (1, 0),
    "rollaxis": (1,),
    "rot90": (1, (0, 1)),
    "select": None,
    "sort": (0,),
    "take_along_axis": (np.zeros((2, 1), int), 1),
    "tile": ((2, 1),),
    "trace": (1, 0, 1),
    "tril": None,
    "triu": None,
    "vsplit": (2,),
}
"""More arguments of numpy's functions; None: called below."""
MASKED = ("bitwise_and", "bitwise_or", "bitwise_xor", "invert")
LISTS = ("concatenate", "stack", "einsum", "where")


def of_numpy() -> Iterator[Call]:
    """numpy's functions, called with a node first."""
    for function in [*UFUNCS, *FUNCTIONS]:
        name = function.__name__
        skipped = name in (*LISTS, *MASKED, "bincount", "multi_dot") or function.__module__ == "numpy.linalg"
        if skipped or NUMPY.get(name, ()) is None:
            continue
        more = NUMPY.get(name, (2.0,) * (getattr(function, "nin", 1) - 1))
        yield call(f"np.{name}", function, x, *(lambda v=v: v for v in more))
    yield call("np.concatenate", np.concatenate, lambda: [x(), a()], axis=0)
    yield call("np.stack", np.stack, lambda: [x(), a()], axis=1)
    yield call("np.einsum", np.einsum, lambda: "ij,jk->ik", x, w)
    yield call("np.where", np.where, lambda: a() > 2, x, a)
    yield call("np.bincount", np.bincount, lambda: tg.constant([0, 2, 2]))
    for name in MASKED:
        yield call(f"np.{name}", getattr(np, name), *[mask] * getattr(np, name).nin)
    for function in (np.diag, np.diagflat, np.tril, np.triu):  # a list of 20,000 would become a square
        yield call(f"np.{function.__name__}", lambda k=0, function=function: function(x(), k), lambda: 1)
    yield call("np.choose", np.choose, lambda: [[0, 1, 1]] * 2, lambda: [x(), a()])
    yield call("np.compress", np.compress, lambda: [True, False], x, axis=0)
    yield call("np.convolve", np.convolve, lambda: x()[0], lambda: [1.0, 2.0], mode="same")
    yield call("np.dsplit", np.dsplit, lambda: x()[None], lambda: [1, 2])
    yield call("np.extract", np.extract, lambda: a() > 2, x)
    yield call("np.select", np.select, lambda: [a() > 2, a() < 1], lambda: [x(), a()], default=1.0)
    yield call("np.gradient", np.gradient, x, lambda: 0.5, axis=1, edge_order=2)
    yield call("np.block", np.block, lambda: [[x(), a()], [np.ones((1, 6))]])
    yield call("np.hstack", np.hstack, lambda: [x(), a()], dtype="f4")
    yield call("np.sum", np.sum, x, axis=1, dtype="f4", keepdims=True, initial=1.0, where=lambda: a() > 2)
    yield call("np.std", np.std, x, axis=1, ddof=1, keepdims=True, where=lambda: a() > 0)


def of_linalg() -> Iterator[Call]:
    """np.linalg's functions of a square matrix."""
    for name in ("inv", "det", "slogdet", "cholesky", "norm", "matrix_rank"):
        yield call(f"np.{name}", getattr(np.linalg, name), square)
    yield call("np.solve", np.linalg.solve, square, lambda: X[:, 0])
    yield call("np.matrix_power", np.linalg.matrix_power, square, lambda: -2)
    yield call("np.multi_dot", np.linalg.multi_dot, lambda: [square(), x(), w()])


def mask() -> Any:
    return x() > 2


def square() -> tg.Node:
    return tg.parameter([[2.0, 0.5], [0.5, 3.0]])


def of_more_numpy() -> Iterator[Call]:
    for function in (np.linalg.norm, np.array, np.asarray, np.isfinite, np.all):
        yield call(f"np.{function.__name__}", function, x)
    for function in (np.arctan2, np.array_equal, np.allclose, np.cross):
        yield call(f"np.{function.__name__}", function, x, x)
    yield call("np.add.reduce", np.add.reduce, x, axis=0)
    yield call("np.add", np.add, x, a, dtype="f4")


def of_engine() -> Iterator[Call]:
    yield call("parameter", tg.parameter, a, name="p")
    yield call("constant", tg.constant, lambda: [1, 2], name="c")
    yield call("grad", lambda y, *v, **k: tg.grad(y, *v, **k), loss, x, gy=1.0, strict=False)
    yield Call("grad", lambda: (tg.grad, [(y := tg.tanh(v := x())), [v, y]]), {"gy": a})
    yield call("value_and_grad", lambda fn, v: tg.value_and_grad(fn, v)(v), f, x)
    yield call("vjp", tg.vjp, f, a)
    yield call("vjp.pull", lambda g: tg.vjp(tg.tanh, a())[1](g), a)
    yield call("jvp", tg.jvp, f, lambda: (a(),), lambda: (a(),))
    yield call("hvp", tg.hvp, f, lambda: (a(),), lambda: (a(),))
    yield call("zero_grad", tg.zero_grad, lambda: [x(), {"w": w()}])
    yield call("step", entering(tg.step), lambda: 3)
    yield call("scope", entering(tg.scope), lambda: "layer")
    yield call("nonfinite", entering(tg.nonfinite), lambda: "raise")
    yield call("noise", tg.noise, lambda: np.zeros, lambda: (2, 3), dtype="f4", once=False)
    options = {"lengths": [4, 2], "reverse": True, "truncate": 2, "window": "sliding", "zero_output": False, "axis": 0}
    yield call("unroll", tg.unroll, cell, xs, lambda: np.zeros((2, 3)), **options)
    masked = {"mask": lambda: np.ones((4, 2), bool), "feedback": lambda: lambda y: y, "state": lambda: np.zeros((2, 3))}
    yield call("unroll", tg.unroll, cell, xs, **masked)
    yield call("unroll", tg.unroll, lambda: tg.cells.GRU(3, 4, rng=0), xs)
    yield call("Feedback", tg.Feedback, lambda: lambda y: y, teacher=0.5, rng=0)
    yield call("Op", lambda *v: type("Own", (tg.Op,), {"forward": lambda self, x, k=1: x * k})()(*v), x, lambda: 2)
    for error in ("GraphError", "MutationError", "NonFiniteError"):
        yield call(error, getattr(tg, error), lambda: "problem", expected="a", got="b", fix="c")


def of_compiled() -> Iterator[Call]:
    def compiled(*args: Any, **options: Any) -> Any:
        return tg.compile(lambda x, y=1.0: tg.sum(x * y), "numpy")(*args, **options)

    def after(name: str) -> Callable[..., Any]:
        step = tg.compile(lambda x: tg.tanh(x), "numpy")
        step(a())
        return lambda *args, **options: getattr(step, name)(*args, **options)

    yield call("compile", tg.compile, f, lambda: "numpy", memory="keep")
    yield call("compile", lambda fn, v: tg.compile(fn, "numpy")(v), f, a)
    yield call("Compiled", compiled, a, y=2.0)
    yield call("Compiled", compiled, lambda: tg.constant(a()), y=a)
    yield call("Compiled.graph", after("graph"), lambda: "after")
    yield call("summary", tg.summary, loss)


ENGINE = [*of_ops(), *of_nodes(), *of_numpy(), *of_linalg(), *of_more_numpy(), *of_engine(), *of_compiled()]
