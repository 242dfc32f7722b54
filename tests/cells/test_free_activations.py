"""LSTM and GRU with other activations, and with coupled gates: one step in plain numpy, and compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_same, each_backend
from tests.each import each
from tinygraph.core.graph import ancestors

RNG = np.random.default_rng(13)
X, H0, C0 = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(2, 4)), RNG.normal(size=(2, 4))

FUNCTIONS: dict[Any, Any] = {
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "tanh": np.tanh,
    "relu": lambda a: np.maximum(a, 0),
    "softsign": lambda a: a / (1 + np.abs(a)),
    "hard_sigmoid": lambda a: np.clip(a / 6 + 0.5, 0, 1),
    "elu": lambda a: np.where(a > 0, a, np.exp(np.minimum(a, 0)) - 1),
    "leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a),
    tg.exp: np.exp,
}
CHOICES: list[dict[str, Any]] = [
    {},
    {"nonlinearity": "softsign"},
    {"gate_nonlinearity": "hard_sigmoid"},
    {"nonlinearity": "leaky_relu", "gate_nonlinearity": tg.exp, "clip": 0.4},
]
ONLY_LSTM: list[dict[str, Any]] = [
    {"output_nonlinearity": "elu"},
    {"nonlinearity": "relu", "output_nonlinearity": "tanh", "peepholes": True},
    {"coupled": True},
    {"coupled": True, "peepholes": True, "gate_order": "iofg", "clip": 0.7, "nonlinearity": "softsign"},
]


def randomised(cell: Any) -> Any:
    for parameter in cell.parameters().values():
        parameter.value = RNG.normal(size=parameter.shape) * 0.6
    return cell


def limited(a: Any, clip: float | None = None) -> Any:
    return a if clip is None else np.clip(a, -clip, clip)


def lstm_step(cell: Any, x: Any, h: Any, c: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    clip, order = options.get("clip"), options.get("gate_order", "ifgo")
    gate, inner = (
        FUNCTIONS[options.get(key, usual)]
        for key, usual in (("gate_nonlinearity", "sigmoid"), ("nonlinearity", "tanh"))
    )
    outer = FUNCTIONS[options.get("output_nonlinearity", options.get("nonlinearity", "tanh"))]
    z = x @ cell.weight_ih.value.T + cell.bias_ih.value + h @ cell.weight_hh.value.T + cell.bias_hh.value
    z = {letter: z[:, 4 * k : 4 * k + 4] for k, letter in enumerate(order)}
    p = dict.fromkeys("ifo", 0.0)
    if options.get("peepholes"):
        p = {k: cell.weight_ph.value[4 * n : 4 * n + 4] for n, k in enumerate(order.replace("g", ""))}
    i, f = (gate(limited(z[k] + p[k] * c, clip)) for k in "if")
    c = (1 - i if options.get("coupled") else f) * c + i * inner(limited(z["g"], clip))
    return gate(limited(z["o"] + p["o"] * c, clip)) * outer(c), c


@each("options", [*CHOICES, *ONLY_LSTM])
def test_one_step_of_an_lstm(options: dict[str, Any]) -> None:
    cell = randomised(tg.cells.LSTM(3, 4, dtype=np.float64, **options))
    y, (h, c) = cell(X[0], (H0, C0))
    right = lstm_step(cell, X[0], H0, C0, options)
    np.testing.assert_allclose(y.value, right[0], rtol=0, atol=1e-13)
    np.testing.assert_allclose(c.value, right[1], rtol=0, atol=1e-13)
    assert h is y


@each("reset_after", [True, False])
@each("options", CHOICES)
def test_one_step_of_a_gru(options: dict[str, Any], reset_after: bool) -> None:
    cell = randomised(tg.cells.GRU(3, 4, reset_after=reset_after, dtype=np.float64, **options))
    gate, inner = (
        FUNCTIONS[options.get(key, usual)]
        for key, usual in (("gate_nonlinearity", "sigmoid"), ("nonlinearity", "tanh"))
    )
    clip = options.get("clip")
    W, U, b, c = (a.value for a in (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh))
    wx, uh = X[0] @ W.T + b, H0 @ U.T + c
    r, z = (gate(limited(wx[:, s] + uh[:, s], clip)) for s in (slice(4), slice(4, 8)))
    of_n = r * uh[:, 8:] if reset_after else (r * H0) @ U[8:].T + c[8:]
    n = inner(limited(wx[:, 8:] + of_n, clip))
    np.testing.assert_allclose(cell(X[0], H0)[0].value, (1 - z) * n + z * H0, rtol=0, atol=1e-13)


@each_backend
@each("options", [*CHOICES, *ONLY_LSTM])
def test_compiled_with_gradients(options: dict[str, Any], backend: str) -> None:
    kinds = [tg.cells.LSTM] + [tg.cells.GRU] * (options in CHOICES)
    for kind in kinds:
        cell = kind(3, 4, rng=3, dtype=np.float64, **options)
        weights = [*cell.parameters().values()]
        if kind is tg.cells.LSTM and options.get("coupled"):
            assert all(w.shape[0] in (16, 12) for w in weights)
        assert_same(
            lambda xs, cell=cell, weights=weights: (
                loss := tg.sum(tg.square(tg.unroll(cell, xs)[0])),
                *tg.grad(loss, weights),
            ),
            X,
            backend=backend,
        )
    tg.check.gradients(lambda *_: tg.unroll(cell, X[:2])[0], weights, order=2)


def ops_of(node: tg.Node) -> list[str]:
    return [x.op.name for x in ancestors([node]) if x.op is not None]


def test_the_usual_cells_make_the_graph_that_they_made() -> None:
    affine = ["transpose", "matmul", "add"] * 2
    y, (_, c) = tg.cells.LSTM(3, 4, rng=0)(np.ones((2, 3), np.float32), tg.cells.LSTM(3, 4).initial_state(2))
    gates = ["getitem"] * 4 + ["sigmoid", "tanh", "sigmoid", "multiply", "multiply", "add"]
    assert sorted(ops_of(y)) == sorted([*affine, "add", *gates, "sigmoid", "tanh", "multiply"])
    assert [name for name in ops_of(c) if name in ("sigmoid", "tanh", "multiply")] == [
        *("sigmoid", "tanh", "sigmoid", "multiply", "multiply")
    ]
    gru = tg.cells.GRU(3, 4, rng=0)
    names = ops_of(gru(np.ones((2, 3), np.float32), gru.initial_state(2))[0])
    assert [name for name in names if name in ("sigmoid", "tanh")] == ["sigmoid", "sigmoid", "tanh"]
    assert len(names) == 6 + 6 + 2 * 2 + 3 + 4


def test_onnxs_arrays_of_coupled_gates_load_as_they_are() -> None:
    cell = tg.cells.LSTM(3, 4, gate_order="iofg", coupled=True, dtype=np.float64)
    W, R = RNG.normal(size=(1, 16, 3)), RNG.normal(size=(1, 16, 4))
    zeros = np.zeros(16)
    cell.load_state_dict({"weight_ih": W[0], "weight_hh": R[0], "bias_ih": zeros, "bias_hh": zeros})
    y = tg.unroll(cell, X)[0]
    g = tg.grad(tg.sum(y), cell.weight_ih).value
    assert not g[8:12].any() and g[:8].any() and g[12:].any()


def test_wrong_options_are_refused() -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)tanh.*'tan'"):
        tg.cells.LSTM(3, 4, gate_nonlinearity="tan")
    with pytest.raises(tg.GraphError, match=r"(?s)tanh.*'tan'"):
        tg.cells.GRU(3, 4, nonlinearity="tan")
    with pytest.raises(tg.GraphError, match="coupled"):
        tg.cells.LSTM(3, 4, coupled="yes")  # type: ignore[arg-type]
    with pytest.raises(tg.GraphError, match="forget_bias with coupled"):
        tg.cells.LSTM(3, 4, coupled=True, forget_bias=1.0)
