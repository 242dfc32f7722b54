"""The options of RNN, LSTM and GRU one by one: gate order, peepholes, clip, one bias, an open forget gate."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.cells.parity import error, packed, results
from tinygraph.core.graph import ancestors

KINDS = {"LSTM": "ifgo", "GRU": "rzn"}
each_gated = pytest.mark.parametrize("name", KINDS)


def randomised(name: str, seed: int = 1, **options: Any) -> Any:
    """A cell in float64 whose parameters have all moved."""
    cell, rng = getattr(tg.cells, name)(3, 4, rng=0, dtype=np.float64, **options), np.random.default_rng(seed)
    for x in cell.parameters().values():
        x.value = rng.normal(size=x.shape)
    return cell


def states(name: str) -> list[np.ndarray]:
    return list(np.random.default_rng(2).normal(size=(2 if "LSTM" in name else 1, 2, 4)))


X = np.random.default_rng(3).normal(size=(5, 2, 3))


def run(cell: Any, initial: list[np.ndarray] | None = None) -> list[np.ndarray]:
    """Outputs and final states over the steps of X."""
    initial = states(type(cell).__name__) if initial is None else initial
    return [y.value for y in results(cell, X, initial).values()]


def same(found: list[np.ndarray], others: list[np.ndarray], within: float = 1e-13) -> bool:
    return all(error(a, b) <= within for a, b in zip(found, others, strict=True))


@each_gated
def test_the_order_of_the_gates_changes_where_they_lie_and_nothing_else(name: str) -> None:
    """Outputs and gradients, of the rows moved along, in every order; and through gates by name."""
    known, initial = KINDS[name], states(name)
    peepholes = {"peepholes": True} if name == "LSTM" else {}
    plain = randomised(name, **peepholes)
    expected = run(plain), gradients(plain, initial)
    for order in ("".join(letters) for letters in permutations(known)):
        cell = randomised(name, gate_order=order, **peepholes)
        for weight, blocks in cell.gates.items():
            parts = [getattr(plain.gate(gate), weight).value for gate in blocks]
            cell.load_state_dict(cell.state_dict() | {weight: np.concatenate(parts)})
        assert same(run(cell), expected[0])
        for weight, gradient in gradients(cell, initial).items():
            moved = np.split(gradient, len(cell.gates[weight]))
            back = [moved[cell.gates[weight].index(gate)] for gate in plain.gates[weight]]
            assert error(np.concatenate(back), expected[1][weight]) <= 1e-13
    assert tuple(known) == getattr(tg.cells, name).gates["weight_ih"], "the order of one cell is not that of all"


def gradients(cell: Any, initial: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Of the sum of the squared outputs by each parameter."""
    wrt = cell.parameters()
    outputs, _ = tg.unroll(cell, X, packed(initial))
    return {name: g.value for name, g in zip(wrt, tg.grad(tg.sum(outputs**2), list(wrt.values())), strict=True)}


@each_gated
@pytest.mark.parametrize(
    "order", ["", "i", "ifo", "rz", "iffo", "rzz", "iofc", "zrh", "ifgoo", "rznn", 4, ("r", "z", "n")]
)
def test_an_order_has_each_gate_once(name: str, order: Any) -> None:
    with pytest.raises(tg.GraphError, match=rf"(?s)^{name}: gate_order.*{', '.join(KINDS[name])}.*got.*{order}"):
        getattr(tg.cells, name)(3, 4, gate_order=order)


def test_peepholes_are_those_of_the_peephole_lstm() -> None:
    cell = randomised("LSTM", peepholes=True)
    other = tg.cells.PeepholeLSTM(3, 4, dtype=np.float64)
    other.load_state_dict(cell.state_dict())
    initial = states("LSTM")
    assert same(run(cell), run(other))
    theirs = gradients(other, initial)
    assert all(error(g, theirs[name]) <= 1e-13 for name, g in gradients(cell, initial).items())


def test_peepholes_of_zeros_may_be_left_out() -> None:
    silent, plain = randomised("LSTM", peepholes=True), tg.cells.LSTM(3, 4, dtype=np.float64)
    with pytest.raises(tg.GraphError, match="unexpected: weight_ph"):
        plain.load_state_dict(silent.state_dict())
    silent.weight_ph.value = np.zeros(12)
    plain.load_state_dict(silent.state_dict())
    assert same(run(silent), run(plain))


def test_peepholes_see_the_cell_beside_a_projection() -> None:
    """One step in plain numpy: c has H numbers, h has P."""
    cell = randomised("LSTM", peepholes=True, proj_size=2, clip=0.8)
    p = cell.state_dict()
    h, c = np.random.default_rng(4).normal(size=(2, 2)), np.random.default_rng(5).normal(size=(2, 4))
    z = X[0] @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"]
    (i, f, g, o), (p_i, p_f, p_o) = np.split(z, 4, 1), np.split(p["weight_ph"], 3)
    after = bounded_sigmoid(f + p_f * c) * c + bounded_sigmoid(i + p_i * c) * np.tanh(np.clip(g, -0.8, 0.8))
    expected = (bounded_sigmoid(o + p_o * after) * np.tanh(after)) @ p["weight_hr"].T
    y, state = cell(X[0], (h, c))
    assert same([y.value, state[0].value, state[1].value], [expected, expected, after])


def bounded_sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(a, -0.8, 0.8)))


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM", "IRNN"])
def test_a_wide_clip_changes_no_number_and_no_clip_makes_no_node(name: str) -> None:
    free, wide, narrow = (randomised(name, clip=clip) for clip in (None, 1e3, 0.1))
    assert same(run(free), run(wide), 0) and not same(run(free), run(narrow), 0.01)
    found = [operations(cell, states(name)) for cell in (free, narrow)]
    assert "clip" not in found[0] and "clip" in found[1]


def operations(cell: Any, initial: list[np.ndarray]) -> set[str]:
    """The names of the ops of one step."""
    y, _ = cell(X[0], packed(initial))
    return {node.op.name for node in ancestors([y]) if node.op is not None}


@pytest.mark.parametrize("clip", [0, -1.0, True, float("nan"), "1"])
def test_a_clip_is_above_0(clip: Any) -> None:
    for name in ("RNN", "GRU", "LSTM"):
        with pytest.raises(tg.GraphError, match=r"(?s)^clip .*above 0.*got"):
            getattr(tg.cells, name)(3, 4, clip=clip)


def test_single_precision_stays_single() -> None:
    for name, options in (("RNN", {}), ("GRU", {}), ("LSTM", {"peepholes": True, "forget_bias": 1.0})):
        cell = getattr(tg.cells, name)(3, 4, clip=0.5, rng=0, **options)
        found = results(cell, X.astype(np.float32), [s.astype(np.float32) for s in states(name)])
        assert {y.dtype for y in found.values()} == {np.dtype(np.float32)}


def test_a_seed_draws_pytorchs_weights_first_whatever_the_options() -> None:
    """Drawn here once more, in PyTorch's order; what an option adds comes after."""
    for name, G in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
        rng = np.random.default_rng(3)
        shapes = {"weight_ih": (4 * G, 5), "weight_hh": (4 * G, 4), "bias_ih": (4 * G,), "bias_hh": (4 * G,)}
        expected = {weight: rng.uniform(-0.5, 0.5, shape) for weight, shape in shapes.items()}
        more = {"RNN": {}, "GRU": {"gate_order": "zrn"}, "LSTM": {"gate_order": "iofg", "peepholes": True}}[name]
        for options in ({}, {"clip": 1.0} | more):
            found = getattr(tg.cells, name)(5, 4, rng=3, dtype=np.float64, **options).state_dict()
            assert all((found[weight] == a).all() for weight, a in expected.items())
    assert 0.4 < np.abs(found["weight_ph"]).max() <= 0.5


@pytest.mark.parametrize("order", ["ifgo", "iofg", "fgoi"])
@pytest.mark.parametrize("biases", [(True, True), (True, False), (False, True)])
def test_the_forget_biases_add_up_to_what_was_asked_for(order: str, biases: tuple[bool, bool]) -> None:
    """And every other number is that of the same seed without it."""
    options = {"bias": biases[0], "recurrent_bias": biases[1], "gate_order": order, "rng": 0}
    opened, plain = tg.cells.LSTM(3, 4, forget_bias=2.5, **options), tg.cells.LSTM(3, 4, **options)
    forget = opened.gate("f")
    assert sum(b.value for b in (forget.bias_ih, forget.bias_hh) if b is not None).tolist() == [2.5] * 4
    rows = np.repeat([letter != "f" for letter in order], 4)
    for name, a in opened.state_dict().items():
        same_rows = rows if name.startswith("bias") else slice(None)
        np.testing.assert_array_equal(a[same_rows], plain.state_dict()[name][same_rows])
        assert not name.startswith("bias") or (a[~rows] != plain.state_dict()[name][~rows]).all()


def test_an_initialisers_own_array_is_left_alone() -> None:
    zeros = np.zeros(16, np.float32)
    tg.cells.LSTM(3, 4, bias_init=lambda rng, shape: zeros, forget_bias=1.0)
    assert not zeros.any()


def test_a_forget_bias_needs_a_bias() -> None:
    with pytest.raises(tg.GraphError, match=r"(?s)forget_bias.*1\.0.*bias=True"):
        tg.cells.LSTM(3, 4, bias=False, forget_bias=1.0)


def test_a_forget_bias_that_is_added_at_each_step_is_added_once() -> None:
    """TensorFlow 1's BasicLSTMCell in plain numpy: one kernel for x and h, the order i, j, f, o."""
    rng = np.random.default_rng(6)
    kernel, bias, (h, c) = rng.normal(size=(3 + 4, 16)), rng.normal(size=16), states("LSTM")
    cell = tg.cells.LSTM(3, 4, gate_order="igfo", recurrent_bias=False, dtype=np.float64)
    cell.load_state_dict(
        {"weight_ih": kernel[:3].T, "weight_hh": kernel[3:].T, "bias_ih": bias + np.repeat([0, 0, 1.0, 0], 4)}
    )
    found = run(cell)
    for t, x in enumerate(X):
        i, j, f, o = np.split(np.concatenate([x, h], 1) @ kernel + bias, 4, 1)
        c = c / (1 + np.exp(-f - 1.0)) + np.tanh(j) / (1 + np.exp(-i))
        h = np.tanh(c) / (1 + np.exp(-o))
        assert error(found[0][t], h) <= 1e-13
    assert same(found[1:], [h, c])
