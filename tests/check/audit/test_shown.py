"""docs/audit.md is what the auditor says of the six systems; their losses are those that were measured elsewhere."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.each import each

from .passes import loaded
from .seeds import SEEDS
from .shown import page, training

AGAIN = "run python -m tests.check.audit.shown.page"
LAST = "            gW_x *= clip_norm / norm"
ALL_CLIPPED = (
    ("+ np.sum(gW_x**2))", "+ np.sum(gW_x**2) + np.sum(gb_h**2) + np.sum(gb_y**2))"),
    (LAST, "\n".join(LAST.replace("gW_x", name) for name in ("gW_x", "gb_h", "gb_y"))),
)
"""What the note on clipping of 000 asks for."""
REFERENCE = {
    "000": [1.557756541, 1.491175447, 1.436360960, 1.396452580, 1.367036377, 1.339394698, 1.245560607, 0.8669082030],
    "001": [1.886567514e-4, 1.375741556e-5, 4.195041705e-6, 1.942281149e-6, 1.099247211e-6, 7.000958468e-7],
    "003b": [0.9996805008, 0.8175102255, 0.6685012032, 0.5466158611, 0.4469174709, 0.3653689845, 0.2986687218],
    "004": [0.07913844244, 0.07887400838, 0.07860983040, 0.07834591609, 0.07808227306],
}
"""Measured with central differences and HIPS autograd on models that others wrote."""


def words(svg: str) -> list[str]:
    return sorted(re.findall(r">([^<>]+)</text>", svg.replace("\u00a0", "").replace("&#160;", "")))


def test_the_page_is_what_is_said_now() -> None:
    kept = (page.DOCS / "audit.md").read_text(encoding="utf-8")
    for own, new in zip(kept.split("\n### "), page.page().split("\n### "), strict=True):
        assert own == new, AGAIN


@each("name", [*page.PICTURES])
def test_the_pictures_are_those_of_the_reports(name: str, tmp_path: Path) -> None:
    kept = (page.DOCS / "pictures" / f"{name}.svg").read_text(encoding="utf-8")
    page.audited(page.PICTURES[name])[0].picture().save(tmp_path / "new.svg")
    assert len(words(kept)) > 50
    assert words(kept) == words((tmp_path / "new.svg").read_text(encoding="utf-8")), AGAIN


@each("name", [*SEEDS])
def test_what_is_mended_has_right_gradients(name: str) -> None:
    assert page.audited(name, mended=True)[0].passed
    assert page.audited(name)[0].passed == (name == "002")


@each("name", [*REFERENCE])
def test_with_right_gradients_the_losses_are_those_measured_elsewhere(name: str, tmp_path: Path) -> None:
    text = SEEDS[name].right()
    for old, new in ALL_CLIPPED if name == "000" else ():
        assert text.count(old) == 1
        text = text.replace(old, new)
    file = tmp_path / "right.py"
    file.write_text(text, encoding="utf-8")
    module = loaded(file)
    if name == "003b":
        losses = training.last_step(module, rate=0.005)
    else:
        losses = training.words(module, truncate=4) if name == "004" else training.TRAINED[name](module)
    np.testing.assert_allclose(losses[: len(REFERENCE[name])], REFERENCE[name], rtol=1e-8)


def test_running_it_writes_the_page_and_keeps_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "audit.md").write_text(f"{page.BEGIN}some figures\n{page.END}", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["page.py", str(tmp_path)])
    monkeypatch.setattr(page, "PICTURES", {})
    monkeypatch.setattr(page, "section", lambda name: name)
    page.main()
    text = (tmp_path / "audit.md").read_text(encoding="utf-8")
    assert text.endswith(f"{page.BEGIN}some figures\n{page.END}") and "<<" not in text
    assert "audit.md" in capsys.readouterr().out


def test_the_readme_shows_what_its_file_prints() -> None:
    readme = (page.DOCS.parent / "README.md").read_text(encoding="utf-8")
    part = readme.partition("## Is the backward pass you wrote by hand right?")[2]
    shown = re.findall(r"^```(?:python|text)\n(.*?)^```$", part, re.DOTALL | re.MULTILINE)
    printed = page.example(shown[0]).removesuffix("```")
    assert shown[1].startswith("line 1 of 1") and printed.endswith(shown[1])
