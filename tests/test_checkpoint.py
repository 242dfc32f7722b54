"""Checkpoints: what is saved comes back, other tools read it, and a file is whole or not there."""

import os
import sys

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.train import load, save

ARRAYS = {
    "W": np.arange(6.0).reshape(2, 3),
    "h": np.arange(3, dtype=np.float32),
    "n": np.array(7, np.int64),
    "empty": np.zeros((0, 4)),
}


def assert_same(got, expected):
    assert got.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(got[name], value)
        assert got[name].dtype == value.dtype and got[name].shape == value.shape


def test_what_is_saved_comes_back(tmp_path):
    save(tmp_path / "a.safetensors", ARRAYS)
    assert_same(load(tmp_path / "a.safetensors"), ARRAYS)


def test_parameters_are_saved_by_their_values(tmp_path):
    save(tmp_path / "a", {"W": tg.parameter([[1.0, 2.0]])})
    assert_same(load(tmp_path / "a"), {"W": np.array([[1.0, 2.0]])})


def test_views_are_saved_as_they_look(tmp_path):
    views = {"transposed": ARRAYS["W"].T, "reversed": ARRAYS["h"][::-1], "thinned": np.arange(10.0)[::3]}
    save(tmp_path / "a", views)
    assert_same(load(tmp_path / "a"), views)


def test_safetensors_itself_reads_the_file_and_its_metadata(tmp_path):
    from safetensors import safe_open

    save(tmp_path / "a", ARRAYS, metadata={"words": "循环"})
    with safe_open(tmp_path / "a", framework="numpy") as file:
        assert file.metadata() == {"words": "循环"}
        np.testing.assert_array_equal(file.get_tensor("W"), ARRAYS["W"])


def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "a"
    save(path, {"W": np.ones(2)})

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save(path, {"W": np.zeros(2)})
    assert os.listdir(tmp_path) == ["a"]
    assert_same(load(path), {"W": np.ones(2)})


def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    save(tmp_path / "a", ARRAYS)
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("arrays", [{"W": [1.0, 2.0]}, {1: np.ones(2)}, {"net": {"W": np.ones(2)}}])
def test_what_is_not_named_arrays_is_refused(tmp_path, arrays):
    with pytest.raises(tg.GraphError, match="not named arrays"):
        save(tmp_path / "a", arrays)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\x00" * 40, b"no checkpoint" * 9])
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(tg.GraphError, match="not a safetensors file"):
        load(tmp_path / "a")


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "a")


def test_without_safetensors_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(tg.GraphError, match="pip install safetensors"):
        save(tmp_path / "a", ARRAYS)
    assert not os.listdir(tmp_path)
