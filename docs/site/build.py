"""Builds the site, in English and Chinese, into ``out/site``, and follows its links: ``python docs/site/build.py``.

The pages are the files in ``docs/`` and ``docs/zh/``, which read as they are, too. It opens from a folder, without a
server: ``out/site/index.html``. Needs the extra ``docs``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import atlas
import frame
import reference

HERE = Path(__file__).parent
DOCS = HERE.parent
OUT = DOCS.parent / "out" / "site"
LANGUAGES = {"en": ("en", DOCS), "zh": ("zh_CN", DOCS / "zh")}
"""Maps the folder of a language to Sphinx's name of it and to its pages."""
CHOICE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>tinygraph</title>
<meta http-equiv="refresh" content="0; url=en/index.html"></head>
<body><p><a href="en/index.html">English</a> <a href="zh/index.html" lang="zh">中文</a></p></body></html>
"""


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    for folder in LANGUAGES:
        build(folder, stage(folder))
        atlas.lessons(OUT / "live" / folder, LANGUAGES[folder][1] / "live.md")
    frame.in_chinese(OUT / "zh")
    atlas.write(OUT / "live")
    shutil.rmtree(OUT / "pages")
    (OUT / "index.html").write_text(CHOICE, encoding="utf-8")
    broken = [*dead_links(OUT)]
    print(*broken, f"{len([*OUT.rglob('*.html')])} pages in {OUT}, {len(broken)} dead links", sep="\n")
    sys.exit(bool(broken))


def stage(folder: str) -> Path:
    """The sources of one language, with pictures and the reference beside them."""
    pages = OUT / "pages" / folder
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns("zh", "site", "*.md", "*.txt"))
    if (own := LANGUAGES[folder][1] / "pictures").exists():
        shutil.copytree(own, pages / "pictures", dirs_exist_ok=True)
    shutil.copytree(DOCS.parent / "examples" / "notebooks", pages / "notebooks")
    for english in DOCS.glob("*.md"):
        page = LANGUAGES[folder][1] / english.name
        if not page.exists():
            print(f"{folder}: {english.name} is shown in English")
            page = english
        text = atlas.linked(within(page.read_text(encoding="utf-8"), page.parent.name), folder)
        (pages / page.name).write_text(text, encoding="utf-8")
    reference.write(pages / "api")
    return pages


def within(text: str, folder: str) -> str:
    """The page with links that end within the site: notebooks can be downloaded, other code becomes plain words."""
    text = re.sub(r"\]\((?:\.\./)+examples/(notebooks/)", r"](\1", text)
    if folder == "zh":
        text = re.sub(r"\]\(\.\./(?!\.\.)", "](", text)
    return re.sub(r"(?<!!)\[([^\]]*)\]\((?:\.\./)+[^)]*\)", r"\1", text)


def build(folder: str, pages: Path) -> None:
    settings = {"SITE_LANGUAGE": LANGUAGES[folder][0], "SITE_TEMPLATES": str(HERE / "templates")}
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-n", "-W", "--keep-going", "-b", "html", "-c", str(HERE)]
    places = ["-d", str(OUT.parent / "site_doctrees" / folder), str(pages), str(OUT / folder)]
    done = subprocess.run([*sphinx, *places], env={**os.environ, **settings}, check=False)
    if done.returncode:
        sys.exit(f"the {folder} pages have warnings, see above")


class Targets(HTMLParser):
    """What a page points at, and the places in it that others may point at."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places = {""}
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.places.add(value)


def dead_links(site: Path) -> list[str]:
    """Links within the site that end nowhere, each with the page that it is on."""
    pages = {page.resolve(): Targets(page) for page in site.rglob("*.html")}
    dead = []
    for page, targets in pages.items():
        for link in targets.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            places = pages[target].places if target in pages else {"", parts.fragment}
            if not target.exists() or unquote(parts.fragment) not in places:
                dead.append(f"{page.relative_to(site)}: {link}")
    return dead


if __name__ == "__main__":
    main()
