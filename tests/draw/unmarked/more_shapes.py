"""Loops whose steps normalize, view weights, or go back from the end, with their steps marked."""

from __future__ import annotations

MORE = {
    "normalized by numpy's variance": """
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        z = X[t] @ U + h @ W
        h = np.tanh((z - np.mean(z)) / np.sqrt(np.var(z) + 1e-5))
loss = np.mean(h)
""",
    "a function that is deep in numpy alone": """
def cell(h):
    s = np.var(h)
    return h * W[0] / (s + np.std(h) + 1)
def forward(h):
    for t in range(4):
        with tg.step(t):
            h = cell(np.tanh(h @ W))
    return h
loss = np.mean(forward(np.ones((2, 3)) * X[0]))
""",
    "normalized by a function": """
def norm(z):
    return (z - np.mean(z, axis=1, keepdims=True)) / (np.std(z, axis=1, keepdims=True) + 1e-5)
h = np.zeros((2, 3))
loss = 0
for t in range(4):
    with tg.step(t):
        h = np.tanh(norm(X[t] @ U) + norm(h @ W))
        loss = loss + np.mean(h)
""",
    "states of length one": """
h = np.ones((2, 3))
for t in range(4):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
        h = h / np.linalg.norm(h)
loss = np.sum(h * X[0])
""",
    "views of weights": """
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        h = np.tanh(X[t] @ U.T + h @ W[:, ::-1] + h @ np.reshape(A, (3, 3)))
loss = np.mean(h)
""",
    "einsum": """
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        h = np.tanh(np.einsum("bi,ih->bh", X[t], U) + np.einsum("bi,ih->bh", h, W))
loss = np.mean(h)
""",
    "back from the end by a step of -1": """
h = np.zeros((2, 3))
ys = []
for t in range(3, -1, -1):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
        ys.append(h @ V)
loss = np.mean(np.stack(ys))
""",
    "back from the end by a slice": """
h = np.zeros((2, 3))
for k, x in enumerate(X[::-1]):
    with tg.step(3 - k):
        h = np.tanh(x @ U + h @ W)
loss = np.mean(h)
""",
    "a function that begins with a variance": """
def norm(z):
    return (z - np.mean(z)) / np.sqrt(np.var(z) + 1e-5)
def scaled(z):
    return z / (np.std(z) + 1e-5)
h = np.zeros((2, 3))
loss = 0
for t in range(4):
    with tg.step(t):
        h = np.tanh(scaled(X[t] @ U) + scaled(scaled(h @ W)))
        loss = loss + np.mean(norm(h))
""",
    "a variance first, in a network": """
def scaled(z):
    return z / (np.std(z) + 1e-5)
def cell(x, h):
    return np.tanh(scaled(x @ U + h @ W))
def network(X):
    h, ys = np.zeros((2, 3)), []
    for t in range(4):
        with tg.step(t):
            h = cell(X[t], h)
            ys.append(h @ V)
    return np.mean(np.stack(ys))
loss = network(X)
""",
    "a variance first, in two loops": """
def scaled(z):
    return z / (np.std(z) + 1e-5)
h, hs = np.zeros((2, 3)), []
for t in range(4):
    with tg.step(t):
        h = np.tanh(scaled(X[t] @ U + h @ W))
        hs.append(h)
s = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        s = np.tanh(scaled(hs[t] @ A + s @ B))
loss = np.mean(s)
""",
}
