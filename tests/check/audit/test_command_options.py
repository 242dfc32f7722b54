"""Options of the command: each reaches the auditor as it was given; what cannot be meant is told, with its code."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.each import each
from tinygraph.audit import main

TEXT = """
import numpy as np
W = np.ones((3, 2))


class Net:
    def __init__(self, n, kind="plain"):
        self.W, self.kind = np.ones((n, 2)), kind

    def forward(self, inputs):
        self.x = inputs
        return inputs @ self.W

    def backward(self, dout):
        self.dW = self.x.T @ dout


def cost(outputs, targets):
    return np.sum((outputs - targets) ** 2)


def own(outputs, targets):
    return 3.0 * np.sum((outputs - targets) ** 2)


def step(inputs, W):
    y = inputs @ W
    return np.sum(y * y), 2 * inputs.T @ y


broken = 1 / 0
notes = "none"
"""


class Told:
    """An auditor that keeps what it was given."""

    def __init__(self, passed: bool = True, error: Exception | None = None) -> None:
        self.passed, self.error = passed, error
        self.arguments: tuple[Any, ...] = ()
        self.keywords: dict[str, Any] = {}

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self.arguments, self.keywords = arguments, keywords
        if self.error is not None:
            raise self.error
        return SimpleNamespace(passed=self.passed)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "net.py"
    file.write_text(TEXT, encoding="utf-8")
    return file


def test_options_have_the_values_that_nobody_gave_and_those_that_somebody_gave(file: Path) -> None:
    told = Told()
    assert main([f"{file}:Net", "--with", "n=3"], told) == 0
    assert (told.keywords["repair"], told.keywords["seed"]) == (True, 0)
    assert told.keywords["loss"].__name__ == "cost" and told.arguments[0].kind == "plain"
    more = ["--no-repair", "--seed", "7", "--loss", "own", "--with", "n = 4", "--with", "kind='other'"]
    assert main([f"{file}:Net", *more], told) == 0
    assert (told.keywords["repair"], told.keywords["seed"]) == (False, 7)
    (model,) = told.arguments
    assert told.keywords["loss"].__name__ == "own" and model.W.shape == (4, 2) and model.kind == "other"


def test_arrays_are_random_of_their_shapes_and_of_the_seed(file: Path) -> None:
    told, drawn = Told(), []
    for seed in ("0", "0", "5"):
        assert main([f"{file}:step", "--shapes", " W =30x20,,inputs=40x30x", "--seed", seed], told) == 0
        drawn.append(told.keywords["parameters"]["W"])
        assert told.keywords["arguments"]["inputs"].shape == (40, 30)
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])
    assert drawn[0].shape == (30, 20) and 0.45 < drawn[0].std() < 0.55


@each("passed, code", [(True, 0), (False, 1)])
def test_the_code_says_whether_all_is_right(passed: bool, code: int, file: Path) -> None:
    assert main([f"{file}:step"], Told(passed)) == code


@each(
    "target, options, words",
    [
        ("net.py", [], "does not say what to audit"),
        (":step", [], "does not say what to audit"),
        ("{}:", [], "does not say what to audit"),
        ("{}:step,own,cost", [], "FILE.py:Class, FILE.py:forward,backward, or FILE.py:step"),
        ("{}:step", ["--with", "n=what"], "--with n=what is no value"),
        ("{}:step", ["--with", "n=1+"], r"--with n=1\+ is no value"),
        ("{}:step", ["--shapes", "W=axb"], "--shapes W=axb is no shape"),
        ("{}:broken", [], "broken could not be made(?s:.*)ZeroDivisionError"),
        ("{}:nobody", [], "has no nobody"),
        ("{}:step", ["--loss", "nobody"], "has no nobody"),
    ],
)
def test_what_cannot_be_meant_is_told_with_the_code_two(
    target: str, options: list[str], words: str, file: Path, capsys: Any
) -> None:
    told = Told()
    assert main([target.format(file), *options], told) == 2
    out = capsys.readouterr()
    assert re.search(words, out.err), out.err
    assert told.keywords == {} and "Traceback" not in out.err


def test_an_error_of_the_code_is_told_with_its_line(file: Path, capsys: Any) -> None:
    def users() -> Exception:
        try:
            exec(compile("\n\nraise KeyError('nothing there')", "their_file.py", "exec"))
        except KeyError as error:
            return error
        raise AssertionError

    assert main([f"{file}:step"], Told(error=users())) == 2
    err = capsys.readouterr().err
    assert "the code raises KeyError: 'nothing there'" in err and "their_file.py, line 3" in err


def test_help_names_each_option_and_the_command_runs_as_a_module(capsys: Any, monkeypatch: Any, file: Path) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    told = capsys.readouterr().out
    assert left.value.code == 0
    for word in (
        "python -m tinygraph.audit",
        "FILE.py:NAMES",
        "--shapes",
        "--with NAME=VALUE",
        "--loss",
        "--seed",
        "--no-repair",
    ):
        assert word in told
    for words in (
        "Which line of a backward pass is wrong?",
        "Wx=5x3",
        "an argument",
        "the name of a function of the file, of outputs and targets",
        "of the random numbers",
        "name the lines",
        "a class;",
    ):
        assert words in " ".join(told.split())
    monkeypatch.setattr(sys, "argv", ["audit", f"{file}:nobody"])
    monkeypatch.delitem(sys.modules, "tinygraph.audit")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("tinygraph.audit", run_name="__main__")
    assert ended.value.code == 2
