"""Ops along and across axes of free sizes: a file made at one size is right at others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.export.onnx.model import modelled

from .running import SIZES, drawn, hold, needs_onnx

pytestmark = needs_onnx
W = tg.parameter(drawn(3, 3), "W")
RUNS = [drawn(T, B, 3) for T, B in ((5, 2), *SIZES)]


def slopes(fn: Any) -> Any:
    """The gradient of a function of an array to it."""
    return lambda xs: tg.grad(tg.sum(tg.sin(fn(xs))), xs)


FUNCTIONS: dict[str, Any] = {
    "sum of T": lambda xs: tg.sum(xs, axis=0),
    "sum of T and B, kept": lambda xs: xs - tg.sum(xs, axis=(0, 1), keepdims=True),
    "mean of all": lambda xs: tg.mean(xs) + xs[0, 0, 0],
    "mean of B": lambda xs: tg.mean(xs, axis=-2),
    "largest of T": lambda xs: tg.max(xs, axis=0, keepdims=True),
    "least of all": lambda xs: tg.min(xs) * 2,
    "place of the largest of T": lambda xs: tg.argmax(xs, axis=0),
    "place of the largest of all": lambda xs: tg.argmax(xs),
    "place of the largest of the last": lambda xs: tg.argmax(xs, axis=-1),
    "softmax over T": lambda xs: tg.softmax(xs, axis=0),
    "log_softmax over B": lambda xs: tg.log_softmax(xs, axis=1),
    "running sums along T": lambda xs: tg.cumsum(xs, axis=0),
    "running sums of all": lambda xs: tg.cumsum(xs)[-1],
    "sorted along T": lambda xs: np.sort(xs, axis=0),
    "sorted along B": lambda xs: np.sort(xs, axis=-2),
    "slopes of the largest of T": slopes(lambda xs: tg.max(xs, axis=0)),
    "slopes of the least of B": slopes(lambda xs: tg.min(xs, axis=1, keepdims=True)),
    "slopes where T is stretched": slopes(lambda xs: xs[:1] * xs + xs[0]),
    "slopes where B is stretched": slopes(lambda xs: xs[:, :1] * np.cos(xs) + xs[:, 0, None]),
    "slopes of a softmax over T": slopes(lambda xs: tg.softmax(xs, axis=0)),
    "slopes of running sums": slopes(lambda xs: tg.cumsum(xs, axis=0)),
    "slopes of a sort": slopes(lambda xs: np.sort(xs, axis=0) ** 2),
    "slopes of a product": slopes(lambda xs: tg.prod(xs + 2, axis=1)),
    "slopes of slices": slopes(lambda xs: xs[1:] * xs[:-1]),
    "slopes of corners": slopes(lambda xs: xs[1:, :1] * xs[:-1, :1]),
    "slopes of parts": slopes(lambda xs: (lambda a, b, c: a * np.tanh(b) + np.exp(c))(*tg.split(xs, 3, axis=2))),
    "slopes of parts in another order": slopes(lambda xs: np.exp(xs[:, :, 1:3]) * np.tanh(xs[:, :, 0:1])),
    "slopes of parts that overlap": slopes(lambda xs: np.exp(xs[:, :, 0:2]) * np.tanh(xs[:, :, 1:3])),
    "slopes of parts with a gap": slopes(lambda xs: np.exp(xs[:, :, 0:1]) * np.tanh(xs[:, :, 2:3])),
    "slopes of parts that end early": slopes(lambda xs: np.exp(xs[:, :, 0:1]) * np.tanh(xs[:, :, 1:2])),
    "slopes of every second": slopes(lambda xs: np.exp(xs[:, :, 0:3:2]) * np.tanh(xs[:, :, 1:2])),
    "slopes of halves": slopes(lambda xs: tg.concatenate([np.tanh(xs[..., :1]), np.exp(xs[..., 1:])], axis=2)),
    "slopes of the last": slopes(lambda xs: xs[-1] * xs[0]),
    "flat": lambda xs: xs.reshape((-1, 3)) @ W,
    "flat and back": lambda xs: (xs.reshape((-1, 3)) @ W).reshape(xs.shape) + 1,
    "all in one row": lambda xs: xs.reshape(-1)[::-1],
    "transposed": lambda xs: tg.transpose(xs, (1, 2, 0)) * 2,
    "einsum over T": lambda xs: tg.einsum("tbi,tbj->bij", xs, xs),
    "einsum with dots": lambda xs: tg.einsum("...i,ij->...j", xs, W),
    "einsum of steps": lambda xs: tg.einsum("tbi,sbi->bts", xs, xs),
    "products of steps": lambda xs: tg.softmax(np.swapaxes(xs, 0, 1) @ tg.transpose(xs, (1, 2, 0))),
    "joined along T": lambda xs: tg.concatenate([xs, xs[:1], 2 * xs], axis=0),
    "joined along a new axis": lambda xs: tg.stack([xs, -xs], axis=1),
    "turned round": lambda xs: xs[::-1] + np.flip(xs, 1),
    "rolled": lambda xs: np.roll(xs, 1, axis=0),
    "padded": lambda xs: np.pad(xs, ((1, 0), (0, 2), (0, 0))),
    "differences": lambda xs: np.diff(xs, axis=0, prepend=xs[:1]),
    "above the mean": lambda xs: np.where(xs > tg.mean(xs, axis=0), xs, np.float32(0)),
    "a mask of sizes": lambda xs: xs * np.arange(xs.shape[0], dtype=np.float32)[:, None, None],
    "a mask that counts from two": lambda xs: xs * np.arange(2, xs.shape[0] + 2, dtype=np.float32)[:, None, None],
    "a table that counts": lambda xs: (
        xs[..., 0] * np.broadcast_to(np.arange(xs.shape[1], dtype=np.float32), xs.shape[:2])
    ),
    "the last by its number": lambda xs: xs[xs.shape[0] - 1] * xs[-1],
    "the last of a column": lambda xs: xs[np.array([0, -1]), xs.shape[1] - 1],
    "a loop that takes nothing along": lambda xs: tg.unroll(lambda x, h: (h, h * 0.5 + 0.25), xs, xs[0]),
    "a last state from the end": lambda xs: tg.unroll(lambda x, h: (h, np.tanh(h + x)), xs, xs[0], reverse=True)[1],
    "compared booleans": lambda xs: ((xs > 0) > (xs < 0.5), (xs > 0) <= (xs < 0.5)),
    "counts": lambda xs: xs / xs.shape[0] + xs.shape[0] * xs.shape[1],
    "an empty part": lambda xs: tg.concatenate([xs, np.zeros((*xs.shape[:2], 0), np.float32)], axis=2),
    "standardized": lambda xs: (xs - tg.mean(xs, axis=(0, 1))) / np.sqrt(np.var(xs, axis=(0, 1)) + np.float32(1e-3)),
}


@each("name", FUNCTIONS)
def test_a_function_of_free_sizes(name: str) -> None:
    hold(FUNCTIONS[name], *RUNS, tolerance=3e-5)


@each("fn", [lambda xs: xs[::2], lambda xs: tg.sum(np.triu(tg.einsum("tbi,sbi->ts", xs, xs), 1))])
def test_what_cannot_stay_free_is_refused(fn: Any) -> None:
    with pytest.raises(tg.GraphError, match=r"depends on T or B in a way that cannot stay free(?s:.*)T = 23, B = 29"):
        modelled(fn, RUNS[0])
    hold(fn, RUNS[0], dynamic=())


IDS = [np.random.default_rng(2).integers(0, 3, (T, B)) for T, B in ((5, 2), *SIZES)]


@each(
    "fn",
    [
        lambda ids: W[ids],
        lambda ids: tg.take(W, ids, axis=1),
        lambda ids: tg.cumsum(ids, axis=0),
        lambda ids: tg.argmax(ids, axis=1),
        lambda ids: (tg.max(ids, axis=0), tg.sum(ids), ids // 2, ids % 2 == 1),
        lambda ids: tg.mean(tg.softmax_cross_entropy(W[ids], ids)),
        lambda ids: tg.grad(tg.sum(tg.square(W[ids])), W),
    ],
)
def test_a_function_of_ids(fn: Any) -> None:
    hold(fn, *IDS)
