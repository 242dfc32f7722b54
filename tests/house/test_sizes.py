"""Sizes: a file holds one idea and a function fits one look."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest

from .sources import EVERY, LIBRARY, SHOWN, functions, lines, short

VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "stuff", "tools"}


@pytest.mark.parametrize("path", EVERY, ids=short)
def test_no_file_is_longer_than_300_lines_or_vaguely_named(path: Path) -> None:
    assert lines(path) <= 300
    assert path.stem not in VAGUE and path.parent.name not in VAGUE


@pytest.mark.parametrize("path", SHOWN, ids=short)
def test_no_function_is_longer_than_40_lines(path: Path) -> None:
    long = [(name, length) for name, length in functions(path) if length > 40]
    assert not long


def test_the_middle_file_and_the_middle_function_are_short() -> None:
    assert median(lines(path) for path in LIBRARY if lines(path)) <= 130
    assert median(length for path in LIBRARY for _, length in functions(path)) < 8


def test_the_ruler_measures() -> None:
    """This very function is 3 lines long without its docstring."""
    (own,) = [length for name, length in functions(Path(__file__)) if name.endswith("test_the_ruler_measures")]
    assert own == 3
