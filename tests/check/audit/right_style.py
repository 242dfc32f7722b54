"""How a random right pass is written: everything that is chosen for it."""

from __future__ import annotations

from dataclasses import dataclass

NAMES = (("Wx", "Wh", "bh", "Wy", "by"), ("W_xh", "W_hh", "b_h", "W_hy", "b_y"), ("U", "W", "b", "V", "b_out"))
GATES = {"lstm": "ifog", "gru": "zrn"}


@dataclass(frozen=True)
class Style:
    """All that is chosen for a pass.

    Attributes:
        cell: tanh, sigmoid, relu, lstm, packed (an LSTM with its gates in one matrix) or gru.
        layout: column, vector, batch (T, B, I) or batch_first (B, T, I).
        loss: half, full, mean, nats, bits or binary.
        form: functions, dict (parameters and gradients in dicts), step, attributes or updated.
        states: list (the state of step t at t + 1) or dict (the first at -1).
        product: @ or np.dot.
        every: an output at each step, else one at the end.
        clip: value, norm or nothing, at ``bound``.
        truncated: the carry is cut at every step that this divides; 0 for never.
    """

    cell: str
    layout: str
    loss: str
    form: str
    states: str
    product: str
    names: tuple[str, ...]
    every: bool = True
    clip: str = ""
    bound: float = 5.0
    truncated: int = 0
    float32: bool = False
    sizes: tuple[int, ...] = (4, 2, 3, 5, 2)

    @property
    def rows(self) -> bool:
        """Whether states are rows of a batch."""
        return self.layout.startswith("batch")

    @property
    def owned(self) -> bool:
        return self.form in ("attributes", "updated")

    def weights(self) -> dict[str, tuple[int, ...]]:
        """Shapes by name, in order."""
        _, _, i, h, o = self.sizes
        wx, wh, b, wy, by = self.names
        wide = 4 * h if self.cell == "packed" else h
        bias = {"column": lambda n: (n, 1)}.get(self.layout, lambda n: (n,))
        shapes: dict[str, tuple[int, ...]] = {}
        for gate in GATES.get(self.cell, " "):
            shapes |= {wx + gate.strip(): (wide, i), wh + gate.strip(): (wide, h), b + gate.strip(): bias(wide)}
        shapes |= {wy: (o, h), by: bias(o)}
        return {name: shape[::-1] if self.rows else shape for name, shape in shapes.items()}
