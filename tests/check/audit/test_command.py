"""python -m tinygraph.audit: parts of a script are taken without running it, and given to the auditor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.audit import NOT_TAKEN, RIGHT, WRONG, main
from tinygraph.check.audit.cases import Cases
from tinygraph.check.audit.functions import Functions
from tinygraph.check.audit.losses import fitting
from tinygraph.check.audit.objects import Objects
from tinygraph.check.audit.table import probe, rows, tolerance_of

from .passes import HERE

plain_file = sys.modules["tinygraph.check.audit.plain_file"]
SCRIPT = """
import numpy as np
import time
try:
    import nowhere_to_be_found as plt
except ImportError:
    plt = None
import another_that_is_missing as unneeded

print("the top level runs")
data = open("shakespeare.txt").read()
chars = list(set(data))
data_size, vocab_size = len(data), len(chars)
hidden_size = 5
params = {}
params["Wxh"] = np.random.randn(hidden_size, vocab_size) * 0.5
Wxh = params["Wxh"]
Whh = np.random.randn(hidden_size, hidden_size) * 0.5
Why = np.random.randn(vocab_size, hidden_size) * 0.5
bh, by = np.zeros((hidden_size, 1)), np.zeros((vocab_size, 1))
answer = input("how many?")
open("written.txt", "w").write("no")


def softmax(z):
    e = np.exp(z - np.max(z))
    return e / np.sum(e)


def step(inputs, targets, hprev):
    xs, hs, ps = {}, {-1: np.copy(hprev)}, {}
    loss = 0
    for t in range(len(inputs)):
        xs[t] = np.zeros((vocab_size, 1))
        xs[t][inputs[t]] = 1
        hs[t] = np.tanh(Wxh @ xs[t] + Whh @ hs[t - 1] + bh)
        ps[t] = softmax(Why @ hs[t] + by)
        loss += -np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy = np.zeros_like(Wxh), np.zeros_like(Whh), np.zeros_like(Why)
    dbh, dby, dnext = np.zeros_like(bh), np.zeros_like(by), np.zeros_like(bh)
    for t in reversed(range(len(inputs))):
        dy = np.copy(ps[t])
        dy[targets[t]] -= 1
        dWhy += dy @ hs[t].T
        dby += dy
        draw = (Why.T @ dy + dnext) * (1 - hs[t] ** 2)
        dWxh += draw @ xs[t].T
        dWhh += draw @ hs[t - 1].T
        dbh += draw
        dnext = Whh.T @ draw
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]


while True:
    time.sleep(1)
"""


class Report:
    """What the auditor would say, by the table alone."""

    def __init__(self, subject: Any) -> None:
        cases = Cases(subject)
        plain = subject.run({n: np.array(x) for n, x in subject.parameters.items()}, subject.arguments)
        if plain.loss is None:
            self.passed = bool(fitting(subject, cases)) and not fitting(subject, cases)[0].wrong
        else:
            table = rows([probe(subject, cases, case) for case in cases.probes()], tolerance_of(subject))
            self.passed = all(row.right for row in table)

    def __str__(self) -> str:
        return f"passed: {self.passed}"


def audit(*arguments: Any, repair: bool, seed: int, **keywords: Any) -> Report:
    if len(arguments) == 4:
        return Report(Functions(*arguments))
    kind = Functions if "parameters" in keywords else Objects
    return Report(kind(arguments[0], keywords.pop("loss", None), **keywords))


def run(target: Any, *options: str) -> int:
    return main([str(target), *options], auditor=audit)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "script.py"
    file.write_text(SCRIPT, encoding="utf-8")
    return file


def test_a_script_is_not_run_and_what_it_cannot_make_is_said(script: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(script.parent)
    assert run(f"{script}:step") == RIGHT
    said = capsys.readouterr().out
    assert "the top level runs" not in said
    assert not (script.parent / "written.txt").exists()
    assert "data: left out (FileNotFoundError" in said
    assert "vocab_size: left out" in said and "instead vocab_size = 6" in said
    assert "answer" not in said and "another_that_is_missing" not in said


def test_a_fault_is_exit_one(script: Path, capsys: Any) -> None:
    script.write_text(SCRIPT.replace("dnext = Whh.T @ draw", "dnext = Whh @ draw"), encoding="utf-8")
    assert run(f"{script}:step") == WRONG
    assert "passed: False" in capsys.readouterr().out


@each(
    "target",
    [
        "class_update.py:RNN",
        "layers.py:Net",
        "tagger.py:Tagger",
        "lstm_packed.py:LSTM",
        "last_sigmoid.py:LastStep",
        "char_step.py:loss_and_gradients",
    ],
)
def test_sizes_and_data_are_found_for_any_of_our_passes(target: str) -> None:
    assert run(HERE / target) == RIGHT


def test_shapes_are_asked_for_and_taken(capsys: Any) -> None:
    target = HERE / "columns_tuple.py:loss,backward"
    assert run(target) == NOT_TAKEN
    assert "--shapes Wx=" in capsys.readouterr().err
    shapes = "--shapes", "Wx=5x3,Wh=5x5,Wy=2x5,bh=5x1,by=2x1"
    assert run(target, *shapes) == RIGHT
    assert run(HERE / "columns_tuple.py:backward,loss", *shapes) == RIGHT


def test_which_of_two_functions_goes_back_is_found_out(tmp_path: Path) -> None:
    text = (HERE / "columns_tuple.py").read_text(encoding="utf-8")
    file = tmp_path / "named.py"
    file.write_text(text.replace("def backward", "def first").replace("def loss", "def second"), encoding="utf-8")
    shapes = "--shapes", "Wx=5x3,Wh=5x5,Wy=2x5,bh=5x1,by=2x1"
    assert run(f"{file}:first,second", *shapes) == RIGHT == run(f"{file}:second,first", *shapes)


@each(
    "text, target, words",
    [
        ("print 'hello'", "a", "Python 3"),
        ("x = 1", "Net", "has no Net"),
        ("class Net:\n    def __init__(self, wave):\n        pass", "Net", "--with wave="),
        ("class Net:\n    def forward(self, x):\n        return x", "Net", "no method of the name backward"),
        ("def f(x, y, W):\n    return 1", "f", "--shapes W="),
        ("import numpy as np\nW = np.ones((2, 3))\ndef f(x, y):\n    raise OSError(W)", "f", "none of the forms"),
    ],
)
def test_what_cannot_be_taken_is_one_clear_message(
    text: str, target: str, words: str, tmp_path: Path, capsys: Any
) -> None:
    file = tmp_path / "plain.py"
    file.write_text(text, encoding="utf-8")
    assert run(f"{file}:{target}") == NOT_TAKEN
    err = capsys.readouterr().err
    assert words in err and "Traceback" not in err


def test_an_assignment_that_takes_long_is_left_out(script: Path, capsys: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(plain_file, "LONGEST", 0.1)
    slow = "hidden_size = [time.sleep(9), 5][1]"
    script.write_text(SCRIPT.replace("hidden_size = 5", slow), encoding="utf-8")
    assert run(f"{script}:step") == RIGHT
    assert "TooLongError" in capsys.readouterr().out


def test_values_are_told_by_name(tmp_path: Path) -> None:
    file = tmp_path / "wave.py"
    text = (
        (HERE / "layers.py")
        .read_text(encoding="utf-8")
        .replace("def __init__(self, n_in, n_hidden, n_out, rng)", "def __init__(self, n_in, wave, n_out, rng)")
    )
    file.write_text(
        text.replace("Recurrent(n_in, n_hidden, rng)", "Recurrent(n_in, wave, rng)").replace(
            "Affine(n_hidden, n_out", "Affine(wave, n_out"
        ),
        encoding="utf-8",
    )
    assert run(f"{file}:Net") == NOT_TAKEN
    assert run(f"{file}:Net", "--with", "wave=5") == RIGHT


def test_the_real_auditor_names_lines_and_a_loss(capsys: Any) -> None:
    assert main([f"{HERE / 'class_update.py'}:RNN", "--no-repair"]) == RIGHT
    assert "all gradients are right" in capsys.readouterr().out
    seeds = HERE.parent / "seeds"
    assert main([f"{seeds / 'seed_001.py'}:YesOrNo", "--no-repair"]) == WRONG
    out = capsys.readouterr().out
    assert "wrong gradients: " in out and "binary cross-entropies" in out and "self.h.T" in out
