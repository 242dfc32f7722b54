"""Forward passes as people write them for NumPy, with arrays that are filled, divided and overwritten in place.

Each takes weights and data and returns a loss. Nothing here knows of tinygraph: plain arrays run them, too.
"""

from __future__ import annotations

import numpy as np

T, B, I, H, V = 4, 2, 3, 5, 6  # noqa: E741  the axes' names
rng = np.random.default_rng(7)
XS = rng.normal(size=(B, T, I))
TOKENS, TARGETS = rng.integers(0, V, size=(B, T)), rng.integers(0, V, size=(B, T))
LENGTHS = np.array([4, 2])
KEPT = (rng.random((B, H)) < 0.7) / 0.7


def weights(*shapes):
    return [rng.normal(size=shape) * 0.4 for shape in shapes]


def batch_first(Wx, Wh, b, Wy):
    """A buffer (B, T, H), a softmax that divides in place, integer labels."""
    hs = np.zeros((B, T, H))
    h = np.zeros((B, H))
    for t in range(T):
        h = np.tanh(np.dot(XS[:, t, :], Wx) + np.dot(h, Wh) + b)
        hs[:, t, :] = h
    scores = hs.reshape(B * T, H).dot(Wy)
    scores -= np.max(scores, axis=1, keepdims=True)
    probs = np.exp(scores)
    probs /= np.sum(probs, axis=1, keepdims=True)
    return -np.sum(np.log(probs[np.arange(B * T), TARGETS.reshape(-1)])) / (B * T)


def dict_of_states(Wxh, Whh, Why, bh, by):
    """Column vectors and one-hot inputs in dicts, a loss that grows by +=."""
    xs, hs, ys, ps = {}, {}, {}, {}
    hs[-1] = np.copy(np.zeros((H, 1)))
    loss = 0
    for t in range(T):
        xs[t] = np.zeros((V, 1))
        xs[t][TOKENS[0, t]] = 1
        hs[t] = np.tanh(np.dot(Wxh, xs[t]) + np.dot(Whh, hs[t - 1]) + bh)
        ys[t] = np.dot(Why, hs[t]) + by
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][TARGETS[0, t], 0])
    return loss


class Recurrent:
    """A class that keeps its state."""

    def __init__(self, W_xh, W_hh, W_hy):
        self.W_xh, self.W_hh, self.W_hy = W_xh, W_hh, W_hy
        self.h = np.zeros((H,))

    def step(self, x):
        self.h = np.tanh(np.dot(self.W_hh, self.h) + np.dot(self.W_xh, x))
        return np.dot(self.W_hy, self.h)


def class_with_state(W_xh, W_hh, W_hy):
    net = Recurrent(W_xh, W_hh, W_hy)
    outputs = np.empty((T, V))
    for t in range(T):
        outputs[t] = net.step(XS[0, t])
    outputs -= outputs.mean(axis=0)
    return np.sum(outputs**2)


def lstm_with_gates_in_arrays(W, b):
    """All gates of all steps in arrays (T + 1, H, 1); the input and the state joined in one column."""
    hs, cs = np.zeros((T + 1, H, 1)), np.zeros((T + 1, H, 1))
    gates = np.zeros((T, 4 * H, 1))
    for t in range(T):
        z = np.zeros((H + I, 1))
        z[:H] = hs[t - 1]
        z[H:, 0] = XS[1, t]
        gates[t] = W @ z + b
        gates[t, : 3 * H] = 1 / (1 + np.exp(-gates[t, : 3 * H]))
        gates[t, 3 * H :] = np.tanh(gates[t, 3 * H :])
        i, f, o, g = gates[t][:H], gates[t][H : 2 * H], gates[t][2 * H : 3 * H], gates[t][3 * H :]
        cs[t] = f * cs[t - 1] + i * g
        hs[t] = o * np.tanh(cs[t])
    return np.sum(hs[:T] ** 2)


def gru_with_masks(Wz, Wr, Wh):
    """A finished sequence keeps its state by a mask."""
    h = np.zeros((B, H))
    for t in range(T):
        x = np.concatenate([XS[:, t], h], axis=1)
        z, r = 1 / (1 + np.exp(-x @ Wz)), 1 / (1 + np.exp(-x @ Wr))
        new = (1 - z) * h + z * np.tanh(np.concatenate([XS[:, t], r * h], axis=1) @ Wh)
        over = t >= LENGTHS
        new[over] = h[over]
        h = new
    return np.sum(h * h)


def both_directions(Wf, Uf, Wb, Ub):
    forward, backward = np.zeros((B, T, H)), np.zeros((B, T, H))
    hf, hb = np.zeros((B, H)), np.zeros((B, H))
    for t in range(T):
        forward[:, t] = hf = np.tanh(XS[:, t] @ Wf + hf @ Uf)
    for t in reversed(range(T)):
        backward[:, t] = hb = np.tanh(XS[:, t] @ Wb + hb @ Ub)
    return np.mean(np.concatenate((forward, backward), axis=2) ** 2)


def attention(Wx, Wq, v):
    """Scores one by one, their softmax by out= and in place, a context that grows."""
    hs = np.zeros((T, H))
    for t in range(T):
        hs[t] = np.tanh(XS[0, t] @ Wx + (0.5 * hs[t - 1] if t > 0 else 0))
    scores = np.zeros(T)
    query = hs[-1].dot(Wq)
    for s in range(T):
        scores[s] = np.dot(hs[s], query)
    scores -= scores.max()
    np.exp(scores, out=scores)
    scores /= scores.sum()
    context = np.zeros(H)
    for s in range(T):
        context += scores[s] * hs[s]
    return np.dot(context, v) ** 2


def list_of_outputs(Wx, Wh, Wy):
    """Outputs in a list that np.array joins, targets subtracted in place."""
    h, outputs = np.zeros(H), []
    for t in range(T):
        h = np.tanh(Wx.T.dot(XS[0, t]) + Wh.T.dot(h))
        outputs.append(np.dot(h, Wy))
    y = np.array(outputs)
    y[np.arange(T), TARGETS[0]] -= 1
    return 0.5 * (y**2).sum()


def layer_norm_in_place(Wx, Wh, gain):
    h = np.zeros((B, H))
    for t in range(T):
        a = XS[:, t] @ Wx
        a += h @ Wh
        a -= a.mean(axis=-1, keepdims=True)
        a /= np.sqrt((a**2).mean(axis=-1, keepdims=True) + 1e-5)
        a *= gain
        np.tanh(a, out=a)
        h = a
    return (h**2).sum()


def embeddings_and_dropout(E, Wx, Wh):
    """An embedding, dropout by a mask, and gates that are slices which are written through."""
    hs, h = np.zeros((T, B, H)), np.zeros((B, H))
    for t in range(T):
        x = E[TOKENS[:, t]]
        gates = x @ Wx + h @ Wh
        gate, candidate = gates[:, :H], gates[:, H:]
        gate[...] = 1 / (1 + np.exp(-gate))
        np.tanh(candidate, out=candidate)
        h = gates[:, :H] * h + (1 - gates[:, :H]) * gates[:, H:]
        h *= KEPT
        row = hs[t]
        row[...] = h
    return np.sum(hs[1:] * hs[:-1])


def number_by_number(U, W):
    """Every number of every state by itself."""
    h = np.zeros((T, H))
    for t in range(T):
        for j in range(H):
            total = 0.0
            for i in range(I):
                total += U[j, i] * XS[0, t, i]
            for k in range(H):
                if t > 0:
                    total += W[j, k] * h[t - 1, k]
            h[t, j] = np.tanh(total)
    return np.sum(h[-1] ** 2)


def relu_by_mask(Wx, Wh, Wy):
    """relu by z[z < 0] = 0, a margin loss whose right class is set to 0."""
    h = np.zeros((B, H))
    for t in range(T):
        h = XS[:, t] @ Wx + h @ Wh
        h[h < 0] = 0
    scores = h @ Wy
    margins = np.maximum(0, scores - scores[np.arange(B), TARGETS[:, 0]][:, None] + 1.0)
    margins[np.arange(B), TARGETS[:, 0]] = 0
    return margins.sum() / B


def overwritten(Wx, Wh):
    """One array that is used again for every step, and copies of it."""
    h, kept = np.zeros((B, H)), []
    for t in range(T):
        h[:] = np.tanh(XS[:, t] @ Wx + h @ Wh)
        kept.append(h.copy())
        h[:, 0] = 0.1 * t
    return sum(np.sum(k**2) for k in kept)


PASSES = {
    batch_first: weights((I, H), (H, H), (H,), (H, V)),
    dict_of_states: weights((H, V), (H, H), (V, H), (H, 1), (V, 1)),
    class_with_state: weights((H, I), (H, H), (V, H)),
    lstm_with_gates_in_arrays: weights((4 * H, H + I), (4 * H, 1)),
    gru_with_masks: weights((I + H, H), (I + H, H), (I + H, H)),
    both_directions: weights((I, H), (H, H), (I, H), (H, H)),
    attention: weights((I, H), (H, H), (H,)),
    list_of_outputs: weights((I, H), (H, H), (H, V)),
    layer_norm_in_place: weights((I, H), (H, H), (H,)),
    embeddings_and_dropout: weights((V, I), (I, 2 * H), (H, 2 * H)),
    number_by_number: weights((H, I), (H, H)),
    relu_by_mask: weights((I, H), (H, H), (H, V)),
    overwritten: weights((I, H), (H, H)),
}
"""Each pass with the values of its weights."""
