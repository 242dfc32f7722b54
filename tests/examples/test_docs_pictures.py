"""The pictures of README and of the pages are those that their examples make; the gallery is made whole."""

from __future__ import annotations

import re
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import docs_pictures
import gallery
import pytest

from tests.draw.inks import contrast, texts

from .same import difference

ROOT = Path(__file__).parents[2]
DRAWINGS = docs_pictures.drawings()
AGAIN = "look at the picture; if it is right: python examples/docs_pictures.py"


def words(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_example_still_makes_the_picture(name, tmp_path):
    if "compiled" in name and find_spec("llvmlite") is None:
        pytest.skip("the picture shows the plan for native code, which needs the extra fast")
    kept = (ROOT / "docs" / name).read_text(encoding="utf-8")
    DRAWINGS[name].save(tmp_path / "new.svg")
    assert len(words(kept)) > 20
    assert not difference((tmp_path / "new.svg").read_text(encoding="utf-8"), kept), AGAIN


@pytest.mark.parametrize("home", [ROOT / "docs", ROOT / "docs" / "zh"], ids=["en", "zh"])
@pytest.mark.parametrize("lesson", ["bptt", "vanishing", "truncated"])
def test_a_lesson_still_makes_its_pictures(home, lesson, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = (home / f"{lesson}.md").read_text(encoding="utf-8")
    site_pictures().run(page, lesson)
    names = re.findall(r"\]\(pictures/(\w+\.svg)\)", page)
    for name in names:
        kept = (home / "pictures" / name).read_text(encoding="utf-8")
        assert not difference((tmp_path / name).read_text(encoding="utf-8"), kept), "run python docs/site/pictures.py"
    assert names


def test_a_picture_with_another_mark_word_or_place_is_another_one():
    svg = '<path d="M1,2.5 3e-2,4"/><text x="7">t = 1</text>'
    assert not difference(svg, svg) and not difference(svg.replace("2.5", "2.54"), svg)
    for old, new in (
        ("2.5", "2.6"),
        ("3e-2", "0.3"),
        ("t = 1", "t = 2"),
        ("path", "line"),
        ("7", "-7"),
        ("</text>", ""),
    ):
        assert difference(svg.replace(old, new), svg) and difference(svg, svg.replace(old, new))


def site_pictures():
    """The module ``docs/site/pictures.py``."""
    names = runpy.run_path(str(ROOT / "docs" / "site" / "pictures.py"))
    return SimpleNamespace(run=names["run"])


def test_every_picture_kept_is_shown_by_a_page_and_made_by_the_example():
    """Pictures of lessons are made by the lesson's own code, which ``docs/site/pictures.py`` runs."""
    for docs in (ROOT / "docs", ROOT / "docs" / "zh"):
        pages = {path: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *docs.glob("*.md")]}
        whole = "".join(pages.values())
        kept = {path.relative_to(docs).as_posix() for path in docs.rglob("*.svg")}
        kept = {x for x in kept if not x.startswith(("cells/", "results/", "zh/", "pictures/audit_"))}  # made elsewhere
        saved = {f"pictures/{name}" for page in pages.values() for name in re.findall(r'save\("(\w+\.svg)"\)', page)}
        examples = set(DRAWINGS) if docs.name == "docs" else set()
        assert all(f"]({name})" in whole or name in examples for name in kept) and examples <= kept
        assert kept - examples <= saved, kept - examples - saved


def test_each_picture_of_the_gallery_can_be_read_and_says_what_it_is():
    """Contrast of all texts, a title and a description, borders that differ without colour; of the docs, too."""
    drawings = {name: draw() for part in gallery.sections().values() for name, draw in part.items()} | DRAWINGS
    assert len(drawings) > 20
    for name, drawing in drawings.items():
        svg = drawing.pipe(encoding="utf-8")
        low = [x for x in texts(svg) if contrast(x.ink, x.ground) < 4.5]
        assert not low, (name, low[:3])
        title, told = re.findall(r"<title>(.*?)</title>\n<desc>(.*?)</desc>", svg)[0]
        assert title and len(told) > 20 and 'role="img"' in svg and "%" not in title + told
        lines = {}
        for box, mark in zip(drawing.picture.boxes, re.findall(r'<g class="box".*?</g>', svg, re.S), strict=True):
            edge = re.search(r'stroke-width="([\d.]+)"(?: stroke-dasharray="([\d. ]+)")?', mark)
            lines.setdefault((box.role, box.dashed), set()).add((*edge.groups(), 'class="twice"' in mark))
        lines.pop(("dots", False), None)
        assert all(len(kinds) == 1 for kinds in lines.values()), (name, lines)
        assert len(set.union(*lines.values(), set())) == len(lines), (name, lines)


def test_the_gallery_has_a_picture_and_a_page_for_every_entry(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gallery.py", str(tmp_path)])
    gallery.main()
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    shown = re.findall(r'<img src="(\w+)\.svg"', index)
    assert len(shown) == len(set(shown)) >= 19 and f"wrote {len(shown)} pictures" in capsys.readouterr().out
    for name in shown:
        assert (tmp_path / f"{name}.svg").read_text(encoding="utf-8").count("</text>") > 10
        assert "<svg" in (tmp_path / f"{name}.html").read_text(encoding="utf-8")
    titles = " ".join(words((tmp_path / "lstm_cut.svg").read_text(encoding="utf-8")))
    assert "BPTT cut" in titles and "BPTT cut" not in (tmp_path / "lstm.svg").read_text(encoding="utf-8")
