"""The user's lines are those of the file that is audited, as it stands now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit import lines

from .passes import PASSES, loaded

ONE = PASSES["columns_tuple"]
WRONG = ONE.file.read_text(encoding="utf-8").replace("dh = Wy.T @ dy + dh_next", "dh = Wy.T @ dy - dh_next")


def named(file: Path) -> tuple[str, int, str]:
    arguments, keywords = ONE.call(loaded(file))
    first = tg.check.audit(*arguments, **keywords, repair=False).findings[0]
    return first.file, first.line, first.source


def test_of_two_files_with_the_same_text_each_is_named(tmp_path: Path) -> None:
    for name in ("one.py", "other.py"):
        file = tmp_path / name
        file.write_text(WRONG, encoding="utf-8")
        assert named(file)[0] == str(file)


def test_a_file_that_was_edited_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "edited.py"
    file.write_text(WRONG, encoding="utf-8")
    before = named(file)
    file.write_text("import math  # a line more\n" + WRONG.replace("- dh_next", "- 1.0 * dh_next"), encoding="utf-8")
    assert named(file) == (str(file), before[1] + 1, "dh = Wy.T @ dy - 1.0 * dh_next")


def of_two_lines(a: Any) -> Any:
    return np.sum(
        [a, a * 2],
    )


@each(
    "spot, line, text",
    [
        ((None, None, None, None), -1, "what is made here"),
        ((2, None, None, None), 0, "what is made here"),
        ((3, None, 12, 17), 0, "a * 2"),
        ((2, 4, 11, 5), 0, "np.sum( [a, a * 2], )"),
    ],
)
def test_a_place_that_python_knows_in_part_has_a_line(
    spot: tuple[int | None, ...], line: int, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = of_two_lines.__code__
    first = code.co_firstlineno
    known = tuple(n + first - 1 if n is not None and k < 2 else n for k, n in enumerate(spot))
    monkeypatch.setattr(lines, "_positions", lambda code: [known])
    own = lines._line.__wrapped__(code, 0)
    assert (own.number, own.expression) == (first + 1 + line, text)


def test_a_function_begins_at_its_first_line_and_ends_at_its_last() -> None:
    first = of_two_lines.__code__.co_firstlineno
    for number, name in ((first, "of_two_lines"), (first + 3, "of_two_lines"), (first - 1, None), (first + 4, None)):
        function = lines.function_at(__file__, number)
        assert (None if function is None else function.name) == name
