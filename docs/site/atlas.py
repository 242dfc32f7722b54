"""A live page of every cell, which learns the next value of a wave: ``python docs/site/atlas.py [FOLDER]``.

The default folder is ``out/atlas``. The site has them, too, and the pages that the code of `live.md` saves.
"""

from __future__ import annotations

import inspect
import os
import re
import runpy
import sys
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg

DOCS = Path(__file__).parents[1]
STEPS, UNITS = 16, 8


class Forecast(tg.Module):
    """A cell and a head: the next value of a sequence. A cell that takes no single number has a layer before it."""

    def __init__(self, kind: Any) -> None:
        try:
            self.cell, self.enter = kind(1, UNITS, rng=0), None
        except tg.GraphError:
            self.cell, self.enter = kind(UNITS, UNITS, rng=0), tg.Linear(1, UNITS, rng=2)
        self.head = tg.Linear(self.cell.output_size, 1, rng=1)

    def __call__(self, xs: Any) -> Any:
        return self.head(tg.unroll(self.cell, xs if self.enter is None else self.enter(xs))[0])


def names() -> list[str]:
    """All cells that are built from sizes."""
    kinds = {name: getattr(tg.cells, name) for name in tg.cells.__all__}
    cells = {name: x for name, x in kinds.items() if issubclass(x, tg.cells.Cell) and x is not tg.cells.Cell}
    return [name for name, x in cells.items() if "hidden_size" in inspect.signature(x).parameters]


def page_of(name: str) -> Any:
    """The live page of a cell."""
    net = Forecast(getattr(tg.cells, name))
    time = np.arange(STEPS + 1.0)
    wave = (0.7 * np.sin(0.7 * time) + 0.3 * np.sin(1.9 * time))[:, None]
    optimizer = tg.train.Adam(net.parameters(), learning_rate=0.02)
    return tg.draw.live(net, wave[:-1], wave[1:], optimizer=optimizer, title=name)


def write(folder: Path) -> int:
    """Writes all pages; returns their size in bytes."""
    return sum(Path(page_of(name).save(folder / f"{name}.html")).stat().st_size for name in names())


def lessons(folder: Path, page: Path) -> None:
    """Runs the code of a page of the site as a file, since letters are read from one; keeps what it saves."""
    folder.mkdir(parents=True, exist_ok=True)
    blocks = re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    program, before = folder / "lessons.py", Path.cwd()
    program.write_text("\n".join(blocks), encoding="utf-8")
    os.chdir(folder)
    runpy.run_path("lessons.py")
    os.chdir(before)
    program.unlink()


def linked(text: str, language: str) -> str:
    """A page of the site with links where it has marks: to the atlas, and to the pages that its code saves."""
    ending = "?lang=zh" if language == "zh" else ""
    links = [f'<a href="../live/{name}.html{ending}">{name}</a>' for name in names()]
    text = text.replace("<!-- atlas -->", f"<p>{' · '.join(links)}</p>")
    one = rf'<p><a href="../live/{language}/\1">\2</a></p>'
    return re.sub(r"<!-- live: (\w+\.html) (.*?) -->", lambda m: m.expand(one.replace(r"\2", escape(m[2]))), text)


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS.parent / "out" / "atlas"
    print(f"{len(names())} pages in {out}, {write(out) / 1e6:.1f} MB")
