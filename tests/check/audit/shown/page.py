"""Makes docs/audit.md and its pictures: ``python -m tests.check.audit.shown.page [FOLDER]``, by default ``docs/``."""

from __future__ import annotations

import contextlib
import difflib
import functools
import io
import itertools
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import numpy as np

import tinygraph as tg
from tinygraph.check.audit.report import AuditReport

from ..passes import ALL, loaded
from ..seeds import SEEDS, Seed
from .training import TRAINED, Losses, last_step

BEGIN, END = "<!-- figures: python -m tests.bench.audit -->\n", "<!-- end of figures -->\n"
"""Around the measured figures, which the page keeps as they are."""
TEMPLATE = Path(__file__).parent / "template.md"
DOCS = Path(__file__).parents[4] / "docs"
PICTURES = {"audit_001": "001", "audit_003b": "003b"}
AT = {
    "000": "epoch 0, 100, ..., 900, squared error of four sequences, rate 0.1",
    "001": "epoch 100, 200, ..., 1000, mean square, rate 0.1",
    "001 as printed": "epoch 100, 200, ..., 1000, mean square, rate 0.1",
    "002": "epoch 0, 100, ..., 900, half the sum of squares over 20 steps, rate 0.01",
    "003b": "epoch 0, 10, ..., 90, squared error, rate 0.01",
    "004": "epoch 0, 8, ..., 40, bits / 320, rate 0.001",
}
MARK = re.compile(r"  # wrong.*$", re.MULTILINE)


def unmarked(text: str) -> str:
    """A seed's text without the marks that say what is wrong there; the lines keep their numbers."""
    return MARK.sub("", text)


@contextlib.contextmanager
def module_of(name: str, text: str) -> Iterator[tuple[ModuleType, str]]:
    """The module of a text in a file of that name, and the folder."""
    with TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_text(text, encoding="utf-8")
        yield loaded(file), folder + "/"


@functools.cache
def audited(name: str, *, mended: bool = False) -> tuple[AuditReport, str]:
    """The report on a seed, as written or mended, and its text with the file's name alone."""
    seed = SEEDS[name]
    with module_of(seed.file.name, unmarked(seed.right() if mended else seed.text)) as (module, folder):
        arguments, keywords = seed.call(module)
        report = tg.check.audit(*arguments, **keywords, repair=False)
        report.picture()  # the lines are read while the file is there
        return report, str(report).replace(folder, "")


def trained(name: str, text: str) -> Losses:
    with module_of("trained.py", text) as (module, _), np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return last_step(module, 0.005) if name == "003b" and text == SEEDS[name].right() else TRAINED[name](module)


def shown(losses: Losses) -> str:
    """Four digits, since the last ones differ by processor; what diverges differs in all of them."""
    small = [f"{x:.4g}" for x in itertools.takewhile(lambda x: x < 1e3, losses)]
    return " ".join(small) + ("" if len(small) == len(losses) else ", then it diverges")


def mends(seed: Seed) -> str:
    """What has to be changed, as a diff without the lines around."""
    old, new = (unmarked(text).splitlines() for text in (seed.text, seed.right()))
    lines = [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if not line.startswith(("---", "+++"))]
    return "\n".join(re.sub(r"@@ -(\d+).*", r"line \1", line) for line in lines)


def section(name: str) -> str:
    """What is measured of one system."""
    seed = SEEDS[name]
    parts = [f"```text\n{audited(name)[1]}\n```"]
    parts += [f"![{name}: where its gradients depart](pictures/{p}.svg)" for p, n in PICTURES.items() if n == name]
    rows = [("as written", seed.text)]
    if seed.mended:
        named = _listed([f.line for f in audited(name)[0].findings])
        parts.append(f"The wrong lines are {_listed([*seed.wrong])}; named are {named}.")
        after = audited(name, mended=True)[1]
        parts += ["What makes it right:", f"```diff\n{mends(seed)}\n```", "And then:", f"```text\n{after}\n```"]
        rows.append(("mended", seed.right()))
    table = [f"| | loss at {AT[name]} |\n|---|---|"] + [f"| {word} | {shown(trained(name, t))} |" for word, t in rows]
    return "\n\n".join([*parts, "\n".join(table)])


def _listed(lines: list[int]) -> str:
    return " and ".join([", ".join(map(str, lines[:-1])), *map(str, lines[-1:])]) if len(lines) > 1 else str(*lines)


def example(code: str) -> str:
    """What the first block of the page prints, as a file."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), module_of("by_hand.py", code) as (_, folder):
        pass
    return f"```text\n{printed.getvalue().replace(folder, '')}```"


def figures(folder: Path) -> str:
    """The block of measured figures, as it stands in the page."""
    page_there = folder / "audit.md"
    text = page_there.read_text(encoding="utf-8") if page_there.exists() else ""
    return text.partition(BEGIN)[2].partition(END)[0]


def page(folder: Path = DOCS) -> str:
    text = TEMPLATE.read_text(encoding="utf-8").replace("<<passes>>", str(len(ALL)))
    first = re.search(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert first
    text = text.replace("<<example>>", example(first[1])).replace("<<figures>>\n", BEGIN + figures(folder) + END)
    return re.sub(r"^<<(.+)>>$", lambda match: section(match[1]), text, flags=re.MULTILINE)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    text = page(folder)
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / "audit.md").write_text(text, encoding="utf-8")
    for name, seed in PICTURES.items():
        audited(seed)[0].picture().save(folder / "pictures" / f"{name}.svg")
    print(f"wrote {folder / 'audit.md'} and {len(PICTURES)} pictures")


if __name__ == "__main__":
    main()
