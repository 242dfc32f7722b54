"""States in an array, a cache tuple that forward gives to backward, and clipping by norm at the end."""

import numpy as np


def loss(words, labels, E, Wh, bh, Wo, bo):
    T, B = words.shape
    hs = np.zeros((T + 1, B, Wh.shape[0]))
    ps = np.zeros((T, B, bo.shape[0]))
    total = 0.0
    for t in range(T):
        hs[t + 1] = np.tanh(E[words[t]] + hs[t].dot(Wh) + bh)
        e = np.exp(hs[t + 1].dot(Wo) + bo)
        ps[t] = e / e.sum(axis=1, keepdims=True)
        total -= np.log(ps[t][np.arange(B), labels[t]]).sum()
    return total / (T * B), (words, labels, hs, ps)


def backward(cache, E, Wh, bh, Wo, bo, max_norm=5.0):
    words, labels, hs, ps = cache
    T, B = words.shape
    dE, dWh, dbh = np.zeros(E.shape), np.zeros(Wh.shape), np.zeros(bh.shape)
    dWo, dbo = np.zeros(Wo.shape), np.zeros(bo.shape)
    dnext = np.zeros((B, Wh.shape[0]))
    for t in range(T - 1, -1, -1):
        dscores = ps[t].copy()
        dscores[np.arange(B), labels[t]] -= 1
        dscores /= T * B
        dWo += hs[t + 1].T.dot(dscores)
        dbo += dscores.sum(axis=0)
        dh = dscores.dot(Wo.T) + dnext
        dpre = (1 - hs[t + 1] ** 2) * dh
        dWh += hs[t].T.dot(dpre)
        dbh += dpre.sum(axis=0)
        np.add.at(dE, words[t], dpre)
        dnext = dpre.dot(Wh.T)
    grads = {"dE": dE, "dWh": dWh, "dbh": dbh, "dWo": dWo, "dbo": dbo}
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    if norm > max_norm:
        for name in grads:
            grads[name] *= max_norm / norm
    return grads
