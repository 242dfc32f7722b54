"""The user's lines are those of the file that is audited, as it stands now."""

from __future__ import annotations

from pathlib import Path

import tinygraph as tg

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
