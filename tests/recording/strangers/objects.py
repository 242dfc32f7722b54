"""Classes: states in attributes, properties, dataclasses, generators, closures, decorators, inheritance."""

from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from functools import partial, reduce

import numpy as np

from . import layers, weights

T, B, I, H, V = 5, 2, 3, 4, 6
rng = np.random.default_rng(2)
X = rng.normal(size=(T, I))
XB = rng.normal(size=(B, T, I))
Y = rng.integers(0, V, T)


class Tanh:
    def forward(self, z):
        self.out = np.tanh(z)
        return self.out


class Linear:
    def __init__(self, W, b=None):
        self.W, self.b = W, b if b is not None else np.zeros(W.shape[1])

    def forward(self, x):
        self.x = x
        return np.dot(x, self.W) + self.b


class RNN:
    """Buffers that are made by __init__, one for each thing that the backward pass would want."""

    def __init__(self, p):
        self.__dict__.update(p)
        self.hidden = np.zeros((T + 1, H))
        self.pre = np.zeros((T, H))
        self.logits = np.zeros((T, V))
        self.loss = 0.0

    def forward(self, xs, ys):
        for t, (x, y) in enumerate(zip(xs, ys)):
            self.pre[t] = self.U @ x + self.W @ self.hidden[t] + self.b
            self.hidden[t + 1] = np.tanh(self.pre[t])
            self.logits[t] = self.V @ self.hidden[t + 1]
            self.loss += self._xent(t, y)
        return self.loss / len(xs)

    def _xent(self, t, y):
        z = self.logits[t] - np.max(self.logits[t])
        return np.log(np.exp(z).sum()) - z[y]


@weights(U=(H, I), W=(H, H), V=(V, H), b=H)
def class_with_buffers(p):
    return RNN(p).forward(X, Y)


@dataclass
class State:
    h: np.ndarray
    c: np.ndarray
    log: list = field(default_factory=list)

    def detach(self):
        return State(self.h.copy(), self.c.copy())


@weights(W=(I + H, 4 * H), b=4 * H)
def dataclass_state(p):
    s = State(np.zeros((B, H)), np.zeros((B, H)))
    for x in XB.transpose(1, 0, 2):
        s = s.detach()
        i, f, o, g = np.hsplit(np.append(x, s.h, axis=1) @ p["W"] + p["b"], 4)
        i, f, o = [1 / (1 + np.exp(-a)) for a in (i, f, o)]
        s.c *= f
        s.c += i * np.tanh(g)
        s.h[:] = o * np.tanh(s.c)
        s.log.append(np.abs(s.h).max())
    assert all(v <= 1 for v in s.log)
    return s.h.mean() + max(s.log)


class Sequential:
    def __init__(self, *parts):
        self.parts = list(parts)

    def __call__(self, x):
        return reduce(lambda value, part: part.forward(value), self.parts, x)


@weights(W1=(I, H), W2=(H, H), b2=H, W3=(H, 1))
def sequential_with_feedback(p):
    net = Sequential(Linear(p["W1"]), Tanh(), Linear(p["W2"], p["b2"]), Tanh(), Linear(p["W3"]))
    y, ys = 0.0, []
    for x in X:
        y = net(x + 0.1 * y)[0]
        ys.append(y)
    return np.var(ys) + np.square(ys[-1])


def states(xs, h, step):
    for x in xs:
        h = step(x, h)
        yield h


@weights(W=(I, H), U=(H, H))
def generator_of_states(p):
    def step(x, h, W, U):
        return np.sinh(x @ W + h @ U) / (1 + np.cosh(x @ W + h @ U))

    hs = np.stack(list(states(X, np.zeros(H), partial(step, W=p["W"], U=p["U"]))))
    return np.cumsum(hs, axis=0)[-1] @ hs[0]


class GRUCell(layers.Cell):
    def step(self, x):
        p = self.params
        z, r, n = np.array_split(p["W"] @ x + p["b"], 3)
        uz, ur, un = (p["U"].T @ self.h if k < 2 else None for k in range(3))
        z, r = 1 / (1 + np.exp(-(z + uz))), 1 / (1 + np.exp(-(r + ur)))
        assert un is None
        return (1 - z) * np.tanh(n + p["U"] @ (r * self.h)) + z * self.h


@weights(W=(3 * H, I), U=(H, H), b=3 * H)
def derived_class_of_another_file(p):
    cell = GRUCell(p)
    memory = cell.run(X)
    cell.reset()
    assert not cell.h.any()
    return (memory**2).sum(axis=0).max()


class Net:
    """Parameters in an OrderedDict, gradients in a defaultdict, a window of states in a deque."""

    def __init__(self, params):
        self.params = OrderedDict(params)
        self.grads = defaultdict(lambda: 0.0)
        self.window = deque(maxlen=3)

    @property
    def Wx(self):
        return self.params["Wx"]

    def l2(self):
        return sum(np.sum(np.square(w)) for k, w in self.params.items() if not k.startswith("b"))

    def __call__(self, xs):
        self.window.append(np.zeros(H))
        for x in xs:
            past = np.mean(list(self.window), axis=0)
            self.window.append(np.tanh(np.matmul(x, self.Wx) + past @ self.params["Wh"] + self.params["b"]))
        for k, w in self.params.items():
            self.grads[k] = np.zeros_like(w)
        return np.concatenate(self.window)


@weights(Wx=(I, H), Wh=(H, H), b=H)
def window_of_states(p):
    net = Net(p)
    return np.sum(net(X) ** 2) + 0.01 * net.l2()


@weights(W=(I, H), U=(H, H), V=(H, V))
def truncated_with_carried_state(p):
    """Chunks of a long sequence; the carried state is a number that no gradient passes, by hand."""
    losses = []

    def loss_fun(xs, ys, hprev):
        hs = {-1: np.copy(hprev)}
        loss = 0
        for t in range(len(xs)):
            hs[t] = np.tanh(xs[t] @ p["W"] + hs[t - 1] @ p["U"])
            logits = hs[t] @ p["V"]
            probs = np.exp(logits) / np.exp(logits).sum()
            loss -= np.log(probs[ys[t]])
        return loss, hs[len(xs) - 1]

    h = np.zeros(H)
    for n in range(0, T - 1, 2):
        loss, h = loss_fun(X[n : n + 2], Y[n : n + 2], h)
        losses.append(loss)
    return np.mean(losses)


def clipped(limit):
    def decorate(f):
        def g(*args, **kw):
            return np.clip(f(*args, **kw), -limit, limit)

        return g

    return decorate


@weights(W=(H, I), U=(H, H), V=(V, H), by=V)
def decorated_steps_and_confusion(p):
    @clipped(0.9)
    def step(x, h=None):
        return p["W"] @ x + (0 if h is None else p["U"] @ h)

    h, confusion, loss, correct = None, np.zeros((V, V), dtype=int), [], 0
    for x, y in zip(X, Y):
        h = step(x, h)
        scores = p["V"] @ h + p["by"]
        guess = int(np.argmax(scores))
        confusion[y, guess] += 1
        correct += guess == y
        loss.append(np.log(np.sum(np.exp(scores))) - scores[y])
    assert confusion.sum() == T
    print(f"accuracy {correct / T:.1%}, loss {np.mean(loss):.3f}")
    return np.mean(loss)


class BatchRNN:
    def __init__(self, W, U, V, batch_size):
        self.W, self.U, self.V, self.batch_size = W, U, V, batch_size
        self.h = None

    def init_hidden(self):
        self.h = np.zeros((self.batch_size, self.U.shape[0]), dtype=np.float64)
        return self.h

    def forward(self, x):
        B, T, _ = x.shape
        if self.h is None or self.h.shape[0] != B:
            self.init_hidden()
        outs = np.zeros((B, T, self.V.shape[1]), dtype=self.h.dtype)
        for t in range(T):
            self.h = np.tanh(x[:, t] @ self.W + self.h @ self.U)
            outs[:, t] += self.h @ self.V
        return outs

    def mse(self, x, y):
        diff = self.forward(x) - y
        return 0.5 * np.mean(np.sum(diff * diff, axis=(1, 2)))


@weights(W=(I, H), U=(H, H), V=(H, I))
def predicts_its_next_input(p):
    net = BatchRNN(**p, batch_size=B)
    first = net.mse(XB[:, :-1], XB[:, 1:])
    second = net.mse(XB[:, 1:-1], XB[:, 2:])
    return 0.5 * (first + second)
