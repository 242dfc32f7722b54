"""An LSTM as a class with its four gates packed in one matrix, on batches (T, B, I); gradients in a dict."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class LSTM:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.H = n_hidden
        self.W = rng.normal(size=(n_in + n_hidden, 4 * n_hidden)) * 0.5
        self.b = rng.normal(size=4 * n_hidden) * 0.5
        self.Wy = rng.normal(size=(n_hidden, n_out)) * 0.5
        self.by = rng.normal(size=n_out) * 0.5

    def forward(self, inputs):
        T, B, _ = inputs.shape
        H = self.H
        h, c = np.zeros((B, H)), np.zeros((B, H))
        self.steps, self.outputs = [], []
        for t in range(T):
            xh = np.hstack([inputs[t], h])
            z = xh @ self.W + self.b
            i, f, o = sigmoid(z[:, :H]), sigmoid(z[:, H : 2 * H]), sigmoid(z[:, 2 * H : 3 * H])
            g = np.tanh(z[:, 3 * H :])
            c_old, c = c, f * c + i * g
            h = o * np.tanh(c)
            self.steps.append((xh, i, f, o, g, c_old, c, h))
            self.outputs.append(h @ self.Wy + self.by)
        return np.array(self.outputs)

    def backward(self, inputs, targets):
        T, B, D = inputs.shape
        H = self.H
        self.grads = {name: np.zeros_like(getattr(self, name)) for name in ("W", "b", "Wy", "by")}
        dh_next, dc_next = np.zeros((B, H)), np.zeros((B, H))
        for t in reversed(range(T)):
            xh, i, f, o, g, c_old, c, h = self.steps[t]
            dy = (self.outputs[t] - targets[t]) / B
            self.grads["Wy"] += h.T @ dy
            self.grads["by"] += dy.sum(axis=0)
            dh = dy @ self.Wy.T + dh_next
            tc = np.tanh(c)
            do = dh * tc * o * (1 - o)
            dc = dh * o * (1 - tc**2) + dc_next
            di = dc * g * i * (1 - i)
            df = dc * c_old * f * (1 - f)
            dg = dc * i * (1 - g**2)
            dz = np.hstack([di, df, do, dg])
            self.grads["W"] += xh.T @ dz
            self.grads["b"] += dz.sum(axis=0)
            dxh = dz @ self.W.T
            dh_next = dxh[:, D:]
            dc_next = dc * f


def loss(outputs, targets):
    return 0.5 * np.sum((outputs - targets) ** 2) / outputs.shape[1]
