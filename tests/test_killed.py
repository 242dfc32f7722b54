"""Processes that are killed while they save, and disks that are full: the file is the old one or the new one."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")

START = """
import os, random, resource, signal, sys, time, warnings
import numpy as np, tinygraph as tg
from tests.draw.networks import word_rnn

def saves(kind, path, small):
    if kind == "safetensors":
        arrays = [{"W": np.full(size, 1.0)} for size in ([500, 1000] if small else [500_000, 600_000])]
        return [lambda a=a: tg.train.save(path, a) for a in arrays]
    return [lambda d=tg.draw(word_rnn(steps)): d.save(path) for steps in (3, 9 if small else 60)]

def contents(calls, path):
    whole = []
    for call in calls:
        call()
        with open(path, "rb") as file:
            whole.append(file.read())
    return whole

warnings.simplefilter("ignore", DeprecationWarning)  # of fork while another thread runs
folder = sys.argv[1]
"""
KILLS = """
for kind in ("safetensors", "html", "gv"):
    path, rng, torn, left = os.path.join(folder, "a." + kind), random.Random(kind), 0, 0
    calls = saves(kind, path, small=False)
    whole = contents(calls, path)
    for _ in range(15):
        child = os.fork()
        while not child:
            contents(calls, path)
        time.sleep(0.05 * rng.random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with open(path, "rb") as file:
            torn += file.read() not in whole
        left = max(left, len(os.listdir(folder)) - 1)
    calls[0]()
    print(kind, "torn", torn, "left", left > 1, "at the end", sorted(os.listdir(folder)), flush=True)
    os.unlink(path)
"""
FULL = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for kind in ("safetensors", "html", "gv", "txt"):
    path, told = os.path.join(folder, "a." + kind), None
    calls = saves(kind, path, small=True)
    whole = contents(calls[::-1], path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole[1]), resource.RLIM_INFINITY))
    try:
        calls[1]()
    except OSError as error:
        told = "nothing was changed" in str(error) and path in str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with open(path, "rb") as file:
        kept = file.read() == whole[1]
    print(kind, "told", told, "kept", kept, "left", os.listdir(folder) == ["a." + kind], flush=True)
    os.unlink(path)
"""


def lines(code, folder):
    settings = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"}
    run = [sys.executable, "-c", START + code, str(folder)]
    return subprocess.check_output(run, env=settings, text=True, timeout=120).splitlines()


def test_a_kill_at_any_time_leaves_a_whole_file_and_the_next_save_removes_the_rest(tmp_path):
    kinds = ("safetensors", "html", "gv")
    assert lines(KILLS, tmp_path) == [f"{k} torn 0 left False at the end ['a.{k}']" for k in kinds]


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path):
    """The system lets the process make no larger file than the old one is."""
    kinds = ("safetensors", "html", "gv", "txt")
    assert lines(FULL, tmp_path) == [f"{k} told True kept True left True" for k in kinds]
