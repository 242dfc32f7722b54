"""A class on column vectors whose backward updates its own weights, for the sum of squares."""

import numpy as np


class RNN:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.n_hidden = n_hidden
        self.W_xh = rng.normal(size=(n_hidden, n_in)) * 0.5
        self.W_hh = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.W_hy = rng.normal(size=(n_out, n_hidden)) * 0.5
        self.b_h = np.zeros((n_hidden, 1))
        self.b_y = np.zeros((n_out, 1))

    def forward(self, inputs):
        self.hs = {-1: np.zeros((self.n_hidden, 1))}
        self.ys = {}
        for t in range(len(inputs)):
            self.hs[t] = np.tanh(np.dot(self.W_xh, inputs[t]) + np.dot(self.W_hh, self.hs[t - 1]) + self.b_h)
            self.ys[t] = np.dot(self.W_hy, self.hs[t]) + self.b_y
        return [self.ys[t] for t in range(len(inputs))]

    def backward(self, inputs, targets, lr=0.1):
        dW_xh = np.zeros_like(self.W_xh)
        dW_hh = np.zeros_like(self.W_hh)
        dW_hy = np.zeros_like(self.W_hy)
        db_h = np.zeros_like(self.b_h)
        db_y = np.zeros_like(self.b_y)
        dh_next = np.zeros_like(self.b_h)
        for t in reversed(range(len(inputs))):
            d_out = 2 * (self.ys[t] - targets[t])
            dW_hy += np.dot(d_out, self.hs[t].T)
            db_y += d_out
            dh = np.dot(self.W_hy.T, d_out) + dh_next
            d_raw = dh * (1 - self.hs[t] ** 2)
            dW_xh += np.dot(d_raw, inputs[t].T)
            dW_hh += np.dot(d_raw, self.hs[t - 1].T)
            db_h += d_raw
            dh_next = np.dot(self.W_hh.T, d_raw)
        self.W_xh -= lr * dW_xh
        self.W_hh -= lr * dW_hh
        self.W_hy -= lr * dW_hy
        self.b_h -= lr * db_h
        self.b_y -= lr * db_y


def loss(outputs, targets):
    return sum(np.sum((y - t) ** 2) for y, t in zip(outputs, targets, strict=True))
