"""Layers with caches, batch-first (B, T, I): each layer keeps its gradients as attributes; mean square."""

import numpy as np


class Recurrent:
    def __init__(self, n_in, n_hidden, rng):
        self.Wx = rng.normal(size=(n_in, n_hidden)) * 0.5
        self.Wh = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.b = rng.normal(size=n_hidden) * 0.5

    def forward(self, x):
        B, T, _ = x.shape
        h = np.zeros((B, self.b.size))
        out = np.zeros((B, T, self.b.size))
        self.cache = []
        for t in range(T):
            before = h
            h = np.tanh(x[:, t, :] @ self.Wx + before @ self.Wh + self.b)
            out[:, t, :] = h
            self.cache.append((x[:, t, :], before, h))
        return out

    def backward(self, dout):
        B, T, H = dout.shape
        self.dWx = np.zeros_like(self.Wx)
        self.dWh = np.zeros_like(self.Wh)
        self.db = np.zeros_like(self.b)
        dx = np.zeros((B, T, self.Wx.shape[0]))
        dh = np.zeros((B, H))
        for t in range(T - 1, -1, -1):
            x, before, h = self.cache[t]
            dh = dh + dout[:, t, :]
            draw = dh * (1.0 - h**2)
            self.dWx += x.T @ draw
            self.dWh += before.T @ draw
            self.db += np.sum(draw, axis=0)
            dx[:, t, :] = draw @ self.Wx.T
            dh = draw @ self.Wh.T
        return dx


class Affine:
    def __init__(self, n_in, n_out, rng):
        self.W = rng.normal(size=(n_in, n_out)) * 0.5
        self.b = rng.normal(size=n_out) * 0.5

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, dout):
        n_in, n_out = self.W.shape
        self.dW = self.x.reshape(-1, n_in).T @ dout.reshape(-1, n_out)
        self.db = dout.sum(axis=(0, 1))
        return dout @ self.W.T


class Net:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.rnn = Recurrent(n_in, n_hidden, rng)
        self.out = Affine(n_hidden, n_out, rng)

    def forward(self, x):
        self.y = self.out.forward(self.rnn.forward(x))
        return self.y

    def backward(self, targets):
        dy = 2 * (self.y - targets) / self.y.size
        dh = self.out.backward(dy)
        return self.rnn.backward(dh)


def loss(outputs, targets):
    return np.mean((outputs - targets) ** 2)
