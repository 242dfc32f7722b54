"""Cells written as plain ops, as users write them: the six kinds of gates in several styles.

Each case is a function of ``draw``, which gives random arrays of a shape, to what is compared: a function of
arrays, its weights, and arguments for it.
"""

from __future__ import annotations

import numpy as np

import tinygraph as tg

T, B, I, H = 5, 3, 4, 6  # noqa: E741  the axes' own letters

CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


def weights_of(draw, **shapes):
    return {name: tg.parameter(0.5 * draw(*shape), name) for name, shape in shapes.items()}


def loss_of(ys):
    return tg.sum(tg.square(ys))


@case
def tanh_rnn(draw):
    w = weights_of(draw, x=(I, H), h=(H, H), b=(H,))

    def cell(x, h):
        h = tg.tanh(x @ w["x"] + h @ w["h"] + w["b"])
        return h, h

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, B, I), draw(B, H))


@case
def relu_rnn_by_concatenation(draw):
    w = weights_of(draw, xh=(I + H, H), b=(1, H), y=(H, 2))

    def cell(x, h):
        h = tg.relu(tg.concatenate([x, h], axis=1) @ w["xh"] + w["b"])
        return h @ w["y"], h

    return lambda xs, h: loss_of(tg.unroll(cell, xs, h)[0]), w, (draw(T, B, I), draw(B, H))


@case
def sigmoid_rnn_of_columns(draw):
    w = weights_of(draw, U=(H, I), W=(H, H), V=(2, H), b=(H, 1))

    def cell(x, h):
        h = tg.sigmoid(w["U"] @ x + w["W"] @ h + w["b"])
        return tg.softmax(w["V"] @ h, axis=0), h

    return lambda xs: tg.unroll(cell, xs, np.zeros((H, 1)))[0], w, (draw(T, I, 1),)


@case
def lstm_packed(draw):
    w = weights_of(draw, x=(I, 4 * H), h=(H, 4 * H), b=(4 * H,))

    def cell(x, state):
        h, c = state
        i, f, g, o = tg.split(x @ w["x"] + h @ w["h"] + w["b"], 4, axis=-1)
        c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
        h = tg.sigmoid(o) * tg.tanh(c)
        return h, (h, c)

    return lambda xs, h, c: tg.unroll(cell, xs, (h, c)), w, (draw(T, B, I), draw(B, H), draw(B, H))


@case
def lstm_of_twelve_matrices(draw):
    gates = "ifgo"
    w = weights_of(
        draw, **{"x" + k: (I, H) for k in gates}, **{"h" + k: (H, H) for k in gates}, **{"b" + k: (H,) for k in gates}
    )

    def cell(x, state):
        i, f, g, o = (x @ w["x" + k] + state["h"] @ w["h" + k] + w["b" + k] for k in gates)
        c = tg.sigmoid(f) * state["c"] + tg.sigmoid(i) * tg.tanh(g)
        h = tg.sigmoid(o) * tg.tanh(c)
        return h, {"h": h, "c": c}

    def loss(xs):
        hs, state = tg.unroll(cell, xs, {"h": np.zeros((B, H)), "c": np.zeros((B, H))})
        return loss_of(hs) + tg.sum(state["c"])

    return loss, w, (draw(T, B, I),)


@case
def lstm_sliced_with_peepholes(draw):
    w = weights_of(draw, W=(I + H, 4 * H), p=(3, H))

    def cell(x, state):
        h, c = state
        z = np.concatenate([x, h], axis=-1) @ w["W"]
        i, f = tg.sigmoid(z[:, :H] + c * w["p"][0]), tg.sigmoid(z[:, H : 2 * H] + c * w["p"][1])
        c = f * c + i * np.tanh(z[:, 2 * H : 3 * H])
        o = tg.sigmoid(z[:, 3 * H :] + c * w["p"][2])
        return o * np.tanh(c), (o * np.tanh(c), c)

    return lambda xs, h: tg.unroll(cell, xs, (h, np.zeros((B, H), h.dtype)))[0], w, (draw(T, B, I), draw(B, H))


@case
def gru_reset_before(draw):
    w = weights_of(draw, x=(I, 2 * H), h=(H, 2 * H), xn=(I, H), hn=(H, H), b=(2 * H,))

    def cell(x, h):
        r, z = tg.split(tg.sigmoid(x @ w["x"] + h @ w["h"] + w["b"]), 2, axis=1)
        n = tg.tanh(x @ w["xn"] + (r * h) @ w["hn"])
        h = (1 - z) * n + z * h
        return h, h

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, B, I), draw(B, H))


@case
def gru_reset_after(draw):
    w = weights_of(draw, x=(I, 3 * H), h=(H, 3 * H), bx=(3 * H,), bh=(3 * H,))

    def cell(x, h):
        xr, xz, xn = tg.split(x @ w["x"] + w["bx"], 3, axis=1)
        hr, hz, hn = tg.split(h @ w["h"] + w["bh"], 3, axis=1)
        r, z = tg.sigmoid(xr + hr), tg.sigmoid(xz + hz)
        n = tg.tanh(xn + r * hn)
        h = n + z * (h - n)
        return h, h

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, B, I), draw(B, H))


@case
def mgu(draw):
    w = weights_of(draw, f=(I + H, H), h=(I + H, H), bf=(H,), bh=(H,))

    def cell(x, h):
        f = tg.sigmoid(tg.concatenate([x, h], axis=-1) @ w["f"] + w["bf"])
        n = tg.tanh(tg.concatenate([x, f * h], axis=-1) @ w["h"] + w["bh"])
        h = (1.0 - f) * h + f * n
        return h, h

    return lambda xs, h: loss_of(tg.unroll(cell, xs, h)[0]), w, (draw(T, B, I), draw(B, H))


@case
def two_products_of_the_state(draw):
    w = weights_of(draw, x=(I, H), a=(H, H), c=(H, H))

    def cell(x, h):
        new = tg.tanh(x @ w["x"] + h @ w["a"]) * tg.sigmoid(h @ w["c"]) + 0.1 * (h @ w["a"])
        return new + h, new

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, B, I), draw(B, H))


@case
def layer_norm(draw):
    w = weights_of(draw, x=(I, H), h=(H, H), g=(H,), b=(H,))

    def cell(x, h):
        a = x @ w["x"] + h @ w["h"]
        centred = a - tg.mean(a, axis=-1, keepdims=True)
        spread = tg.sqrt(tg.mean(tg.square(centred), axis=-1, keepdims=True) + 1e-3)
        h = tg.tanh(centred / spread * (1 + w["g"]) + w["b"])
        return h, h

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, B, I), draw(B, H))


@case
def attention_over_a_memory(draw):
    w = weights_of(draw, x=(I, H), h=(2 * H, H), q=(H, H))

    def model(xs, h, memory):
        keys = memory @ w["q"]

        def cell(x, h):
            share = tg.softmax(tg.einsum("bh,sbh->sb", h, keys), axis=0)
            read = tg.einsum("sb,sbh->bh", share, memory)
            h = tg.tanh(x @ w["x"] + tg.concatenate([h, read], axis=1) @ w["h"])
            return {"h": h, "share": share}, h

        return tg.unroll(cell, xs, h)

    return model, w, (draw(T, B, I), draw(B, H), draw(7, B, H))


@case
def attention_by_batched_products(draw):
    w = weights_of(draw, x=(I, H), h=(H, H))

    def model(xs, h, memory):
        def cell(x, h):
            scores = (memory @ h[:, :, None])[:, :, 0]
            read = (tg.softmax(scores, axis=-1)[:, None, :] @ memory)[:, 0]
            h = tg.tanh(x @ w["x"] + read @ w["h"])
            return h, h

        return loss_of(tg.unroll(cell, xs, h)[0])

    return model, w, (draw(T, B, I), draw(B, H), draw(B, 7, H))


@case
def masked_steps(draw):
    w = weights_of(draw, x=(I, H), h=(H, H))
    mask = np.arange(T)[:, None] < np.array([5, 2, 3])

    def cell(inputs, h):
        x, real = inputs
        new = tg.where(real[:, None], tg.tanh(x @ w["x"] + h @ w["h"]), h)
        return tg.where(real[:, None], new, 0.0), new

    return lambda xs, mask, h: tg.unroll(cell, (xs, mask), h), w, (draw(T, B, I), mask, draw(B, H))


@case
def stacked_layers_in_one_cell(draw):
    w = weights_of(draw, x=(I, H), h1=(H, H), a=(H, H), h2=(H, H))

    def cell(x, state):
        h1 = tg.tanh(x @ w["x"] + state["low"][0] @ w["h1"])
        h2 = tg.tanh(h1 @ w["a"] + state["high"] @ w["h2"]) + h1
        return h2, {"low": [h1], "high": h2}

    return lambda xs, h: tg.unroll(cell, xs, {"low": [h], "high": h * 0.5}), w, (draw(T, B, I), draw(B, H))


@case
def a_cell_that_unrolls_itself(draw):
    w = weights_of(draw, x=(I, H), h=(H, H), s=(H, H))

    def inner(x, s):
        s = tg.tanh(x + s @ w["s"])
        return s, s

    def cell(x, h):
        words = tg.stack([x @ w["x"], h * 0.5, h @ w["h"]])
        ys, s = tg.unroll(inner, words, h)
        return tg.sum(ys, axis=0), s

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, B, I), draw(B, H))
