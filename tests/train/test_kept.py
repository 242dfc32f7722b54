"""Nothing that was trained is lost: to a bug in validate, a second Ctrl-C, a damaged file, an older start."""

import signal

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Checkpoint, Optimizer, fit, step


def trained(folder, validate, steps=5, best=None):
    w = tg.parameter(0.0)
    run = step(lambda x: (w - x) ** 2, w, SGD(w, 0.1), backend="numpy")
    checkpoint = Checkpoint(folder, best=best)
    history = fit(run, [np.array(3.0)], steps=steps, every=100, validate=validate, checkpoint=checkpoint, quiet=True)
    return history, w.item()


def bug():
    raise ValueError("of the user")


def pressed_twice():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)


@each("best", [None, "loss", "held out"])
def test_what_validate_raises_costs_no_step(best, tmp_path):
    for k, (validate, error) in enumerate(
        [(bug, ValueError), (pressed_twice, KeyboardInterrupt), (lambda: None, tg.GraphError)]
    ):
        folder = tmp_path / f"{best}{k}"
        with pytest.raises(error):
            trained(folder, validate, best=best)
        assert [*Checkpoint(folder).paths()] == [5]
        history, w = trained(folder, lambda: 1.0, steps=8, best=best)
        np.testing.assert_allclose(w, 3.0 * (1 - 0.8**8), rtol=1e-12)
        assert len(history) == 8 and history.looks["held out"][0].tolist() == [8]


def test_a_figure_may_be_a_node(tmp_path):
    history, _ = trained(tmp_path, lambda: {"own": tg.constant([2.0])}, best="own")
    assert history.looks["own"][1].tolist() == [2.0]
    assert Checkpoint(tmp_path).figures()["own"] == 2.0


def test_ctrl_c_while_looking_ends_there(tmp_path):
    w = tg.parameter(0.0)
    run = step(lambda x: (w - x) ** 2, w, SGD(w, 0.1), backend="numpy")
    look = {"validate": lambda: signal.raise_signal(signal.SIGINT) or 1.0, "every": 4, "quiet": True}
    assert len(fit(run, [np.array(3.0)], steps=100, checkpoint=Checkpoint(tmp_path / "new"), **look)) == 4
    assert [*Checkpoint(tmp_path / "new").paths()] == [4]


def test_a_damaged_file_beside_does_not_end_a_run(tmp_path):
    w = tg.parameter(0.0)
    checkpoint = Checkpoint(tmp_path, keep=1, best="loss")
    checkpoint.save(1, {"w": w}, {"loss": 2.0})
    (tmp_path / "step-00000000.safetensors").write_bytes(b"")
    tg.train.save(tmp_path / "step-00000002.safetensors", {"w": w}, {"tinygraph.run": "[1]"})
    with pytest.raises(tg.GraphError, match="is damaged"):
        checkpoint.load({"w": w})
    checkpoint.save(3, {"w": w}, {"loss": 3.0})
    assert [*checkpoint.paths()] == [1, 3] and checkpoint.best_path == checkpoint.paths()[1]


def test_a_file_that_was_just_saved_is_kept(tmp_path):
    w = tg.parameter(0.0)
    checkpoint = Checkpoint(tmp_path, keep=2)
    for k in (8, 9, 10):
        checkpoint.save(k, {"w": w})
    assert checkpoint.save(3, {"w": w}).exists(), "from an older file on"


@each("wrong", [{"loss": "low"}, {"loss": None}, {"loss": np.ones(2)}, [1.0]])
def test_a_figure_that_is_no_number_is_refused_before_it_is_saved(wrong, tmp_path):
    folder = tmp_path / str(len(str(wrong)))
    with pytest.raises(tg.GraphError, match="a figure is no number"):
        Checkpoint(folder).save(1, {"w": tg.parameter(0.0)}, wrong)
    assert not folder.exists()


def test_a_name_with_a_slash_is_refused(tmp_path):
    a, b = tg.parameter(np.ones(2)), tg.parameter(np.ones(3))
    with pytest.raises(tg.GraphError, match="no / in the name"):
        Checkpoint(tmp_path).save(1, {"a": {"b": a}, "a/b": {"c": b}})


@each("backend", ["eager", "numpy"])
def test_a_rule_may_return_its_moments_in_any_order(backend):
    class Counting(Optimizer):
        moments = ("count", "last")

        def update(self, w, g, moments, numbers):
            return w - numbers["rate"] * moments["last"], {"last": 1.0 * g, "count": moments["count"] + 1.0}

    w = tg.parameter([0.0, 0.0])
    rule = Counting(w, 0.1)
    run = step(lambda x: tg.sum(w * x), w, rule, backend=backend)
    for x in ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]):
        run(np.array(x))
    state = rule.state_dict()
    assert state["count.0"].tolist() == [3, 3] and state["last.0"].tolist() == [5, 6]
    np.testing.assert_allclose(w.value, [-0.4, -0.6], rtol=1e-12)
