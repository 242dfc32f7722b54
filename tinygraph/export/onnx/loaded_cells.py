"""A recurrent node of an ONNX file as our cell: its attributes as options, its W, R, B and P in PyTorch's order."""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from ...cells import GRU, LSTM, RNN
from ...ops import clip, maximum, minimum, tanh
from .native import ACTIVATIONS, ORDERS
from .reading import settings

if TYPE_CHECKING:
    from .loading import Loading

CELLS: dict[str, Any] = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
USUAL = {"RNN": ["Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}
WORDS = {
    "RNN": ["nonlinearity"],
    "LSTM": ["gate_nonlinearity", "nonlinearity", "output_nonlinearity"],
    "GRU": ["gate_nonlinearity", "nonlinearity"],
}
"""Our options for the node's activations, in their order."""

NUMBERS: dict[str, tuple[float | None, float | None]] = {
    "Affine": (1.0, 0.0),
    "Elu": (1.0, None),
    "HardSigmoid": (0.2, 0.5),
    "LeakyRelu": (0.01, None),
    "ScaledTanh": (nan, nan),
}
"""ONNX's alpha and beta of activations that have them, where none are told; NaN where they have to be."""

MADE: dict[str, Callable[[float, float], Callable[[Any], Any]]] = {
    "Affine": lambda a, b: lambda x: x * a + b,
    "HardSigmoid": lambda a, b: lambda x: clip(x * a + b, 0, 1),
    "LeakyRelu": lambda a, b: lambda x: maximum(x, 0.0) + a * minimum(x, 0.0),
    "ScaledTanh": lambda a, b: lambda x: a * tanh(b * x),
}
"""Activations with numbers that none of ours has by name."""


def cells_of(loading: Loading, node: Any) -> list[Any]:
    """The cells of a node, two if it goes in both directions."""
    told = settings(node)
    count = 2 if told.get("direction") == "bidirectional" else 1
    arrays = [loading.array(node, name) if name else None for name in node.input[1:4]]
    arrays += [None] * (3 - len(arrays)) + [None]
    if node.op_type == "LSTM" and len(node.input) > 7 and node.input[7]:
        arrays[3] = loading.array(node, node.input[7])
    _check(loading, node, told, arrays)
    return [_cell(loading, node, told, [None if a is None else a[k] for a in arrays], k) for k in range(count)]


def _check(loading: Loading, node: Any, told: dict[str, Any], arrays: list[ndarray | None]) -> None:
    """Refuses a node whose attributes and arrays do not fit each other, which no runtime would run."""
    W, R, *_ = arrays
    if told.get("direction", "forward") not in ("forward", "reverse", "bidirectional"):
        raise loading.refused(node, f"it has no such direction: {told['direction']}")
    if W is None or R is None or W.ndim != 3 or R.ndim != 3:
        raise loading.refused(node, "its weights W and R do not have three axes")
    count, H, gates = 1 + (told.get("direction") == "bidirectional"), R.shape[2], len(ORDERS[CELLS[node.op_type]])
    shapes = [(count, gates * H, W.shape[2]), (count, gates * H, H), (count, 2 * gates * H), (count, 3 * H)]
    if told.get("hidden_size", H) != H:
        raise loading.refused(node, f"its weights are of hidden size {H}, and hidden_size is {told['hidden_size']}")
    for name, array, shape in zip("WRBP", arrays, shapes, strict=True):
        if array is not None and (array.shape != shape or array.dtype != W.dtype):
            text = f"{array.dtype} {array.shape} in place of {W.dtype} {shape}"
            raise loading.refused(node, f"its {name} is {text}")
    usual = count * len(USUAL[node.op_type])
    if len(told.get("activations", [])) not in (0, usual):
        raise loading.refused(node, f"it has {len(told['activations'])} activations in place of {usual}")


def _cell(loading: Loading, node: Any, told: dict[str, Any], arrays: list[ndarray | None], place: int) -> Any:
    """The cell of the direction number ``place``."""
    kind = CELLS[node.op_type]
    W, R, B, P = arrays
    assert W is not None and R is not None
    options = _options(loading, node, told, place)
    if P is not None:
        options["peepholes"] = True
    cell = kind(W.shape[1], R.shape[1], B is not None, dtype=W.dtype, rng=0, **options)
    letters, own = ORDERS[kind], "h" if kind is RNN else "".join(cell.ih)
    state = {"weight_ih": _ordered(W, letters, own), "weight_hh": _ordered(R, letters, own)}
    if B is not None:
        halves = [_ordered(b, letters, own) for b in np.split(B, 2)]
        state |= {"bias_ih": halves[0], "bias_hh": halves[1]}
    if P is not None:
        state["weight_ph"] = _ordered(P, "iof", own.replace("g", ""))
    cell.load_state_dict(state)
    return cell


def _ordered(array: ndarray, there: str, wanted: str) -> ndarray:
    """The blocks of an array in another order of the gates."""
    blocks = np.split(array, len(there))
    return np.concatenate([blocks[there.index(letter)] for letter in wanted])


def _options(loading: Loading, node: Any, told: dict[str, Any], place: int) -> dict[str, Any]:
    known = {"activations", "activation_alpha", "activation_beta", "clip", "direction", "hidden_size", "input_forget"}
    strange = told.keys() - known - {"layout", "linear_before_reset", "output_sequence"}
    if strange:
        raise loading.refused(node, f"it has attributes that are not known: {', '.join(sorted(strange))}")
    options: dict[str, Any] = {"clip": told["clip"] or None} if "clip" in told else {}
    if node.op_type == "GRU":
        options["reset_after"] = bool(told.get("linear_before_reset", 0))
    if told.get("input_forget"):
        options["coupled"] = True
    functions = _activations(loading, node, told)
    count = len(USUAL[node.op_type])
    return options | dict(zip(WORDS[node.op_type], functions[place * count : (place + 1) * count], strict=True))


def _activations(loading: Loading, node: Any, told: dict[str, Any]) -> list[Any]:
    """Our activations for those of all directions."""
    count = 2 if told.get("direction") == "bidirectional" else 1
    names = [x.decode() if isinstance(x, bytes) else x for x in told.get("activations", [])]
    names = names or USUAL[node.op_type] * count
    alphas, betas = (iter(told.get(f"activation_{k}", [])) for k in ("alpha", "beta"))
    functions = []
    for name in names:
        a, b = NUMBERS.get(name, (None, None))
        a = a if a is None else float(next(alphas, a))
        b = b if b is None else float(next(betas, b))
        functions.append(_function(loading, node, name, a, b))
    return functions


def _function(loading: Loading, node: Any, name: str, a: float | None, b: float | None) -> Any:
    for ours, (kind, alpha, beta) in ACTIVATIONS.items():
        if kind == name and _near(a, alpha) and _near(b, beta):
            return ours
    if name not in MADE or a != a or b != b:
        raise loading.refused(node, f"its activation {name} is not known")
    return MADE[name](1.0 if a is None else a, 0.0 if b is None else b)


def _near(a: float | None, b: float | None) -> bool:
    return a is b if a is None or b is None else abs(a - b) < 1e-6
