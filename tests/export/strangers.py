"""Functions as people write them, to be exported: own cells, attention, masks, dicts, whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg

RNG = np.random.default_rng(0)
W, U, V = (tg.parameter(0.4 * RNG.normal(size=s), n) for n, s in {"W": (6, 4), "U": (4, 4), "V": (4, 3)}.items())


def draw(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape)


def own(x: Any, h: Any) -> Any:
    h = np.tanh(x @ W + h @ U)
    return h @ V, h


def translate(xs: Any, ys: Any) -> Any:
    def decoder(y: Any, h: Any) -> Any:
        h = np.tanh(y @ V.T + h @ U)
        return h @ V, h

    _, h = tg.unroll(own, xs, np.zeros((2, 4)))
    scores, _ = tg.unroll(decoder, ys, h)
    return {"best": np.argmax(scores, axis=-1), "for": scores}


def attend(xs: Any) -> Any:
    hs, h = tg.unroll(lambda x, h: (np.tanh(x @ W + h @ U),) * 2, xs, np.zeros((2, 4)))
    chances = tg.softmax(np.einsum("tbh,bh->bt", hs, h) / 2.0, axis=-1)
    return np.einsum("bt,tbh->bh", chances, hs)


def masked(xs: Any, mask: Any) -> Any:
    return tg.unroll(own, xs, np.zeros((2, 4)), mask=mask)


def scaled(batch: Any, scale: float) -> Any:
    return {"logits": batch["x"] @ W * scale, "mean of x": np.mean(batch["x"]) / (1 + scale)}


def normed(x: Any) -> Any:
    mean, deviation = np.mean(x, axis=-1, keepdims=True), np.std(x, axis=-1, keepdims=True)
    return (x - mean) / (deviation + 1e-5)


def ordered(x: Any) -> Any:
    return np.sort(x, axis=-1), np.median(x, axis=-1), np.cumsum(x, axis=0), np.quantile(x, 0.3)


def whole(tokens: Any) -> Any:
    return tokens * 2 - 7, tokens % 3, -tokens // 2, (tokens > 2) & (tokens < 5), np.minimum(tokens, 3)


def picked(x: Any, i: Any) -> Any:
    return x[i], x[i, ::-1][:, 0], x.T[1], x


def curved(x: Any) -> Any:
    return tg.hvp(lambda v: tg.sum(np.tanh(v @ W) ** 2), (x,), (x,))


def badly_named(exp: Any, X: Any, x: Any, int32_t: Any, n0: Any, v1: Any, class_: Any, tanhf: Any) -> Any:
    return {"double": np.tanh(exp) * X + x, "y0": np.exp(int32_t) / n0, "": v1 - class_ * tanhf, "2nd": x, "ψ": X}


def turned(a: Any, ia: Any, b: Any, ib: Any) -> Any:
    real, imaginary = tg.linear_scan((a, ia), (b, ib), (0.5, -0.25))
    return real, imaginary, tg.grad(tg.sum(real**3 + imaginary * real), [a, ia, b, ib])


def fixed() -> Any:
    return W + 1


class Net(tg.Module):
    def __init__(self) -> None:
        self.table, self.cell = tg.Embedding(9, 3, rng=0), tg.cells.GRU(3, 4, rng=0)
        self.head, self.drop = tg.Linear(4, 2, rng=1), tg.Dropout(0.5, rng=0)

    def __call__(self, tokens: Any) -> Any:
        return self.head(self.drop(tg.unroll(self.cell, self.table(tokens))[0]))


LSTM = tg.Recurrent(tg.cells.LSTM(3, 4, rng=0, dtype=np.float64))
WAYS = tg.cells.Bidirectional(*(tg.cells.GRU(3, 4, rng=k, dtype=np.float64) for k in (0, 1)))

FUNCTIONS: dict[str, tuple[Any, Any]] = {
    "own": (own, (draw(2, 6), np.zeros((2, 4)))),
    "one row": (own, (draw(6), np.zeros(4))),
    "translate": (translate, (draw(5, 2, 6), draw(3, 2, 3))),
    "attend": (attend, draw(5, 2, 6)),
    "masked": (masked, (draw(3, 2, 6), np.array([[1, 1], [1, 0], [0, 1]], bool))),
    "scaled": (scaled, ({"x": draw(2, 6)}, 0.5)),
    "normed": (normed, draw(3, 4)),
    "ordered": (ordered, draw(3, 5)),
    "whole": (whole, np.arange(6)),
    "picked": (picked, (draw(4, 3), np.array([2, -1]))),
    "curved": (curved, draw(2, 6)),
    "fixed": (fixed, ()),
    "badly named": (badly_named, tuple(draw(8, 3))),
    "numpy": (np.tanh, draw(3)),
    "compiled": (tg.compile(own, backend="numpy"), (draw(2, 6), np.zeros((2, 4)))),
    "recorded": (tg.recorded(lambda x: own(x, np.zeros((2, 4)))[0]), draw(2, 6)),
    "gradient": (tg.value_and_grad(lambda x: tg.mean((x @ W) ** 2), [W]), draw(2, 6)),
    "net": (Net().eval(), np.arange(8).reshape(4, 2)),
    "one step": (LSTM, draw(1, 1, 3)),
    "both ways": (tg.Recurrent(WAYS), draw(4, 2, 3)),
    "scan": (lambda a, b: tg.linear_scan(a, b, 0.5), (draw(6, 2), draw(6, 2))),
    "turned": (turned, tuple(draw(4, 6, 2))),
    "slopes": (lambda x: tg.grad(tg.sum(np.log(x) + 1.0 / x), x), np.abs(draw(2, 6)) + 0.5),
    "none": (lambda x: np.sum(x, axis=0), np.zeros((0, 3))),
}
