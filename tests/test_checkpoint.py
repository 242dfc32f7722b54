"""Checkpoints: what is saved comes back, other tools read it, and a file is whole or not there."""

import json
import os
import sys

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
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
        assert file.metadata()["words"] == "循环"
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


class Masked(np.ma.MaskedArray):
    """A user's own array with a mask."""


WRONG = [
    {},
    None,
    3,
    [("W", np.ones(2))],
    tg.cells.RNN(1, 1, rng=0),
    {"W": [1.0, 2.0]},
    {"W": 1.0},
    {"W": np.float64(1.0)},
    {"W": None},
    {1: np.ones(2)},
    {"net": {"W": np.ones(2)}},
    {"__metadata__": np.ones(2)},
    {"good": np.ones(2), "W": np.array([None])},
    {"W": np.array(["a"])},
    {"W": np.ones(2, complex)},
    {"W": np.ones(2, np.complex64)},
    {"W": np.array(["2020-01-01"], "M8[D]")},
    {"W": np.zeros(2, "i4, f4")},
    {"W": np.ma.array([1.0, 2.0], mask=[True, False])},
    {"W": np.ones(2).view(Masked)},
    {"W\ud800": np.ones(2)},
]


@each("arrays", WRONG, ids=lambda arrays: repr(arrays)[:60])
def test_what_is_not_named_arrays_is_refused_before_the_file_is_touched(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("wrong") / "a"
    save(path, ARRAYS)
    with pytest.raises(tg.GraphError, match="save: "):
        save(path, arrays)
    assert os.listdir(path.parent) == ["a"]
    assert_same(load(path), ARRAYS)


@each("metadata", [{"a": 1}, {1: "a"}, "text", ["a"], {"a": None}, {"a": "\ud800"}], ids=repr)
def test_what_is_no_text_is_no_metadata(tmp_path_factory, metadata):
    path = tmp_path_factory.mktemp("metadata") / "a"
    with pytest.raises(tg.GraphError, match="save: "):
        save(path, ARRAYS, metadata)
    assert not os.listdir(path.parent)


def test_a_value_that_is_traced_is_not_saved(tmp_path):
    def step(x):
        save(tmp_path / "a", {"x": x * 2})
        return x

    with pytest.raises(tg.GraphError, match="no value"):
        tg.compile(step)(np.ones(2))
    assert not os.listdir(tmp_path)


@each("name", ["a.npz", "b.pt", "c.pth", "d.npy", "e.pkl", "f.h5", "g.onnx", "h.ckpt", "i.json", "j.model.PT", "k.zip"])
def test_the_suffix_of_another_format_is_refused_and_ours_is_named(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("suffixes")
    (folder / name).write_text("good")
    with pytest.raises(tg.GraphError, match=r"\.safetensors"):
        save(folder / name, ARRAYS)
    assert (folder / name).read_text() == "good" and os.listdir(folder) == [name]


@each(
    "name",
    ["a", "a.safetensors", "A.SafeTensors", "rate0.01", "a.safetensors.tmp", ".hidden", "a.1", "循环.safetensors"],
)
def test_names_that_promise_no_other_format(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("names") / name
    save(path, ARRAYS)
    assert_same(load(path), ARRAYS)


@each("content", [b"", b"\x00" * 40, b"no checkpoint" * 9, b"\xff" * 64, b"\x01", b"[1, 2]\n",
                  (10**9).to_bytes(8, "little") + b"{}", (2).to_bytes(8, "little") + b"{}" + b"rest"])  # fmt: skip
def test_a_file_of_another_kind_is_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("kinds") / "a"
    path.write_bytes(content)
    with pytest.raises(tg.GraphError, match="not a safetensors file"):
        load(path)


def entry(dtype, shape, *offsets):
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


LIES = {
    "overlap": {"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)},
    "hole": {"a": entry("F32", [1], 0, 4), "b": entry("F32", [1], 8, 12)},
    "shape": {"a": entry("F32", [4], 0, 12)},
    "end": {"a": entry("F32", [3], 0, 13)},
    "negative": {"a": entry("F32", [-3], 0, 12)},
    "huge": {"a": entry("F32", [2**32, 2**32], 0, 12)},
    "dtype": {"a": entry("BF16", [6], 0, 12)},
}


@each("header", LIES.values(), ids=LIES)
def test_a_header_that_lies_about_its_data_is_refused(tmp_path_factory, header):
    path, text = tmp_path_factory.mktemp("headers") / "a", json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(12))
    with pytest.raises(tg.GraphError, match="not a safetensors file"):
        load(path)


def test_the_files_of_numpy_are_no_safetensors_files(tmp_path):
    np.savez(tmp_path / "a.npz", W=np.ones(2))
    np.save(tmp_path / "b.npy", np.ones(2))
    for name in os.listdir(tmp_path):
        with pytest.raises(tg.GraphError, match=r"(?s)not a safetensors file.*numpy\.load reads"):
            load(tmp_path / name)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "a")


def test_without_safetensors_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(tg.GraphError, match="pip install safetensors"):
        save(tmp_path / "a", ARRAYS)
    assert not os.listdir(tmp_path)
