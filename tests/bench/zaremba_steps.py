"""One training step of a word model of two LSTM layers, in tinygraph and in PyTorch.

"Medium" of W. Zaremba, I. Sutskever, O. Vinyals, "Recurrent neural network regularization", 2014, without its dropout,
which two frameworks cannot draw alike: embedding, two LSTM layers, softmax cross-entropy summed over T and averaged
over B, clipping by the norm of all gradients, plain gradient descent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .workloads import Arrays

CLIP, RATE = 5.0, 1.0


class Model(NamedTuple):
    """T steps, B rows, H units, V words."""

    T: int = 35
    B: int = 20
    H: int = 650
    V: int = 10_000


def data(m: Model) -> tuple[Arrays, np.ndarray, np.ndarray]:
    """Weights under `torch.nn`'s names, uniform within 0.05; words (T, B) and the words after them (T, B)."""
    rng = np.random.default_rng(5)
    rows = 4 * m.H
    shapes = {"embedding.weight": (m.V, m.H), "output.weight": (m.V, m.H), "output.bias": (m.V,)}
    for n in (0, 1):
        shapes |= {f"lstm.weight_ih_l{n}": (rows, m.H), f"lstm.weight_hh_l{n}": (rows, m.H)}
        shapes |= {f"lstm.bias_ih_l{n}": (rows,), f"lstm.bias_hh_l{n}": (rows,)}
    weights = {name: rng.uniform(-0.05, 0.05, shape).astype(np.float32) for name, shape in shapes.items()}
    text = rng.integers(0, m.V, (m.T + 1, m.B))
    return weights, text[:-1], text[1:]


def by_torch(m: Model) -> Callable[[], float]:
    """A function that runs one step and gives the loss before it."""
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    weights, words, labels = data(m)
    model = torch.nn.ModuleDict(
        {
            "embedding": torch.nn.Embedding(m.V, m.H),
            "lstm": torch.nn.LSTM(m.H, m.H, num_layers=2),
            "output": torch.nn.Linear(m.H, m.V),
        }
    )
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)
    ids, targets = torch.from_numpy(words), torch.from_numpy(labels).reshape(-1)

    def step() -> float:
        optimizer.zero_grad()
        hs, _ = model["lstm"](model["embedding"](ids))
        logits = model["output"](hs).reshape(-1, m.V)
        loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum") / m.B
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        return loss.item()

    return step


class ByTinygraph:
    """One step of ours in its three parts; ``backend`` None runs it as written."""

    def __init__(self, m: Model, backend: str | None) -> None:
        import tinygraph as tg

        weights, self.words, self.labels = data(m)
        self.p = {name: tg.parameter(value, name) for name, value in weights.items()}
        self.optimizer = tg.train.SGD(self.p, learning_rate=RATE)
        self.zero = np.zeros((m.B, m.H), np.float32)
        differentiate = tg.value_and_grad(self.loss, self.p)
        self.differentiate = tg.compile(differentiate, backend=backend) if backend else differentiate

    def loss(self, words: Any, labels: Any, state: Any) -> Any:
        import tinygraph as tg

        hs = tg.take(self.p["embedding.weight"], words, axis=0)
        for n in (0, 1):
            hs, _ = tg.unroll(self._cell(n), hs, state)
        logits = hs @ self.p["output.weight"].T + self.p["output.bias"]
        return tg.sum(tg.softmax_cross_entropy(logits, labels)) / labels.shape[1]

    def _cell(self, n: int) -> Callable[[Any, Any], tuple[Any, Any]]:
        import tinygraph as tg

        w_ih, w_hh, b_ih, b_hh = (self.p[f"lstm.{k}_l{n}"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))

        def cell(x: Any, state: Any) -> tuple[Any, Any]:
            h, c = state
            i, f, g, o = tg.split(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh, 4, axis=1)
            c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
            h = tg.sigmoid(o) * tg.tanh(c)
            return h, (h, c)

        return cell

    def gradients(self) -> tuple[Any, Any]:
        return self.differentiate(self.words, self.labels, (self.zero, self.zero))

    def clipped(self, gradients: Any) -> Any:
        import tinygraph as tg

        return tg.train.clip_by_norm(gradients, CLIP)

    def __call__(self) -> float:
        loss, gradients = self.gradients()
        self.optimizer.step(self.clipped(gradients))
        return float(getattr(loss, "value", loss))
