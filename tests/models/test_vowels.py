"""Vowels: the file format, warping and the share of right speakers, each computed another way."""

from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest

from models import vowels
from models.task import Budget, MissingData

FILE = """#a comment
@problemName JapaneseVowels
@classLabel true 1 2
@data
1.5,2.5,3.5:-1,-2,-3:2
4,5:0.5,0.25:1
"""


def made(n, seed):
    """Sequences (T_i, 3) that rise or fall, and which."""
    random = np.random.default_rng(seed)
    speakers = random.integers(0, 2, size=n)
    slopes = np.linspace(-1, 1, 12)[:, None] * (2 * speakers[:, None, None] - 1)
    whole = 0.3 * random.normal(size=(n, 12, 3)) + slopes
    return [x[: random.integers(6, 13)].astype(np.float32) for x in whole], speakers


def test_a_file_of_the_archive_is_read(tmp_path):
    path = tmp_path / "x.ts"
    path.write_text(FILE)
    sequences, speakers = vowels.read(path)
    assert speakers.tolist() == [1, 0] and [x.shape for x in sequences] == [(3, 2), (2, 2)]
    np.testing.assert_array_equal(sequences[0], [[1.5, -1], [2.5, -2], [3.5, -3]])


def test_warping_is_the_shortest_way():
    held, known = made(5, 0)[0], made(4, 1)[0]

    def distance(x, y):
        @cache
        def least(i, j):
            here = float(((x[i].astype(float) - y[j]) ** 2).sum())
            before = [least(a, b) for a, b in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if a >= 0 and b >= 0]
            return here + min(before, default=0.0)

        return least(len(x) - 1, len(y) - 1)

    np.testing.assert_allclose(vowels.warped(held, known), [[distance(x, y) for y in known] for x in held], rtol=1e-5)


def by_hand(net, x):
    """Logits of one sequence (T, I), by PyTorch's equations of a GRU."""
    p = {name: v.astype(np.float64) for name, v in net.state_dict().items()}

    def last(cell, steps):
        h = np.zeros(vowels.HIDDEN)
        for row in steps:
            gi = p[f"{cell}.weight_ih"] @ row + p[f"{cell}.bias_ih"]
            gh = p[f"{cell}.weight_hh"] @ h + p[f"{cell}.bias_hh"]
            (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3), np.split(gh, 3)
            r, z = (1 / (1 + np.exp(-a)) for a in (ri + rh, zi + zh))
            h = (1 - z) * np.tanh(ni + r * nh) + z * h
        return h

    return p["head.weight"] @ np.concatenate([last("ahead", x), last("back", x[::-1])]) + p["head.bias"]


def test_the_figure_is_the_share_of_right_speakers(monkeypatch):
    train, held = made(60, 2), made(30, 3)
    monkeypatch.setattr(vowels, "data", lambda: (train, held))
    nets, fresh = [], vowels.trained
    monkeypatch.setattr(vowels, "trained", lambda *arguments: nets.append(fresh(*arguments)) or nets[0])
    result = vowels.result(Budget(0.02, 2000, clock=False), seed=0)
    (row,) = result.rows
    named = [by_hand(nets[0], x).argmax() for x in held[0]]
    assert row.figure == pytest.approx(np.mean(named == held[1])) and row.figure > 0.6
    nearest = [train[1][row.argmin()] for row in vowels.warped(held[0], train[0])]
    assert row.baselines["nearest by warping"] == pytest.approx(np.mean(nearest == held[1]))
    assert row.higher and row.bar == 0.959 and result.steps == 40


def test_the_data_are_the_archives():
    if find_spec("aeon") is None:
        with pytest.raises(MissingData, match="aeon"):
            vowels.data()
        return
    (train, speakers), (held, theirs) = vowels.data()
    assert len(train) == 270 and len(held) == 370 and {x.shape[1] for x in train + held} == {12}
    assert np.bincount(speakers).tolist() == [30] * 9 and np.bincount(theirs).tolist() == [
        31,
        35,
        88,
        44,
        29,
        24,
        40,
        50,
        29,
    ]
    assert min(map(len, train)) == 7 and max(map(len, held)) == 29
    every = np.concatenate(train)
    np.testing.assert_allclose([every.mean(axis=0), every.std(axis=0)], [[0] * 12, [1] * 12], atol=1e-4)
