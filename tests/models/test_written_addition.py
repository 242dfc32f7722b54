"""Written addition: sums of which all digits are right, of a network written in numpy."""

import numpy as np
import pytest

from models import written_addition as task
from models.task import Budget


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(p, cell, x, h):
    gi = p[f"{cell}.weight_ih"] @ x + p[f"{cell}.bias_ih"]
    gh = p[f"{cell}.weight_hh"] @ h + p[f"{cell}.bias_hh"]
    (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3), np.split(gh, 3)
    r, z = sigmoid(ri + rh), sigmoid(zi + zh)
    return (1 - z) * np.tanh(ni + r * nh) + z * h


def by_hand(net, text):
    """The answer to "321+654" as a text, units first."""
    p = {name: x.astype(np.float64) for name, x in net.state_dict().items()}
    h, written = np.zeros(task.HIDDEN), []
    for c in text:
        h = gru(p, "reader", p["embed.weight"]["0123456789+".index(c)], h)
    last = task.BEGIN
    for _ in range(4):
        h = gru(p, "writer", p["embed.weight"][last], h)
        last = int(np.argmax(p["head.weight"] @ h + p["head.bias"]))
        written.append("0123456789+B"[last])
    return "".join(written)


def test_a_sum_is_written_units_first():
    question, before, answer = task.written(np.array([123_456, 7_045, 999_999]))
    symbols = "0123456789+B"
    texts = [["".join(symbols[i] for i in column) for column in part.T] for part in (question, before, answer)]
    assert texts[0] == ["321+654", "700+540", "999+999"]
    assert texts[2] == ["9750", "2500", "8991"] and texts[1] == ["B975", "B250", "B899"]


def test_the_figure_is_the_share_of_sums_without_a_wrong_digit(monkeypatch):
    monkeypatch.setattr(task, "UNSEEN", 60)
    monkeypatch.setattr(task, "HIDDEN", 24)
    nets, fresh = [], task.trained
    monkeypatch.setattr(task, "trained", lambda *arguments: nets.append(fresh(*arguments)) or nets[0])
    result = task.result(Budget(0.05, 2400, clock=False), seed=0)
    sums = task.data(0)[1]
    questions = [f"{n // 1000:03}"[::-1] + "+" + f"{n % 1000:03}"[::-1] for n in sums]
    written = [by_hand(nets[0], question) for question in questions]
    right = [text == f"{n // 1000 + n % 1000:04}"[::-1] for text, n in zip(written, sums, strict=True)]
    (row,) = result.rows
    assert row.figure == pytest.approx(np.mean(right)) and row.higher and row.bar == 0.99
    said = task.answers(nets[0], task.written(sums)[0])
    assert ["".join(map(str, column)) for column in said.T] == written
    first, answer = sums[0], int(written[0][::-1])
    assert result.sample.splitlines()[0] == f"{first // 1000} + {first % 1000} = {answer}"


def test_sums_to_score_are_unseen():
    known, unseen = task.data(3)
    assert not {*known.tolist()} & {*unseen.tolist()} and len({*unseen.tolist()}) == task.UNSEEN
