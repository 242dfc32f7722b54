"""Small projects with classes: __call__, properties, kwargs, registries, context managers, caches, generators."""

import abc
import contextlib
import copy
import functools
import operator

import numpy as np

from . import weights

rng = np.random.default_rng(33)
T, B, I, H, O = 5, 2, 3, 4, 2
X = rng.normal(size=(T, B, I))
Y = rng.normal(size=(T, B, O))


class Tensorish:
    """A wrapper around an array, for the sake of names."""

    def __init__(self, data):
        self.data = np.asarray(data)

    def __matmul__(self, other):
        return Tensorish(self.data @ other.data)

    def __add__(self, other):
        return Tensorish(self.data + getattr(other, "data", other))

    def tanh(self):
        return Tensorish(np.tanh(self.data))


@weights(W=(I, H), U=(H, H), b=H)
def wrapped_arrays(p):
    W, U, b = (Tensorish(p[k]) for k in ("W", "U", "b"))
    h = Tensorish(np.zeros((B, H)))
    for x in X:
        h = (Tensorish(x) @ W + h @ U + b).tanh()
    return float(np.mean(h.data**2))


class Module(abc.ABC):
    def __init__(self, **params):
        self._params = dict(params)
        self._cache = []

    def __getattr__(self, name):
        try:
            return self.__dict__["_params"][name]
        except KeyError:
            raise AttributeError(name)

    @abc.abstractmethod
    def forward(self, *args, **kwargs): ...

    def __call__(self, *args, **kwargs):
        out = self.forward(*args, **kwargs)
        self._cache.append(out)
        return out

    @property
    def n_params(self):
        return sum(v.size for v in self._params.values())


class Gru(Module):
    def forward(self, x, h=None, *, return_sequences=False):
        if h is None:
            h = np.zeros((x.shape[1], self.Ur.shape[0]))
        seq = np.zeros((len(x),) + h.shape)
        for t, x_t in enumerate(x):
            r = self.sig(x_t @ self.Wr + h @ self.Ur)
            z = self.sig(x_t @ self.Wz + h @ self.Uz)
            h_tilde = np.tanh(x_t @ self.Wh + np.multiply(r, h) @ self.Uh)
            h = np.multiply(1 - z, h) + np.multiply(z, h_tilde)
            seq[t] = h
        return seq if return_sequences else h

    @staticmethod
    def sig(a):
        return 0.5 * (np.tanh(0.5 * a) + 1)


class Dense(Module):
    def forward(self, x):
        return np.tensordot(x, self.W, axes=1) + self.b


@weights(Wr=(I, H), Wz=(I, H), Wh=(I, H), Ur=(H, H), Uz=(H, H), Uh=(H, H), W=(H, O), b=O)
def modules_by_keyword(p):
    gru = Gru(**{k: p[k] for k in p if k[0] in "WU" and len(k) == 2})
    head = Dense(W=p["W"], b=p["b"])
    pred = head(gru(X, return_sequences=True))
    assert gru.n_params == 3 * (I + H) * H
    diff = pred - Y
    return 0.5 * np.sum(diff * diff) / diff.shape[0] + np.abs(gru._cache[-1]).max()


def recurrence(W, U, xs):
    h = np.zeros((xs.shape[1], U.shape[0]))
    for x in xs:
        h = yield_step(W, U, x, h)
        yield h


def yield_step(W, U, x, h):
    return np.tanh(np.add(np.matmul(x, W), np.matmul(h, U)))


@weights(W=(I, H), U=(H, H))
def steps_from_a_generator(p):
    *early, before, last = recurrence(p["W"], p["U"], X)
    drift = functools.reduce(operator.add, (np.sum(np.abs(a)) for a in early))
    return drift / len(early) + np.sum((last - before) ** 2)


class Tape(contextlib.AbstractContextManager):
    def __init__(self):
        self.rows = {}

    def __exit__(self, *exc):
        self.result = np.array([self.rows[k] for k in sorted(self.rows)])

    def write(self, k, v):
        self.rows[k] = v.tolist() if isinstance(v, np.ndarray) else v


@weights(W=(I, H), U=(H, H))
def numbers_in_lists_of_lists(p):
    with Tape() as tape:
        h = np.zeros(H)
        for t in range(T):
            h = np.tanh(X[t, 0] @ p["W"] + h @ p["U"])
            tape.write(t, h)
    assert tape.result.shape == (T, H)
    return (tape.result[1:] * tape.result[:-1]).sum()


class LSTMCell:
    GATES = ("input", "forget", "cell", "output")

    def __init__(self, weights_, hidden):
        self.__dict__.update({f"W_{g}": w for g, w in zip(self.GATES, np.split(weights_, 4, axis=1))})
        self.hidden = hidden
        self.reset()

    def reset(self, batch=B):
        self.state = {"h": np.zeros((batch, self.hidden)), "c": np.zeros((batch, self.hidden))}

    def __call__(self, x):
        z = np.append(x, self.state["h"], axis=1)
        act = {g: np.tanh(z @ getattr(self, f"W_{g}")) for g in self.GATES}
        gate = lambda g: (act[g] + 1) / 2
        self.state["c"] *= gate("forget")
        self.state["c"] += gate("input") * act["cell"]
        self.state["h"] = gate("output") * np.tanh(self.state["c"])
        return self.state["h"]


@weights(W=(I + H, 4 * H), V=(H, O))
def cell_whose_state_is_changed_in_place(p):
    cell = LSTMCell(p["W"], H)
    loss, kept = [], []
    for x, y in zip(X, Y):
        out = cell(x)
        kept.append(copy.copy(cell.state["c"]))
        loss.append(np.mean((out @ p["V"] - y) ** 2))
    return np.mean(loss) + 0.1 * np.mean(np.max(np.stack(kept), axis=(1, 2)))


class Stack:
    """Layers of any number; each has its own state, by which it is called again."""

    def __init__(self, *layers):
        self.layers = list(layers)
        self.h = [None] * len(layers)

    def step(self, x):
        for k, (W, U) in enumerate(self.layers):
            if self.h[k] is None:
                self.h[k] = np.zeros((x.shape[0], len(U)))
            self.h[k] = x = np.tanh(x @ W + self.h[k] @ U) + (x if x.shape[1] == len(U) else 0)
        return x

    __call__ = step

    def __len__(self):
        return len(self.layers)


@weights(W0=(I, H), U0=(H, H), W1=(H, H), U1=(H, H), W2=(H, H), U2=(H, H))
def residual_stack(p):
    net = Stack(*((p[f"W{k}"], p[f"U{k}"]) for k in range(3)))
    out = np.asarray([net(x) for x in X])
    assert len(net) == 3 and out.ndim == 3
    return np.mean(np.log1p(out**2))


@weights(W=(I, H), U=(H, H), V=(H, O))
def errors_as_exceptions(p):
    """Checks for NaN and overflow as it goes, and falls back."""
    h, good = np.zeros((B, H)), []
    with np.errstate(over="raise", invalid="ignore"):
        for t, x in enumerate(X):
            try:
                a = x @ p["W"] + h @ p["U"]
                if not np.isfinite(a).all():
                    raise FloatingPointError("step %d" % t)
                h = 1.7159 * np.tanh(2 / 3 * a)
            except FloatingPointError:
                continue
            good.append(h)
    pred = np.array(good) @ p["V"]
    r2 = 1 - ((Y - pred) ** 2).sum() / ((Y - Y.mean()) ** 2).sum()
    return -r2


CELLS = {}


def cell(fn):
    CELLS[fn.__name__] = fn
    return fn


@cell
def vanilla(x, h, W, U, **_):
    return np.tanh(x @ W + h @ U)


@cell
def gated(x, h, W, U, G=None):
    g = np.reciprocal(1 + np.exp(-(np.hstack([x, h]) @ G)))
    return np.add(g * h, (1.0 - g) * vanilla(x, h, W, U))


@weights(W=(I, H), U=(H, H), G=(I + H, H))
def cells_by_name(p):
    total = 0
    for name, fn in CELLS.items():
        h = np.zeros((B, H))
        for x in X:
            h = fn(x, h, **p)
        total += np.sum(h, axis=None) * (1 + len(name) % 3)
    return total


@weights(W=(I, H), U=(H, H), v=H)
def attention_over_ones_own_past(p):
    past = np.empty((0, H))
    h = np.zeros(H)
    for x in X[:, 0]:
        if len(past):
            w = np.exp(past @ p["v"])
            w = w / np.sum(w)
            h = h + w @ past
        h = np.tanh(x @ p["W"] + h @ p["U"])
        past = np.concatenate([past, h[None]], axis=0)
    return np.cumsum(past, axis=0)[-1] @ p["v"]


@weights(W=(I, H), U=(H, H))
def states_inserted_and_rolled(p):
    S = np.zeros((3, H))
    out = []
    for x in X[:, 1]:
        new = np.tanh(x @ p["W"] + S.mean(axis=0) @ p["U"])
        S = np.roll(S, 1, axis=0)
        S[0] = new
        out.append(np.flip(S, 0).ravel())
    return np.sum(np.stack(out) ** 2, axis=1).dot(np.arange(1, T + 1))
