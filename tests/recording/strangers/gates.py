"""Gated cells in columns and batches: GRU, LSTM, peepholes, minimal gates, layers, directions."""

import numpy as np

from . import weights

T, B, I, H = 4, 2, 3, 5
rng = np.random.default_rng(11)
X = rng.standard_normal((T, B, I))
XT = X[:, 0].T


def σ(x):
    return 1 / (1 + np.exp(-x))


def orthogonal(n):
    return np.linalg.qr(np.random.RandomState(0).randn(n, n))[0]


ACTIVATIONS = {
    "sigmoid": lambda z: σ(z),
    "tanh": np.tanh,
    "relu": lambda z: z * (z > 0),
    "leaky": lambda z: np.where(z > 0, z, 0.01 * z),
    "softplus": lambda z: np.log1p(np.exp(z)),
    "hard": lambda z: np.clip(0.2 * z + 0.5, 0, 1),
}


@weights(Wz=(H, I), Uz=(H, H), bz=H, Wr=(H, I), Ur=(H, H), br=H, Wh=(H, I), Uh=(H, H), bh=H)
def gru_of_a_paper(p):
    h = [np.zeros(H)]
    for x in XT.T:
        z = σ(p["Wz"] @ x + p["Uz"] @ h[-1] + p["bz"])
        r = σ(p["Wr"] @ x + p["Ur"] @ h[-1] + p["br"])
        h_tilde = np.tanh(p["Wh"] @ x + p["Uh"] @ (r * h[-1]) + p["bh"])
        h.append((1 - z) * h[-1] + z * h_tilde)
    h = np.array(h[1:])
    return np.mean(np.square(h[1:] - h[:-1]))


@weights(W=(3 * H, I), R=(3 * H, H), b=(2, 3 * H))
def gru_by_vsplit(p):
    """PyTorch's form, with np.vsplit and views of the biases."""
    bi, bh = p["b"]
    h = np.zeros((H, B))
    ys = np.empty((T, H, B))
    for t, x in enumerate(X):
        gi, gh = p["W"] @ x.T + bi[:, None], p["R"] @ h + bh[:, None]
        (ri, zi, ni), (rh, zh, nh) = np.vsplit(gi, 3), np.vsplit(gh, 3)
        r, z = σ(ri + rh), σ(zi + zh)
        n = np.tanh(ni + r * nh)
        h = n + z * (h - n)
        ys[t] = h
    return np.abs(ys).sum() / ys.size


@weights(W=(4 * H, I + H), b=4 * H, peep=(3, H))
def peephole_lstm(p):
    pi, pf, po = p["peep"]
    h, c, out = np.zeros((B, H)), np.zeros((B, H)), []
    for t in range(T):
        z = np.c_[X[t], h] @ p["W"].T + p["b"]
        zi, zf, zo, zg = (z[:, k * H : (k + 1) * H] for k in range(4))
        i, f = σ(zi + pi * c), σ(zf + pf * c)
        c = f * c + i * np.tanh(zg)
        o = σ(zo + po * c)
        h = o * np.tanh(c)
        out += [h]
    return np.linalg.norm(np.stack(out))


@weights(W0=(I, 4 * H), U0=(H, 4 * H), W1=(H, 4 * H), U1=(H, 4 * H), g=(2, H))
def stacked_lstm_in_one_array(p):
    """States of all layers and steps in one array, layer norm between the layers."""
    h, c = np.zeros((2, T + 1, B, H)), np.zeros((2, T + 1, B, H))
    for layer in range(2):
        W, U = p[f"W{layer}"], p[f"U{layer}"]
        for t in range(T):
            below = X[t] if layer == 0 else h[layer - 1, t + 1]
            a = (below @ W + h[layer, t] @ U).reshape(B, 4, H)
            a[:, :3] = σ(a[:, :3])
            a[:, 3] = np.tanh(a[:, 3])
            c[layer, t + 1] = a[:, 1] * c[layer, t] + a[:, 0] * a[:, 3]
            new = a[:, 2] * np.tanh(c[layer, t + 1])
            mu, var = new.mean(-1, keepdims=True), new.var(-1, keepdims=True)
            h[layer, t + 1] = (new - mu) / np.sqrt(var + 1e-5) * p["g"][layer]
    return (h[1, 1:] ** 2).sum() + c[:, -1].sum()


@weights(Wf=(I + H, H), bf=H, Wh=(I + H, H), bh=H)
def minimal_gated_unit_by_hstack(p):
    h, history = np.zeros((B, H)), np.empty((0, B, H))
    for x in X:
        f = ACTIVATIONS["hard"](np.hstack([x, h]) @ p["Wf"] + p["bf"])
        cand = ACTIVATIONS["tanh"](np.hstack([x, f * h]) @ p["Wh"] + p["bh"])
        h = (1.0 - f) * h + f * cand
        history = np.append(history, h[np.newaxis], axis=0)
    assert history.shape == (T, B, H)
    return np.std(history)


@weights(fw=(I + H, H), bw=(I + H, H), out=(2 * H, 2))
def bidirectional_with_flips(p):
    def run(seq, W):
        h, hs = np.zeros((B, H)), []
        for x in seq:
            h = np.tanh(np.concatenate([x, h], -1) @ W)
            hs.append(h)
        return np.array(hs)

    forward = run(X, p["fw"])
    backward = np.flip(run(X[::-1], p["bw"]), axis=0)
    both = np.dstack((forward, backward))
    logits = both @ p["out"]
    return np.logaddexp(logits[..., 0], logits[..., 1]).sum() - logits[..., 0].sum()


@weights(W=(H, I), U=(H, H), b=H)
def every_activation_in_turn(p):
    total = 0
    for name, activation in ACTIVATIONS.items():
        h = np.ones(H) * 0.1
        for t in range(T):
            h = activation(p["W"] @ XT[:, t] + p["U"] @ h + p["b"])
        total = total + h.sum()
        print(f"{name:>10}: {h.sum():8.4f} {np.round(h, 2)}")
    return total


@weights(A=(H, H), Bm=(H, I), C=(1, H), log_dt=())
def state_space(p):
    """A discretised linear system: a bilinear step by np.linalg.inv, its kernel by matrix powers."""
    A, dt = p["A"] - 2 * np.eye(H), np.exp(p["log_dt"])
    left = np.linalg.inv(np.eye(H) - dt / 2 * A)
    Ab, Bb = left @ (np.eye(H) + dt / 2 * A), (left * dt) @ p["Bm"]
    K = np.array([(p["C"] @ np.linalg.matrix_power(Ab, k) @ Bb).ravel() for k in range(T)])
    x, ys = np.zeros(H), []
    for u in XT.T:
        x = Ab @ x + Bb @ u
        ys.append((p["C"] @ x)[0])
    by_kernel = np.array([sum(K[t - s] @ XT[:, s] for s in range(t + 1)) for t in range(T)])
    assert np.allclose(by_kernel, ys)
    return np.sum(np.array(ys) ** 2)


@weights(R=(4, H, H), W=(4, I, H), b=(4, H))
def lstm_by_einsum_and_unpacking(p):
    h = c = np.zeros((B, H))
    for x in X:
        f, i, o, z = np.einsum("bi,gih->gbh", x, p["W"]) + np.einsum("bh,ghk->gbk", h, p["R"]) + p["b"][:, None]
        c = σ(f + 1.0) * c + σ(i) * np.tanh(z)
        h = σ(o) * np.tanh(c)
    return np.inner(h.ravel(), c.ravel())


@weights(W=(H, I), U=(H, H), T_gate=(H, I), tau=H)
def leaky_clockwork(p):
    """Blocks that tick at their own periods; a time constant each; np.exp of clocks."""
    periods = np.array([1, 1, 2, 2, 4])
    mask = np.triu(np.ones((H, H)))
    h = np.zeros(H)
    record = {}
    for t in range(T):
        active = (t % periods) == 0
        cand = np.tanh(p["W"] @ XT[:, t] + (p["U"] * mask) @ h)
        leak = np.exp(-1.0 / (1.0 + p["tau"] ** 2))
        new = leak * h + (1 - leak) * cand * σ(p["T_gate"] @ XT[:, t])
        h = np.where(active, new, h)
        record[t] = h.copy()
    return sum(np.dot(v, v) for v in record.values())
