"""One right call or more of every public callable of the engine: `tests.wrong.fuzz` makes wrong ones of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import tinygraph as tg
from tests.ops.contraction_cases import CASES as CONTRACTIONS
from tests.ops.elementwise_cases import CASES as ELEMENTWISE
from tests.ops.linalg_cases import CASES as MATRICES
from tests.ops.running_cases import CASES as RUNNING
from tests.ops.structure_cases import CASES as STRUCTURE
from tests.ops.test_every_op import ACTIVATIONS
from tests.ops.writing_cases import CASES as WRITING

from .right import Call, X, a, call, cell, entering, f, loss, mask, w, x, xs


def of_ops() -> Iterator[Call]:
    """Two cases of each op, with arrays and with nodes."""
    seen: dict[str, int] = {}
    for case in [*ELEMENTWISE, *STRUCTURE, *RUNNING, *CONTRACTIONS, *MATRICES, *WRITING]:
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
    again = {"reset": lambda: np.ones((4, 2), bool), "reset_to": lambda: np.zeros((2, 3)), "lengths": [4, 2]}
    yield call("unroll", tg.unroll, cell, xs, **again)
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
    yield call("recorded", lambda fn, v: tg.recorded(fn)(v), f, a)


ENGINE = [*of_ops(), *of_nodes(), *of_engine(), *of_compiled()]
