"""The two training steps in DeZero 0.0.13.

Its data transforms, unused here, name `np.int`, which numpy took away in 1.24: the name is lent while it is imported.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

np.int = int  # type: ignore[attr-defined]
import dezero.functions as F  # noqa: E402, N812  its own convention
from dezero import Parameter, Variable  # noqa: E402

del np.int  # type: ignore[attr-defined]

from .workloads import Arrays  # noqa: E402


def rnn(w: Arrays, xs: np.ndarray, labels: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B = labels.shape
    p = {k: Parameter(v) for k, v in w.items()}

    def step() -> tuple[float, Arrays]:
        for v in p.values():
            v.cleargrad()
        h = Variable(np.zeros((B, len(w["Wh"]))))
        loss = 0.0
        for t in range(T):
            h = F.tanh(F.matmul(xs[t], p["Wx"]) + F.matmul(h, p["Wh"]) + p["b"])
            loss = loss + F.softmax_cross_entropy(F.matmul(h, p["Wy"]) + p["by"], labels[t])
        loss.backward()
        return loss.data.item(), {k: v.grad.data for k, v in p.items()}

    return step


def lstm(w: Arrays, xs: np.ndarray) -> Callable[[], tuple[float, Arrays]]:
    T, B, H = *xs.shape[:2], len(w["Wh"])
    p = {k: Parameter(v) for k, v in w.items()}

    def step() -> tuple[float, Arrays]:
        for v in p.values():
            v.cleargrad()
        h = c = Variable(np.zeros((B, H)))
        loss = 0.0
        for t in range(T):
            z = F.matmul(xs[t], p["Wx"]) + F.matmul(h, p["Wh"]) + p["b"]
            i, f, g, o = (z[:, n * H : (n + 1) * H] for n in range(4))
            c = F.sigmoid(f) * c + F.sigmoid(i) * F.tanh(g)
            h = F.sigmoid(o) * F.tanh(c)
            loss = loss + F.sum(h * h)
        loss = loss / (T * B * H)
        loss.backward()
        return loss.data.item(), {k: v.grad.data for k, v in p.items()}

    return step
