"""A right pass is never called wrong: random ones, the hand-written ones, and the seed that is right."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinygraph as tg
from tests.each import each

from .passes import ALL, Pass, loaded
from .right import right_passes
from .seeds import SEEDS

COUNT, SEED, PARTS = 300, 0, 6


def blamed(one: Pass) -> str:
    """What the auditor holds against a pass; empty for nothing."""
    arguments, keywords = one.call(loaded(one.file))
    report = tg.check.audit(*arguments, **keywords, repair=False)
    if report.passed and not report.findings and not report.repairs:
        return ""
    return f"{one.name}: {getattr(one, 'style', '')}\n{report}\n{one.file.read_text(encoding='utf-8')}"


@pytest.mark.parametrize("part", range(PARTS))
def test_no_random_right_pass_is_called_wrong(part: int, tmp_path: Path) -> None:
    """Cells, layouts, losses and styles by chance; kinks, truncation, float32 and clipping among them."""
    passes = list(right_passes(COUNT, SEED, tmp_path))[part::PARTS]
    told = [text for text in map(blamed, passes) if text]
    assert not told, f"{len(told)} of {len(passes)} right passes were called wrong; the first:\n{told[0]}"


@each("one", [*ALL, SEEDS["002"]])
def test_no_hand_written_right_pass_is_called_wrong(one: Pass) -> None:
    assert not blamed(one)
