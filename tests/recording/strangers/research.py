"""Research code: memories, hypernetworks, reversible and spiking cells, graph and grid networks, meta steps by hand."""

from functools import reduce
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import numpy.linalg as la
from numpy.lib.stride_tricks import sliding_window_view

from . import layers, weights

T, B, I, H = 5, 3, 4, 6
rs = np.random.RandomState(77)
X = rs.normal(0, 1, (T, B, I))
ADJ = (rs.rand(H, H) < 0.5).astype(float)
np.fill_diagonal(ADJ, 1)


class LSTMState(NamedTuple):
    h: np.ndarray
    c: np.ndarray


def split_gates(a, n=4):
    return [a[..., k * (a.shape[-1] // n) : (k + 1) * (a.shape[-1] // n)] for k in range(n)]


@weights(W=(I, 4 * H), U=(H, 4 * H), b=4 * H, gamma=(3, 4 * H), beta=4 * H)
def layer_norm_lstm(p):
    def ln(z, g, b=0.0):
        mu = np.mean(z, axis=1, keepdims=True)
        sigma = np.sqrt(np.var(z, axis=1, keepdims=True) + 1e-6)
        return g * (z - mu) / sigma + b

    s = LSTMState(np.zeros((B, H)), np.zeros((B, H)))
    for x in X:
        z = ln(x @ p["W"], p["gamma"][0]) + ln(s.h @ p["U"], p["gamma"][1], p["beta"]) + p["b"]
        i, f, o, g = split_gates(z)
        i, f, o = map(lambda v: 0.5 * (1 + np.tanh(v / 2)), (i, f, o))
        s = s._replace(c=f * s.c + i * np.tanh(g))
        s = s._replace(h=o * np.tanh(ln(s.c, p["gamma"][2][:H])))
    return np.einsum("bh,bh->", s.h, s.c)


@weights(We=(I, H), Wm=(H, H), Wu=(H, H))
def message_passing(p):
    """A graph whose nodes keep states; degree normalisation by a diagonal matrix."""
    D = np.diag(1.0 / np.sqrt(ADJ.sum(axis=1)))
    A = D @ ADJ @ D
    h = np.zeros((H, H))
    for x in X[:, 0]:
        h = h.copy()
        h[0] += x @ p["We"]
        m = A @ h @ p["Wm"]
        h = np.tanh(m + h @ p["Wu"])
    readout = np.where(ADJ.sum(1) > 3, 1.0, 0.5)[:, None] * h
    return np.log(np.sum(np.exp(readout), axis=(0, 1)))


@weights(Wx=(I, H), Wr=(H, H), thr=())
def surrogate_spikes(p):
    """Spikes by a smooth step, a trace of them in a table, resets by subtraction."""
    v, spikes = np.zeros((B, H)), np.zeros((T + 1, B, H))
    threshold = 0.3 + np.log1p(np.exp(p["thr"]))
    for t in range(T):
        v = 0.9 * v + X[t].dot(p["Wx"]) + spikes[t].dot(p["Wr"] * (1 - np.eye(H)))
        s = 1 / (1 + np.exp(-5 * (v - threshold)))
        v -= s * threshold
        spikes[t + 1] = s
    rate = spikes[1:].mean(axis=(0, 1))
    return np.sum((rate - 0.2) ** 2) + np.sum(np.diff(spikes, axis=0) ** 2) / spikes.size


@weights(F=(H // 2, H // 2), G=(H // 2, H // 2), Wx=(I, H))
def reversible_cell(p):
    h = np.zeros((B, H))
    trace = []
    for x in X:
        z = x @ p["Wx"]
        h1, h2 = np.split(h, 2, axis=-1)
        z1, z2 = np.split(z, [H // 2], axis=-1)
        h1 = h1 + np.tanh(h2 @ p["F"] + z1)
        h2 = h2 + np.tanh(h1 @ p["G"] + z2)
        h = np.concatenate([h1, h2], axis=-1)
        trace.append(la.norm(h, axis=-1))
    back2 = h2 - np.tanh(h1 @ p["G"] + z2)
    back1 = h1 - np.tanh(back2 @ p["F"] + z1)
    assert back1.shape == (B, H // 2) and np.all(np.isfinite(back1))
    return np.stack(trace, axis=1).max(axis=1).sum() + np.abs(back1).mean()


@weights(A=(H, H), Bu=(H, I), C=(2, H))
def cayley_orthogonal(p):
    S = np.triu(p["A"], 1)
    S = S - S.T
    eye = np.identity(H)
    Q = la.solve(eye + S, eye - S)
    assert np.allclose(Q @ Q.T, eye), "not orthogonal"
    h = np.zeros((H, B))
    ys = np.zeros((T, 2, B))
    for t in range(T):
        h = Q @ h + p["Bu"] @ X[t].T
        h = np.sign(h) * np.maximum(np.abs(h) - 0.05, 0)
        ys[t] = p["C"] @ h
    return 0.5 * np.square(np.subtract(ys[..., 0], 1)).sum() + la.det(Q) + ys.trace(axis1=1, axis2=2).sum()


@weights(W1=(I, 8), W2=(8, H * I), U=(H, H))
def hypernetwork(p):
    """The weights of a step come from the input."""
    h = np.zeros(H)
    for x in X[:, 1]:
        W = np.tanh(x @ p["W1"]) @ p["W2"]
        h = np.tanh(W.reshape(H, I, order="F") @ x + p["U"] @ h)
    return h.prod() + h[::2].sum() - h[1::2].sum()


@weights(W=(2, H, H), U=(I, H))
def grid_of_states(p):
    """Two dimensions of recurrence: a table of vectors, each from the left and from above."""
    table = np.zeros((T + 1, B + 1, H))
    for i in range(1, T + 1):
        for j in range(1, B + 1):
            left, up = table[i, j - 1], table[i - 1, j]
            table[i, j] = np.tanh(X[i - 1, j - 1] @ p["U"] + left @ p["W"][0] + up @ p["W"][1])
    inner = table[1:, 1:]
    return np.sum(inner[-1, -1] ** 2) + np.mean(inner.max(axis=0)) + np.median(inner)


@weights(W=(I, H), U=(H, H), V=(H, I))
def predictive_coding_windows(p):
    """Windows of the outputs compared with windows of the input, correlations of states."""
    h, out = np.zeros((B, H)), np.empty((T, B, I))
    for t, x in enumerate(X):
        h = np.arctan(x @ p["W"] + h @ p["U"])
        np.matmul(h, p["V"], out=out[t])
    error = sliding_window_view(out, 3, axis=0).mean(-1) - sliding_window_view(X, 3, axis=0).mean(-1)
    c = np.corrcoef(h, rowvar=False)
    return (error**2).sum() + 1e-2 * np.abs(c[np.triu_indices_from(c, 1)]).sum()


@weights(W=(I, H), U=(H, H), b=H)
def uses_a_module_by_name(p):
    cfg = SimpleNamespace(steps=T, hidden=H, act=np.tanh, eps=1e-5)
    hs = layers.linear_rnn(X, p["W"], p["U"], p["b"])
    norm = layers.LayerNorm(np.ones(cfg.hidden), np.zeros(cfg.hidden), cfg.eps)
    y = cfg.act(norm(hs))
    q = layers.softmax_(y[-1].copy())
    return layers.cross_entropy(q, np.array([0, 2, 1])) + y.mean()


@weights(W=(H, I), U=(H, H))
def fold_by_reduce(p):
    final = reduce(lambda h, x: np.tanh(p["W"] @ x + p["U"] @ h), X[:, 0], np.zeros(H))
    hist, edges = np.histogram(final, bins=4)
    top = np.partition(final, -2)[-2:]
    order = final.argsort()[::-1]
    return top.sum() + final[order[0]] * final[order[-1]] + 0.0 * hist.sum()


@weights(W=(I, H), U=(H, H), w=H)
def survival_by_interpolation(p):
    h, hazard = np.zeros((B, H)), np.zeros((B, T))
    for t in range(T):
        h = np.tanh(X[t] @ p["W"] + h @ p["U"])
        hazard[:, t] = np.logaddexp(0, h @ p["w"])
    survival = np.exp(-np.cumsum(hazard, axis=1))
    grid = np.linspace(0, T - 1, 9)
    fine = np.array([np.interp(grid, np.arange(T), s) for s in survival])
    area = np.trapezoid(fine, grid, axis=1)
    quartiles = np.percentile(area, [25, 50, 75])
    return area.mean() + (quartiles[2] - quartiles[0]) ** 2 - np.log(survival[:, -1]).mean()


@weights(W=(I, H), U=(H, H), mu=H)
def clustering_of_states(p):
    """Distances of all pairs by broadcasting, soft assignments, masks of the diagonal."""
    h = np.zeros((B, H))
    rows = np.empty((0, H))
    for x in X:
        h = np.tanh(x @ p["W"] + h @ p["U"])
        rows = np.r_[rows, h]
    d2 = ((rows[:, None, :] - rows[None, :, :]) ** 2).sum(-1)
    off = ~np.eye(len(rows), dtype=bool)
    k = np.exp(-d2 / (2 * np.median(d2[off])))
    q = 1.0 / (1.0 + ((rows - p["mu"]) ** 2).sum(1))
    q = (q / q.sum()).clip(1e-12, None)
    np.fill_diagonal(k, 0.0)
    return k.sum() / off.sum() - (q * np.log(q)).sum()
