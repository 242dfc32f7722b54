"""Folders of runs as they are found: moved processes, renamed files, files of others; what is loaded was saved."""

import os
import shutil

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Adam, Checkpoint, fit, step


def trained(checkpoint, steps=9, **settings):
    w = tg.parameter(0.0)
    run = step(lambda x: (w - x) ** 2, w, SGD(w, 0.1), backend="numpy")
    fit(run, [np.array(3.0)], steps=steps, every=3, checkpoint=checkpoint, quiet=True, **settings)
    return w.item()


def test_all_files_lie_in_one_folder_wherever_the_process_moves(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    trained(Checkpoint("run"), callbacks=[lambda history: os.chdir(tmp_path / "b")])
    assert [*Checkpoint(tmp_path / "a" / "run").paths()] == [3, 6, 9] and not [*(tmp_path / "b").iterdir()]


def test_a_file_that_was_given_the_name_of_another_step_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    trained(checkpoint)
    shutil.copy(tmp_path / "step-00000003.safetensors", tmp_path / "best.safetensors")
    os.rename(tmp_path / "step-00000003.safetensors", tmp_path / "step-00000012.safetensors")
    with pytest.raises(tg.GraphError, match=r"(?s)named after another step.*step-00000003"):
        trained(checkpoint)
    assert checkpoint.figures(tmp_path / "best.safetensors")["loss"] > 0


def test_what_is_no_file_of_ours_by_its_name_is_left_alone(tmp_path):
    checkpoint = Checkpoint(tmp_path, keep=1)
    trained(checkpoint)
    for name in ("step-9.safetensors", "step-000000009.safetensors"):
        shutil.copy(tmp_path / "step-00000009.safetensors", tmp_path / name)
    (tmp_path / "step-00000001.safetensors").mkdir()
    trained(checkpoint, 12)
    names = sorted(path.name for path in tmp_path.iterdir())
    kept = ["step-000000009", "step-00000001", "step-00000012", "step-9"]
    assert names == [f"{name}.safetensors" for name in kept]


def test_a_figure_of_a_strangers_file_does_not_end_a_run(tmp_path):
    text = '{"step": 2, "figures": {"loss": "low"}, "states": {}}'
    tg.train.save(tmp_path / "step-00000002.safetensors", {"w": np.ones(1)}, {"tinygraph.run": text})
    checkpoint = Checkpoint(tmp_path, best="loss")
    checkpoint.save(3, {"w": tg.parameter(0.0)}, {"loss": 1.0})
    assert checkpoint.best_path == tmp_path / "step-00000003.safetensors"


def test_our_own_name_in_the_metadata_is_refused(tmp_path):
    with pytest.raises(tg.GraphError, match=r"tinygraph\.run.*our own"):
        Checkpoint(tmp_path).save(1, {"w": tg.parameter(0.0)}, metadata={"tinygraph.run": "mine"})


def test_what_can_never_be_saved_is_told_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        trained(Checkpoint(tmp_path / "file"), callbacks=[lambda history: pytest.fail("a step was done")])
    with pytest.raises(tg.GraphError, match="no figure 'held out'"):
        trained(Checkpoint(tmp_path / "new", best="held out"), callbacks=[lambda history: pytest.fail("a step")])
    assert trained(Checkpoint(tmp_path / "new", best="held out"), validate=lambda: 1.0) > 0


class Net(tg.Module):
    def __init__(self, dtype=np.float64):
        self.w, self.mask = tg.parameter(np.ones(3, dtype)), tg.buffer(np.array([0.0, -np.inf, np.nan]))


def test_buffers_that_are_not_finite_come_back(tmp_path):
    checkpoint, net = Checkpoint(tmp_path), Net()
    checkpoint.save(1, {"net": net})
    net.mask.value = np.zeros(3)
    checkpoint.load({"net": net})
    np.testing.assert_array_equal(net.mask.value, [0.0, -np.inf, np.nan])


@each("nan", [False, True])
def test_a_load_that_fails_leaves_all_as_it_was(nan, tmp_path):
    checkpoint, net = Checkpoint(tmp_path / str(nan)), Net()
    checkpoint.save(1, {"net": net, "optimizer": Adam(net.parameters())})
    net.w.value = [np.nan if nan else 5.0, 2.0, 3.0]
    before = net.w.value
    with pytest.raises(tg.GraphError, match="state is that of another"):
        checkpoint.load({"net": net, "optimizer": SGD(net.parameters(), 0.1)})
    np.testing.assert_array_equal(net.w.value, before)


def test_a_net_of_another_dtype_is_refused(tmp_path):
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(1, {"net": Net()})
    with pytest.raises(tg.GraphError, match="w does not fit"):
        checkpoint.load({"net": Net(np.float32)})


def test_sums_of_more_calls_than_are_accumulated_are_refused():
    """They would never be used, and nothing would be trained."""

    def accumulating(count):
        w = tg.parameter([0.0], name="w")
        run = step(lambda x: tg.sum(w * x), [w], SGD([w], 1.0), accumulate=count, backend="numpy")
        return w, run

    _, four = accumulating(4)
    for _ in range(3):
        four(np.ones(1))
    _, two = accumulating(2)
    with pytest.raises(tg.GraphError, match=r"(?s)more calls than it accumulates.*3 of 2"):
        two.load_state_dict(four.state_dict())
    w, five = accumulating(5)
    five.load_state_dict(four.state_dict())
    five(np.ones(1))
    five(np.ones(1))
    assert w.value == -1.0


class Loaded(Net):
    """A net with a load of its own."""

    def load_state_dict(self, arrays, strict=True):
        super().load_state_dict({name: np.nan_to_num(x, neginf=0.0) for name, x in arrays.items()}, strict)


def test_a_load_of_ones_own_is_called(tmp_path):
    checkpoint, net = Checkpoint(tmp_path), Loaded()
    checkpoint.save(1, {"net": net})
    checkpoint.load({"net": net})
    assert net.mask.value.tolist() == [0.0, 0.0, 0.0]


def test_a_folder_is_made_with_those_around_it(tmp_path):
    for deep in (tmp_path / "a" / "b", tmp_path / "c" / "d" / "e"):
        checkpoint = Checkpoint(deep)
        assert checkpoint.latest is None and not deep.exists(), "nothing is made before something is saved"
        first = checkpoint.save(1, {"w": tg.parameter(2.0)})
        assert (
            first == deep / "step-00000001.safetensors" and checkpoint.save(2, {"w": tg.parameter(3.0)}).parent == deep
        )
        assert sorted(checkpoint.paths()) == [1, 2] and checkpoint.latest == deep / "step-00000002.safetensors"
    trained(Checkpoint(tmp_path / "f" / "g"))
    assert sorted(Checkpoint(tmp_path / "f" / "g").paths()) == [3, 6, 9]


@each("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_things_without_arrays_come_back(tmp_path_factory, kind):
    class Placed:
        position = None

    def generator(seed):
        return np.random.Generator(getattr(np.random, kind)(seed))

    checkpoint, rng, data = Checkpoint(tmp_path_factory.mktemp(kind)), generator(1), Placed()
    rng.normal(size=5)
    rng.integers(0, 9, dtype=np.int32)  # half of a number is left for the next draw
    data.position = {"epoch": np.int64(3), "words": ["é", None, 2.5, True]}
    checkpoint.save(4, {"rng": rng, "data": data}, {"loss": 0.5})
    right, again, other = rng.integers(0, 999, 5, dtype=np.int32), generator(2), Placed()
    assert checkpoint.load({"rng": again, "data": other}) == 4
    np.testing.assert_array_equal(again.integers(0, 999, 5, dtype=np.int32), right)
    assert other.position == {"epoch": 3, "words": ["é", None, 2.5, True]}
    assert checkpoint.figures(checkpoint.latest) == {"loss": 0.5}
