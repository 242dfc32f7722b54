"""Seed 001 in code of our own: tanh states, a sigmoid output at each step, only the final state kept; columns."""

import numpy as np


class YesOrNo:
    def __init__(self, n_in, n_hidden, n_out, rng):
        self.Wxh = rng.normal(size=(n_hidden, n_in)) * 0.5
        self.Whh = rng.normal(size=(n_hidden, n_hidden)) * 0.5
        self.Why = rng.normal(size=(n_out, n_hidden)) * 0.5
        self.bh = rng.normal(size=(n_hidden, 1)) * 0.5
        self.by = rng.normal(size=(n_out, 1)) * 0.5

    def forward(self, inputs):
        self.h = np.zeros_like(self.bh)
        self.outputs = []
        for x in inputs:
            self.h = np.tanh(self.Wxh @ x + self.Whh @ self.h + self.bh)
            self.outputs.append(1 / (1 + np.exp(-(self.Why @ self.h + self.by))))
        return self.outputs

    def backward(self, inputs, targets, learning_rate=0.1):
        dWxh, dWhh, dWhy = np.zeros_like(self.Wxh), np.zeros_like(self.Whh), np.zeros_like(self.Why)
        dbh, dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        carry = np.zeros_like(self.h)
        for i in reversed(range(len(inputs))):
            dy = self.outputs[i] - targets[i]  # wrong for the mean square: what belongs to the cross-entropy
            dWhy += dy @ self.h.T  # wrong: the final state
            dby += dy
            dh = self.Why.T @ dy + carry
            draw = (1 - self.h**2) * dh  # wrong: the final state
            dWxh += draw @ inputs[i].T
            dWhh += draw @ self.h.T  # wrong: the final state, where that of the step before is due
            dbh += draw
            carry = self.Whh.T @ draw
        for grad in (dWxh, dWhh, dWhy, dbh, dby):
            np.clip(grad, -5, 5, out=grad)
        self.Wxh -= learning_rate * dWxh
        self.Whh -= learning_rate * dWhh
        self.Why -= learning_rate * dWhy
        self.bh -= learning_rate * dbh
        self.by -= learning_rate * dby


def cross_entropy(outputs, targets):
    return -sum(np.sum(t * np.log(o) + (1 - t) * np.log(1 - o)) for o, t in zip(outputs, targets, strict=True))


def mean_square(outputs, targets):
    return np.mean((np.array(outputs) - np.array(targets)) ** 2)
