"""Digits row by row: the figure is the share of held-out digits that a network written in numpy names rightly."""

import numpy as np
import pytest

from models import digits
from models.task import Budget


def made(n=100, seed=0):
    """Rows (n, 8, 8) in which the row with the label's number is bright, of 8 and 9 a column, and labels 0 to 9."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, size=n)
    rows = 0.3 * random.random((n, 8, 8))
    for image, label in zip(rows, labels, strict=True):
        image[(label,) if label < 8 else (slice(None), label - 4)] += 0.6
    return rows.astype(np.float32), labels


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(net, rows):
    """The logits (B, 10) of rows (B, 8, 8), a digit at a time, by PyTorch's equations of a GRU."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}

    def last(cell, image):
        h = np.zeros(digits.HIDDEN)
        for row in image:
            gi = p[f"{cell}.weight_ih"] @ row + p[f"{cell}.bias_ih"]
            gh = p[f"{cell}.weight_hh"] @ h + p[f"{cell}.bias_hh"]
            (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3), np.split(gh, 3)
            r, z = sigmoid(ri + rh), sigmoid(zi + zh)
            h = (1 - z) * np.tanh(ni + r * nh) + z * h
        return h

    states = [np.concatenate([last("down", image), last("up", image[::-1])]) for image in rows]
    return np.array(states) @ p["head.weight"].T + p["head.bias"]


def test_the_figure_is_the_share_of_right_digits(monkeypatch):
    train, held = made(96), made(40, seed=1)
    monkeypatch.setattr(digits, "data", lambda: (train, held))
    nets, fresh = [], digits.trained
    monkeypatch.setattr(digits, "trained", lambda *arguments: nets.append(fresh(*arguments)) or nets[0])
    result = digits.result(Budget(0.02, 1500, clock=False), seed=3)
    logits = by_hand(nets[0], held[0])
    (row,) = result.rows
    assert row.figure == pytest.approx(np.mean(logits.argmax(axis=1) == held[1])) and row.figure > 0.2
    nearest = [
        min(range(10), key=lambda k: np.square(image - train[0][train[1] == k].mean(axis=0)).sum()) for image in held[0]
    ]
    assert row.baselines["nearest mean image"] == pytest.approx(np.mean(nearest == held[1]))
    assert row.higher and row.bar == 0.97 and result.steps == 30
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    loss = nets[0].eval().loss(held[0].transpose(1, 0, 2), held[1]).item()
    assert loss == pytest.approx(-np.log(chances[np.arange(40), held[1]]).mean(), rel=1e-4)


def test_the_same_seed_gives_the_same_network():
    budget = [Budget(0.002, 1500, clock=False) for _ in range(3)]
    a, b, c = (digits.trained(made(), budget[k], seed).state_dict() for k, seed in enumerate((5, 5, 6)))
    assert all(np.array_equal(a[name], b[name]) for name in a) and (a["head.weight"] != c["head.weight"]).any()


def test_the_data_are_scikit_learns():
    pytest.importorskip("sklearn")
    (rows, labels), (held, names) = digits.data()
    assert rows.shape == (1438, 8, 8) and held.shape == (359, 8, 8) and rows.max() == 1.0 and rows.dtype == np.float32
    assert labels.shape == (1438,) and {*names.tolist()} == {*range(10)}
