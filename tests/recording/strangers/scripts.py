"""Scripts of numpy's less common functions: np.add.at, np.put, np.copyto, stride tricks, vectorized, along an axis."""

import itertools
from collections import deque

import numpy as np
from numpy.lib.stride_tricks import as_strided

from . import weights

T, I, H, K = 8, 3, 5, 3
signal = np.sin(np.arange(T * I, dtype=float)).reshape(T, I)
ids = np.array([2, 0, 1, 2, 2, 1])

sigmoid = np.vectorize(lambda z: 1.0 / (1.0 + np.exp(-z)))


@weights(kernel=(K, I, H), U=(H, H), b=H)
def convolution_over_time(p):
    """Windows by hand, then a recurrence over what they give."""
    windows = np.lib.stride_tricks.sliding_window_view(signal, K, axis=0)
    feats = np.einsum("tik,kih->th", windows, p["kernel"])
    feats = np.maximum(feats, 0.1 * feats)
    h = np.zeros(H)
    total = 0
    for f in feats:
        h = np.tanh(f + p["U"].T @ h + p["b"])
        total = total + h.mean()
    return total


@weights(w=(K,), U=(T - K + 1, 2))
def strided_windows(p):
    x = np.ascontiguousarray(signal[:, 0])
    n = x.shape[0] - K + 1
    patches = as_strided(x, shape=(n, K), strides=(x.strides[0], x.strides[0]))
    y = patches @ p["w"]
    return np.tanh(y) @ p["U"] @ np.array([1.0, -2.0])


@weights(W=(I, H), U=(H, H))
def gates_by_vectorize(p):
    h = np.zeros(H)
    for x in signal[:4]:
        g = sigmoid(x @ p["W"] + h @ p["U"])
        h = g * h + (1 - g) * np.tanh(x @ p["W"])
    return np.sum(h)


@weights(E=(3, H), s=(6, H))
def counts_added_at_places(p):
    acc = np.zeros((3, H))
    np.add.at(acc, ids, p["s"])
    counts = np.bincount(ids, minlength=3)
    mean = acc / np.maximum(counts, 1)[:, None]
    return ((mean - p["E"]) ** 2).sum()


@weights(W=(4, 4), x=4)
def puts_and_copies(p):
    buf = np.zeros(10)
    np.put(buf, [1, 3, 5, 7], p["W"] @ p["x"])
    out = np.empty_like(buf)
    np.copyto(out, buf)
    np.copyto(out, 0.5, where=buf == 0)
    np.multiply(out, 2.0, out=out)
    out[::2] += buf[1::2]
    return np.dot(out, np.arange(10)) + np.tanh(out).sum()


@weights(W=(I, H), U=(H, H))
def softmax_along_an_axis(p):
    def softmax(v):
        e = np.exp(v - np.max(v))
        return e / np.sum(e)

    S = np.zeros((T + 1, H))
    for t in range(T):
        S[t + 1] = np.tanh(signal[t] @ p["W"] + S[t] @ p["U"])
    P = np.apply_along_axis(softmax, 1, S[1:])
    return -np.sum(P * np.log(P), axis=1).mean()


@weights(Win=(H, I), Wout=(I, H + I + 1))
def reservoir_with_a_trained_input(p):
    rng = np.random.RandomState(42)
    W = rng.rand(H, H) - 0.5
    W *= 0.9 / np.max(np.abs(np.linalg.eigvals(W)))
    leak = 0.3
    x = np.zeros((H, 1))
    X = np.zeros((1 + I + H, T))
    for t in range(T):
        u = signal[t].reshape(-1, 1)
        x = (1 - leak) * x + leak * np.tanh(np.dot(p["Win"], u) + np.dot(W, x))
        X[:, t] = np.vstack((1, u, x))[:, 0]
    Y = np.dot(np.roll(p["Wout"], 1, axis=1), X)
    mse = np.sum(np.square(signal.T[:, 1:] - Y[:, :-1])) / (T - 1)
    ridge = 1e-2 * np.trace(p["Wout"].T @ p["Wout"])
    return mse + ridge


@weights(W=(T, 4))
def alpha_loop_with_blanks(p):
    """The forward variables of a blank-separated labelling, in a table that starts at minus infinity."""
    target, blank = [1, 3], 0
    ext = [blank]
    for c in target:
        ext += [c, blank]
    y = p["W"] - np.log(np.exp(p["W"]).sum(1, keepdims=True))
    L = len(ext)
    alpha = np.full((T, L), -1e30)
    alpha[0, 0], alpha[0, 1] = y[0, blank], y[0, ext[1]]
    for t in range(1, T):
        for s in range(max(0, L - 2 * (T - t)), min(L, 2 * (t + 1))):
            a = alpha[t - 1, s]
            if s > 0:
                a = np.logaddexp(a, alpha[t - 1, s - 1])
            if s > 1 and ext[s] != blank and ext[s] != ext[s - 2]:
                a = np.logaddexp(a, alpha[t - 1, s - 2])
            alpha[t, s] = a + y[t, ext[s]]
    return -np.logaddexp(alpha[T - 1, L - 1], alpha[T - 1, L - 2])


@weights(trans=(4, 4), emit=(4, 5), init=4)
def best_path_of_a_chain(p):
    obs = [0, 2, 4, 1, 1]
    score = np.zeros((len(obs), 4))
    back = np.zeros((len(obs), 4), dtype=int)
    score[0] = p["init"] + p["emit"][:, obs[0]]
    for t in range(1, len(obs)):
        for j in range(4):
            cand = score[t - 1] + p["trans"][:, j]
            back[t, j] = np.argmax(cand)
            score[t, j] = cand[back[t, j]] + p["emit"][j, obs[t]]
    path = [int(score[-1].argmax())]
    for t in range(len(obs) - 1, 0, -1):
        path.insert(0, back[t, path[0]])
    assert len(path) == len(obs)
    return score[-1].max() - 0.1 * np.ptp(score[-1])


@weights(W=(I, H), U=(H, H), V=(H, 4), b=4)
def beams_in_a_list_of_tuples(p):
    emb = np.eye(4)[:, :I]
    beams = [(0.0, [0], np.zeros(H))]
    for _ in range(3):
        grown = []
        for score, seq, h in beams:
            h2 = np.tanh(emb[seq[-1]] @ p["W"] + h @ p["U"])
            z = h2 @ p["V"] + p["b"]
            lp = z - np.log(np.sum(np.exp(z)))
            for k in range(4):
                grown.append((score + lp[k], seq + [k], h2))
        beams = sorted(grown, key=lambda b: -b[0])[:2]
    best, second = beams
    return -(best[0] + 0.5 * second[0]) / len(best[1])


@weights(W=(I, H), U=(H, H), a=3)
def delays_in_a_deque(p):
    ring = deque([np.zeros(H)] * 3, maxlen=3)
    loss = 0.0
    for x in itertools.islice(signal, 6):
        mix = sum(c * h for c, h in zip(p["a"], ring))
        ring.appendleft(np.tanh(x @ p["W"] + mix @ p["U"]))
        loss += (ring[0] - ring[-1]).dot(ring[0] - ring[-1])
    return loss


@weights(W=(H, H), U=(H, I), mu=H)
def ring_buffer_by_modulo(p):
    N = 3
    mem = np.zeros((N, H))
    for t in range(T):
        mem[(t + 1) % N] = np.tanh(p["W"] @ mem[t % N] + p["U"] @ signal[t]) + 0.1 * mem[(t - 1) % N]
    return np.linalg.norm(mem - p["mu"], axis=1).sum()


@weights(W=(H, I), U=(H, H), tau=H)
def euler_in_small_steps(p):
    dt, v = 0.05, np.zeros(H)
    trace = np.zeros((T * 4 + 1, H))
    k = 0
    for u in signal:
        for _ in range(4):
            dv = (-v + np.tanh(p["W"].dot(u) + p["U"].dot(v))) / (0.5 + np.exp(p["tau"]))
            v = v + dt * dv
            k += 1
            trace[k, :] = v
    return np.trapezoid((trace**2).sum(axis=1), dx=dt)


@weights(A=(H, H), b=H)
def fixed_point_by_repetition(p):
    z, n = np.zeros_like(p["b"]), 0
    while True:
        z_new = np.tanh(0.3 * p["A"] @ z + p["b"])
        n += 1
        if np.linalg.norm(z_new - z) < 1e-12 or n > 200:
            break
        z = z_new
    return z_new @ z_new


@weights(W=(T, H), c=H)
def sorts_and_thresholds(p):
    s = np.tanh(p["W"])
    top = np.sort(s, axis=0)[-3:]
    mid = np.median(s, axis=0)
    q = np.percentile(s, 75, axis=0)
    order = np.argsort(-s[:, 0])
    pooled = s[order][:2].mean(0)
    return np.sum(top) + (mid * p["c"]).sum() + q.sum() + np.prod(1 + pooled)
