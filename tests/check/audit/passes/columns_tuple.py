"""A tanh network on column vectors: functions, states in a list, gradients as a tuple."""

import numpy as np


def forward(xs, h0, Wx, Wh, Wy, bh, by):
    hs, ys = [h0], []
    for x in xs:
        hs.append(np.tanh(Wx @ x + Wh @ hs[-1] + bh))
        ys.append(Wy @ hs[-1] + by)
    return hs, ys


def loss(xs, ts, h0, Wx, Wh, Wy, bh, by):
    ys = forward(xs, h0, Wx, Wh, Wy, bh, by)[1]
    return sum(0.5 * np.sum((y - t) ** 2) for y, t in zip(ys, ts, strict=True))


def backward(xs, ts, h0, Wx, Wh, Wy, bh, by):
    hs, ys = forward(xs, h0, Wx, Wh, Wy, bh, by)
    dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
    dbh, dby = np.zeros_like(bh), np.zeros_like(by)
    dh_next = np.zeros_like(h0)
    for t in reversed(range(len(xs))):
        dy = ys[t] - ts[t]
        dWy += dy @ hs[t + 1].T
        dby += dy
        dh = Wy.T @ dy + dh_next
        dz = (1 - hs[t + 1] ** 2) * dh
        dWx += dz @ xs[t].T
        dWh += dz @ hs[t].T
        dbh += dz
        dh_next = Wh.T @ dz
    return dWx, dWh, dWy, dbh, dby
