"""A whole run of ``python -m tests.mutation`` in a small repository: what is caught, and by which tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .suite import READERS

LIBRARY = '''
"""Two functions."""
from functools import cache


def low(x):
    return x < 3


@cache
def once(x):
    return x * 2


def unseen(x):
    return x + 7
'''
TESTS = """
import pytest, subprocess, sys
from tinygraph.sizes import low, once, unseen

def test_low():
    assert low(2) and not low(3)

def test_once_without_a_look():
    once(4)

def test_once_more():
    assert once(4) == 8

def test_no_look():
    unseen(1)

def test_that_fails():
    assert unseen(1) == 0
"""


def test_a_run_in_a_small_repository(tmp_path):
    shutil.copytree(Path(__file__).parent, tmp_path / "tests" / "mutation", ignore=shutil.ignore_patterns("test_*"))
    texts = {"tinygraph/__init__.py": "", "tests/__init__.py": "", "tests/test_sizes.py": TESTS}
    for name in READERS:
        path, _, test = name.partition("::")
        texts[path] = f"def {test or 'test_nothing'}(): pass"
    for name, text in (texts | {"tinygraph/sizes.py": LIBRARY}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "tests.mutation", "--count", "9", "--seed", "1"]
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    rows = {words[4]: words[1] for line in run.stdout.splitlines() if (words := line.split()) and line[0] == "["}
    assert set(rows) == {"tinygraph/sizes.py:7", "tinygraph/sizes.py:12", "tinygraph/sizes.py:16"}
    assert rows["tinygraph/sizes.py:7"] == rows["tinygraph/sizes.py:12"] == "caught"
    assert "fails without a mutant: FAILED tests/test_sizes.py::test_that_fails" in run.stdout
    assert rows["tinygraph/sizes.py:16"] == "survived" and "survived:\n  tinygraph/sizes.py:16" in run.stdout
