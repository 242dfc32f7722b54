"""The site: its pages are in its menu, in both languages alike, and the public API is the one that is listed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .sources import ROOT

DOCS = ROOT / "docs"
CHINESE = sorted((DOCS / "zh").glob("*.md"))


def menu(index: Path) -> list[str]:
    blocks = re.findall(r"^```\{toctree\}\n(.*?)^```", index.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith(":")]


def test_every_page_is_in_the_menu_once() -> None:
    pages = {page.stem for page in DOCS.glob("*.md")} - {"index"}
    entries = menu(DOCS / "index.md")
    assert sorted(entries) == sorted({*pages, "api/index"})
    assert menu(DOCS / "zh" / "index.md") == entries


def test_the_public_api_is_the_one_that_is_listed(tmp_path: Path) -> None:
    """A change of a public name or signature is written down: ``python docs/site/reference.py``."""
    code = "import reference; print('\\n'.join(reference.lines()))"
    names = subprocess.run(
        [sys.executable, "-c", code],
        cwd=DOCS / "site",
        env={"PYTHONPATH": f"{ROOT}:{DOCS / 'site'}", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    listed = (DOCS / "api.txt").read_text(encoding="utf-8").splitlines()
    assert listed == names, "python docs/site/reference.py writes docs/api.txt anew"


def test_chinese_pages_have_the_code_of_the_english_ones() -> None:
    """Comments and texts may be Chinese; what is computed is the same, and no block is missing."""
    for page in CHINESE:
        own, english = fenced(page), fenced(DOCS / page.name)
        assert [kind for kind, _ in own] == [kind for kind, _ in english], page.name
        for (kind, code), (_, theirs) in zip(own, english, strict=True):
            assert not kind.startswith("python") or bare(code) == bare(theirs), f"{page.name}: {code}"


def test_the_chinese_readme_has_an_example_for_each_target() -> None:
    own, english = ([(k, bare(code)) for k, code in fenced(ROOT / name) if " " in k] for name in READMES)
    assert own == english and len(own) == 5


READMES = "README.zh.md", "README.md"


def fenced(page: Path) -> list[tuple[str, str]]:
    """The blocks of a page: what stands behind the opening fence, and the text."""
    return re.findall(r"^```(\S*(?: \S+)?)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def bare(code: str) -> str:
    """The code without comments, texts, docstrings and layout."""
    code = re.sub(r'""".*?"""|"[^"\n]*"', '""', code, flags=re.DOTALL)
    code = re.sub(r"\s*#.*", "", code.replace(', lang=""', ""))
    return re.sub(r",(?=[)\]}])", "", "".join(code.split()))
