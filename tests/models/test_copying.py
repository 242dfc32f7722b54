"""Copy memory: the figures are the cross-entropy and the share of symbols of a network written in numpy."""

import numpy as np
import pytest

from models import copying
from models.task import Budget


def test_the_symbols_are_said_after_the_cue():
    inputs, targets = copying.sequences(np.random.default_rng(0), 5, wait=7)
    assert inputs.shape == targets.shape == (27, 5)
    for b in range(5):
        assert {*inputs[:10, b].tolist()} <= {*range(1, 9)} and (inputs[10:16, b] == 0).all()
        assert inputs[16, b] == 9 and (inputs[17:, b] == 0).all()
        assert (targets[:17, b] == 0).all() and (targets[17:, b] == inputs[:10, b]).all()


def by_hand(net, inputs):
    """Logits (T, 9) of one sequence (T,), by complex numbers."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}
    eigenvalues = np.exp(-np.exp(p["cell.nu_log"]) + 1j * np.exp(p["cell.theta_log"]))
    B, C = (p[f"cell.{x}_re"] + 1j * p[f"cell.{x}_im"] for x in "BC")
    state, rows = np.zeros(copying.HIDDEN, complex), []
    for symbol in inputs:
        u = np.array([symbol == k for k in range(1, 10)], float)
        state = eigenvalues * state + np.exp(p["cell.gamma_log"]) * (B @ u)
        y = (C @ state).real + p["cell.D"] @ u
        hidden = np.maximum(0, p["layer.weight"] @ y + p["layer.bias"])
        rows.append(p["head.weight"] @ hidden + p["head.bias"])
    return np.array(rows)


def test_the_figures_are_those_of_numpy(monkeypatch):
    monkeypatch.setattr(copying, "WAIT", 8)
    monkeypatch.setattr(copying.sequences, "__defaults__", (20, 8))
    nets, fresh = [], copying.trained
    monkeypatch.setattr(copying, "trained", lambda *arguments: nets.append(fresh(*arguments)) or nets[-1])
    result = copying.result(Budget(0.003, 2000, clock=False), seed=1)
    loss, share = result.rows
    inputs, targets = copying.data(1)[1]
    logits = np.array([by_hand(nets[0], inputs[:, b]) for b in range(inputs.shape[1])])
    chances = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    nats = [-np.log(chances[b, t, targets[t, b]]) for b in range(len(logits)) for t in range(28)]
    assert loss.figure == pytest.approx(np.mean(nats), rel=1e-4)
    said = [chances[b, t].argmax() == targets[t, b] for b in range(len(logits)) for t in range(18, 28)]
    assert share.figure == pytest.approx(np.mean(said))
    assert [loss.higher, share.higher] == [False, True] and result.beside is not None


def test_the_baseline_is_that_of_the_papers():
    assert copying.GUESSING == pytest.approx(10 * np.log(8) / (200 + 20)) == pytest.approx(0.0945, abs=1e-4)
