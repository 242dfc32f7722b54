"""The adding problem: the figure is the mean squared error of sums by a network written in numpy, beside saying 1."""

import numpy as np
import pytest

from models import adding
from models.task import Budget


def by_hand(net, inputs):
    """The answer to one sequence (T, 2), step by step, of two layers of independent units."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}
    states = [np.zeros(adding.HIDDEN), np.zeros(adding.HIDDEN)]
    for x in inputs:
        for k in range(2):
            w, u, b, c = (p[f"cell.cells.{k}.{name}"] for name in ("weight_ih", "vector_u", "bias_ih", "bias_hh"))
            x = states[k] = np.maximum(0, w @ x + b + u * states[k] + c)
    return p["head.weight"] @ states[1] + p["head.bias"]


def test_two_numbers_are_marked_one_in_each_half():
    inputs, sums = adding.sequences(np.random.default_rng(1), 50, 20)
    assert inputs.shape == (20, 50, 2) and (inputs[..., 0] < 1).all() and (inputs[..., 0] >= 0).all()
    for b in range(50):
        first, second = np.flatnonzero(inputs[:, b, 1])
        assert first < 10 <= second and sums[b] == pytest.approx(inputs[first, b, 0] + inputs[second, b, 0])


def test_the_figure_is_the_mean_squared_error(monkeypatch):
    monkeypatch.setattr(adding, "STEPS", 12)
    monkeypatch.setattr(adding.sequences, "__defaults__", (20, 12))
    nets, fresh = [], adding.trained
    monkeypatch.setattr(adding, "trained", lambda *arguments: nets.append(fresh(*arguments)) or nets[-1])
    result = adding.result(Budget(0.002, 15000, clock=False), seed=2)
    inputs, sums = adding.data(2)[1]
    (row,) = result.rows
    answers = np.array([by_hand(nets[0], inputs[:, b])[0] for b in range(len(sums))])
    assert row.figure == pytest.approx(np.mean((answers - sums) ** 2), rel=1e-4)
    assert row.baselines["saying 1"] == pytest.approx(sum((s - 1) ** 2 for s in sums) / len(sums), rel=1e-5)
    assert row.baselines["saying 1"] == pytest.approx(1 / 6, abs=0.02) and row.bar == 0.167 and not row.higher
    assert [budget.done for budget in result.budgets] == [18, round(0.002 * 0.4 * adding.STEPS_A_MINUTE_PLAIN)]
    assert result.beside is not None


def test_the_sequences_to_score_are_none_of_those_to_train_on():
    batches, (inputs, _) = adding.data(0)
    first = next(iter(batches))[0]
    assert not np.isclose(first[0, :, 0][:, None], inputs[0, :, 0]).all()
    assert {column.tobytes() for column in first.swapaxes(0, 1)}.isdisjoint(c.tobytes() for c in inputs.swapaxes(0, 1))
