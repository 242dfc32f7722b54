"""How each op is written in JAX: a table from the op's name to a function of JAX arrays and the op's settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ...ops.lookup import fill

JaxRow = Callable[..., Any]

SAME = (
    *(
        "negative",
        "square",
        "abs",
        "sign",
        "exp",
        "exp2",
        "expm1",
        "log",
        "log1p",
        "sqrt",
        "tanh",
        "arccosh",
        "arcsinh",
    ),
    *("arctanh", "cosh", "sinh", "arccos", "arcsin", "arctan", "cos", "sin", "tan", "ceil", "floor", "rint", "trunc"),
    *("add", "divide", "multiply", "power", "subtract", "copysign", "fmax", "fmin", "maximum", "minimum", "logaddexp"),
    *("arctan2", "hypot", "floor_divide", "fmod", "remainder", "where", "round", "sum", "mean", "prod", "max"),
    *("min", "argmax", "swapaxes", "transpose", "reshape", "matmul", "broadcast_to"),
    *("equal", "greater", "greater_equal", "less", "less_equal", "not_equal"),
)
"""Ops that jax.numpy has under the same name, with the same settings."""


@cache
def rows(jax: Any) -> dict[str, JaxRow]:
    """The table; ``jax`` is the package."""
    jnp, lax, nn, special = jax.numpy, jax.lax, jax.nn, jax.scipy.special
    return {
        **{name: getattr(jnp, name) for name in SAME},
        "clip": lambda x, a_min=None, a_max=None: jnp.clip(x, a_min, a_max),
        "relu": nn.relu,
        "sigmoid": nn.sigmoid,
        "softplus": lambda x: jnp.maximum(x, 0) + jnp.log1p(jnp.exp(-jnp.abs(x))),
        "erf": special.erf,
        "erfc": special.erfc,
        "softmax": nn.softmax,
        "log_softmax": nn.log_softmax,
        "logsumexp": special.logsumexp,
        "stop_gradient": lax.stop_gradient,
        "astype": lambda x, dtype=np.float64: x.astype(jax.dtypes.canonicalize_dtype(dtype)),
        "copy": lambda x: x,
        "within": lambda x, **_: x,
        "getitem": lambda x, index: x[index],
        "concatenate": lambda *xs, axis=0: jnp.concatenate(xs, axis=axis),
        "stack": lambda *xs, axis=0: jnp.stack(xs, axis=axis),
        "einsum": lambda *xs, subscripts: jnp.einsum(subscripts, *xs),
        "sorting": lambda x, axis=-1: jnp.argsort(x, axis=axis, stable=True),
        "inv": jnp.linalg.inv,
        "solve": jnp.linalg.solve,
        "det": jnp.linalg.det,
        "cholesky": lambda x: jnp.linalg.cholesky(x, symmetrize_input=False),
        "slogdet": lambda x: jnp.stack(jnp.linalg.slogdet(x), axis=-1),
        "cumsum": lambda x, axis=None: jnp.cumsum(jnp.atleast_1d(x), axis=axis),
        "cumprod": lambda x, axis=None: jnp.cumprod(jnp.atleast_1d(x), axis=axis),
        **_divisions(jnp),
        **_sums(jax),
        **_places(jnp),
        **_writes(jnp),
        **_losses(jax),
        "scan": lambda a, b, **settings: _linear_scan(jax, a, b, **settings),
    }


def _divisions(jnp: Any) -> dict[str, JaxRow]:
    """Where g is 0 so is the result, whatever x is; the branch that is not taken must not make a NaN either."""

    def quotient(g: Any, x: Any) -> Any:
        return jnp.where(g != 0, g / jnp.where(g != 0, x, 1), 0)

    def scaled_power(g: Any, x: Any, p: Any) -> Any:
        return jnp.where(g != 0, g * jnp.power(jnp.where(g != 0, x, 1), p), 0)

    return {"quotient": quotient, "scaled_power": scaled_power}


def _sums(jax: Any) -> dict[str, JaxRow]:
    jnp = jax.numpy

    def sum_to(x: Any, shape: Any) -> Any:
        lead = x.ndim - len(shape)
        axes = [k + lead for k, n in enumerate(shape) if n == 1 and x.shape[k + lead] != 1]
        return x.sum(axis=(*range(lead), *axes), keepdims=True).reshape(shape)

    def ties(x: Any, extreme: Any, axis: Any = None) -> Any:
        axes = range(x.ndim) if axis is None else [k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,))]
        equal = x == extreme.reshape([1 if k in axes else n for k, n in enumerate(x.shape)])
        return (equal / equal.sum(axis=axis, keepdims=True)).astype(x.dtype)

    def leading(x: Any, axis: int = -1, smallest: bool = False) -> Any:
        axis %= x.ndim
        extreme = (jax.lax.cummin if smallest else jax.lax.cummax)(x, axis=axis)
        places = jnp.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
        return jax.lax.cummax(jnp.where((x == extreme) | (x != x), places, 0), axis=axis)

    return {"sum_to": sum_to, "ties": ties, "leading": leading}


def _places(jnp: Any) -> dict[str, JaxRow]:
    """Reading and writing by index. JAX cannot raise: a place that is not there gives NaN, or is not written."""

    def take(x: Any, indices: Any, axis: int | None = None) -> Any:
        return jnp.take(x, indices, axis=axis if x.ndim else None, mode="fill")

    def add_at(g: Any, indices: Any, shape: Any, axis: int | None = None) -> Any:
        if axis is None or not shape:
            return jnp.zeros(int(np.prod(shape)), g.dtype).at[indices].add(g).reshape(shape)
        at = axis % len(shape)
        return jnp.zeros(shape, g.dtype).at[(slice(None),) * at + (indices,)].add(g)

    def pick(x: Any, *arrays: Any, index: Any) -> Any:
        return x.at[fill(index, arrays)].get(mode="fill")

    def scatter(g: Any, *arrays: Any, shape: Any, index: Any) -> Any:
        return jnp.zeros(shape, g.dtype).at[fill(index, arrays)].add(g)

    def put(*pieces: Any, shape: Any, indexes: Any) -> Any:
        z = jnp.zeros(shape, jnp.result_type(*pieces))
        for piece, index in zip(pieces, indexes, strict=True):
            z = z.at[index].add(piece)
        return z

    named = (take, add_at, pick, scatter, put)
    return {row.__name__: row for row in named}


def _writes(jnp: Any) -> dict[str, JaxRow]:
    """Writing by index; of equal places the last write stays, which JAX leaves open: so it is looked for."""

    def write(x: Any, *pieces: Any, indexes: Any) -> Any:
        for piece, index in zip(pieces, indexes, strict=True):
            x = x.at[index].set(piece)
        return x

    def last_writer(shape: Any, place: Any) -> tuple[Any, Any]:
        """For each place the number of the last write there, -1 for none, and those numbers as they are written."""
        order = jnp.arange(np.zeros(shape, bool)[_hollow(place)].size)
        order = order.reshape(np.zeros(shape, bool)[_hollow(place)].shape)
        return jnp.full(shape, -1, order.dtype).at[place].max(order), order

    def write_at(x: Any, v: Any, *arrays: Any, index: Any) -> Any:
        writer, _ = last_writer(x.shape, fill(index, arrays))
        return jnp.where(writer >= 0, v.reshape(-1)[writer] if v.size else x, x)

    def last_written(*arrays: Any, shape: Any, index: Any) -> Any:
        place = fill(index, arrays)
        writer, order = last_writer(shape, place)
        return writer[place] == order

    named = (write, write_at, last_written)
    return {row.__name__: row for row in named}


def _hollow(place: tuple[Any, ...]) -> tuple[Any, ...]:
    """The index with zeros in place of index arrays, for its shape."""
    return tuple([np.zeros(x.shape, int) if hasattr(x, "shape") else x for x in place])


def _losses(jax: Any) -> dict[str, JaxRow]:
    jnp, nn = jax.numpy, jax.nn

    def at_label(x: Any, labels: Any) -> Any:
        return jnp.take_along_axis(x, labels[..., None], axis=-1, mode="fill")[..., 0]

    def softmax_cross_entropy(logits: Any, labels: Any) -> Any:
        scores = nn.log_softmax(logits)
        return -jnp.sum(labels * scores, axis=-1) if labels.dtype.kind == "f" else -at_label(scores, labels)

    def excess(logits: Any, losses: Any, labels: Any) -> Any:
        z = jnp.exp(logits - at_label(logits, labels)[..., None] - losses[..., None])
        return z - nn.one_hot(labels, logits.shape[-1], dtype=z.dtype)

    def sigmoid_cross_entropy(logits: Any, targets: Any) -> Any:
        tail = jnp.log1p(jnp.exp(-jnp.abs(logits)))
        return tail + jnp.where(logits > 0, logits * (1 - targets), -logits * targets)

    return {
        "softmax_cross_entropy": softmax_cross_entropy,
        "excess": excess,
        "entry": at_label,
        "onehot_like": lambda labels, like: nn.one_hot(labels, like.shape[-1], dtype=like.dtype),
        "one_hot": lambda labels, depth, dtype=np.float64: nn.one_hot(
            labels, depth, dtype=jax.dtypes.canonicalize_dtype(dtype)
        ),
        "sigmoid_cross_entropy": sigmoid_cross_entropy,
        "squared_error": lambda y, t: jnp.square(y - t),
    }


def _linear_scan(jax: Any, a: Any, b: Any, adjoint: bool = False, is_complex: bool = False) -> Any:
    """s_0 = b_0, s_t = a_t s_(t-1) + b_t, by an associative scan; the adjoint is the same from the end, conjugated."""
    jnp, lax = jax.numpy, jax.lax
    if is_complex:
        a, b = lax.complex(a[..., 0], a[..., 1]), lax.complex(b[..., 0], b[..., 1])
        a = jnp.conj(a) if adjoint else a
    a = jnp.broadcast_to(a, (b.shape[0] - 1, *b.shape[1:]))
    edge = jnp.zeros((1, *b.shape[1:]), b.dtype)
    factors = jnp.concatenate([a, edge] if adjoint else [edge, a])

    def compose(first: Any, second: Any) -> Any:
        return second[0] * first[0], second[0] * first[1] + second[1]

    _, z = lax.associative_scan(compose, (factors, b), reverse=adjoint)
    return jnp.stack([z.real, z.imag], axis=-1) if is_complex else z
