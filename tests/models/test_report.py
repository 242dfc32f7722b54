"""What ``python -m models.NAME`` prints, for each of the six."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from models.report import gradient_error, print_report
from models.weights import as_parameters

NAMES = ["parity_rnn", "tagging_rnn", "series_rnn", "batched_rnn", "last_step_rnn", "word_rnn"]


def test_the_word_rnn_is_trained_and_reported_by_one_command():
    run = subprocess.run(
        [sys.executable, "-m", "models.word_rnn"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines()[-1] == "predicted: like to play ."


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_printed_report_shows_right_gradients_and_a_goal_reached(name, capsys):
    importlib.import_module(f"models.{name}").main()
    printed = capsys.readouterr().out
    table = re.findall(r"^ +(\d+)  (\S+)$", printed, flags=re.MULTILINE)
    assert len(table) >= 10
    assert float(table[-1][1]) < float(table[0][1])
    found = re.search(r"central differences: (\S+)", printed)
    assert found is not None and float(found[1]) < 1e-8
    assert re.search(r"^goal: .*: reached$", printed, flags=re.MULTILINE)


def test_a_goal_that_was_missed_is_said_so(capsys):
    print_report("title", {0: 1.0}, 1e-10, "the moon", reached=False)
    assert "the moon: NOT reached" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_no_untrained_system_reaches_its_goal(name):
    module = importlib.import_module(f"models.{name}")
    assert not module.reached_goal(module.Model(module.cosine_init()))


@pytest.mark.parametrize("name", NAMES)
def test_random_starts_are_repeatable_and_differ_by_seed(name):
    module = importlib.import_module(f"models.{name}")
    first, again, other = module.random_init(0), module.random_init(0), module.random_init(1)
    for key, array in module.cosine_init().items():
        assert first[key].shape == array.shape
        assert first[key].dtype == array.dtype == np.float64
        np.testing.assert_array_equal(first[key], again[key])
    assert any(np.any(first[key] != other[key]) for key in first)


class Biased:
    """A system with a planted fault: what stop_gradient hides is missing from its gradient."""

    def __init__(self, arrays):
        self.parameters = as_parameters(arrays, ["w"])

    def loss(self, inputs, targets):
        w = self.parameters["w"]
        return tg.sum(w * tg.stop_gradient(w) * inputs - targets)


def test_a_wrong_gradient_is_rejected():
    with pytest.raises(tg.GraphError):
        gradient_error(Biased, {"w": np.ones(3)}, np.ones(3), np.ones(3))
