"""The pictures of README and of the pages are those that their examples make; the gallery is made whole."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import docs_pictures
import gallery
import pytest

from tests.draw.inks import contrast, texts

ROOT = Path(__file__).parents[2]
DRAWINGS = docs_pictures.drawings()


def words(svg: str) -> list[str]:
    """All texts of a picture in order; sizes and bytes differ between versions of Graphviz."""
    return re.findall(r">([^<>]+)</text>", svg.replace("\u00a0", "").replace("&#160;", ""))


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_example_still_makes_the_picture(name, tmp_path):
    if "compiled" in name and find_spec("llvmlite") is None:
        pytest.skip("the picture shows the plan for native code, which needs the extra fast")
    kept = words((ROOT / "docs" / name).read_text(encoding="utf-8"))
    DRAWINGS[name].save(tmp_path / "new.svg")
    assert len(kept) > 20 and sorted(words((tmp_path / "new.svg").read_text(encoding="utf-8"))) == sorted(kept)


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
