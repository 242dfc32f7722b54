"""FastRNN and FastGRNN as coded and as their authors have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.derivatives import assert_derivatives

each_kind = pytest.mark.parametrize("kind", [tg.cells.FastRNN, tg.cells.FastGRNN], ids=lambda k: k.__name__)
STARTS = {
    tg.cells.FastRNN: {"coded": {"alpha": 3.0, "beta": -3.0}, "paper": {"alpha": -3.0, "beta": 3.0}},
    tg.cells.FastGRNN: {"coded": {"zeta": 3.0, "nu": -3.0}, "paper": {"zeta": 1.0, "nu": -4.0}},
}


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def filled(kind: Any, **options: Any) -> Any:
    return kind(3, 4, rng=0, dtype=np.float64, bias_init="normal", recurrent_bias_init="normal", **options)


def given() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return rng.normal(size=(2, 3)), rng.normal(size=(2, 4))


@each_kind
def test_the_scalars_start_as_coded_or_as_the_authors_have_them(kind: Any) -> None:
    assert all(getattr(kind(3, 4), name).value == value for name, value in STARTS[kind]["coded"].items())
    for variant, starts in STARTS[kind].items():
        for name, value in starts.items():
            cell = kind(3, 4, variant=variant)
            np.testing.assert_array_equal(getattr(cell, name).value, np.float32([value]))
            given = kind(3, 4, variant=variant, **{f"{name}_init": 0.5})
            np.testing.assert_array_equal(getattr(given, name).value, np.float32([0.5]))


@each_kind
def test_there_is_no_third_variant(kind: Any) -> None:
    with pytest.raises(tg.GraphError, match=rf"{kind.__name__}: no such variant(?s:.)*'paper'(?s:.)*'Paper'"):
        kind(3, 4, variant="Paper")


def test_the_variants_of_fastrnn_differ_in_their_start_alone() -> None:
    coded, paper = filled(tg.cells.FastRNN), filled(tg.cells.FastRNN, variant="paper")
    paper.load_state_dict(coded.state_dict())
    np.testing.assert_array_equal(coded(*given())[0].value, paper(*given())[0].value)


def test_the_paper_keeps_most_of_the_state_and_the_code_does_not() -> None:
    x, h = np.zeros((2, 3)), np.ones((2, 4))
    for variant, kept in (("coded", sigmoid(-3)), ("paper", sigmoid(3))):
        cell = tg.cells.FastRNN(3, 4, variant=variant, recurrent_kernel_init=0.0, dtype=np.float64)
        np.testing.assert_allclose(cell(x, h)[0].value, np.full((2, 4), kept), atol=1e-15)


@pytest.mark.parametrize(
    "options, gate",
    [
        ({}, np.tanh),
        ({"variant": "paper"}, sigmoid),
        ({"variant": "paper", "nonlinearity": "tanh"}, np.tanh),
        ({"nonlinearity": "sigmoid"}, sigmoid),
        ({"nonlinearity": tg.ops.sigmoid}, sigmoid),
    ],
)
def test_the_gate_of_fastgrnn(options: Any, gate: Any) -> None:
    cell = filled(tg.cells.FastGRNN, **options)
    (x, h), p = given(), cell.state_dict()
    b = p["bias_ih"] + p["bias_hh"]
    pre = x @ p["weight_ih"].T + h @ p["weight_hh"].T
    z, n = gate(pre + b[:4]), np.tanh(pre + b[4:])
    expected = (sigmoid(p["zeta"]) * (1 - z) + sigmoid(p["nu"])) * n + z * h
    np.testing.assert_allclose(cell(x, h)[0].value, expected, atol=1e-14)


@each_backend
@each_kind
def test_the_papers_form_compiled_and_differentiated(kind: Any, backend: str) -> None:
    cell, (x, h) = filled(kind, variant="paper"), given()
    xs, h = tg.parameter(np.stack([x, x + 1, -x])), tg.parameter(h)
    wrt = [*cell.parameters().values(), xs, h]

    def loss() -> Any:
        return tg.sum(tg.unroll(cell, xs, h)[0] ** 2)

    def step() -> Any:
        return tg.value_and_grad(loss, wrt)()

    for a, b in zip(tg.compile(step, backend=backend)()[1], step()[1], strict=True):
        np.testing.assert_allclose(a, b.value, atol=1e-11)
    assert_derivatives(loss, wrt)


def test_the_gates_of_fastgrnn_are_in_its_biases() -> None:
    cell = filled(tg.cells.FastGRNN)
    np.testing.assert_array_equal(cell.gate("n").bias_hh.value, cell.bias_hh.value[4:])
    with pytest.raises(AttributeError, match="'z' has no weight_ih"):
        cell.gate("z").weight_ih  # noqa: B018
