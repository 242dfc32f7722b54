"""What a run shows, at a clock that the test moves: figures, the speed, the time left; a bar or a line at each look."""

import io
import re
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.train import SGD, History, fit, progress, step


class Bar:
    """What tqdm is asked to show."""

    made = ()

    def __init__(self, **settings):
        self.settings, self.shown, self.text, self.closed = settings, settings["initial"], [], 0
        Bar.made = (*Bar.made, self)

    def set_postfix_str(self, text, refresh):
        self.text.append(text)

    def update(self, count):
        self.shown += count

    def close(self):
        self.closed += 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return now


@pytest.fixture
def terminal(monkeypatch):
    import tqdm.auto

    Bar.made = ()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=Terminal()))  # pytest sets that of sys anew
    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)


def grown(count):
    history = History()
    for k in range(count):
        history.add(2.0 + k)
    return history


def test_a_line_tells_figures_speed_and_time_left(clock, capsys):
    """Of 40 steps 10 were done before; 12 more in 6 seconds are 2 a second, and 18 are left, for 9 seconds."""
    with progress.Progress(40, 10, 0.5, False) as shown:
        clock[0] += 6.0
        shown.show(grown(22), {"held out": 0.25, "other": 123456.0})
        shown.show(grown(23), {})
    (line,) = capsys.readouterr().out.splitlines()
    assert line == (
        "step 22: loss 23, held out 0.25, other 1.235e+05 (baseline 0.5), 2 steps/s, 9 s left"
    )  # the loss of the last step, and no line where nothing was measured
    with progress.Progress(5000, 0, None, False) as shown:
        clock[0] += 3.0
        shown.show(grown(1500), {"a": 1.0})
    assert capsys.readouterr().out == "step 1,500: loss 1501, a 1, 500 steps/s, 7 s left\n"


def test_a_clock_that_stands_still_is_no_division_by_zero(clock, capsys):
    with progress.Progress(9, 0, None, False) as shown:
        shown.show(grown(3), {"a": 1.0})
    assert re.fullmatch(r"step 3: loss 4, a 1, \S+ steps/s, 0 s left\n", capsys.readouterr().out)


def test_a_bar_goes_step_by_step_keeps_the_last_figures_and_is_closed(terminal, capsys):
    with progress.Progress(40, 10, None, False) as shown:
        shown.show(grown(11), {})
        shown.show(grown(12), {"held out": 0.25})
        shown.show(grown(13), {})
    (bar,) = Bar.made
    assert (bar.settings["total"], bar.settings["initial"], bar.shown, bar.closed) == (40, 10, 13, 1)
    assert bar.text == ["loss 12", "loss 13, held out 0.25", "loss 14, held out 0.25"]
    assert (bar.settings["unit"], bar.settings["dynamic_ncols"]) == ("step", True), "as wide as the window is now"
    assert capsys.readouterr().out == "", "no lines beside a bar"


def test_a_run_that_goes_on_begins_its_bar_there_and_one_that_fails_closes_it(terminal, tmp_path):
    def trained(steps, bad=()):
        w = tg.parameter(1.0)
        run = step(lambda x: (w - x) ** 2, w, SGD(w, 0.1), backend="eager")
        data = [*bad, np.array(3.0)]
        return fit(run, data, steps=steps, checkpoint=tg.train.Checkpoint(tmp_path))

    trained(4)
    trained(7)
    with pytest.raises(tg.NonFiniteError):
        trained(9, [np.array(np.nan)])
    assert [(b.settings["initial"], b.settings["total"], b.shown, b.closed) for b in Bar.made] == [
        (0, 4, 4, 1),
        (4, 7, 7, 1),
        (7, 9, 8, 1),
    ]


def test_where_nothing_is_to_be_shown_there_is_no_bar_and_no_line(terminal, capsys):
    with progress.Progress(4, 0, None, True) as shown:
        shown.show(grown(1), {"a": 1.0})
    assert not Bar.made and capsys.readouterr().out == ""


def test_a_search_of_the_rate_shows_nothing(terminal, capsys):
    w = tg.parameter(1.0)
    tg.train.find_learning_rate(step(lambda x: (w - x) ** 2, w, SGD(w, 0.1), backend="eager"), [np.array(3.0)])
    assert not Bar.made and capsys.readouterr().out == ""


def test_without_tqdm_a_terminal_gets_lines(monkeypatch, terminal, capsys, clock):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with progress.Progress(4, 0, None, False) as shown:
        clock[0] += 1.0
        shown.show(grown(2), {"a": 1.0})
    assert capsys.readouterr().out == "step 2: loss 3, a 1, 2 steps/s, 1 s left\n"
