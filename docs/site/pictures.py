"""Makes the pictures of the lessons: runs a page's code and keeps what it saves: ``python docs/site/pictures.py``."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

DOCS = Path(__file__).parents[1]
LESSONS = ("start", "why", "bptt", "vanishing", "truncated")


def main() -> None:
    for lesson in LESSONS:
        keep(DOCS, lesson)
        keep(DOCS / "zh", lesson)


def keep(home: Path, lesson: str) -> None:
    """Runs a lesson, and keeps the pictures that it saves and shows."""
    page = (home / f"{lesson}.md").read_text(encoding="utf-8")
    (home / "pictures").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        run(page, lesson)
        for name in re.findall(r"\]\(pictures/(\w+\.svg)\)", page):
            if Path(name).exists():
                shutil.copy(name, home / "pictures" / name)
                print(f"wrote {(home / 'pictures' / name).relative_to(DOCS.parent)}")
        os.chdir(DOCS)


def run(page: str, name: str) -> None:
    names = {"__name__": "__main__"}
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        exec(compile(block, name, "exec"), names)


if __name__ == "__main__":
    main()
