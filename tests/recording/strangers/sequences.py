"""Other sequence models: hidden Markov models, CTC, CRF, echo states, convolutions in time, scans."""

import numpy as np

from . import weights

T, S, I, H = 6, 3, 3, 5
rng = np.random.RandomState(4)
X = rng.randn(T, I)
OBS = rng.randint(0, 4, T)


def logsumexp(a, axis=None):
    m = np.max(a, axis=axis, keepdims=True)
    s = np.log(np.sum(np.exp(a - m), axis=axis, keepdims=True)) + m
    return np.squeeze(s, axis=axis) if axis is not None else s.item()


@weights(trans=(S, S), emit=(S, 4), start=S)
def hidden_markov_by_logs(p):
    logA = p["trans"] - logsumexp(p["trans"], axis=1)[:, None]
    logB = p["emit"] - logsumexp(p["emit"], axis=1)[:, None]
    logpi = p["start"] - logsumexp(p["start"])
    alpha = np.full((T, S), -np.inf)
    alpha[0] = logpi + logB[:, OBS[0]]
    for t in range(1, T):
        for j in range(S):
            alpha[t, j] = logsumexp(alpha[t - 1] + logA[:, j]) + logB[j, OBS[t]]
    return -logsumexp(alpha[-1])


@weights(trans=(S, S), emit=(S, 4))
def hidden_markov_with_scales(p):
    A = np.exp(p["trans"])
    A /= A.sum(axis=1, keepdims=True)
    E = np.abs(p["emit"]) + 0.1
    E = (E.T / E.sum(axis=1)).T
    alpha, scale = np.zeros((S, T)), np.zeros(T)
    alpha[:, 0] = E[:, OBS[0]] / S
    scale[0] = alpha[:, 0].sum()
    alpha[:, 0] /= scale[0]
    for t in range(1, T):
        alpha[:, t] = (alpha[:, t - 1] @ A) * E[:, OBS[t]]
        scale[t] = np.sum(alpha[:, t])
        alpha[:, t] = alpha[:, t] / scale[t]
    beta = np.ones((S, T))
    for t in reversed(range(T - 1)):
        beta[:, t] = A @ (E[:, OBS[t + 1]] * beta[:, t + 1]) / scale[t + 1]
    gamma = alpha * beta
    assert np.allclose(gamma.sum(axis=0), 1)
    return -np.log(scale).sum() + gamma[0].max()


@weights(W=(I, S + 1), U=(S + 1, S + 1))
def ctc(p):
    """Labels between blanks, a table of logarithms that starts at minus infinity."""
    h, logits = np.zeros(S + 1), []
    for x in X:
        h = np.tanh(x @ p["W"] + h @ p["U"])
        logits.append(3 * h)
    y = np.array(logits)
    logp = y - np.log(np.exp(y).sum(1, keepdims=True))
    labels = [1, 2]
    ext = [0]
    for lab in labels:
        ext += [lab, 0]
    L = len(ext)
    alpha = np.ones((T, L)) * -np.inf
    alpha[0, 0], alpha[0, 1] = logp[0, 0], logp[0, ext[1]]
    for t in range(1, T):
        for s in range(max(0, L - 2 * (T - t)), min(L, 2 * (t + 1))):
            a = alpha[t - 1, s]
            if s > 0:
                a = np.logaddexp(a, alpha[t - 1, s - 1])
            if s > 1 and ext[s] != 0 and ext[s] != ext[s - 2]:
                a = np.logaddexp(a, alpha[t - 1, s - 2])
            alpha[t, s] = a + logp[t, ext[s]]
    return -np.logaddexp(alpha[T - 1, L - 1], alpha[T - 1, L - 2])


@weights(W=(I, S), U=(S, S), trans=(S, S))
def conditional_random_field(p):
    """The partition function as a loop, the best path by Viterbi, whose score is a maximum."""
    h, feats = np.zeros(S), np.zeros((T, S))
    for t, x in enumerate(X):
        h = np.tanh(x.dot(p["W"]) + h.dot(p["U"]))
        feats[t] = h
    gold = [0, 1, 1, 2, 0, 2]
    score = feats[np.arange(T), gold].sum() + sum(p["trans"][i, j] for i, j in zip(gold[:-1], gold[1:]))
    alpha, viterbi, back = feats[0], feats[0].copy(), []
    for f in feats[1:]:
        m = alpha[:, None] + p["trans"] + f[None, :]
        alpha = np.log(np.sum(np.exp(m - m.max(0)), 0)) + m.max(0)
        v = viterbi[:, np.newaxis] + p["trans"]
        back.append(np.argmax(v, axis=0))
        viterbi = np.max(v, axis=0) + f
    path = [int(np.argmax(viterbi))]
    for b in back[::-1]:
        path.insert(0, int(b[path[0]]))
    m = alpha.max()
    return m + np.log(np.exp(alpha - m).sum()) - score + 0.1 * viterbi[path[-1]]


@weights(Wout=(1 + I + 20,), leak=())
def echo_state(p):
    """A sparse reservoir of fixed numbers, scaled by its spectral radius; states gathered in columns."""
    res = np.random.RandomState(42)
    Win = (res.rand(20, 1 + I) - 0.5) * 1
    W = res.rand(20, 20) - 0.5
    W[res.rand(20, 20) < 0.7] = 0
    W *= 0.9 / max(abs(np.linalg.eig(W)[0]))
    a = 1 / (1 + np.exp(-p["leak"]))
    x, states = np.zeros((20, 1)), np.zeros((1 + I + 20, T))
    for t in range(T):
        u = X[t][:, None]
        x = (1 - a) * x + a * np.tanh(np.dot(Win, np.vstack((1, u))) + np.dot(W, x))
        states[:, t] = np.vstack((1, u, x))[:, 0]
    Y = np.dot(p["Wout"], states)
    rmse = np.sqrt(np.mean((Y - X[:, 0]) ** 2))
    return rmse / np.std(X[:, 0])


@weights(k1=(3, I, H), k2=(3, H, H), out=H)
def dilated_convolutions(p):
    x = X
    for k, dilation in ((p["k1"], 1), (p["k2"], 2)):
        padded = np.pad(x, ((2 * dilation, 0), (0, 0)), mode="constant")
        y = sum(padded[j * dilation : j * dilation + T] @ k[j] for j in range(3))
        x = np.maximum(y, 0) + 0.01 * np.minimum(y, 0)
    return ((x @ p["out"]) ** 2).mean()


@weights(kernel=(4,), W=(3, H), U=(H, H))
def windows_then_rnn(p):
    """Windows of the signal as a view, smoothed by np.convolve."""
    signal = np.convolve(np.sin(np.arange(12.0)), p["kernel"], mode="valid")
    windows = np.lib.stride_tricks.sliding_window_view(signal, 3)
    h = np.zeros(H)
    for w in windows:
        h = np.tanh(w @ p["W"] + h @ p["U"])
    return np.median(h) + np.percentile(h, 75)


@weights(a=(H,), b=(I, H), c=(H, 1))
def diagonal_scan(p):
    """A linear recurrence by cumulative sums of logarithms, checked by the loop."""
    decay = 1 / (1 + np.exp(-p["a"]))
    u = X @ p["b"]
    powers = np.cumprod(np.broadcast_to(decay, (T, H)), axis=0)
    hs = powers * np.cumsum(u / powers, axis=0)
    h = np.zeros(H)
    for t in range(T):
        h = decay * h + u[t]
        np.testing.assert_allclose(hs[t], h)
    return np.log(np.cosh(hs @ p["c"])).sum()


@weights(W=(H, H), w_in=(H, I), tau=(H,))
def continuous_time(p):
    """A differential equation by Runge and Kutta's steps, its energy by the trapezoidal rule."""

    def f(h, x):
        return (-h + np.tanh(p["W"] @ h + p["w_in"] @ x)) / (1 + np.abs(p["tau"]))

    h, dt, energy = np.zeros(H), 0.1, [0.0]
    for x in X:
        k1 = f(h, x)
        k2 = f(h + dt / 2 * k1, x)
        k3 = f(h + dt / 2 * k2, x)
        k4 = f(h + dt * k3, x)
        h = h + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        energy.append(h @ h)
    return np.trapezoid(energy, dx=dt) + np.gradient(energy)[-1]


@weights(W=(2, 2), phase=(4,), mix=(4, I))
def spectral(p):
    """Rotations by angles: a unitary state as pairs of numbers."""
    theta = np.arctan2(np.sin(p["phase"]), np.cos(p["phase"]))
    R = np.zeros((4, 2, 2))
    R[:, 0, 0], R[:, 1, 1] = np.cos(theta), np.cos(theta)
    R[:, 0, 1], R[:, 1, 0] = -np.sin(theta), np.sin(theta)
    h = np.zeros((4, 2))
    for x in X:
        h = np.einsum("nij,nj->ni", R, h)
        h[:, 0] += p["mix"] @ x
        norms = np.hypot(h[:, 0], h[:, 1])
        h = h * np.expand_dims(np.tanh(norms) / (norms + 1e-3), -1)
    return np.kron(h[0], h[1]) @ np.kron(p["W"][0], p["W"][1])
