"""Notebooks' cells joined to functions: globals, plain arrays of data, progress prints."""

import itertools
import math
from math import exp, log, sqrt, tanh

import numpy as np
from numpy import dot, zeros
from numpy.random import choice, seed

from . import weights

np.random.seed(12)
n_in, n_h, n_out, seq = 4, 18, 3, 6
data = np.random.randn(seq, n_in)
labels = np.random.randint(n_out, size=seq)
one_hot = np.zeros((seq, n_out))
one_hot[np.arange(seq), labels] = 1
history = {"loss": [], "acc": []}
sigmoid = np.vectorize(lambda z: 1 / (1 + math.exp(-z)))


@weights(Wx=(n_in, n_h), Wh=(n_h, n_h), bh=(n_h,), Wy=(n_h, n_out), by=(n_out,))
def data_dot_weights(p):
    """The plain data call .dot with a matrix of hundreds of weights; the loss is by hand with one-hot targets."""
    h = np.zeros(n_h)
    loss = 0
    for t in range(seq):
        h = np.tanh(data[t].dot(p["Wx"]) + h.dot(p["Wh"]) + p["bh"])
        y = h.dot(p["Wy"]) + p["by"]
        e = np.exp(y - max(y))
        yhat = e / e.sum()
        loss += -(one_hot[t] * np.log(yhat)).sum()
    history["loss"].append(float(loss))
    history["acc"].append(np.mean(yhat.argmax() == labels[-1]))
    if len(history["loss"]) % 100 == 0:
        print("loss", np.mean(history["loss"][-100:]))
    return loss


@weights(w=(5, 3), u=(5, 5), v=5)
def numbers_by_imported_math(p):
    w, u, v = p["w"], p["u"], p["v"]
    s = [0.0] * 5
    for t in range(seq):
        s = [
            tanh(sum(w[i][j] * data[t][j] for j in range(3)) + sum(u[i][k] * s[k] for k in range(5))) for i in range(5)
        ]
    z = sum(a * b for a, b in zip(s, v))
    prob = 1.0 / (1.0 + exp(-z))
    return -log(prob) + 0.01 * sqrt(sum(x**2 for row in u for x in row))


@weights(W=(n_h, n_in + n_h + 1))
def bias_in_the_matrix(p):
    h = zeros((n_h, 1))
    outs = []
    for t in range(seq):
        col = np.concatenate(([1.0], data[t], h[:, 0]))
        h = np.tanh(dot(p["W"], col.reshape(-1, 1)))
        outs.append(h.squeeze())
    outs = np.asarray(outs)
    return np.sqrt(np.mean(np.power(outs - outs.mean(axis=0, keepdims=True), 2)))


@weights(Wx=(n_in, n_h), Wh=(n_h, n_h))
def vectorized_sigmoid(p):
    h = np.zeros(n_h)
    for x in data:
        z = sigmoid(x @ p["Wx"] + h @ p["Wh"])
        h = z * np.tanh(x @ p["Wx"]) + (1 - z) * h
    return np.max(h) - np.min(h) + h.ptp() if hasattr(h, "ptp") else np.max(h) - np.min(h) + np.ptp(h)


@weights(emb=(10, 6), W=(6, 6), out=(6, 10))
def sample_with_temperature(p):
    seed(0)
    tok, nll, text = 3, [], ""
    h = np.zeros(6)
    for _ in range(6):
        h = np.tanh(p["emb"][tok] + p["W"] @ h)
        logits = h @ p["out"] / 0.8
        probs = np.exp(logits) / np.sum(np.exp(logits))
        tok = int(choice(10, p=probs))
        nll.append(-np.log(probs[tok]))
        text += chr(ord("a") + tok)
    return np.mean(nll) + np.std(nll) + 0 * len(text)


@weights(emb=(8, 5), W=(5, 5), out=(5, 8))
def beam_search(p):
    """Sorts hypotheses by their scores, in Python's own way."""

    def step(tok, h):
        h = np.tanh(p["emb"][tok] + h @ p["W"])
        z = h @ p["out"]
        return z - np.log(np.exp(z).sum()), h

    beams = [(0.0, [0], np.zeros(5))]
    for _ in range(4):
        candidates = []
        for score, toks, h in beams:
            logp, h2 = step(toks[-1], h)
            for k in np.argsort(-logp)[:3]:
                candidates.append((score + logp[k], [*toks, int(k)], h2))
        beams = sorted(candidates, key=lambda c: -c[0])[:2]
    return -beams[0][0] / len(beams[0][1])


@weights(W=(4, 4), b=4)
def convergence_loop(p):
    """Runs until the state stands still: a fixed point."""
    h, steps, diff = np.zeros(4), 0, 1.0
    while diff > 1e-9 and steps < 500:
        new = np.tanh(0.5 * p["W"] @ h + p["b"])
        diff = np.abs(new - h).max()
        h = new
        steps += 1
    print(f"converged after {steps} steps, |dh| = {diff:.2e}")
    return h.sum()


@weights(Wxh=(n_h, n_in), Whh=(n_h, n_h), Why=(1, n_h))
def online_learning_statistics(p):
    """Running mean and variance of the outputs by Welford's way, gradient clipping of something that is no gradient."""
    h, mean, m2 = np.zeros((n_h, 1)), 0.0, 0.0
    for n, x in enumerate(data, start=1):
        h = np.tanh(p["Wxh"].dot(x[:, None]) + p["Whh"].dot(h))
        y = p["Why"].dot(h).item()
        delta = y - mean
        mean += delta / n
        m2 += delta * (y - mean)
    clipped = [np.zeros_like(w) for w in p.values()]
    for g in clipped:
        np.clip(g, -5, 5, out=g)
    assert all(np.isfinite(g).all() for g in clipped)
    return m2 / (len(data) - 1) + mean**2


@weights(theta=(3 * 4 + 4 * 4 + 4,))
def flat_parameters(p):
    """All weights in one vector, cut by an offset, as an optimizer wants them."""
    theta, at = p["theta"], 0

    def take(*shape):
        nonlocal at
        n = int(np.prod(shape))
        part = theta[at : at + n].reshape(shape)
        at += n
        return part

    W, U, b = take(4, 3), take(4, 4), take(4)
    assert at == theta.size == len(theta)
    h = np.zeros(4)
    for x in data[:, :3]:
        h = np.maximum(0.1 * (W @ x + U @ h + b), W @ x + U @ h + b)
    l2 = sum(np.vdot(w, w) for w in (W, U))
    return 0.5 * h @ h + 1e-3 * l2


@weights(W=(2, 3, 3), b=(2, 3))
def product_of_settings(p):
    rows = []
    for layer, lag in itertools.product(range(2), (1, 2)):
        h = np.tile(np.linspace(-1, 1, 3), (lag + 1, 1))
        for t in range(seq):
            new = np.tanh(h[-lag] @ p["W"][layer] + p["b"][layer])
            h = np.vstack((h[1:], new))
        rows.append(dict(layer=layer, lag=lag, norm=np.linalg.norm(h[-1])))
    best = max(rows, key=lambda r: r["norm"])
    return sum(r["norm"] for r in rows) + best["norm"] * best["lag"]
