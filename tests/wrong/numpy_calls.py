"""One right call or more of every numpy function that nodes take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.ops.numpy_speaks import FUNCTIONS, UFUNCS

from .right import Call, X, a, call, mask, square, w, x

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
    "bincount": None,
    "copyto": None,  # those that write are refused on nodes outside of a recording
    "fill_diagonal": None,
    "put_along_axis": None,
    "putmask": None,
    "put": None,
    "place": None,
    "quantile": (0.3, 1),
    "percentile": (30, 1),
    "partition": (1,),
    "apply_along_axis": None,
    "apply_over_axes": None,
    "sliding_window_view": (2, 1),
    "correlate": None,
    "piecewise": None,
    "interp": ([0.0, 1.0], [1.0, 3.0]),
    "polyval": None,
    "vander": None,
    "resize": ((2, 2),),
    "cumulative_sum": None,
    "cumulative_prod": None,
    **dict.fromkeys(("tril_indices_from", "triu_indices_from", "diag_indices_from"), None),
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


def written(function: Any) -> Any:
    """The function on a node that may be written."""
    return lambda target, *v, **k: tg.recorded(lambda: function(target * 1.0, *v, **k))()


def of_numpy() -> Iterator[Call]:
    """numpy's functions, called with a node first."""
    for function in [*UFUNCS, *FUNCTIONS]:
        name = function.__name__
        if name in (*LISTS, *MASKED) or NUMPY.get(name, ()) is None or function.__module__ == "numpy.linalg":
            continue
        more = NUMPY.get(name, (2.0,) * (getattr(function, "nin", 1) - 1))
        yield call(f"np.{name}", function, x, *(lambda v=v: v for v in more))
    yield call("np.concatenate", np.concatenate, lambda: [x(), a()], axis=0)
    yield call("np.stack", np.stack, lambda: [x(), a()], axis=1)
    yield call("np.einsum", np.einsum, lambda: "ij,jk->ik", x, w)
    yield call("np.where", np.where, lambda: a() > 2, x, a)
    yield call("np.copyto", written(np.copyto), x, a)
    yield call("np.putmask", written(np.putmask), x, lambda: a() > 2, lambda: 1.5)
    yield call("np.fill_diagonal", written(np.fill_diagonal), x, lambda: 1.5)
    yield call(
        "np.put_along_axis", written(np.put_along_axis), x, lambda: np.zeros((2, 1), int), lambda: 1.5, lambda: 1
    )
    yield call("np.put", written(np.put), x, lambda: [0, 2], lambda: [1.5, 2.5])
    yield call("np.place", written(np.place), x, lambda: a() > 2, lambda: [1.5])
    yield call("np.bincount", np.bincount, lambda: tg.constant([0, 2, 2]))
    for name in MASKED:
        yield call(f"np.{name}", getattr(np, name), *[mask] * getattr(np, name).nin)
    for function in (np.diag, np.diagflat, np.tril, np.triu):  # a list of 20,000 would become a square
        yield call(f"np.{function.__name__}", lambda k=0, function=function: function(x(), k), lambda: 1)
    yield from of_pieces()
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
    for function in (np.linalg.norm, np.array, np.asarray, np.isfinite, np.all):
        yield call(f"np.{function.__name__}", function, x)
    for function in (np.arctan2, np.array_equal, np.allclose, np.cross):
        yield call(f"np.{function.__name__}", function, x, x)
    yield call("np.add.reduce", np.add.reduce, x, axis=0)
    yield call("np.add", np.add, x, a, dtype="f4")


def of_pieces() -> Iterator[Call]:
    """Functions of rows, windows and columns."""
    yield call("np.apply_along_axis", np.apply_along_axis, lambda: np.sum, lambda: 1, x)
    yield call("np.apply_over_axes", np.apply_over_axes, lambda: np.sum, x, lambda: [0, 1])
    yield call("np.correlate", np.correlate, lambda: x()[0], lambda: [1.0, 2.0], mode="same")
    yield call("np.piecewise", np.piecewise, x, lambda: [a() > 2], lambda: [1.0, 2.0])
    yield call("np.polyval", np.polyval, lambda: [1.0, 2.0], x)
    yield call("np.vander", np.vander, lambda: x()[0], lambda: 3, increasing=True)
    for function in (np.cumulative_sum, np.cumulative_prod):
        yield call(f"np.{function.__name__}", function, x, axis=1, include_initial=True)
    for function in (np.tril_indices_from, np.triu_indices_from, np.diag_indices_from):
        yield call(f"np.{function.__name__}", function, square)


def of_linalg() -> Iterator[Call]:
    """np.linalg's functions of a square matrix."""
    for name in ("inv", "det", "slogdet", "cholesky", "norm", "matrix_rank", "vector_norm", "matrix_norm"):
        yield call(f"np.{name}", getattr(np.linalg, name), square)
    yield call("np.solve", np.linalg.solve, square, lambda: X[:, 0])
    yield call("np.matrix_power", np.linalg.matrix_power, square, lambda: -2)
    yield call("np.multi_dot", np.linalg.multi_dot, lambda: [square(), x(), w()])


NUMPYS = [*of_numpy(), *of_linalg()]
