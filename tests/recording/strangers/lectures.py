"""Lecture notes and assignments: shapes asserted, batch first, masks, caches of tuples, numbered helper functions."""

import math
from collections import defaultdict, namedtuple
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from . import weights

np_rng = np.random.default_rng(21)
B, T, D, H, V = 3, 5, 4, 6, 7
X = np_rng.normal(size=(B, T, D))
TOKENS = np_rng.integers(1, V, size=(B, T))
LENS = np.array([5, 3, 4])
MASK = (np.arange(T)[None, :] < LENS[:, None]).astype(np.float64)

LSTMState = namedtuple("LSTMState", ["h", "c"])


def sigmoid(x):
    return np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))


def log_softmax(z, axis=-1):
    z = z - z.max(axis=axis, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=axis, keepdims=True))


@weights(W=(D + H, 4 * H), b=4 * H, pi=H, pf=H, po=H)
def peepholes_with_masks(p):
    """A padded step keeps the state that was there."""
    state = LSTMState(h=np.zeros((B, H)), c=np.zeros((B, H)))
    outputs = np.empty((B, T, H))
    for t in range(T):
        a = np.concatenate((X[:, t], state.h), axis=1) @ p["W"] + p["b"]
        ai, af, ag, ao = (a[:, k * H : (k + 1) * H] for k in range(4))
        i = sigmoid(ai + p["pi"] * state.c)
        f = sigmoid(af + p["pf"] * state.c)
        c = f * state.c + i * np.tanh(ag)
        o = sigmoid(ao + p["po"] * c)
        h = o * np.tanh(c)
        m = MASK[:, t, None]
        state = state._replace(h=m * h + (1 - m) * state.h, c=m * c + (1 - m) * state.c)
        outputs[:, t, :] = state.h
    last = outputs[np.arange(B), LENS - 1]
    assert last.shape == (B, H)
    return np.linalg.norm(last) ** 2 + np.mean(outputs)


@weights(emb=(V, D), Wf=(D, H), Uf=(H, H), Wb=(D, H), Ub=(H, H), Wo=(2 * H, V))
def tagger_in_both_directions(p):
    x = p["emb"][TOKENS]
    fwd, bwd = np.zeros((B, T, H)), np.zeros((B, T, H))
    h = np.zeros((B, H))
    for t in range(T):
        h = np.tanh(x[:, t] @ p["Wf"] + h @ p["Uf"]) * MASK[:, t : t + 1]
        fwd[:, t] = h
    h = np.zeros((B, H))
    for t in reversed(range(T)):
        h = np.tanh(x[:, t] @ p["Wb"] + h @ p["Ub"]) * MASK[:, t : t + 1]
        bwd[:, t] = h
    both = np.concatenate([fwd, bwd], axis=-1)
    logp = log_softmax(np.dot(both, p["Wo"]))
    nll = -np.take_along_axis(logp, TOKENS[..., None], axis=-1).squeeze(-1)
    return (nll * MASK).sum() / MASK.sum()


class Params(NamedTuple):
    Wq: np.ndarray
    Wk: np.ndarray
    v: np.ndarray


@weights(We=(D, H), Ue=(H, H), Wq=(H, H), Wk=(H, H), v=H, Wd=(D + H, H), Ud=(H, H), Wy=(2 * H, D))
def additive_attention_with_a_mask(p):
    att = Params(p["Wq"], p["Wk"], p["v"])
    memory, h = [], np.zeros((B, H))
    for t in range(T):
        h = np.tanh(X[:, t] @ p["We"] + h @ p["Ue"])
        memory.append(h)
    memory = np.stack(memory).transpose(1, 0, 2)
    keys = memory @ att.Wk
    s, y, loss = memory[:, -1], np.zeros((B, D)), 0.0
    maps = []
    for t in range(T):
        scores = np.tanh((s @ att.Wq)[:, np.newaxis, :] + keys).dot(att.v)
        scores = np.where(MASK > 0, scores, -np.inf)
        scores -= scores.max(1, keepdims=True)
        alpha = np.exp(scores)
        alpha /= alpha.sum(1, keepdims=True)
        maps.append(alpha)
        context = (alpha[:, :, np.newaxis] * memory).sum(axis=1)
        s = np.tanh(np.c_[y, context] @ p["Wd"] + s @ p["Ud"])
        y_hat = np.c_[s, context] @ p["Wy"]
        loss += np.square(y_hat - X[:, t]).mean(axis=1) @ MASK[:, t]
        y = X[:, t]
    coverage = np.array(maps).sum(0)
    return loss + 0.1 * np.square(1 - coverage).mean()


@dataclass
class Carry:
    h: np.ndarray
    t: int = 0
    trace: list = field(default_factory=list)


def layer_norm(a, g, b, eps=1e-5):
    mu = a.mean(axis=-1, keepdims=True)
    var = ((a - mu) ** 2).mean(-1, keepdims=True)
    return g * (a - mu) / np.sqrt(var + eps) + b


@weights(W=(D, 3 * H), U=(H, 3 * H), g=(2, 3 * H), b=(2, 3 * H))
def layer_normed_gru(p):
    def step(carry, x):
        gx = layer_norm(x @ p["W"], p["g"][0], p["b"][0])
        gh = layer_norm(carry.h @ p["U"], p["g"][1], p["b"][1])
        xr, xz, xn = np.split(gx, 3, axis=-1)
        hr, hz, hn = np.split(gh, 3, axis=-1)
        r, z = sigmoid(xr + hr), sigmoid(xz + hz)
        n = np.tanh(xn + r * hn)
        carry.h = n + z * (carry.h - n)
        carry.t += 1
        carry.trace.append(carry.h)
        return carry

    carry = Carry(np.zeros((B, H)))
    for x_t in X.swapaxes(0, 1):
        carry = step(carry, x_t)
    assert carry.t == T
    return np.asarray(carry.trace).var() + carry.h.mean()


@weights(E=(V, D), W=(D, H), U=(H, H), Wd=(D, H), Ud=(H, H), Wo=(H, V))
def translation_with_a_teacher(p):
    bos = 0
    src, trg = TOKENS[:, ::-1], TOKENS
    h = np.zeros((B, H))
    for t in range(src.shape[1]):
        h = np.tanh(p["E"][src[:, t]] @ p["W"] + h @ p["U"])
    decoder_in = np.hstack([np.full((B, 1), bos), trg[:, :-1]])
    total, count = 0.0, 0
    for t in range(T):
        h = np.tanh(p["E"][decoder_in[:, t]] @ p["Wd"] + h @ p["Ud"])
        lp = log_softmax(h @ p["Wo"])
        for n in range(B):
            if t < LENS[n]:
                total -= lp[n, trg[n, t]]
                count += 1
    return total / count


@weights(Wi=(H, D), Wh=(H, H), Wo=(V, H), bh=H, bo=V)
def column_by_column_with_asserts(p):
    """(features, batch, time), as one well-known course has it."""
    x = X.transpose(2, 0, 1)
    n_x, m, T_x = x.shape
    n_y, n_a = p["Wo"].shape
    a, y_pred = np.zeros((n_a, m, T_x)), np.zeros((n_y, m, T_x))
    a_next = np.zeros((n_a, m))
    caches = []
    for t in range(T_x):
        a_prev = a_next
        a_next = np.tanh(np.dot(p["Wh"], a_prev) + np.dot(p["Wi"], x[:, :, t]) + p["bh"].reshape(-1, 1))
        z = np.dot(p["Wo"], a_next) + p["bo"][:, None]
        e = np.exp(z - np.max(z))
        yt = e / e.sum(axis=0)
        a[:, :, t], y_pred[:, :, t] = a_next, yt
        caches.append((a_next, a_prev, x[:, :, t]))
    caches = (caches, x)
    assert a.shape == (n_a, m, T_x) and y_pred.shape == (n_y, m, T_x)
    labels = TOKENS
    picked = y_pred[labels, np.arange(m)[:, None], np.arange(T_x)[None, :]]
    return -np.log(picked).mean() + 1e-3 * (a[:, :, -1] ** 2).sum()


@weights(W=(D, H), U=(H, H), b=H, Wy=(H, V))
def gradients_by_their_own_hand(p):
    """Runs forward and backward; what is returned is the norm of its hand-written gradient."""
    xs, labels = X[0], TOKENS[0]
    hs, ps = defaultdict(lambda: np.zeros(H)), {}
    for t in range(T):
        hs[t] = np.tanh(xs[t] @ p["W"] + hs[t - 1] @ p["U"] + p["b"])
        ps[t] = np.exp(log_softmax(hs[t] @ p["Wy"]))
    dW, dU, db = np.zeros_like(p["W"]), np.zeros_like(p["U"]), np.zeros_like(p["b"])
    dWy, dh_next = np.zeros_like(p["Wy"]), np.zeros(H)
    for t in range(T - 1, -1, -1):
        dy = np.copy(ps[t])
        dy[labels[t]] -= 1
        dWy += np.outer(hs[t], dy)
        dh = p["Wy"] @ dy + dh_next
        draw = (1 - hs[t] * hs[t]) * dh
        db += draw
        dW += np.outer(xs[t], draw)
        dU += np.outer(hs[t - 1], draw)
        dh_next = p["U"] @ draw
    for d in (dW, dU, db, dWy):
        np.clip(d, -5, 5, out=d)
    return math.sqrt(sum(np.sum(d**2) for d in (dW, dU, db, dWy)))


def scan(f, init, xs):
    carry, ys = init, []
    for x in xs:
        carry, y = f(carry, x)
        ys.append(y)
    return carry, np.stack(ys)


@weights(A=(H, H), Bm=(H, D), C=(2, H))
def a_scan_of_ones_own(p):
    def cell(A, Bm, C, s, x):
        s = np.tanh(A @ s + Bm @ x)
        return s, C @ s

    last, ys = scan(partial(cell, p["A"], p["Bm"], p["C"]), np.zeros(H), X[1])
    return np.abs(ys).mean() + last.sum() ** 2


@weights(E=(V, H), Wq=(H, H), Wk=(H, H), Wv=(H, H), gain=H)
def one_head_with_a_triangle(p):
    x = p["E"][TOKENS]
    rms = np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)
    x = x / rms * p["gain"]
    q, k, v = x @ p["Wq"], x @ p["Wk"], x @ p["Wv"]
    att = np.einsum("bid,bjd->bij", q, k) / np.sqrt(H)
    future = np.triu_indices(T, k=1)
    att[:, future[0], future[1]] = -1e9
    att = np.exp(att - att.max(-1)[..., None])
    att /= att.sum(-1)[..., None]
    out = np.matmul(att, v)
    pooled = (out * MASK[..., None]).sum(1) / LENS[:, None]
    return np.sum(pooled**2)
