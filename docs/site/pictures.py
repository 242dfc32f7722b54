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
        page = (DOCS / f"{lesson}.md").read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            run(page, lesson)
            for name in re.findall(r"\]\(pictures/(\w+\.svg)\)", page):
                if Path(name).exists():
                    shutil.copy(name, DOCS / "pictures" / name)
                    print(f"wrote docs/pictures/{name}")
            os.chdir(DOCS)


def run(page: str, name: str) -> None:
    names = {"__name__": "__main__"}
    for block in re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE):
        exec(compile(block, name, "exec"), names)


if __name__ == "__main__":
    main()
