"""Packages of other systems: one that is missing is told with pip's line, what it lacks itself is Python's error."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinygraph as tg
from tinygraph.export.traced.packages import package


def test_a_package_that_is_missing_and_one_that_lacks_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "half_there.py").write_text("import not_there_at_all\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name, extra, line in (("not_there", "", "pip install not_there"), ("not_there.part", "x", r'rnn\[x\]"')):
        with pytest.raises(
            tg.GraphError, match=rf"who needs the package {name}, which is not installed\n  fix .*{line}$"
        ):
            package(name, "who", extra)
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        package("half_there", "who")
    assert package("os.path", "who").join("a", "b")
