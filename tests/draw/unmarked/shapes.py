"""Loops of many shapes, with their steps marked, and what has no time at all."""

from __future__ import annotations

LOOPS = {
    "while": """
h = np.zeros((2, 3))
t = 0
while t < 4:
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
    t += 1
loss = np.mean(h @ V)
""",
    "if t > 0": """
hs = []
for t in range(4):
    with tg.step(t):
        a = X[t] @ U
        if t > 0:
            a = a + h @ W
        h = np.tanh(a)
loss = np.mean(h @ V)
""",
    "if t == 0, else": """
for t in range(4):
    with tg.step(t):
        if t == 0:
            h = np.tanh(X[t] @ U)
        else:
            h = np.tanh(X[t] @ U + h @ W)
loss = np.mean(h @ V)
""",
    "continue": """
h = np.zeros((2, 3))
ys = []
for t in range(4):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
        if t < 2:
            continue
        ys.append(np.mean(h @ V))
loss = np.mean(np.stack(ys))
""",
    "try": """
h = np.zeros((2, 3))
hs = []
for t in range(4):
    with tg.step(t):
        try:
            h = np.tanh(X[t] @ U + hs[t - 1] @ W)
        except IndexError:
            h = np.tanh(X[t] @ U)
        hs.append(h)
loss = np.mean(h)
""",
    "teacher forcing": """
h = np.zeros((2, 3))
y = None
loss = 0
for t in range(5):
    with tg.step(t):
        if t % 2 == 0:
            x = X[0]
        else:
            x = np.tanh(y)
        h = np.tanh(x @ U + h @ W)
        y = h @ V
        if t in (1, 4):
            loss = loss + np.mean(y)
""",
    "reset": """
h = np.zeros((2, 3))
loss = 0
for t in range(4):
    with tg.step(t):
        if t == 2:
            h = np.zeros((2, 3))
        h = np.tanh(X[t] @ U + h @ W)
        loss = loss + np.mean(h @ V)
""",
    "tg.constant": """
h = tg.constant(np.zeros((2, 3)))
for t in range(4):
    with tg.step(t):
        x = tg.constant(X[t])
        h = np.tanh(x @ U + h @ W)
loss = np.mean(h * h)
""",
    "layers within steps": """
Ws = [(U, W), (A, B), (C, E)]
hs = [np.zeros((2, 3)) for _ in Ws]
ys = []
for t in range(4):
    with tg.step(t):
        x = X[t]
        for l, (a, b) in enumerate(Ws):
            hs[l] = x = np.tanh(x @ a + hs[l] @ b)
        ys.append(x)
loss = np.mean(np.array([1.0]) * np.stack(ys))
""",
    "layers within steps, and more": """
Ws = [(U, W), (A, B), (C, E)]
hs = [np.zeros((2, 3)) for _ in Ws]
ys = []
for t in range(4):
    with tg.step(t):
        x = X[t]
        for l, (a, b) in enumerate(Ws):
            hs[l] = x = np.tanh(x @ a + hs[l] @ b)
        ys.append(x @ V)
loss = np.mean(np.array([1.0]) * np.stack(ys))
""",
    "steps within layers": """
xs = [X[t] for t in range(4)]
for a, b in [(U, W), (A, B), (C, E)]:
    h = np.zeros((2, 3))
    out = []
    for t in range(4):
        with tg.step(t):
            h = np.tanh(xs[t] @ a + h @ b)
            out.append(h)
    xs = out
loss = np.mean(np.stack(xs))
""",
    "gates in a loop": """
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        g = []
        for a, b in ((U, W), (A, B)):
            g.append(1 / (1 + np.exp(-(X[t] @ a + h @ b))))
        h = g[0] * h + g[1]
loss = np.mean(h)
""",
    "gates in a comprehension": """
Wg = {"i": (U, W), "f": (A, B), "g": (C, E)}
h = np.zeros((2, 3))
c = h
for t in range(4):
    with tg.step(t):
        g = {k: 1 / (1 + np.exp(-(X[t] @ a + h @ b))) for k, (a, b) in Wg.items()}
        c = g["f"] * c + g["i"] * g["g"]
        h = np.tanh(c)
loss = np.mean(h)
""",
    "a function called twice a step": """
def norm(x):
    return (x - np.mean(x)) / np.sqrt(np.mean((x - np.mean(x)) ** 2) + 1e-5)
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        h = np.tanh(norm(X[t] @ U) + norm(h @ W))
loss = np.mean(h * h)
""",
    "deep helpers": """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def act(x):
    return sigmoid(x)
def gate(x, h, a, b):
    return act(x @ a + h @ b)
def cell(x, h):
    z = gate(x, h, U, W)
    r = gate(x, h, A, B)
    return z * h + (1 - z) * np.tanh(r * h)
def run():
    h = np.zeros((2, 3))
    for t in range(4):
        with tg.step(t):
            h = cell(X[t], h)
    return h
def main():
    return np.mean(run())
loss = main()
""",
    "power iteration": """
h = X[0]
for i in range(3):
    with tg.step(i):
        h = h @ W
        h = h / np.sqrt(np.sum(h * h))
loss = np.mean(h)
""",
    "two steps": """
h = np.zeros((2, 3))
hs = []
for t in range(2):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
        hs.append(h)
loss = np.mean(np.stack(hs) ** 2)
""",
    "weights computed before": """
A = np.exp(W)
A = A / np.sum(A, axis=1, keepdims=True)
h = np.ones((2, 3))
for t in range(4):
    with tg.step(t):
        h = (h @ A) * X[t]
        h = h / np.sum(h)
loss = np.mean(h)
""",
    "smoothing by a rate computed before": """
rate = 1 / (1 + np.exp(-U[0, 0]))
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        h = rate * X[t] + (1 - rate) * h
loss = np.mean(h ** 2)
""",
}

TIMELESS = {
    "layers of weights computed before": """
Ws = [np.tanh(w) for w in (U, W, V)]
h = X[0]
for w in Ws:
    h = np.tanh(h @ w)
loss = np.mean(h)
""",
    "layers": """
h = X[0]
for w in (U, W, V):
    h = np.tanh(h @ w)
loss = np.mean(h)
""",
    "layers of stacked weights": """
Ws = np.stack([U, W, V])
h = X[0]
for l in range(3):
    h = np.tanh(h @ Ws[l])
loss = np.mean(h)
""",
    "layers of one parameter": """
Ws = tg.parameter(np.stack([P[k].value for k in "UWV"]))
h = X[0]
for l in range(3):
    h = np.tanh(h @ Ws[l])
loss = np.mean(h)
""",
    "recursion": """
def run(t, h):
    if t == 4:
        return h
    return run(t + 1, np.tanh(X[t] @ U + h @ W))
loss = np.mean(run(0, np.zeros((2, 3))))
""",
    "calls too deep": """
def d(x, h):
    return np.tanh(x @ U + h @ W)
def c(x, h):
    return d(x, h)
def b(x, h):
    return c(x, h)
def a(x, h):
    return b(x, h)
def run():
    h = np.zeros((2, 3))
    for t in range(4):
        with tg.step(t):
            h = a(X[t], h)
    return h
loss = np.mean(run())
""",
    "layers in calls too deep": """
def c(h):
    for _ in range(3):
        h = np.tanh(h @ W)
    return h
def b(h):
    return c(h)
def a(h):
    return b(h)
def run():
    h = X[0]
    for t in range(4):
        with tg.step(t):
            h = a(h)
    return h
loss = np.mean(run())
""",
}
