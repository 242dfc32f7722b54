"""A run that is killed and goes on has the same bits as one that never stopped; files that are wrong change nothing."""

import os
import signal
import time

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import Checkpoint

from .run import Training


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(x, b[name]) for name, x in a.items())


@pytest.mark.parametrize("backend", ["eager", "numpy", "native"])
def test_a_run_in_pieces_is_the_run_in_one(backend, tmp_path):
    whole = Training(None, backend)
    expected = whole.end(whole.train(40))
    for steps in (5, 15, 30, 40):  # in the middle of epochs and of accumulated gradients
        part = Training(tmp_path, backend)
        history = part.train(steps)
    assert same(part.end(history), expected)
    again = Training(tmp_path, backend)
    assert same(again.end(again.train(40)), expected), "nothing is left to do, and all is as at the end"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes by POSIX signals")
def test_a_run_killed_at_200_moments_goes_on_bit_by_bit(tmp_path):
    whole = Training(None)
    expected, random, kills = whole.end(whole.train(60)), np.random.default_rng(1), 0
    folders = iter(range(1000))
    while kills < 200:
        folder, done = tmp_path / str(next(folders)), False
        while not done and kills < 200:
            child = os.fork()
            if not child:
                try:
                    Training(folder).train(60, every=3)
                finally:
                    os._exit(0)
            time.sleep(random.uniform(0.0, 0.25))
            os.kill(child, signal.SIGKILL)
            done = os.waitpid(child, 0)[1] == 0
            kills += not done
            assert all(Checkpoint(folder).figures(path) for path in Checkpoint(folder).paths().values())
        last = Training(folder)
        assert same(last.end(last.train(60, every=3)) | {"looks": 0}, expected | {"looks": 0})


def test_ctrl_c_ends_after_the_step_and_saves(tmp_path):
    run = Training(tmp_path)
    look = run.look

    def press(history):
        look(history)
        if len(history) == 13:
            signal.raise_signal(signal.SIGINT)

    run.look = press
    before = signal.getsignal(signal.SIGINT)
    assert len(run.train(40)) == 13 and signal.getsignal(signal.SIGINT) is before
    assert [*run.checkpoint.paths()] == [10, 13]
    rest, whole = Training(tmp_path), Training(None)
    assert same(rest.end(rest.train(40)) | {"looks": 0}, whole.end(whole.train(40)) | {"looks": 0})


def broken(content, kind):
    middle = len(content) // 2
    if kind == "flipped":
        return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]
    return {"short": content[:middle], "empty": b"", "text": b"no such file", "longer": content + b"0"}[kind]


@each("kind", ["flipped", "short", "empty", "text", "longer"])
def test_a_damaged_file_is_refused_and_changes_nothing(kind, tmp_path):
    folder = tmp_path / kind
    Training(folder).train(10)
    path = Checkpoint(folder).latest
    path.write_bytes(broken(path.read_bytes(), kind))
    run = Training(folder)
    before = run.net.state_dict()
    with pytest.raises(tg.GraphError, match=r"damaged|safetensors"):
        run.train(20)
    assert same(run.net.state_dict(), before) and run.adam.steps == 0 and run.data.position["batch"] == 0


def test_a_file_of_another_network_changes_nothing(tmp_path):
    run = Training(tmp_path)
    run.train(10)
    w, rng = tg.parameter(np.ones(2)), np.random.default_rng(0)
    other = {"parameters": {"w": w}, "rng": rng}
    for things in (other, {**run_things(run), "parameters": {"w": w}}, {**run_things(run), "data": rng}):
        state = rng.bit_generator.state, run.adam.state_dict()
        with pytest.raises((tg.GraphError, TypeError, KeyError)):
            run.checkpoint.load(things)
        assert (
            w.value.tolist() == [1, 1] and rng.bit_generator.state == state[0] and same(run.adam.state_dict(), state[1])
        )
    tg.train.save(tmp_path / "step-00000099.safetensors", {"w": w})
    with pytest.raises(tg.GraphError, match="no checkpoint of a run"):
        Training(tmp_path).train(20)


def run_things(run):
    things = {"parameters": run.net.parameters(), "step": run.step, "optimizer": run.adam, "net": run.net}
    return {**things, "average": run.average, "data": run.data, "history": tg.train.History(), "carried": run.net}


def test_the_last_few_files_and_the_best_are_kept(tmp_path):
    w = tg.parameter(0.0)
    checkpoint = Checkpoint(tmp_path / "new" / "folder", keep=2, best="held out")
    for k, figure in enumerate([3.0, np.nan, 1.0, 2.0, 1.5, 1.2]):
        w.value = float(k)
        checkpoint.save(k, {"w": w}, {"held out": figure}, {"note": f"größer {k}"})
    assert [*checkpoint.paths()] == [2, 4, 5]
    assert checkpoint.load({"w": w}, checkpoint.best_path) == 2 and w.item() == 2.0
    assert checkpoint.load({"w": w}) == 5 and w.item() == 5.0
    assert checkpoint.metadata() == {"note": "größer 5"} and checkpoint.figures() == {"held out": 1.2}


@each(
    "wrong",
    [
        lambda folder: Checkpoint(3),
        lambda folder: Checkpoint(folder, keep=0),
        lambda folder: Checkpoint(folder, best=3),
        lambda folder: Checkpoint(folder).load({"w": tg.parameter(1.0)}),
        lambda folder: Checkpoint(folder).save(1, {"f": len}),
        lambda folder: Checkpoint(folder, best="loss").save(1, {"w": tg.parameter(1.0)}),
        lambda folder: Checkpoint(folder).save(-1, {"w": tg.parameter(1.0)}),
    ],
)
def test_wrong_arguments_are_refused(wrong, tmp_path):
    with pytest.raises(tg.GraphError):
        wrong(tmp_path / "x")
    assert not [*tmp_path.rglob("*.safetensors")]
