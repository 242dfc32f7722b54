"""Functions and nets as strangers write them: own cells, attention, tokens, several outputs, nested states, own ops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.export.onnx.model import modelled

from .running import SIZES, drawn, hold, needs_onnx

pytestmark = needs_onnx
RNG = np.random.default_rng(0)
W, U = (tg.parameter((RNG.normal(size=(n, 4)) / 2).astype(np.float32), name) for n, name in ((3, "W"), (4, "U")))


def cell(x: Any, h: Any) -> Any:
    h = np.tanh(x @ W + h @ U)
    return h, h


def batch(*sizes: int) -> Any:
    """Inputs (T, B, 3) and a state (B, 4)."""
    return drawn(*sizes, 3), drawn(sizes[1], 4)


def test_own_cells_of_numpy_code() -> None:
    runs = [batch(*sizes) for sizes in SIZES if sizes[0] != sizes[1]]
    assert hold(lambda xs, h: tg.unroll(cell, xs, h), batch(5, 2), *runs)["Scan"] == 1

    def branching(x: Any, h: Any) -> Any:
        h = np.where(x @ W > 0, np.maximum(h @ U, 0), np.tanh(h))
        return {"whole": h, "half": h[:, ::2] * 2}, h

    hold(lambda xs, h: tg.unroll(branching, xs, h), batch(5, 2), *runs)
    zeros = [drawn(*sizes, 3) for sizes in ((5, 2), *SIZES)]
    hold(lambda xs: tg.unroll(cell, xs, np.zeros((xs.shape[1], 4), np.float32)), *zeros)


def recurred(a: Any, b: Any, s: Any) -> Any:
    states = tg.linear_scan(a, b, s)
    return states, tg.grad(tg.sum(states**3), [a, b, s])


def turned(a: Any, ia: Any, b: Any, ib: Any, s: Any) -> Any:
    """Of complex numbers, with the gradient of a function of both their parts."""
    real, imaginary = tg.linear_scan((a, ia), (b, ib), (s, 0.5 * s))
    return real, imaginary, tg.grad(tg.sum(real**3 + imaginary * real), [a, ia, b, ib, s])


def test_linear_recurrences_and_their_gradients() -> None:
    for fn, count in ((recurred, 1), (turned, 2)):
        several = [(*(drawn(T, B, 3) for _ in range(2 * count)), drawn(B, 3)) for T, B in ((5, 2), (7, 4), (1, 3))]
        assert hold(fn, *several)["Scan"] == 2


def test_what_is_no_array_among_the_arguments_is_fixed() -> None:
    def fn(x: Any, scale: float, how: str, times: int, none: Any, deep: Any) -> Any:
        y = np.tanh(x * scale) if how == "tanh" and scale > 0.25 else x
        for _ in range(times):
            y = y + (1.0 if none is None else none) * deep["by"]
        return y

    options = 0.5, "tanh", 3, None, {"by": 0.75}
    hold(fn, *[(drawn(*sizes, 3), *options) for sizes in ((5, 2), *SIZES)])
    (told,) = modelled(fn, (drawn(5, 2, 3), *options)).graph.input
    assert told.name == "x"


def test_a_mask_puts_nan_where_there_is_no_value() -> None:
    def masked(xs: Any) -> Any:
        y = np.where(xs > 0, xs, np.full(xs.shape, np.nan, np.float32))
        return np.where(y == y, y, np.float32(-2))

    hold(masked, *[drawn(*sizes, 3) for sizes in ((5, 2), *SIZES)])


def test_nested_states_keep_their_names() -> None:
    def deep(x: Any, s: Any) -> Any:
        return s["a"], {"a": np.tanh(x @ W + s["b"][0]), "b": (s["a"],)}

    states = [(drawn(T, B, 3), {"a": drawn(B, 4), "b": (drawn(B, 4),)}) for T, B in ((5, 2), (7, 4))]
    hold(lambda xs, s: tg.unroll(deep, xs, s), *states)
    graph = modelled(lambda xs, s: tg.unroll(deep, xs, s), states[0]).graph
    assert [x.name for x in graph.input] == ["xs", "s.a", "s.b.0"]
    assert [x.name for x in graph.output] == ["result.0", "result.1.a", "result.1.b.0"]
    assert {"W"} <= {x.name for x in graph.initializer}


class Tagger(tg.Module):
    """Tokens to chances, with dropout."""

    def __init__(self) -> None:
        self.words, self.cell = tg.Embedding(11, 3, rng=0), tg.cells.LSTM(3, 4, rng=0)
        self.head, self.drop = tg.Linear(4, 5, rng=1), tg.Dropout(0.3)

    def __call__(self, tokens: Any) -> Any:
        return tg.log_softmax(self.head(self.drop(tg.unroll(self.cell, self.words(tokens))[0])))


def test_tokens_through_a_net() -> None:
    tokens = [np.random.default_rng(1).integers(0, 11, sizes) for sizes in ((5, 2), *SIZES)]
    net = Tagger()
    assert hold(net.eval(), *tokens)["LSTM"] == 1
    names = {x.name for x in modelled(net, tokens[0]).graph.initializer}
    assert {"words.weight", "head.weight", "head.bias"} <= names
    with pytest.raises(tg.GraphError, match=r"random numbers are drawn[\s\S]*layer\.eval\(\)"):
        modelled(net.train(), tokens[0])


class Translator(tg.Module):
    """An encoder, and a decoder that looks at all of its outputs."""

    def __init__(self) -> None:
        self.encoder, self.decoder = tg.cells.GRU(3, 4, rng=0), tg.cells.GRU(2, 4, rng=1)
        self.out = tg.Linear(8, 2, rng=2)

    def __call__(self, source: Any, target: Any) -> Any:
        keys, h = tg.unroll(self.encoder, source)

        def step(x: Any, h: Any) -> Any:
            y, h = self.decoder(x, h)
            share = tg.softmax(tg.einsum("bh,sbh->sb", y, keys), axis=0)
            read = tg.einsum("sb,sbh->bh", share, keys)
            return {"logits": self.out(tg.concatenate([y, read], axis=-1)), "share": share}, h

        outputs, h = tg.unroll(step, target, h)
        return {"out": outputs, "h": h}


def test_attention_over_an_encoder_of_another_length() -> None:
    axes = {"source": ("S", "B"), "target": ("T", "B")}
    runs = [(drawn(S, B, 3), drawn(T, B, 2)) for S, T, B in ((6, 5, 2), (7, 3, 4), (1, 1, 1))]
    nodes = hold(Translator(), *runs, dynamic=axes)
    assert nodes["GRU"] == 1 and nodes["Scan"] == 1


def test_sums_and_means_over_free_axes() -> None:
    xs = [drawn(*sizes, 3) for sizes in ((5, 2), *SIZES)]
    hold(lambda x: tg.mean(x, axis=0) + x.sum(axis=0) / x.shape[0] + x[-1] + x[::-1][0] + x[1:].sum(0), *xs)
    hold(lambda x: tg.where(tg.less(tg.sum(x), x.shape[0]), x.shape[1], x.shape[0] - 1), *xs)
    hold(lambda x: (x.reshape(-1, 3) @ W).reshape(x.shape[0], x.shape[1], 4), *xs)
    table = tg.parameter(drawn(20, 3), "places")
    hold(lambda x: x + tg.take(table, np.arange(x.shape[0]), axis=0)[:, None], *xs)


def test_gradients_with_free_sizes() -> None:
    xs = [drawn(*sizes, 3) for sizes in ((5, 2), *SIZES)]

    def gradients(x: Any) -> Any:
        y = tg.unroll(cell, x, np.zeros((x.shape[1], 4), np.float32))[0]
        return tg.grad(tg.mean(y**2), [W, U, x])

    hold(gradients, *xs, tolerance=2e-5)


class Swish(tg.Op):
    """z = x tanh(x)"""

    def forward(self, x: Any) -> Any:
        return x * np.tanh(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz * (np.tanh(x) + x * (1 - np.tanh(x) ** 2))


class Opaque(tg.Op):
    """z = x + 1 by Python's floats."""

    def forward(self, x: Any) -> Any:
        return np.array([float(v) + 1 for v in x.ravel()], x.dtype).reshape(x.shape)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz


class Wide(Opaque):
    def forward(self, x: Any) -> Any:
        return 2 * x if isinstance(x, tg.Node) else 2 * x.astype(np.float64)


class Short(Opaque):
    def forward(self, x: Any) -> Any:
        return x[0] if isinstance(x, tg.Node) else 2 * x


class Fixed(Opaque):
    def forward(self, x: Any) -> Any:
        return np.zeros(x.shape, x.dtype)


OTHER = r"its forward on nodes gives \({}3\) float32 instead of \(5, 2, 3\) float{}"
OWN: dict[str, tuple[type[tg.Op], str]] = {
    "opaque": (Opaque, "its forward does not run on nodes: "),
    "fixed": (Fixed, "its forward does not run on nodes: it gives ndarray\n"),
    "wide": (Wide, OTHER.format("5, 2, ", "64")),
    "short": (Short, OTHER.format("2, ", "32")),
}


def test_an_op_of_the_users_own() -> None:
    swish = Swish()
    hold(lambda x: swish(x) + 1, drawn(5, 2, 3), drawn(7, 4, 3))
    for name, (kind, words) in OWN.items():
        op = kind()
        with pytest.raises(tg.GraphError, match=rf"export\.onnx: {name}: {words}[\s\S]*by NumPy functions"):
            modelled(lambda x, op=op: op(x), drawn(5, 2, 3), ())


def test_other_results_and_arguments() -> None:
    hold(lambda x: (x, x, np.ones(3, np.float32)), drawn(5, 2, 3))
    hold(lambda x, a: x * a, (drawn(5, 2, 3), 2.5))
    hold(lambda x: {"": x * 2, "result": x}, drawn(5, 2, 3))
    hold(lambda x: (x > 0) & (x < 1) | tg.not_equal(x > 0, x > 1), drawn(5, 2, 3))
    hold(lambda x: x + 1, np.arange(6).reshape(2, 3))
    hold(tg.recorded(lambda x: np.array([x[0], x[1]])), drawn(5, 2, 3))
    hold(lambda x: tg.unroll(tg.cells.GRU(3, 3, rng=0), x, feedback=lambda y: y), drawn(5, 2, 3), drawn(7, 4, 3))


def test_a_cell_is_one_step() -> None:
    nodes = hold(tg.cells.LSTM(3, 4, rng=0), drawn(2, 3), drawn(5, 3), drawn(1, 3))
    assert nodes["Split"] == 1 and not nodes["Slice"], "the gates are parted at once"
    hold(tg.cells.GRU(3, 4, rng=0), drawn(3))
    hold(tg.cells.Stack([tg.cells.MGU(3, 4, rng=0), tg.cells.RNN(4, 4, rng=1)]), drawn(2, 3), drawn(5, 3))


def test_functions_along_an_axis_of_a_number() -> None:
    for op in (tg.softmax, tg.log_softmax, tg.logsumexp, tg.cumsum):
        hold(lambda x, op=op: op(tg.sum(x * x)), (drawn(5, 2),), dynamic=())


def test_new_axes_beside_an_ellipsis() -> None:
    xs = [drawn(*sizes, 3) for sizes in ((5, 2), *SIZES)]
    hold(lambda x: x[None, ..., 0], *xs)
    hold(lambda x: x[1:, None, ..., None], *xs)
