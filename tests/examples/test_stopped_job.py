"""The main job when it is stopped: by a signal, by kill, by the clock, by a full disk; the weights are there."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
import word_results
import word_rnn
from safetensors import safe_open
from word_text import Corpus

import tinygraph as tg

from .test_main_job import COMMAND, ENGLISH, LAST_LINE, ROOT, assert_complete, english  # noqa: F401


def started(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def until(job, told):
    """Reads what the job says on stderr until it has told this."""
    seen = b""
    while told not in seen:
        read = os.read(job.stderr.fileno(), 1000)
        assert read, f"the job ended before it trained: {seen.decode()}"
        seen += read


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly_and_all_is_still_written(tmp_path, english, number):  # noqa: F811
    with started("--text", str(english), "--minutes", "5", "--hidden", "8", "--out", str(tmp_path / "out")) as job:
        until(job, b"words/s")
        start = time.perf_counter()
        job.send_signal(number)
        output, error = job.communicate(timeout=60)
    assert job.returncode == 0 and time.perf_counter() - start < 30
    assert b"stopping" in error and b"Traceback" not in error
    lines = output.decode().splitlines()
    assert LAST_LINE.fullmatch(lines[-1]) and any(line.startswith("ended: by Ctrl-C or SIGTERM") for line in lines)
    assert_complete(tmp_path / "out", V=len(set(ENGLISH.split())) + 1, H=8)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
def test_a_job_that_is_killed_leaves_the_weights_and_a_finished_model_of_before(tmp_path, english):  # noqa: F811
    arguments = ["--text", str(english), "--hidden", "8", "--out", str(tmp_path)]
    assert word_rnn.main([*arguments, "--steps", "2"]) == 0
    model, before = tmp_path / "model.safetensors", (tmp_path / "model.safetensors").read_bytes()
    for _ in range(2):
        now = model.read_bytes()
        with started(*arguments, "--minutes", "5") as job:
            until(job, b"words/s")
            end = time.perf_counter() + 30
            while model.read_bytes() == now if model.exists() else True:
                assert time.perf_counter() < end, "nothing was saved"
                time.sleep(0.05)
            job.kill()
            job.communicate()
        assert tg.train.load(model)["W"].shape == (8, 8)
        with safe_open(model, framework="numpy") as file:
            metadata = file.metadata()
        assert metadata["finished"] == "no" and int(metadata["steps"]) > 2 and "cat" in metadata["words"]
        assert (tmp_path / "model.previous.safetensors").read_bytes() == before


def test_it_says_what_ended_the_training(tmp_path, english, capsys):  # noqa: F811
    arguments = ["--text", str(english), "--hidden", "4", "--out", str(tmp_path)]
    for limits, told in (
        (["--steps", "3"], "ended: all 3 steps are done"),
        (
            ["--minutes", "0.002", "--steps", "100000"],
            r"ended: by the clock, after 0\.002 min and \d+ of 100,000 steps",
        ),
        (["--minutes", "0"], "ended: by the clock, after 0 min and 0 steps"),
    ):
        assert word_rnn.main([*arguments, *limits]) == 0
        assert re.search(told, capsys.readouterr().out)


def test_a_full_disk_does_not_end_the_training_and_the_weights_come_first(tmp_path, capsys, monkeypatch):
    model = word_results.ModelFile(word_rnn.new_parameters(3, 2, 0), Corpus(ENGLISH), tmp_path)
    monkeypatch.setattr(word_results, "PAUSE_S", 0.0)
    monkeypatch.setattr(model, "_due_s", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(tg.train, "save", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        model.save_when_due(1)
    assert "not saved" in capsys.readouterr().err and not (tmp_path / "model.safetensors").exists()
    monkeypatch.setattr(model, "_due_s", 0.0)
    model.save_when_due(2)
    assert (tmp_path / "model.safetensors").exists()
    size = (tmp_path / "model.safetensors").stat().st_mtime_ns
    model.save_when_due(3)
    assert (tmp_path / "model.safetensors").stat().st_mtime_ns == size, "saves take a small share of the time"
