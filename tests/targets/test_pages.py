"""The README's section "Where it runs": each example is run where its target can be, in a folder of its own."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.house.sources import PAGES, line_of, text

from .every import TARGETS
from .target import Target

README = PAGES[0]
BLOCKS = [
    (m[1], line_of(text(README), m.start()), m[2])
    for m in re.finditer(r"^```python (\S+)\n(.*?)^```$", text(README), re.M | re.S)
]
"""The targets' names, the line, and the code of the blocks that need more than the README's test command installs."""


def test_every_block_names_a_target() -> None:
    assert {name for name, _, _ in BLOCKS} <= TARGETS.keys() and BLOCKS


@pytest.mark.parametrize("name, line, code", BLOCKS, ids=[name for name, _, _ in BLOCKS])
def test_an_example_runs(name: str, line: int, code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    target: type[Target] = TARGETS[name]
    if target.missing():
        pytest.skip(f"{name} needs {target.missing()}")
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__", "np": np, "tg": tg, "rng": np.random.default_rng(0)}
    exec(compile("\n" * line + code, str(README), "exec"), names)
