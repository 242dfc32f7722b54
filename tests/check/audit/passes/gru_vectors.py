"""A GRU of functions on plain vectors with outer products, for the sum of squares over all steps."""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def loss(xs, ts, Wz, Uz, bz, Wr, Ur, br, Wn, Un, bn, V):
    h = np.zeros(bz.shape)
    total, steps = 0.0, []
    for x, target in zip(xs, ts, strict=True):
        z = sigmoid(Wz.dot(x) + Uz.dot(h) + bz)
        r = sigmoid(Wr.dot(x) + Ur.dot(h) + br)
        n = np.tanh(Wn.dot(x) + Un.dot(r * h) + bn)
        old, h = h, (1 - z) * n + z * h
        y = V.dot(h)
        steps.append((z, r, n, old, h, y))
        total += np.sum((y - target) ** 2)
    return total, steps


def backward(xs, ts, Wz, Uz, bz, Wr, Ur, br, Wn, Un, bn, V, steps):
    dWz, dUz, dbz = np.zeros_like(Wz), np.zeros_like(Uz), np.zeros_like(bz)
    dWr, dUr, dbr = np.zeros_like(Wr), np.zeros_like(Ur), np.zeros_like(br)
    dWn, dUn, dbn = np.zeros_like(Wn), np.zeros_like(Un), np.zeros_like(bn)
    dV = np.zeros_like(V)
    dh = np.zeros_like(bz)
    for t in reversed(range(len(xs))):
        z, r, n, old, h, y = steps[t]
        dy = 2 * (y - ts[t])
        dV += np.outer(dy, h)
        dh = dh + V.T.dot(dy)
        dn = dh * (1 - z)
        dan = dn * (1 - n**2)
        drh = Un.T.dot(dan)
        dr = drh * old
        dar = dr * r * (1 - r)
        dz = dh * (old - n)
        daz = dz * z * (1 - z)
        dWn += np.outer(dan, xs[t])
        dUn += np.outer(dan, r * old)
        dbn += dan
        dWr += np.outer(dar, xs[t])
        dUr += np.outer(dar, old)
        dbr += dar
        dWz += np.outer(daz, xs[t])
        dUz += np.outer(daz, old)
        dbz += daz
        dh = dh * z + drh * r
        dh += Ur.T.dot(dar)
        dh += Uz.T.dot(daz)
    return dWz, dUz, dbz, dWr, dUr, dbr, dWn, dUn, dbn, dV
