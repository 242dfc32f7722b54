"""Random functions over the whole vocabulary, inside and outside of loops, in which each choice follows from a seed.

A program draws its ops anew from its seed whenever it is called; what it draws depends on shapes and dtypes alone,
so it is the same function on arrays and while it is traced. Values stay of size 1 or so. Ops with a kink get
arguments moved by odd numbers, so that rounding decides nothing.
"""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import tinygraph as tg

SIZES = (1, 2, 2, 3, 3, 4)
LARGEST = 400
"""Elements beyond which a value is not built upon."""


def array_of(rng: Random, shape: tuple[int, ...], dtype: str = "f8") -> np.ndarray:
    return np.random.default_rng(rng.randrange(1 << 30)).normal(size=shape).astype(dtype)


def some_shape(rng: Random, ranks: tuple[int, ...] = (0, 1, 1, 2, 2, 2, 3, 3, 4)) -> tuple[int, ...]:
    return tuple(rng.choice(SIZES) for _ in range(rng.choice(ranks)))


def uneven(x: Any, by: float = 0.0) -> Any:
    """x moved by other odd numbers at each element, so that no two are equal."""
    return x + (0.3 * np.cos(np.arange(x.size) * 1.7 + by) + 0.0137).reshape(x.shape).astype(x.dtype)


class Program:
    """A random function of arrays; `args` fit it.

    Args:
        seed: of all choices.
        size: how many ops about.
        dtype: of the arguments.
    """

    def __init__(self, seed: int, size: int = 12, dtype: str = "f8") -> None:
        rng = Random(seed)
        self.seed, self.size = seed, size
        self.args = [array_of(rng, some_shape(rng), dtype) for _ in range(rng.randint(1, 3))]
        self.args.append(array_of(rng, (rng.choice(SIZES), rng.choice(SIZES), 3), dtype))
        self.weights = [tg.parameter(array_of(rng, some_shape(rng, (1, 2, 2, 3)), dtype)) for _ in range(3)]
        self.weights.append(tg.parameter(array_of(rng, (3, 3), dtype)))

    def __call__(self, *args: Any) -> Any:
        rng = Random(self.seed + 1)
        pool = [*args, *self.weights]
        drawn = _Drawing(rng, depth=0)
        made = drawn.grow(pool, self.size)
        results = [made[-1], *(rng.choice(made) for _ in range(2))]
        return results if rng.random() < 0.8 else {"all": tuple(results), "argument": args[0]}


class _Drawing:
    def __init__(self, rng: Random, depth: int) -> None:
        self.rng, self.depth = rng, depth

    def grow(self, pool: list[Any], count: int) -> list[Any]:
        """``count`` new nodes from those of ``pool`` and from each other, the latest preferred."""
        made: list[Any] = []
        rules = [*RULES, *((self.loop, self.loop, self.slope) if self.depth < 2 else ())]
        for _ in range(count):
            new = None
            while new is None:
                a, b = self._pick(pool, made), self._pick(pool, made)
                new = self.rng.choice(rules)(self.rng, a, b)
            for z in new if isinstance(new, list) else [new]:
                if 0 < z.size <= LARGEST and z.dtype.kind == "f":
                    made.append(z)
        return made or [tg.tanh(pool[0])]

    def _pick(self, pool: list[Any], made: list[Any]) -> Any:
        if made and self.rng.random() < 0.6:
            return made[-1 - min(int(self.rng.expovariate(0.5)), len(made) - 1)]
        return self.rng.choice([*pool, *made])

    def loop(self, rng: Random, a: Any, b: Any) -> Any:
        """An unroll over the first axis of ``a``, with a random cell that also uses ``b`` from outside."""
        if not a.shape or a.size > 100:
            return None
        xs = [a]
        if b.shape and b.shape[0] == a.shape[0]:
            xs.append(b)
        starts = [array_of(rng, some_shape(rng, (0, 1, 2, 2)), a.dtype) for _ in range(rng.choice((1, 1, 2, 3)))]
        if b.size < 50 and rng.random() < 0.5:
            starts[0] = b
        seed, count = rng.randrange(1 << 30), rng.randint(1, 6)
        keep, swap, cut = rng.random() < 0.1, rng.random() < 0.2, rng.random()

        def cell(x: Any, state: Any) -> Any:
            own = Random(seed)
            made = _Drawing(own, self.depth + 1).grow([*x, *state, b], count)
            new = [_as_state(s, own.choice(made), own) for s in state]
            if keep:
                new[0] = state[0]
            if swap and len({s.shape for s in state}) < len(state):
                new = _exchanged(new, state)
            return [made[-1], own.choice([*made, *state, *x])][: own.randint(1, 2)], new

        settings: dict[str, Any] = {"reverse": rng.random() < 0.4}
        if cut < 0.3:
            settings["truncate"] = rng.randint(1, 3)
        if cut < 0.1:
            settings["window"] = "sliding"
        ys, last = tg.unroll(cell, tuple(xs), starts, **settings)
        return [*(s * 1.0 for s in last), *ys]

    def slope(self, rng: Random, a: Any, b: Any) -> Any:
        """The gradient of something of ``a`` for ``b`` and ``a``."""
        if not isinstance(a, tg.Node) or not isinstance(b, tg.Node) or rng.random() < 0.5:
            return None
        if self.depth:  # within a cell, of what is made in this step alone
            b = tg.stop_gradient(b)
            a = tg.tanh(b * 1.5)
        y = tg.sum(tg.tanh(a)) if rng.random() < 0.5 else tg.sum(a * b) if _fits(a, b) else tg.sum(tg.square(a * 0.3))
        return [tg.tanh(g) for g in tg.grad(y, [b, a])]


def _as_state(s: Any, found: Any, rng: Random) -> Any:
    if found.shape == s.shape and found.dtype == s.dtype and rng.random() < 0.5:
        return tg.tanh(found)
    part = found if _fits(found, s) and np.broadcast_shapes(found.shape, s.shape) == s.shape else tg.mean(found)
    return tg.tanh(s * 0.5 + part * 0.5).astype(s.dtype)


def _exchanged(new: list[Any], state: list[Any]) -> list[Any]:
    """A state handed on to another one of its shape: a delay line."""
    for i in range(len(state)):
        for j in range(i):
            if state[i].shape == state[j].shape:
                new[i] = state[j]
    return new


def _fits(a: Any, b: Any) -> bool:
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True


def _wide(x: Any, y: Any) -> Any:
    """x in the shape of a loss with targets y."""
    shape = np.broadcast_shapes(x.shape, y.shape)
    return x if x.shape == shape else tg.broadcast_to(x, shape)


def unary(rng: Random, a: Any, b: Any) -> Any:
    return rng.choice([
        tg.tanh, tg.sigmoid, tg.softplus, lambda x: tg.exp(-tg.square(x)), lambda x: -x, lambda x: tg.square(x) * 0.3,
        lambda x: tg.sqrt(tg.square(x) + 0.5), lambda x: tg.log(tg.square(x) + 0.5), lambda x: tg.relu(x + 0.0137),
        lambda x: tg.abs(x - 0.0271), lambda x: tg.clip(x + 0.0137, -0.7, 0.7), lambda x: (tg.square(x) + 0.5) ** 0.7,
        lambda x: 1.0 - x, lambda x: x / 3, lambda x: tg.stop_gradient(x) * 0.7, lambda x: x**2 * 0.2,
        lambda x: x * 1, lambda x: x + 0, lambda x: tg.sign(x + 0.0137) * x,
    ])(a)  # fmt: skip


def binary(rng: Random, a: Any, b: Any) -> Any:
    if not _fits(a, b):
        return None
    return rng.choice([
        lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / (tg.square(y) + 0.7),
        lambda x, y: tg.maximum(uneven(x), uneven(y, 2.0)), lambda x, y: tg.minimum(uneven(x), uneven(y, 2.0)),
        lambda x, y: tg.where(uneven(x) > uneven(y, 2.0), x, y * 0.5), lambda x, y: tg.where(uneven(x) <= 0.1, y, 0.2),
        lambda x, y: tg.squared_error(_wide(x, y), y) * 0.2, lambda x, y: x * x - y,
        lambda x, y: tg.tanh(x) * tg.sigmoid(y),
        lambda x, y: tg.sigmoid_cross_entropy(_wide(x, y), (np.arange(y.size) % 2).reshape(y.shape).astype(x.dtype)),
    ])(a, b)  # fmt: skip


def _axis(rng: Random, x: Any) -> Any:
    if rng.random() < 0.2:
        return None
    axes = rng.sample(range(x.ndim), rng.randint(1, x.ndim))
    axes = [k - x.ndim if rng.random() < 0.3 else k for k in axes]
    return tuple(axes) if rng.random() < 0.5 else axes[0]


def reduction(rng: Random, a: Any, b: Any) -> Any:
    if not a.shape:
        return None
    axis, keepdims = _axis(rng, a), rng.random() < 0.4
    op = rng.choice([tg.mean, tg.sum, tg.max, tg.min, tg.logsumexp])
    z = op(uneven(a) if op in (tg.max, tg.min) else a, axis=axis, keepdims=keepdims)
    return z * 0.4 if op is tg.sum else z


def along_an_axis(rng: Random, a: Any, b: Any) -> Any:
    if not a.shape:
        return None
    axis = rng.randrange(-a.ndim, a.ndim)
    which = rng.randrange(5)
    if which < 2:
        return (tg.softmax, tg.log_softmax)[which](a, axis=axis)
    if which == 2:
        labels = (np.arange(a.size // a.shape[-1]) * 5 % a.shape[-1]).reshape(a.shape[:-1])
        return tg.softmax_cross_entropy(a, labels)
    if which == 3:
        n = a.shape[axis]
        return tg.one_hot(tg.argmax(uneven(a), axis=axis), n).astype(a.dtype) * 0.5
    n = a.shape[axis]
    return tg.take(a, np.array([rng.randrange(n) for _ in range(rng.randint(1, 4))]), axis=axis)


def _divisors(n: int) -> list[int]:
    return [k for k in range(1, n + 1) if n % k == 0]


def rearranged(rng: Random, a: Any, b: Any) -> Any:
    which = rng.randrange(6)
    if which == 0:
        n = rng.choice(_divisors(a.size))
        m = rng.choice(_divisors(a.size // n))
        return a.reshape((n, m, a.size // n // m) if rng.random() < 0.5 else (n, -1))
    if which == 1:
        return a.transpose(rng.sample(range(a.ndim), a.ndim)) if a.ndim else None
    if which == 2:
        return tg.swapaxes(a, 0, -1) if a.ndim > 1 else None
    if which == 3:
        return tg.broadcast_to(a, (rng.choice((1, 2, 3)), *a.shape))
    if which == 4:
        return a.astype(b.dtype if rng.random() < 0.5 else "f8")
    return a.T.reshape(-1)


def indexed(rng: Random, a: Any, b: Any) -> Any:
    if not a.shape:
        return a[None]
    index: list[Any] = []
    for n in a.shape[: rng.randint(1, a.ndim)]:
        start = rng.randrange(n)
        index.append(rng.choice([slice(None), slice(start, None), slice(None, None, -1), slice(start, start + 1), start,
                                 start - n, slice(None, None, 2)]))  # fmt: skip
    if rng.random() < 0.3:
        index.insert(rng.randint(0, len(index)), None)
    if rng.random() < 0.15:
        return a[np.array([rng.randrange(a.shape[0]) for _ in range(3)])]
    if rng.random() < 0.2:
        index = [..., *index] if len([i for i in index if i is not None]) == a.ndim else index
    return a[tuple(index)]


def joined(rng: Random, a: Any, b: Any) -> Any:
    if not a.shape:
        return tg.stack([a, b * 2, a]) if not b.shape and a.dtype == b.dtype else None
    axis = rng.randrange(-a.ndim, a.ndim)
    parts = [a, b if b.shape == a.shape and a.dtype == b.dtype else tg.tanh(a), a][: rng.randint(1, 3)]
    which = rng.randrange(3)
    if which == 0:
        return tg.concatenate(parts, axis=axis)
    if which == 1:
        return tg.stack(parts, axis=rng.randrange(-a.ndim - 1, a.ndim + 1))
    n = a.shape[axis]
    return list(tg.split(a, rng.choice(_divisors(n)), axis=axis))


def product(rng: Random, a: Any, b: Any) -> Any:
    """A product over the last axis of ``a``, with ``b`` if it fits, else with a new matrix, vector or stack."""
    if not a.shape:
        return None
    K = a.shape[-1]
    if b.shape and b.ndim < 3 and b.shape[-2 if b.ndim == 2 else -1] == K and a.dtype == b.dtype:
        return a @ b * 0.5
    if b.ndim == 2 and b.shape[-1] == K and a.dtype == b.dtype:
        return a @ b.T * 0.5
    if b.ndim == 3 and a.ndim == 3 and b.shape[1] == K and (b.shape[0] == a.shape[0]) and a.dtype == b.dtype:
        return a @ b * 0.5
    if a.ndim == 2 and rng.random() < 0.4:
        return tg.einsum(rng.choice(["ij,kj->ik", "ij,ij->i", "ij,kj->ikj"]), a, a) * 0.4
    new = array_of(rng, rng.choice([(K,), (K, 2), (K, 3), (K, 4)]), a.dtype)
    return a @ new * 0.5 if rng.random() < 0.5 or a.ndim > 1 else new.T @ a * 0.5


def squashed(rng: Random, a: Any, b: Any) -> Any:
    return tg.tanh(a)


RULES = [unary, unary, unary, binary, binary, binary, binary, reduction, along_an_axis, rearranged, indexed, joined,
         product, product, product, squashed, squashed]  # fmt: skip
