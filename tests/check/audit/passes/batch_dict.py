"""A tanh network on batches (T, B, I): parameters in one dict, gradients in another, softmax over one-hot targets."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def forward(params, x):
    T, B, _ = x.shape
    H = params["U"].shape[0]
    h = np.zeros((T + 1, B, H))
    for t in range(T):
        h[t] = np.tanh(x[t] @ params["W"] + h[t - 1] @ params["U"] + params["b"])
    return h, softmax(h[:T] @ params["V"] + params["c"])


def loss(params, x, y):
    _, p = forward(params, x)
    return -np.sum(y * np.log(p)) / x.shape[1]


def backward(params, x, y):
    h, p = forward(params, x)
    T, B, _ = x.shape
    grads = {name: np.zeros_like(value) for name, value in params.items()}
    carry = np.zeros((B, h.shape[2]))
    for t in range(T - 1, -1, -1):
        do = (p[t] - y[t]) / B
        grads["V"] += h[t].T @ do
        grads["c"] += do.sum(axis=0)
        dh = do @ params["V"].T + carry
        da = dh * (1 - h[t] * h[t])
        grads["W"] += x[t].T @ da
        grads["U"] += h[t - 1].T @ da
        grads["b"] += da.sum(axis=0)
        carry = da @ params["U"].T
    return grads
