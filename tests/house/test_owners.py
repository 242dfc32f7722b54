"""Checks of arguments are told whose argument it is first, and then its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.house.sources import LIBRARY, short, tree

CHECKS = {"flag", "positive", "integer", "text", "whole", "share", "zero_or_more", "two_shares"}
"""Functions of an owner, a name and a value, such as ``positive("SGD", "momentum", momentum)``."""


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in LIBRARY:
        for call in ast.walk(tree(path)):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id in CHECKS
                and call.args[2:]
            ):
                yield f"{short(path)}: {ast.unparse(call)}", call


def _is_turned(call: ast.Call) -> bool:
    """Whether the owner is what the value is called, or a word where the name is a variable."""
    owner, name, *values = call.args
    words = {getattr(x, "id", getattr(x, "attr", None)) for value in values for x in ast.walk(value)}
    if not isinstance(owner, ast.Constant):
        return False
    return owner.value in words or (isinstance(name, ast.Name) and owner.value.islower())


def test_a_check_is_told_the_owner_before_the_name_of_the_argument() -> None:
    calls = dict(_calls())
    assert len(calls) > 80
    assert not [words for words, call in calls.items() if _is_turned(call)]


def test_turned_ones_are_seen() -> None:
    for text, turned in {
        "integer('page', 'height', height, 1)": False,
        "integer('height', 'page', height, 1)": True,
        "flag(name, 'bias', wanted)": False,
        "flag('bias', name, wanted)": True,
        "integer('Windows', name, size)": False,
    }.items():
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call) and _is_turned(call) == turned, text
