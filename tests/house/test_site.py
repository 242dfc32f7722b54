"""The site: its pages are in its menu, in both languages alike, and the public API is the one that is listed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from .sources import ROOT, python_blocks

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
    """Comments and texts may be Chinese; what is computed is the same."""
    for page in CHINESE:
        pairs = zip(python_blocks(page), python_blocks(DOCS / page.name), strict=True)
        for (_, code), (_, english) in pairs:
            assert bare(code) == bare(english), f"{page.name}: {code}"


def bare(code: str) -> str:
    """The code without comments, texts, docstrings and layout."""
    code = re.sub(r'""".*?"""|"[^"\n]*"', '""', code, flags=re.DOTALL)
    code = re.sub(r"\s*#.*", "", code.replace(', lang=""', ""))
    return re.sub(r",(?=[)\]}])", "", "".join(code.split()))
