"""The main job when it is stopped, by a signal, by kill, by the clock, by a full disk, and when it goes on."""

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import word_rnn

import tinygraph as tg
from tinygraph.run.products import choose

from .test_main_job import COMMAND, ENGLISH, LAST_LINE, ROOT, assert_complete, english  # noqa: F401


def started(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


@pytest.fixture(autouse=True)
def own_products(monkeypatch):
    """As the job itself has it, which here is not the first to load the library."""
    monkeypatch.setenv("TINYGRAPH_BLAS", "0")
    for cached in (choose.competitive_blas, choose.measured, choose._chosen):
        cached.cache_clear()


def until(job, told):
    """Reads what the job prints until it has told this."""
    seen = b""
    while told not in seen:
        read = os.read(job.stdout.fileno(), 1000)
        assert read, f"the job ended before it trained: {seen.decode()} {job.stderr.read().decode()}"
        seen += read


@pytest.mark.skipif(sys.platform == "win32", reason="sends a POSIX signal")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly_and_all_is_still_written(tmp_path, english, number):  # noqa: F811
    with started("--text", str(english), "--minutes", "5", "--hidden", "8", "--out", str(tmp_path / "out")) as job:
        until(job, b"step 200")
        start = time.perf_counter()
        job.send_signal(number)
        output, error = job.communicate(timeout=60)
    assert job.returncode == 0 and time.perf_counter() - start < 30
    assert b"Traceback" not in error
    lines = output.decode().splitlines()
    assert LAST_LINE.fullmatch(lines[-1]) and any(line.startswith("ended: by Ctrl-C or SIGTERM") for line in lines)
    assert_complete(tmp_path / "out", V=len(set(ENGLISH.split())) + 1, H=8)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a POSIX signal")
def test_a_job_that_is_killed_goes_on_to_the_bits_of_one_that_never_stopped(tmp_path, english):  # noqa: F811
    arguments = ["--text", str(english), "--hidden", "8", "--truncate", "4", "--steps", "700"]
    assert word_rnn.main([*arguments, "--out", str(tmp_path / "whole")]) == 0
    before = tmp_path / "killed" / "model.safetensors"
    before.parent.mkdir()
    before.write_bytes(b"of an earlier run")
    with started(*arguments, "--out", str(tmp_path / "killed")) as job:
        until(job, b"step 400")
        job.kill()
        job.communicate()
    assert before.read_bytes() == b"of an earlier run"
    assert word_rnn.main([*arguments, "--resume", "--out", str(tmp_path / "killed")]) == 0
    whole, killed = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == killed
    for name in ("unrolled.svg", "unrolled.html"):
        pages = [(tmp_path / folder / name).read_text(encoding="utf-8") for folder in ("whole", "killed")]
        assert pages[0] == pages[1], f"{name} is another"


def test_a_run_goes_on_with_more_steps_and_a_new_one_puts_it_aside(tmp_path, english, capsys):  # noqa: F811
    arguments = ["--text", str(english), "--hidden", "4", "--out", str(tmp_path)]
    assert word_rnn.main([*arguments, "--steps", "2"]) == 0
    assert word_rnn.main([*arguments, "--steps", "5", "--resume"]) == 0
    assert "all 5 steps are done" in capsys.readouterr().out
    assert tg.train.metadata(tmp_path / "model.safetensors")["steps"] == "5"
    assert word_rnn.main([*arguments, "--steps", "5", "--resume", "--seed", "1"]) == 0, "nothing is left to do"
    other = [*arguments[:3], "5", *arguments[4:], "--steps", "7", "--resume"]
    assert word_rnn.main(other) == 2 and "cannot resume" in capsys.readouterr().err
    assert word_rnn.main([*arguments, "--steps", "1"]) == 0
    assert [path.name for path in (tmp_path / "checkpoint").glob("step*")] == ["step-00000001.safetensors"]
    assert (tmp_path / "checkpoint.previous" / "step-00000005.safetensors").exists()


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


def test_a_full_disk_ends_the_job_by_one_line(tmp_path, english, capsys, monkeypatch):  # noqa: F811
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tg.train.Checkpoint, "save", full)
    assert word_rnn.main(["--text", str(english), "--hidden", "4", "--steps", "2", "--out", str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "No space left on device" in error and "--resume" in error


def test_the_same_bits_need_no_compiler(tmp_path, english):  # noqa: F811
    arguments = ["--text", str(english), "--hidden", "4", "--steps", "6", "--truncate", "3"]
    for name, more in (("compiled", []), ("eager", ["--eager"])):
        assert word_rnn.main([*arguments, *more, "--out", str(tmp_path / name)]) == 0
    a, b = (tg.train.load(tmp_path / name / "model.safetensors") for name in ("compiled", "eager"))
    assert all(np.allclose(a[name], b[name], atol=1e-5) for name in a)
