"""Loops over an RNN, LSTM or GRU as ONNX's own nodes, where cell and options are what these compute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...cells import GRU, LSTM, RNN
from ...cells.base.activations import NAMED
from ...core.node import Node
from ...loops.loop import Body
from ...ops import less
from .shapes import squeezed, unsqueezed
from .wires import Wire

if TYPE_CHECKING:
    from .translation import Translation

ORDERS = {RNN: "h", LSTM: "iofg", GRU: "zrn"}
"""ONNX's order of the gates, in our letters."""

ACTIVATIONS: dict[str, tuple[str, float | None, float | None]] = {
    "tanh": ("Tanh", None, None),
    "relu": ("Relu", None, None),
    "sigmoid": ("Sigmoid", None, None),
    "hard_sigmoid": ("HardSigmoid", 1 / 6, 0.5),
    "elu": ("Elu", 1.0, None),
    "leaky_relu": ("LeakyRelu", 0.01, None),
    "softplus": ("Softplus", None, None),
    "softsign": ("Softsign", None, None),
}
"""Maps our names of activations to ONNX's, with alpha and beta."""


def written(to: Translation, node: Node, selections: Sequence[Node], cell: Any, drive: Any) -> list[Wire]:
    """The values of the nodes that select from a loop that `matches`."""
    x, *states = read(node, cell, drive)[: 1 + cell.states]
    batched = x.ndim == 3
    outputs = _node(to, cell, drive, _batched(to.value(x), batched, 1), [_state(to.value(s), batched) for s in states])
    return [_selected(to, outputs, s, batched) for s in selections]


def matches(node: Node, selections: Sequence[Node], cell: Any, drive: Any) -> bool:
    """Whether a node of ONNX's own computes what is selected from a loop.

    Args:
        node: the loop.
        cell, drive: what it was traced of.
    """
    body: Body = node._attributes["body"]
    if not _is_native(cell, drive, node._inputs[0].dtype) or len(body.carries) != cell.states:
        return False
    output = body.nexts[0]
    if drive.real is not None:
        output = output._inputs[1]  # where(real, new, old)
    return all(isinstance(s._attributes["of"], int) or s._attributes["of"] is output for s in selections)


def read(node: Node, cell: Any, drive: Any) -> list[Node]:
    """What the node reads: inputs, states, and the lengths, if there are any."""
    start = len(node._attributes["body"].slices)
    states = node._inputs[start : start + cell.states]
    return [node._inputs[0], *states, *([drive.lengths] if drive.real is not None else [])]


def _is_native(cell: Any, drive: Any, dtype: np.dtype) -> bool:
    """Whether ONNX has a node for what the driver does with the cell."""
    if type(cell) not in ORDERS or dtype != np.float32 or drive.resets is not None or drive.window != "chunk":
        return False
    if drive.real is not None and not (drive.lengths is not None and _of_lengths(drive)):
        return False
    return not getattr(cell, "proj_size", 0) and all(a is not None for a in _activations(cell))


def _of_lengths(drive: Any) -> bool:
    """Whether the steps that are real are those within the lengths, and no mask takes others away."""
    real = drive.real
    return real._op is less and real._inputs[1] is drive.lengths


def _activations(cell: Any) -> list[tuple[str, float | None, float | None] | None]:
    """ONNX's activations of the cell; None in place of one that it has not."""
    gate, h = getattr(cell, "gate_nonlinearity", None), cell.nonlinearity
    functions = [h] if gate is None else [gate, h, cell.output_nonlinearity] if type(cell) is LSTM else [gate, h]
    names = [next((name for name, known in NAMED.items() if known is f), "") for f in functions]
    return [ACTIVATIONS.get(name) for name in names]


def _batched(x: Wire, batched: bool, axis: int) -> Wire:
    return x if batched else unsqueezed(x.writer, x, [axis])


def _state(x: Wire, batched: bool) -> Wire:
    """(1, B, H) of a state (B, H) or (H,)."""
    return unsqueezed(x.writer, x, [0] if batched else [0, 1])


def _node(to: Translation, cell: Any, drive: Any, x: Wire, states: list[Wire]) -> list[str]:
    """Writes the node; returns the names of its outputs."""
    w, kind = to.writer, type(cell).__name__
    name = w.name(f"{w.prefix}{kind}")
    arrays = packed(cell)
    weights = {part: w.initializer(f"{name}.{part}", array) for part, array in arrays.items()}
    lengths = ""
    if drive.real is not None:
        known = to.value(drive.lengths)
        lengths = _batched(known.to(np.int32), drive.lengths.ndim > 0, 0).name
    inputs: list[str | Wire] = [x, weights["W"], weights["R"], weights.get("B", ""), lengths, *states]
    if "P" in weights:
        inputs.append(weights["P"])
    to.natives.append((name, cell))
    outputs: list[str] = w.write(
        kind, *inputs, outputs=1 + cell.states, word=name.removeprefix(w.prefix), **settings_of(cell, drive.reverse)
    )
    return outputs


def settings_of(cell: Any, reverse: bool) -> dict[str, Any]:
    """The node's attributes."""
    activations = _activations(cell)
    settings: dict[str, Any] = {"hidden_size": cell.hidden_size}
    if reverse:
        settings["direction"] = "reverse"
    if cell.clip.limit != np.inf:
        settings["clip"] = cell.clip.limit
    if type(cell) is GRU:
        settings["linear_before_reset"] = int(cell.reset_after)
    if type(cell) is LSTM and cell.coupled:
        settings["input_forget"] = 1
    usual = {RNN: ["Tanh"], GRU: ["Sigmoid", "Tanh"], LSTM: ["Sigmoid", "Tanh", "Tanh"]}[type(cell)]
    told = [a for a in activations if a is not None]
    if [a[0] for a in told] != usual:
        settings["activations"] = [a[0] for a in told]
        for k, word in ((1, "activation_alpha"), (2, "activation_beta")):
            if any(a[k] is not None for a in told):
                settings[word] = [a[k] for a in told if a[k] is not None]
    return settings


def packed(cell: Any) -> dict[str, np.ndarray]:
    """The cell's weights as ONNX's W, R, B and P, with a first axis for the direction."""
    H, letters = cell.hidden_size, ORDERS[type(cell)]
    own = letters if type(cell) is RNN else cell.gate_order

    def ordered(p: Any, wanted: str = letters, there: str = own) -> np.ndarray:
        blocks = p._value.reshape(len(there), H, *p.shape[1:])
        return np.concatenate([blocks[there.index(x)] for x in wanted])

    arrays = {"W": ordered(cell.weight_ih)[None], "R": ordered(cell.weight_hh)[None]}
    if cell.bias_ih is not None or cell.bias_hh is not None:
        zeros = np.zeros(len(letters) * H, cell.weight_ih.dtype)
        halves = [zeros if b is None else ordered(b) for b in (cell.bias_ih, cell.bias_hh)]
        arrays["B"] = np.concatenate(halves)[None]
    if getattr(cell, "weight_ph", None) is not None:
        arrays["P"] = ordered(cell.weight_ph, "iof", own.replace("g", ""))[None]
    return arrays


def _selected(to: Translation, outputs: list[str], selection: Node, batched: bool) -> Wire:
    """A value of the loop from the node's outputs: Y (T, 1, B, H), then states (1, B, H)."""
    of = selection._attributes["of"]
    if isinstance(of, Node):
        return squeezed(to.writer, Wire(to.writer, outputs[0], selection.dtype), [1] if batched else [1, 2])
    return squeezed(to.writer, Wire(to.writer, outputs[1 + of], selection.dtype), [0] if batched else [0, 1])
