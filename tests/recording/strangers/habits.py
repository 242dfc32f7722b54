"""Habits that few have: names imported in every way, odd containers, odd writes, states in odd places."""

import copy
import warnings
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from contextlib import contextmanager
from functools import lru_cache, wraps

import numpy
import numpy as np

from . import weights

T, B, I, H, V = 5, 2, 3, 4, 6
gen = numpy.random.RandomState(99)
xs_all = gen.randn(B, T, I)
ids = gen.randint(0, V, size=(B, T))


@weights(W=(I, H), U=(H, H))
def numpy_by_its_whole_name(p):
    out = numpy.zeros(shape=(T, H), dtype=numpy.float64)
    h = numpy.zeros_like(out[0])
    for t in numpy.arange(T):
        h = numpy.tanh(numpy.matmul(xs_all[0, t], p["W"]) + numpy.matmul(h, p["U"]))
        out[t, :] = h
    return numpy.linalg.norm(out, ord="fro") ** 2


@weights(W=(I, H), U=(H, H))
def object_buffers_and_lists_of_none(p):
    states, gates = np.empty(T, dtype=object), [None] * T
    prev = np.zeros(H)
    for t in range(T):
        gates[t] = 1 / (1 + np.exp(-(xs_all[0, t] @ p["W"])))
        states[t] = prev = gates[t] * prev + (1 - gates[t]) * np.tanh(prev @ p["U"] + xs_all[0, t].sum())
    return np.sum(np.stack(states)) + np.vstack(gates).var()


@weights(W=(I, H), U=(H, H))
def rows_copied_from_one_zero(p):
    hs = np.array([np.zeros(H)] * (T + 1))
    for t in range(T):
        hs[t + 1] += xs_all[0, t] @ p["W"]
        hs[t + 1] += hs[t] @ p["U"]
        np.tanh(hs[t + 1], hs[t + 1])
    first, *rest = hs[1:]
    return np.dot(first, rest[-1]) + sum(r.sum() for r in rest)


@weights(W=(I, H), U=(H, H))
def flat_writes(p):
    h = np.full((B, H), 0.1)
    for t in range(T):
        z = xs_all[:, t] @ p["W"] + h @ p["U"]
        for k in range(z.size):
            if z.flat[k] < 0:
                z.flat[k] *= 0.2
        h = z / np.maximum(1, np.abs(z).max())
    h.ravel()[0] = 0.0
    return np.ravel(h)[1:] @ np.ravel(h)[1:]


@weights(W=(I, H), U=(H, H), P=(H, H))
def matrix_products_in_place(p):
    h = np.zeros((B, H))
    buf = np.empty((B, H))
    for t in range(T):
        np.dot(xs_all[:, t], p["W"], out=buf)
        buf += np.einsum("bh,hk->bk", h, p["U"])
        np.multiply(buf, 0.5, out=buf)
        np.add(buf, h, buf)
        h = np.tanh(buf)
        h @= p["P"]
    return np.square(h).sum(axis=1, keepdims=True).mean().item()


@weights(W=(I, H), U=(H, H))
def deep_copies_and_swaps(p):
    cur, nxt, snapshots = np.zeros(H), np.zeros(H), []
    for t in range(T):
        nxt[:] = np.tanh(xs_all[0, t] @ p["W"] + cur @ p["U"])
        cur, nxt = nxt, cur
        snapshots.append(copy.deepcopy(cur))
    return sum(float(np.sum(s * s)) for s in snapshots) + cur[0] * nxt[0]


class Layer(ABC):
    registry = {}

    def __init_subclass__(cls, **kw):
        super().__init_subclass__(**kw)
        Layer.registry[cls.__name__] = cls

    @abstractmethod
    def __call__(self, x): ...


class Recurrent(Layer):
    __slots__ = ("U", "W", "_h", "steps")

    def __init__(self, W, U):
        self.W, self.U, self._h, self.steps = W, U, None, 0

    @property
    def h(self):
        return np.zeros(self.U.shape[0]) if self._h is None else self._h

    @h.setter
    def h(self, value):
        assert value.shape == (self.U.shape[0],)
        self._h = value

    def __call__(self, x):
        self.h = np.tanh(x @ self.W + self.h @ self.U)
        self.steps += 1
        return self.h


class Tape(list):
    def __call__(self, f):
        @wraps(f)
        def g(*a):
            self.append(f(*a))
            return self[-1]

        return g


@weights(W=(I, H), U=(H, H))
def registry_slots_and_a_tape(p):
    tape = Tape()
    cell = Layer.registry["Recurrent"](p["W"], p["U"])
    step = tape(cell)
    for x in xs_all[1]:
        step(x)
    assert cell.steps == len(tape) == T
    return np.mean([np.mean(v**2) for v in tape]) + np.max(tape)


state = {"h": None}


def global_step(x, W, U):
    global state
    state["h"] = np.tanh(x @ W + (state["h"] @ U if state["h"] is not None else 0))


@contextmanager
def fresh_state():
    state["h"] = None
    try:
        yield state
    finally:
        state["h"] = None


@weights(W=(I, H), U=(H, H))
def state_in_a_global(p):
    with fresh_state() as s, np.errstate(over="ignore"):
        for x in xs_all[0]:
            global_step(x, **p)
        result = s["h"] ** 3
    return result.sum() / (1e-9 + np.sqrt((result**2).sum()))


@weights(E=(V, H), U=(H, H))
def memoised_recursion(p):
    """h(t) calls h(t - 1); counts of words, a default dict of sums."""
    sums = defaultdict(lambda: np.zeros(H))

    @lru_cache(maxsize=None)
    def h(t):
        return np.zeros(H) if t < 0 else np.tanh(p["E"][ids[0, t]] + h(t - 1) @ p["U"])

    for t, word in enumerate(ids[0]):
        sums[int(word)] += h(t)
    counts = Counter(ids[0].tolist())
    means = {w: s / counts[w] for w, s in sums.items()}
    return sum(np.abs(m).sum() for m in means.values())


@weights(W=(I, H), U=(H, H))
def iterators_of_places(p):
    table, total = np.zeros((B, T, H)), 0.0
    for b, t in np.ndindex(B, T):
        prev = table[b, t - 1] if t else np.zeros(H)
        table[b, t] = np.tanh(xs_all[b, t] @ p["W"] + prev @ p["U"])
    for (b, t, k), v in np.ndenumerate(table):
        if (b + t + k) % 2:
            total += v * v
    for row in table[0]:
        for value in row:
            total -= 0.1 * value
    return total


@weights(W=(I, H), U=(H, H))
def warns_and_catches(p):
    h = np.zeros(H)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for x in xs_all[0]:
            z = x @ p["W"] + h @ p["U"]
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(z > 0, np.log(np.where(z > 0, z, 1.0)) / (1 + z), 0.0)
            try:
                if not np.isfinite(ratio).all():
                    raise FloatingPointError("not finite")
            except FloatingPointError:
                ratio = np.zeros(H)
            h = np.tanh(z) + 0.1 * ratio
    return h.max() - h.min()


@weights(W=(H, I), U=(H, H), gain=())
def column_of_columns(p):
    """np.hstack of columns as a history, np.tile of a bias, the transpose written to."""
    b = np.tile(np.array([[0.1], [-0.1]]), (H // 2, 1))
    hist = np.zeros((H, 0))
    s = np.zeros((H, 1))
    for x in xs_all[0]:
        s = np.tanh(p["W"].dot(x.reshape(I, 1)) + p["U"].dot(s) + b) * np.exp(p["gain"])
        hist = np.hstack((hist, s))
    hist.T[0] = 0
    hist[:, -1:] *= 2
    return np.sum(hist * hist) + hist.mean(1).prod()


@weights(W=(I, H), U=(H, H))
def masks_of_every_kind(p):
    h = np.zeros((B, H))
    keep = []
    for t in range(T):
        h = np.tanh(xs_all[:, t] @ p["W"] + h @ p["U"])
        big = h > np.mean(h)
        h[big & (h < 0.9)] *= 0.5
        h[~big] -= 0.01
        h[0, big[0]] += 0.1
        keep.append(h[big].sum() if big.any() else 0.0)
    rows, cols = np.where(h > 0)
    h[rows, cols] **= 2
    return np.sum(keep) + h.sum() + (h[h > 0.1].mean() if (h > 0.1).any() else 0)
