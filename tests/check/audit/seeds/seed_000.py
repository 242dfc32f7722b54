"""Seed 000 in code of our own: a sigmoid network that answers at the end; the same faults; clipping by norm."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


class ParityNet:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.n_hidden = n_hidden
        self.W_x = rng.normal(size=(n_in, n_hidden)) * 0.5
        self.W_h = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.W_y = rng.normal(size=(n_hidden, n_out)) * 0.5
        self.b_h = rng.normal(size=(1, n_hidden)) * 0.5
        self.b_y = rng.normal(size=(1, n_out)) * 0.5

    def forward(self, x):
        h = np.zeros((1, self.n_hidden))
        self.hs = []
        for row in x:
            h = sigmoid(row @ self.W_x + h @ self.W_h + self.b_h)
            self.hs.append(h)
        self.y = h @ self.W_y + self.b_y
        return self.y

    def backward(self, x, target, learning_rate, clip_norm):
        gW_x, gW_h, gW_y = np.zeros_like(self.W_x), np.zeros_like(self.W_h), np.zeros_like(self.W_y)
        gb_h, gb_y = np.zeros_like(self.b_h), np.zeros_like(self.b_y)
        d_h = np.zeros((1, self.n_hidden))
        d_y = target - self.y  # wrong: the sign, and the 2 of the square
        for t in reversed(range(len(x))):
            gW_y += self.hs[t].T @ d_y  # wrong: every state, where only the last has an output
            gb_y += d_y  # wrong: once for each step
            d_h = d_y @ self.W_y.T + d_h @ self.W_h.T  # wrong: the error at every step, a carry without the slope
            d_raw = d_h * (1 - self.hs[t] ** 2)  # wrong: the slope of tanh
            gW_x += x[t].T @ d_raw
            gW_h += self.hs[t - 1].T @ d_raw  # wrong: the last state where there is none before
            gb_h += d_raw
        norm = np.sqrt(np.sum(gW_y**2) + np.sum(gW_h**2) + np.sum(gW_x**2))
        if norm > clip_norm:
            gW_y *= clip_norm / norm
            gW_h *= clip_norm / norm
            gW_x *= clip_norm / norm
        self.W_x -= learning_rate * gW_x
        self.W_h -= learning_rate * gW_h
        self.W_y -= learning_rate * gW_y
        self.b_h -= learning_rate * gb_h
        self.b_y -= learning_rate * gb_y


def square(output, target):
    return np.sum((target - output) ** 2)
