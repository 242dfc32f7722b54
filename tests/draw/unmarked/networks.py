"""Networks in loops, in the styles of articles, with their steps marked; a test takes the marks away."""

from __future__ import annotations

NETWORKS = {
    "a list": """
h = np.zeros((2, 3))
hs = []
for t in range(4):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
        hs.append(h)
loss = np.mean(np.stack(hs) ** 2)
""",
    "LSTM with functions": """
def sigmoid(x):
    return 1 / (1 + np.exp(-x))
def forward(X):
    h = np.zeros((2, 3))
    c = h
    loss = 0
    for t in range(len(X)):
        with tg.step(t):
            i = sigmoid(X[t] @ U + h @ W)
            f = sigmoid(X[t] @ A + h @ B)
            c = f * c + i * np.tanh(X[t] @ C + h @ V)
            h = sigmoid(X[t] @ E) * np.tanh(c)
            loss = loss + np.mean(h * h)
    return loss / 4
loss = forward(X)
""",
    "a class": """
class Net:
    def sigmoid(self, x):
        return 1 / (1 + np.exp(-x))
    def step(self, x):
        z = self.sigmoid(np.dot(x, U) + np.dot(self.h, W))
        n = np.tanh(np.dot(x, A) + np.dot(z * self.h, B))
        self.h = (1 - z) * n + z * self.h
        return np.dot(self.h, V)
    def forward(self, X):
        self.h = np.zeros((2, 3))
        ys = {}
        for t in range(len(X)):
            with tg.step(t):
                ys[t] = self.step(X[t])
        return ys
ys = Net().forward(X)
loss = sum(np.mean(y**2) for y in ys.values())
""",
    "last only": """
def run():
    h = np.zeros((2, 3))
    for t in range(4):
        with tg.step(t):
            h = np.tanh(np.dot(X[t], U) + np.dot(h, W))
            y = np.dot(h, V)
    return np.mean(y)
loss = run()
""",
    "dict of states": """
state = {"h": np.zeros((2, 3)), "c": np.zeros((2, 3))}
def cell(x, s):
    c = s["c"] * np.tanh(x @ U) + np.tanh(s["h"] @ W)
    return {"h": np.tanh(c), "c": c}
for t, x in enumerate(X):
    with tg.step(t):
        state = cell(x, state)
loss = np.sum(state["h"])
""",
    "column vectors": """
h = np.zeros((3, 1))
loss = 0
hs = {-1: h}
ys = {}
ps = {}
for t in range(4):
    with tg.step(t):
        x = X[t, 0].reshape(3, 1)
        hs[t] = np.tanh(np.dot(U, x) + np.dot(W, hs[t - 1]) + np.dot(V, np.ones((3, 1))))
        ys[t] = np.dot(V, hs[t])
        ps[t] = np.exp(ys[t]) / np.sum(np.exp(ys[t]))
        loss += -np.log(ps[t][1, 0])
""",
    "state made in the first step": """
class Cell:
    def __init__(self):
        self.h = None
    def __call__(self, x):
        if self.h is None:
            self.h = tg.constant(np.zeros((2, 3)))
        self.h = np.tanh(x @ U + self.h @ W)
        return self.h
c = Cell()
for t in range(4):
    with tg.step(t):
        h = c(X[t])
loss = np.mean(h)
""",
    "sum of a generator": """
h = np.zeros((2, 3))
ys = []
for t, x in enumerate(X):
    with tg.step(t):
        h = np.tanh(x @ U + h @ W)
        ys.append(h @ V)
loss = sum(np.mean(y * y) for y in ys) / 4
""",
    "generator function": """
def run():
    h = np.zeros((2, 3))
    for t in range(4):
        with tg.step(t):
            h = np.tanh(X[t] @ U + h @ W)
        yield h
loss = 0
for t, h in enumerate(run()):
    with tg.step(t):
        loss = loss + np.mean(h @ V)
""",
    "embedding": """
ids = [2, 0, 1, 2]
h = np.zeros(3)
for t in range(4):
    with tg.step(t):
        h = np.tanh(E[ids[t]] @ U + h @ W + E[ids[t]])
loss = np.mean(h)
""",
    "encoder and decoder": """
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
y = np.zeros((2, 3))
loss = 0
for t in range(3):
    with tg.step(t):
        h = np.tanh(y @ A + h @ B)
        y = h @ V
        loss = loss + np.mean(y * y)
""",
    "attention": """
h = np.zeros((2, 3))
hs = []
for t in range(4):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
        hs.append(h)
s = h
loss = 0
for t in range(3):
    with tg.step(t):
        scores = []
        for k in range(4):
            scores.append(np.sum(s * hs[k], axis=1, keepdims=True))
        e = [np.exp(a) for a in scores]
        z = sum(e)
        c = 0
        for k in range(4):
            c = c + e[k] / z * hs[k]
        s = np.tanh(c @ A + s @ B)
        loss = loss + np.mean(s @ V)
""",
    "a function called twice": """
def run(xs, U, W):
    h = np.zeros((2, 3))
    hs = []
    for t, x in enumerate(xs):
        with tg.step(t):
            h = np.tanh(x @ U + h @ W)
            hs.append(h)
    return hs
a = run(X, U, W)
b = run(a, A, B)
loss = np.mean(b[-1])
""",
    "from the end": """
fs = []
bs = {}
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        h = np.tanh(X[t] @ U + h @ W)
        fs.append(h)
h = np.zeros((2, 3))
for t in reversed(range(4)):
    with tg.step(t):
        h = np.tanh(X[t] @ A + h @ B)
        bs[t] = h
loss = 0
for t in range(4):
    with tg.step(t):
        loss = loss + np.mean((fs[t] + bs[t]) @ V)
""",
    "two directions, joined": """
def run(xs, U, W, r=0):
    h = np.zeros((2, 3))
    hs = []
    for t, x in enumerate(xs):
        with tg.step(3 - t if r else t):
            h = np.tanh(x @ U + h @ W)
            hs.append(h)
    return hs
f = run(X, U, W)
b = run(X[::-1], A, B, 1)[::-1]
ys = []
for t, (p, q) in enumerate(zip(f, b)):
    with tg.step(t):
        ys.append(np.concatenate([p, q], axis=1))
loss = np.mean(np.stack(ys))
""",
    "loops before and after": """
xs = []
for t in range(4):
    with tg.step(t):
        xs.append(X[t] @ E)
h = np.zeros((2, 3))
hs = [h]
for t in range(4):
    with tg.step(t):
        hs.append(np.tanh(xs[t] @ U + hs[-1] @ W))
loss = 0
for t in range(4):
    with tg.step(t):
        loss = loss + np.mean(hs[t + 1] @ V)
""",
    "residual": """
h = np.zeros((2, 3))
for t in range(4):
    with tg.step(t):
        h = h + np.tanh(X[t] @ U + h @ W)
loss = np.mean(h)
""",
    "samples": """
loss = 0
for s in range(3):
    h = np.zeros(3)
    for t in range(4):
        with tg.step(t):
            h = np.tanh(X[t, 0] * s @ U + h @ W)
    loss = loss + np.mean(h)
""",
    "samples, each by a function": """
def forward(x):
    h = np.zeros(3)
    for t in range(4):
        with tg.step(t):
            h = np.tanh(x[t] @ U + h @ W)
    return h @ V
loss = 0
for i in range(2):
    loss = loss + np.mean(forward(X[:, i]) ** 2)
""",
    "epochs": """
for epoch in range(3):
    h = np.zeros((2, 3))
    loss = 0
    for t in range(4):
        with tg.step(t):
            h = np.tanh(X[t] @ U + h @ W)
            loss = loss + np.mean(h)
    loss.backward()
""",
}
