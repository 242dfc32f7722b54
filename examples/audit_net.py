"""A recurrent network as people write it by hand, for examples/audit.py; two of its backward lines are wrong."""

import numpy as np


class Delay:
    """A tanh network that is to say at each step what it read two steps before; column vectors, batch in columns."""

    def __init__(self, n_in, n_hidden, n_out, seed=0):
        rng = np.random.default_rng(seed)
        self.Wx = rng.normal(size=(n_hidden, n_in)) * 0.5
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) * 0.3
        self.Wy = rng.normal(size=(n_out, n_hidden)) * 0.5
        self.bh = np.zeros((n_hidden, 1))
        self.by = np.zeros((n_out, 1))

    def forward(self, xs):
        self.hs = [np.zeros((self.Wh.shape[0], xs[0].shape[1]))]
        self.ys = []
        for x in xs:
            self.hs.append(np.tanh(self.Wx @ x + self.Wh @ self.hs[-1] + self.bh))
            self.ys.append(self.Wy @ self.hs[-1] + self.by)
        return self.ys

    def backward(self, xs, targets, rate=0.001):
        dWx, dWh, dWy = np.zeros_like(self.Wx), np.zeros_like(self.Wh), np.zeros_like(self.Wy)
        dbh, dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        later = np.zeros_like(self.hs[0])
        for t in reversed(range(len(xs))):
            dy = self.ys[t] - targets[t]
            dWy += dy @ self.hs[t + 1].T
            dby += dy.sum(axis=1, keepdims=True)
            dh = self.Wy.T @ dy + later
            dz = (1 - self.hs[t] ** 2) * dh
            dWx += dz @ xs[t].T
            dWh += dz @ self.hs[t].T
            dbh += dz.sum(axis=1, keepdims=True)
            later = self.Wh.T @ dh
        self.Wx -= rate * dWx
        self.Wh -= rate * dWh
        self.Wy -= rate * dWy
        self.bh -= rate * dbh
        self.by -= rate * dby


def loss(outputs, targets):
    return sum(0.5 * np.sum((y - t) ** 2) for y, t in zip(outputs, targets, strict=True))
