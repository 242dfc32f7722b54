"""The loop: what it carries, shows and ends on; wrong data and settings."""

import io
import threading

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, History, fit, step
from tinygraph.train.step import TrainingStep

XS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
DATA = [(x, x @ np.array([2.0, -1.0])) for x in XS]


def regression(rate=0.2):
    w = tg.parameter([0.0, 0.0])
    return w, step(lambda x, y: (x @ w - y) ** 2, w, SGD(w, rate), backend="numpy")


def test_the_history_is_that_of_a_loop_by_hand():
    _, run = regression()
    history = fit(run, DATA, steps=7, quiet=True)
    w, losses, norms = np.zeros(2), [], []
    for k in range(7):
        x, y = DATA[k % 3]
        g = 2 * (x @ w - y) * x
        losses.append((x @ w - y) ** 2)
        norms.append(np.linalg.norm(g))
        w = w - 0.2 * g
    np.testing.assert_allclose(history.loss, losses, rtol=1e-12)
    np.testing.assert_allclose(history.norm, norms, rtol=1e-12)
    assert history.step.tolist() == [1, 2, 3, 4, 5, 6, 7] and history.rate.tolist() == [0.2] * 7


def test_the_state_is_carried_within_an_epoch_and_starts_anew_with_it():
    w, states = tg.parameter(1.0), []

    def loss(x, state):
        before = tg.constant(0.0) if state is None else state
        return w * 0.0 * x, {"sum": before["sum"] + x if state is not None else x + 0.0}

    run = step(loss, w, SGD(w, 0.1), backend="eager")

    class Watched(TrainingStep):
        def __call__(self, *args, **kwargs):
            result = super().__call__(*args, **kwargs)
            states.append(float(result[1]["sum"]))
            return result

    run.__class__ = Watched
    fit(run, [np.array(1.0), np.array(2.0), np.array(3.0)], steps=5, quiet=True)
    assert states == [1, 3, 6, 1, 3]


def test_patience_without_figures_is_refused():
    with pytest.raises(tg.GraphError, match="patience waits for a lower figure of validate"):
        fit(regression()[1], DATA, steps=5, patience=1, quiet=True)


def test_looks_are_taken_on_time_and_patience_ends():
    _, run = regression()
    figures = iter([3.0, 2.0, 2.5, 2.2, 9.9, 9.9])
    history = fit(run, DATA, steps=100, every=4, validate=lambda: next(figures), patience=2, quiet=True)
    assert len(history) == 16 and history.looks["held out"][0].tolist() == [4, 8, 12, 16]
    history = fit(run, DATA, steps=10, every=4, validate=lambda: {"a": 1.0, "b": 2.0}, quiet=True)
    assert history.looks["b"][0].tolist() == [4, 8, 10]


def test_a_callback_that_returns_true_ends():
    _, run = regression()
    assert len(fit(run, DATA, steps=50, callbacks=[lambda h: len(h) == 9, lambda h: 1], quiet=True)) == 9


def test_one_batch_can_be_learned_by_heart():
    w, run = regression()
    history = fit(run, DATA, steps=60, overfit=1, quiet=True)
    assert history.loss[-1] < 1e-6 and w.value[1] == 0.0, "only the first batch was seen"


def test_a_log_file_has_a_line_for_each_look(capsys, monkeypatch):
    _, run = regression()
    fit(run, DATA, steps=10, every=5, validate=lambda: 0.25, baseline=0.5)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and "step 5" in lines[0] and "held out 0.25 (baseline 0.5)" in lines[1]
    fit(run, DATA, steps=10, quiet=True)
    assert capsys.readouterr().out == ""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stderr", terminal := Terminal())
    fit(run, DATA, steps=10, every=5, validate=lambda: 0.25, baseline=0.5)
    assert "10/10" in terminal.getvalue() and "baseline 0.5" in terminal.getvalue()


def test_it_runs_in_other_threads():
    _, run = regression()
    lengths = []
    thread = threading.Thread(target=lambda: lengths.append(len(fit(run, DATA, steps=5, quiet=True))))
    thread.start()
    thread.join()
    assert lengths == [5]


def test_a_step_that_fails_leaves_the_steps_before_it():
    w, run = regression()
    data = [*DATA[:2], (XS[2], np.array(np.nan))]
    with pytest.raises(tg.NonFiniteError):
        fit(run, data, steps=5, quiet=True)
    np.testing.assert_allclose(w.value, [0.8, -0.4])


def test_the_curve_is_drawn():
    history = History()
    for k in range(200):
        history.add(2.0 / (k + 1), 1.0, 0.1)
    history.look({"held out": 0.5})
    ax = history.plot()
    assert ax.get_xlabel() == "step" and len(ax.lines) == 3
    np.testing.assert_allclose(ax.lines[0].get_ydata(), history.loss)
    np.testing.assert_allclose(ax.lines[1].get_ydata()[0], history.loss[:4].mean())


@each(
    "make, match",
    [
        (lambda run: fit(run, [], steps=3), "no batch"),
        (lambda run: fit(run, iter(DATA), steps=3), "again and again"),
        (lambda run: fit(run, 5, steps=3), "again and again"),
        (lambda run: fit(run, DATA, steps=0), "steps"),
        (lambda run: fit(run, DATA, steps=3, every=0), "every"),
        (lambda run: fit(run, DATA, steps=3, patience=0), "patience"),
        (lambda run: fit(run, DATA, steps=3, overfit=0), "overfit"),
        (lambda run: fit(run, DATA, steps=3, validate=3), "fit"),
        (lambda run: fit(run, DATA, steps=3, callbacks=[3]), "fit"),
        (lambda run: fit(run, DATA, steps=3, also={"step": 3}), "taken"),
        (lambda run: fit(run.loss, DATA, steps=3), "no training step"),
        (lambda run: fit(run, DATA, steps=3, checkpoint="folder"), "checkpoint"),
    ],
)
def test_wrong_arguments_get_one_error(make, match):
    with pytest.raises(tg.GraphError, match=match):
        make(regression()[1])
