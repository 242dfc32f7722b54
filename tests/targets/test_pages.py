"""The examples of README and docs/export.md that need a target: each is run where it can be, in a folder of its own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.house.sources import PAGES, ROOT, line_of, text

from .every import TARGETS
from .target import Target

BLOCKS = [
    (m[1], page, line_of(text(page), m.start()), m[2])
    for page in (PAGES[0], ROOT / "docs" / "export.md")
    for m in re.finditer(r"^```python (\S+)\n(.*?)^```$", text(page), re.M | re.S)
]
"""The targets' names, the page, the line and the code of blocks that need more than the README's test command has."""


def test_every_block_names_a_target() -> None:
    assert {name for name, *_ in BLOCKS} <= TARGETS.keys() and BLOCKS


@pytest.mark.parametrize("name, page, line, code", BLOCKS, ids=[f"{page.stem}-{name}" for name, page, *_ in BLOCKS])
def test_an_example_runs(
    name: str, page: Path, line: int, code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target: type[Target] = TARGETS[name]
    if target.missing():
        pytest.skip(f"{name} needs {target.missing()}")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__", "np": np, "tg": tg, "rng": np.random.default_rng(0)}
    exec(compile("\n" * line + code, str(page), "exec"), names)
