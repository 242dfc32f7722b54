"""Networks of the gallery besides the models: LSTM, GRU, bidirectional layers, vanishing gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg

B, INPUT, H, V = 2, 3, 4, 5


def weights(**shapes: tuple[int, ...]) -> dict[str, tg.Parameter]:
    """Parameters of these shapes, normal with deviation 0.6 / sqrt(columns), from one seed."""
    random = np.random.default_rng(0)
    return {name: tg.parameter(random.normal(size=s) * 0.6 / np.sqrt(s[-1]), name) for name, s in shapes.items()}


def data(steps: int, size: int = INPUT) -> np.ndarray:
    """Normal inputs (T, B, size)."""
    return np.random.default_rng(1).normal(size=(steps, B, size))


def mean_loss(logits: tg.Node) -> tg.Node:
    """Mean cross-entropy of logits (T, B, V) with the labels 0, 1, ..., V - 1, 0, ...; shape ()."""
    labels = np.arange(logits.shape[0] * B).reshape(-1, B) % logits.shape[-1]
    return tg.mean(tg.softmax_cross_entropy(logits, labels), name="loss")


def lstm(steps: int = 6, truncate: int | None = None) -> tg.Node:
    """Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000; gates in the order i, f, g, o."""
    w = weights(W_ih=(4 * H, INPUT), W_hh=(4 * H, H), b=(4 * H,), W_y=(V, H))

    def cell(x: Any, state: Any) -> Any:
        h, c = state
        i, f, g, o = tg.split(x @ w["W_ih"].T + h @ w["W_hh"].T + w["b"], 4, axis=1)
        c = tg.add(tg.sigmoid(f) * c, tg.sigmoid(i) * tg.tanh(g), name="c")
        h = tg.multiply(tg.sigmoid(o), tg.tanh(c), name="h")
        return h @ w["W_y"].T, (h, c)

    logits, _ = tg.unroll(cell, data(steps), (np.zeros((B, H)), np.zeros((B, H))), truncate=truncate)
    return mean_loss(logits)


def gru(steps: int = 5) -> tg.Node:
    """Cho et al. 2014, with the reset gate before the product."""
    w = weights(W_z=(H, INPUT + H), W_r=(H, INPUT + H), W_n=(H, INPUT + H), W_y=(V, H))

    def cell(x: Any, h: Any) -> Any:
        joined = tg.concatenate([x, h], axis=1)
        z, r = tg.sigmoid(joined @ w["W_z"].T, name="z"), tg.sigmoid(joined @ w["W_r"].T, name="r")
        n = tg.tanh(tg.concatenate([x, r * h], axis=1) @ w["W_n"].T, name="n")
        h = tg.add((1 - z) * n, z * h, name="h")
        return h @ w["W_y"].T, h

    logits, _ = tg.unroll(cell, data(steps), np.zeros((B, H)))
    return mean_loss(logits)


def both_ways(steps: int = 4) -> tg.Node:
    """Two layers, each of a forward and a backward tanh RNN (Schuster and Paliwal 1997)."""
    x: Any = data(steps)
    for layer in (1, 2):
        x = tg.concatenate([_direction(x, layer, "→", False), _direction(x, layer, "←", True)], axis=2)
    w = weights(W_y=(V, 2 * H))
    return mean_loss(x @ w["W_y"].T)


def _direction(x: Any, layer: int, sign: str, reverse: bool) -> tg.Node:
    size = x.shape[-1]
    w = weights(**{f"U{layer}{sign}": (H, size), f"W{layer}{sign}": (H, H)})
    u, across = w.values()

    def cell(x: Any, h: Any) -> Any:
        with tg.scope(f"layer {layer} {sign}"):
            h = tg.tanh(x @ u.T + h @ across.T, name="h")
        return h, h

    return tg.unroll(cell, x, np.zeros((B, H)), reverse=reverse)[0]


def chain(steps: int, gain: float, last_only: bool = False) -> tg.Node:
    """A tanh RNN whose W is ``gain`` times a rotation: each step back scales a gradient by gain and by 1 - h².

    With ``last_only`` there is a loss only at the last step.
    """
    random = np.random.default_rng(2)
    q, _ = np.linalg.qr(random.normal(size=(8, 8)))
    w_x = tg.parameter(random.normal(size=(8, INPUT)) * 0.02, "U")
    w_h, w_y = tg.parameter(gain * q, "W"), tg.parameter(random.normal(size=(V, 8)), "V")
    total: Any = 0
    h: tg.Node = tg.constant(np.zeros((8, 1)), name="h0")
    for t, x in enumerate(random.normal(size=(steps, INPUT, 1))):
        with tg.step(t):
            h = tg.tanh(w_x @ x + w_h @ h, name="h")
            if t == steps - 1 or not last_only:
                total = total + tg.softmax_cross_entropy((w_y @ h)[:, 0], np.array(t % V))
    return total


def residual(blocks: int = 2) -> tg.Node:
    """A perceptron with skip connections, x + W relu(U x), without time steps."""
    x: Any = tg.constant(data(1)[0], name="x")
    for i in range(1, blocks + 1):
        w = weights(**{f"U{i}": (2 * INPUT, INPUT), f"W{i}": (INPUT, 2 * INPUT)})
        with tg.scope(f"block {i}"):
            x = x + tg.relu(x @ w[f"U{i}"].T) @ w[f"W{i}"].T
    return tg.mean(tg.squared_error(x, np.zeros((B, INPUT))), name="loss")


def compiled_rnn() -> Any:
    """The compiled training step of a tanh RNN, after its first call."""
    w = weights(U=(H, INPUT), W=(H, H), V=(V, H))

    def cell(x: Any, h: Any) -> Any:
        h = tg.tanh(x @ w["U"].T + h @ w["W"].T)
        return h @ w["V"].T, h

    step = tg.compile(tg.value_and_grad(lambda xs: mean_loss(tg.unroll(cell, xs, np.zeros((B, H)))[0]), w))
    step(data(8))
    return step


def _float32(steps: int) -> np.ndarray:
    return data(steps).astype(np.float32)


def cell_lstm(steps: int = 4) -> tg.Node:
    """The LSTM of the library."""
    return _over_time(tg.cells.LSTM(INPUT, H, rng=0), steps)


def stacked_gru(steps: int = 4) -> tg.Node:
    """Two layers of GRU cells, each in both directions."""
    return _over_time(tg.cells.Stack.of(tg.cells.GRU, INPUT, H, num_layers=2, bidirectional=True, rng=0), steps)


def padded(lengths: tuple[int, ...] = (4, 2)) -> tg.Node:
    """Sequences of different lengths in one batch."""
    return _over_time(tg.cells.GRU(INPUT, H, rng=0), max(lengths), lengths=np.array(lengths))


def _over_time(cell: Any, steps: int, **options: Any) -> tg.Node:
    outputs, _ = tg.unroll(cell, _float32(steps), **options)
    w = tg.parameter(np.random.default_rng(0).normal(size=(V, outputs.shape[-1])).astype(np.float32) * 0.4, "W_y")
    return mean_loss(outputs @ w.T)


def encoder_decoder(source: int = 4, target: int = 3) -> tg.Node:
    """A decoder that looks at all states of its encoder (Luong et al. 2015)."""
    encoder, decoder = tg.cells.GRU(INPUT, H, rng=0), tg.cells.GRU(INPUT, H, rng=1)
    w = tg.parameter(np.random.default_rng(0).normal(size=(V, 2 * H)).astype(np.float32) * 0.4, "W_y")
    states, h = tg.unroll(encoder, _float32(source))

    def step(x: Any, s: Any) -> Any:
        y, s = decoder(x, s)
        weights = tg.softmax(tg.sum(states * y, axis=2, keepdims=True), axis=0, name="a")
        context = tg.sum(weights * states, axis=0, name="context")
        return tg.concatenate([y, context], axis=1) @ w.T, s

    return mean_loss(tg.unroll(step, _float32(target), h)[0])


def twice(steps: int = 3) -> tg.Node:
    """A state that two products of the lowest row use, and no input: h <- tanh(U h) * sigmoid(W h)."""
    w = weights(U=(H, H), W=(H, H))
    h: tg.Node = tg.constant(np.ones((H, 1)), name="h0")
    for t in range(steps):
        with tg.step(t):
            h = tg.multiply(tg.tanh(w["U"] @ h), tg.sigmoid(w["W"] @ h), name="h")
    return tg.sum(tg.square(h), name="loss")


def own_cell(steps: int = 4, gated: bool = True) -> tg.Node:
    """A cell of one gate, or of none, as a user writes it."""
    w = weights(U=(H, INPUT), W=(H, H), V=(V, H))

    def cell(x: Any, h: Any) -> Any:
        if gated:
            z = tg.sigmoid(x @ w["U"].T + h @ w["W"].T, name="z")
            h = tg.add(z * h, (1 - z) * tg.tanh(x @ w["U"].T), name="h")
        else:
            h = tg.tanh(x @ w["U"].T + h @ w["W"].T, name="h")
        return h @ w["V"].T, h

    return mean_loss(tg.unroll(cell, data(steps), np.zeros((B, H)))[0])


def perceptron() -> tg.Node:
    """Two hidden layers, without time."""
    x: Any = tg.constant(data(1)[0], name="x")
    for i, (inputs, outputs) in enumerate(((INPUT, 8), (8, 8), (8, V)), 1):
        w = weights(**{f"W{i}": (outputs, inputs), f"b{i}": (outputs,)})
        x = x @ w[f"W{i}"].T + w[f"b{i}"]
        x = tg.relu(x) if i < 3 else x
    return tg.mean(tg.softmax_cross_entropy(x, np.arange(B)), name="loss")


def rnn(steps: int = 4, truncate: int | None = None) -> tg.Node:
    """The tanh cell of the library."""
    return _over_time(tg.cells.RNN(INPUT, H, rng=0), steps, truncate=truncate)
