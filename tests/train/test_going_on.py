"""What goes on as if nothing had been: after a step that was left out, after an end by patience, with few batches."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.train import SGD, Checkpoint, Stream, fit, mean_cross_entropy, step


@pytest.mark.parametrize("backend", ["eager", "numpy"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_step_that_is_left_out_keeps_the_state(backend, place):
    w = tg.parameter(0.5)

    def loss(x, state):
        h = w * x if state is None else w * x + 0.5 * state
        return h * h, h

    data = [np.array(x) for x in (1.0, 2.0, 3.0)]
    data.insert(place, np.array(np.nan))
    run = step(loss, w, SGD(w, 0.01), nonfinite="skip", backend=backend)
    fit(run, data, steps=8, quiet=True)
    v = 0.5
    for _ in range(2):
        h, slope = 0.0, 0.0
        for x in (1.0, 2.0, 3.0):
            h = v * x + 0.5 * h  # the state is a number: its gradient ends with the batch
            slope = 2 * h * x
            v = v - 0.01 * slope
    assert run.skipped == 2
    np.testing.assert_allclose(w.item(), v, rtol=1e-12)


def test_a_loss_with_a_state_returns_a_pair():
    w = tg.parameter(1.0)
    run = step(lambda x, state: w * w * x, w, SGD(w, 0.1), backend="numpy")
    with pytest.raises(tg.GraphError, match="returns a pair"):
        fit(run, [np.array(1.0)], steps=1, quiet=True)


@pytest.mark.parametrize("count", [1, 2])
def test_few_batches_are_the_same_after_a_resume(count, tmp_path):
    def trained(steps, folder):
        w, tokens = tg.parameter(np.zeros(7)), np.random.default_rng(0).integers(0, 7, 200)
        data = Stream(tokens, batch=2, steps=10)

        def loss(x, y, reset, state):
            state = np.zeros(2) if state is None else state
            return mean_cross_entropy((w[x] + state)[..., None] * np.arange(7.0), y), state + 0.1

        run = step(loss, w, SGD(w, 0.1), backend="numpy")
        fit(run, data, steps=steps, every=5, overfit=count, quiet=True, checkpoint=Checkpoint(folder))
        assert data.position["batch"] == 0, "the next run without overfit begins where the data were"
        return w.value

    trained(5, tmp_path / "stopped")
    assert np.array_equal(trained(10, tmp_path / "stopped"), trained(10, tmp_path / "whole"))


def test_a_run_that_patience_ended_stays_as_it_is(tmp_path):
    ends = []
    for _ in range(3):
        w = tg.parameter(1.0)
        run = step(lambda x, w=w: (w - x) ** 2, w, SGD(w, 0.1), backend="numpy")
        checkpoint = Checkpoint(tmp_path)
        options = {"every": 2, "patience": 3, "validate": lambda: 1.0, "checkpoint": checkpoint, "quiet": True}
        history = fit(run, [np.array(3.0)], steps=50, **options)
        ends.append((len(history), w.item()))
    assert ends == [ends[0]] * 3 and ends[0][0] == 8
