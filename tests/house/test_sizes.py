"""Sizes: a file holds one idea and a function fits one look."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from .sources import EVERY, LIBRARY, SHOWN, functions, lines, short

VAGUE = {"utils", "util", "helpers", "helper", "misc", "common", "stuff", "tools"}


def test_no_file_is_longer_than_300_lines_or_vaguely_named() -> None:
    offenders = [f"{short(path)}: {lines(path)} lines" for path in EVERY if lines(path) > 300]
    offenders += [f"{short(path)}: says too little" for path in EVERY if {path.stem, path.parent.name} & VAGUE]
    assert not offenders, "\n".join(offenders)


def test_no_function_is_longer_than_40_lines() -> None:
    offenders = [f"{name}: {length} lines" for path in SHOWN for name, length in functions(path) if length > 40]
    assert not offenders, "\n".join(offenders)


def test_the_middle_file_and_the_middle_function_are_short() -> None:
    assert median(lines(path) for path in LIBRARY if lines(path)) <= 130
    assert median(length for path in LIBRARY for _, length in functions(path)) < 8


def test_the_ruler_measures() -> None:
    """This very function is 3 lines long without its docstring."""
    (own,) = [length for name, length in functions(Path(__file__)) if name.endswith("test_the_ruler_measures")]
    assert own == 3
