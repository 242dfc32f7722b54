"""The README's picture is the one that its example makes."""

import re
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from tinygraph.draw.render import _from_pip

ROOT = Path(__file__).parents[2]


def words(svg: Path) -> list[str]:
    """All texts of the picture in order; sizes and bytes differ between versions of Graphviz."""
    return re.findall(r">([^<>]+)</text>", svg.read_text(encoding="utf-8").replace("\u00a0", "").replace("&#160;", ""))


@pytest.mark.skipif(shutil.which("dot") is None and _from_pip() is None, reason="no Graphviz")
def test_the_example_still_makes_the_picture(tmp_path, monkeypatch, capsys):
    out = tmp_path / "unrolled.svg"
    monkeypatch.setattr(sys, "argv", ["readme_picture.py", str(out)])
    runpy.run_path(str(ROOT / "examples" / "readme_picture.py"), run_name="__main__")
    assert "wrote" in capsys.readouterr().out
    kept = words(ROOT / "docs" / "unrolled.svg")
    assert len(kept) > 50 and "Word RNN, unrolled over T = 4" in kept
    assert sorted(words(out)) == sorted(kept)
