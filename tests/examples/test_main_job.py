"""The main job as a user runs it: what it prints and writes, and what it refuses before it begins."""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import word_rnn
from safetensors import safe_open
from word_corpus import Corpus

import tinygraph as tg

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-W", "error", str(ROOT / "examples" / "word_rnn.py")]
FILES = {"unrolled.svg", "unrolled.html", "loss.svg", "model.safetensors"}
LAST_LINE = re.compile(r"held-out bits/word (\d+\.\d+) unigram (\d+\.\d+)")
ENGLISH = "the cat sees the dog . the small dog sees a cat ! does the cat run ? " * 20
CHINESE = "循环网络读一个字,再读一个字。它记得前面的字吗?" * 20


def run(*arguments, **settings):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=120,
        **settings,
    )


@pytest.fixture
def english(tmp_path):
    path = tmp_path / "english.txt"
    path.write_text(ENGLISH, encoding="utf-8")
    return path


def assert_complete(out, V, H):
    assert {path.name for path in out.iterdir()} - {"checkpoint.previous"} == FILES | {"checkpoint"}
    for name in ("unrolled.svg", "loss.svg"):
        assert ET.parse(out / name).getroot().tag.endswith("svg")
    with safe_open(out / "model.safetensors", framework="numpy") as file:
        shapes = {name: file.get_tensor(name).shape for name in file.keys()}  # noqa: SIM118  not a dict
    assert shapes == {"E": (V, H), "U": (H, H), "W": (H, H), "V": (V, H)}


def test_a_run_prints_and_writes_everything(tmp_path, english):
    out = tmp_path / "deep" / "er"
    done = run("--text", str(english), "--steps", "300", "--hidden", "8", "--truncate", "4", "--out", str(out))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    found = LAST_LINE.fullmatch(lines[-1])
    assert found and 0 < float(found[1]) < float(found[2])
    assert any(line.startswith("generated: ") for line in lines)
    look = next(line for line in lines if line.startswith("step 300: loss "))
    assert f"held out, bits/word {float(found[1]):.4g} (baseline {float(found[2]):.4g})" in look
    assert_complete(out, V=len(set(ENGLISH.split())) + 1, H=8)
    corpus, picture = Corpus(ENGLISH), (out / "unrolled.svg").read_text(encoding="utf-8")
    assert any(all(corpus.vocabulary.tokens[i] in picture for i in corpus.held[s][:-1]) for s in corpus.sentences())
    assert f"held-out mean {float(found[1]):.2f}" in picture


def test_chinese_characters_are_words(tmp_path, capsys):
    path = tmp_path / "中文.txt"
    path.write_text(CHINESE, encoding="utf-8")
    assert word_rnn.main(["--text", str(path), "--steps", "3", "--hidden", "4", "--out", str(tmp_path / "out")]) == 0
    assert LAST_LINE.fullmatch(capsys.readouterr().out.splitlines()[-1])
    assert_complete(tmp_path / "out", V=len(set(CHINESE)) + 1, H=4)


def test_the_same_seed_gives_the_same_model(tmp_path, english, capsys):
    models = []
    for seed, name in (("7", "a"), ("7", "b"), ("8", "c")):
        arguments = ["--text", str(english), "--steps", "2", "--hidden", "4", "--seed", seed]
        assert word_rnn.main([*arguments, "--out", str(tmp_path / name)]) == 0
        models.append(tg.train.load(tmp_path / name / "model.safetensors"))
    np.testing.assert_array_equal(models[0]["W"], models[1]["W"])
    assert (models[0]["W"] != models[2]["W"]).any()


def refusal(arguments, capsys):
    """The one line on stderr of a job that ends with status 2 and prints nothing else."""
    try:
        status = word_rnn.main(arguments)
    except SystemExit as ended:
        status = ended.code
    output, error = capsys.readouterr()
    assert status == 2 and output == ""
    assert error.count("\n") == 1 and error.startswith("word_rnn: ")
    return error


BAD_TEXTS = [
    (None, "No such file"),
    (b"", "holds 0 words"),
    (b" \n ", "holds 0 words"),
    (b"word", "holds 1 words"),
    (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
    (b"words and words" + b"\0" * 40, "binary"),
]


@pytest.mark.parametrize("content, match", BAD_TEXTS)
def test_bad_texts_are_refused(tmp_path, content, match, capsys):
    path = tmp_path / "text"
    if content is not None:
        path.write_bytes(content)
    assert match in refusal(["--text", str(path), "--out", str(tmp_path / "out")], capsys)
    assert not (tmp_path / "out").exists()


BAD_SETTINGS = ["--hidden 0", "--hidden -3", "--hidden x", "--truncate 0", "--truncate 1.5", "--steps -1", "--steps x",
                "--minutes -1", "--minutes nan", "--minutes inf", "--seed -1", "--unknown 3", "--text"]  # fmt: skip


@pytest.mark.parametrize("setting", BAD_SETTINGS)
def test_bad_settings_are_refused(tmp_path, setting, capsys):
    out = tmp_path / "out"
    assert setting.split()[0] in refusal(["--out", str(out), *setting.split()], capsys)
    assert not out.exists()


def test_a_refusal_reaches_the_shell_as_one_line_and_status_2(tmp_path):
    done = run("--text", str(tmp_path / "none"), "--out", str(tmp_path / "out"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("word_rnn: cannot read") and done.stderr.count("\n") == 1


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, english, capsys):
    for out in (english, english / "deeper"):
        assert "cannot write into" in refusal(["--text", str(english), "--out", str(out)], capsys)
    assert english.read_text(encoding="utf-8") == ENGLISH


def test_there_may_be_nothing_to_resume(tmp_path, english, capsys):
    arguments = ["--text", str(english), "--hidden", "3", "--resume", "--out", str(tmp_path / "out")]
    assert "nothing to resume in" in refusal(arguments, capsys)


def test_a_folder_in_place_of_a_file_is_refused(tmp_path, english, capsys):
    (tmp_path / "loss.svg").mkdir()
    assert "it is a folder" in refusal(["--text", str(english), "--out", str(tmp_path)], capsys)


def test_a_folder_that_cannot_be_written_is_refused_and_not_left_behind(tmp_path, english, capsys, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert "Permission denied" in refusal(["--text", str(english), "--out", str(tmp_path / "a" / "b")], capsys)
    assert not (tmp_path / "a").exists()


def test_a_name_that_no_folder_can_have_is_refused_and_nothing_left_behind(tmp_path, english, capsys):
    for name in ("n" * 300, "nul\0"):
        refusal(["--text", str(english), "--out", str(tmp_path / "a" / name)], capsys)
        assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("module, asked", [("safetensors", "safetensors"), ("matplotlib", "matplotlib")])
def test_a_missing_extra_is_named_before_training(tmp_path, english, capsys, monkeypatch, module, asked):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else find(name))
    error = refusal(["--text", str(english), "--out", str(tmp_path / "out")], capsys)
    assert error.endswith(f"pip install {asked}\n") and not (tmp_path / "out").exists()


def test_no_graphviz_is_needed(tmp_path, english, capsys, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sysconfig.get_path", lambda *_: str(tmp_path))
    arguments = ["--text", str(english), "--steps", "0", "--hidden", "3", "--out", str(tmp_path / "out")]
    assert word_rnn.main(arguments) == 0
    assert_complete(tmp_path / "out", V=len(set(ENGLISH.split())) + 1, H=3)


@pytest.mark.slow
def test_the_default_job_keeps_its_promise(tmp_path):
    start = time.perf_counter()
    done = run("--out", str(tmp_path))
    elapsed_s = time.perf_counter() - start
    assert done.returncode == 0, done.stderr
    found = LAST_LINE.fullmatch(done.stdout.splitlines()[-1])
    assert found and float(found[2]) - float(found[1]) >= 2.0
    assert elapsed_s < 90
