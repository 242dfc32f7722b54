"""Two tanh layers on top of each other, batches (T, B, I), row vectors; the mean square over everything."""

import numpy as np


def forward(x, W1, U1, b1, W2, U2, b2, Wo, bo):
    T, B = x.shape[:2]
    h1s = [np.zeros((B, U1.shape[0]))]
    h2s = [np.zeros((B, U2.shape[0]))]
    outs = np.empty((T, B, Wo.shape[1]))
    for t in range(T):
        h1s.append(np.tanh(np.matmul(x[t], W1) + np.matmul(h1s[t], U1) + b1))
        h2s.append(np.tanh(np.matmul(h1s[t + 1], W2) + np.matmul(h2s[t], U2) + b2))
        outs[t] = np.matmul(h2s[t + 1], Wo) + bo
    return h1s, h2s, outs


def loss(x, y, W1, U1, b1, W2, U2, b2, Wo, bo):
    return np.mean((forward(x, W1, U1, b1, W2, U2, b2, Wo, bo)[2] - y) ** 2)


def backward(x, y, W1, U1, b1, W2, U2, b2, Wo, bo):
    h1s, h2s, outs = forward(x, W1, U1, b1, W2, U2, b2, Wo, bo)
    gW1, gU1, gb1 = np.zeros_like(W1), np.zeros_like(U1), np.zeros_like(b1)
    gW2, gU2, gb2 = np.zeros_like(W2), np.zeros_like(U2), np.zeros_like(b2)
    gWo, gbo = np.zeros_like(Wo), np.zeros_like(bo)
    douts = 2.0 / outs.size * (outs - y)
    dh1_next, dh2_next = np.zeros_like(h1s[0]), np.zeros_like(h2s[0])
    for t in reversed(range(len(x))):
        gWo += np.matmul(h2s[t + 1].T, douts[t])
        gbo += np.sum(douts[t], axis=0, keepdims=True)
        dh2 = np.matmul(douts[t], Wo.T) + dh2_next
        da2 = dh2 * (1 - np.square(h2s[t + 1]))
        gW2 += np.matmul(h1s[t + 1].T, da2)
        gU2 += np.matmul(h2s[t].T, da2)
        gb2 += np.sum(da2, axis=0, keepdims=True)
        dh2_next = np.matmul(da2, U2.T)
        dh1 = np.matmul(da2, W2.T) + dh1_next
        da1 = dh1 * (1 - np.square(h1s[t + 1]))
        gW1 += np.matmul(x[t].T, da1)
        gU1 += np.matmul(h1s[t].T, da1)
        gb1 += np.sum(da1, axis=0, keepdims=True)
        dh1_next = np.matmul(da1, U1.T)
    return {"W1": gW1, "U1": gU1, "b1": gb1, "W2": gW2, "U2": gU2, "b2": gb2, "Wo": gWo, "bo": gbo}
