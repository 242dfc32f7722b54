"""A checkpoint that is not as it was saved is told, whichever bit changed; other programs read and write such files."""

import json
import random

import numpy as np
import pytest

import tinygraph as tg
from tests.interrupts import interrupted
from tinygraph import atomic
from tinygraph.train import load, save

ARRAYS = {"W": np.arange(6.0), "b": np.ones(3, np.float32), "on": np.array([True, False])}


@pytest.fixture
def path(tmp_path):
    save(tmp_path / "a.safetensors", ARRAYS, {"words": "循环"})
    return tmp_path / "a.safetensors"


def refused(path, content):
    path.write_bytes(content)
    try:
        load(path)
    except tg.GraphError:
        return True
    return False


def test_every_bit_that_flips_is_told(path):
    whole = path.read_bytes()
    for place in range(8 * len(whole)):
        torn = bytearray(whole)
        torn[place // 8] ^= 1 << place % 8
        assert refused(path, torn), f"bit {place % 8} of byte {place // 8}: {whole[place // 8 : place // 8 + 1]!r}"
    path.write_bytes(whole)
    assert (load(path)["W"] == ARRAYS["W"]).all()


def test_every_length_that_a_file_is_cut_to_is_told(path):
    whole = path.read_bytes()
    assert all(refused(path, whole[:length]) for length in range(len(whole)))
    assert refused(path, whole + b"\0")


def test_bytes_that_are_exchanged_zeroed_or_drawn_are_told(path):
    whole, rng = path.read_bytes(), random.Random(0)
    for _ in range(500):
        torn, at = bytearray(whole), rng.randrange(len(whole) - 8)
        length = rng.randint(1, 8)
        torn[at : at + length] = rng.choice([bytes(length), rng.randbytes(length), whole[at : at + length][::-1]])
        assert torn == whole or refused(path, torn), at


def test_the_message_says_that_the_file_is_damaged_and_what_to_do(path):
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"\x07")
    with pytest.raises(tg.GraphError, match=r"(?s)a\.safetensors is damaged.*fix *take a copy"):
        load(path)


def test_what_another_program_wrote_has_no_checksum_and_loads(tmp_path):
    from safetensors import numpy as theirs

    theirs.save_file(ARRAYS, tmp_path / "a", metadata={"words": "循环"})
    assert (load(tmp_path / "a")["W"] == ARRAYS["W"]).all()
    header = {"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "__metadata__": {"note": "tinygraph.sha256"}}
    text = json.dumps(header).encode()
    (tmp_path / "b").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    assert load(tmp_path / "b")["x"] == 0


def test_other_programs_read_ours(path):
    from safetensors import numpy as theirs
    from safetensors import safe_open

    loaded = theirs.load_file(path)
    assert loaded.keys() == ARRAYS.keys() and all((loaded[name] == ARRAYS[name]).all() for name in ARRAYS)
    with safe_open(path, framework="numpy") as file:
        assert file.metadata().keys() == {"words", "tinygraph.checked", "tinygraph.sha256"}


def test_equal_saves_are_equal_files(path):
    texts = {letter: letter * 3 for letter in "qwertyuiop循"}
    files = set()
    for _ in range(5):
        save(path, ARRAYS, texts)
        files.add(path.read_bytes())
    (only,) = files
    assert int.from_bytes(only[:8], "little") % 8 == 0


def test_the_metadata_of_an_older_file_may_be_saved_again(path):
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
    save(path, {"W": np.zeros(2)}, metadata)
    assert (load(path)["W"] == 0).all()


def test_a_text_that_looks_like_the_checksum_is_a_text(path):
    texts = {'x"tinygraph.sha256': "0" * 64, "y": '"tinygraph.sha256":"' + "0" * 64 + '"'}
    save(path, ARRAYS | {"tinygraph.sha256": np.ones(1)}, texts)
    assert load(path)["tinygraph.sha256"] == 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # of files whose `with` was cut short
def test_an_interrupt_of_save_comes_out_as_itself(path, monkeypatch):
    monkeypatch.setattr(atomic, "_sync", lambda _: None)
    old, states = path.read_bytes(), set()
    for at in interrupted(lambda: save(path, {"W": np.zeros(6)}), every=7):
        assert [file.name for file in path.parent.iterdir()] == [path.name], at
        states.add(float(load(path)["W"].sum()))
        path.write_bytes(old)
    assert states <= {15.0, 0.0} and 15.0 in states
