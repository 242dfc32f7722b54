"""The notebooks: short, one code in both languages, run on a plain install; running gives the outputs they show."""

from __future__ import annotations

import ast
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from examples.run_notebooks import EXTRAS, NOTEBOOKS, ROOT, executed, written
from tests.each import each
from tests.house.test_site import bare

ENGLISH = [path for path in NOTEBOOKS if path.parent.name == "notebooks"]
CHINESE = [path for path in NOTEBOOKS if path.parent.name == "zh"]
RUNS = all(find_spec(name) for name in ("nbclient", "ipykernel"))
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def name(path: Path) -> str:
    return path.relative_to(ROOT / "examples" / "notebooks").as_posix()


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def code(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def test_there_are_five_in_two_languages() -> None:
    assert len(ENGLISH) == 5 and [path.name for path in ENGLISH] == [path.name for path in CHINESE]


@each("english, chinese", [*zip(ENGLISH, CHINESE, strict=True)])
def test_both_languages_have_the_same_cells_and_the_same_code(english: Path, chinese: Path) -> None:
    kinds = [[(cell["id"], cell["cell_type"]) for cell in read(path)["cells"]] for path in (english, chinese)]
    assert kinds[0] == kinds[1]
    for ours, theirs in zip(code(english), code(chinese), strict=True):
        assert bare(ours) == bare(theirs)
    lessons = [cell for cell in read(chinese)["cells"] if cell["cell_type"] == "markdown"]
    assert len(re.findall(r"[\u4e00-\u9fff]", json.dumps(lessons, ensure_ascii=False))) > 300


@each("path", NOTEBOOKS, ids=name)
def test_a_notebook_is_short_and_has_been_run_from_top_to_bottom(path: Path) -> None:
    notebook = read(path)
    cells = notebook["cells"]
    assert 10 <= len(cells) <= 16 and path.stat().st_size < 350_000
    assert written(notebook) == path.read_text(encoding="utf-8"), "python examples/run_notebooks.py writes it so"
    assert notebook["metadata"].keys() == {"kernelspec", "language_info"}
    assert len({cell["id"] for cell in cells}) == len(cells)
    counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
    assert counts == [*range(1, len(counts) + 1)]
    said = [output for cell in cells for output in cell.get("outputs", [])]
    assert {output["output_type"] for output in said} <= {"stream", "execute_result"}
    assert all(output.get("name") != "stderr" for output in said)
    assert not re.search(r"ipykernel_\d|/tmp|0x[0-9a-f]{6}", json.dumps(said))


@each("path", NOTEBOOKS, ids=name)
def test_a_notebook_needs_numpy_and_tinygraph_alone(path: Path) -> None:
    nodes = [node for text in code(path) for node in ast.walk(ast.parse(text))]
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert imported == {"numpy", "tinygraph"}
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]


def test_readers_find_them() -> None:
    for page in (ROOT / "docs" / "notebooks.md", ROOT / "docs" / "zh" / "notebooks.md"):
        links = re.findall(r"\]\(([^)]*\.ipynb)\)", page.read_text(encoding="utf-8"))
        assert {(page.parent / link).resolve() for link in links} == {*NOTEBOOKS}
    for start in ("README.md", "README.zh.md", "docs/index.md", "docs/zh/index.md"):
        assert "notebooks.md" in (ROOT / start).read_text(encoding="utf-8"), start


@pytest.mark.skipif(not RUNS, reason="nbclient or ipykernel is missing: pip install tinygraph-rnn[notebooks]")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_running_gives_what_the_file_shows(path: Path) -> None:
    for old, new in zip(read(path)["cells"], executed(path)["cells"], strict=True):
        if "varies" not in old["metadata"].get("tags", []):
            assert not [*differences(told(old), told(new))], f"cell {old['id']}"
        assert [*told(old)] == [*told(new)]


def told(cell: dict[str, Any]) -> dict[str, str]:
    """What a cell shows, by kind; of a picture its text stands for it."""
    shown = {}
    for output in cell.get("outputs", []):
        parts = {"printed": output["text"]} if "text" in output else output["data"]
        shown |= {kind: "".join(text) for kind, text in parts.items()}
    return shown


def differences(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """Words that differ, and numbers that do by more than another processor's rounding after a training may do."""
    found = []
    for kind in old.keys() & new.keys() - {"image/svg+xml"}:
        if "<iframe" in old[kind]:
            continue
        before, after = old[kind], new[kind]
        if NUMBER.sub("#", before) != NUMBER.sub("#", after):
            found.append(f"{kind}: {before!r} became {after!r}")
        pairs = zip(NUMBER.findall(before), NUMBER.findall(after), strict=False)
        found += [f"{kind}: {a} became {b}" for a, b in pairs if abs(float(a) - float(b)) > slack(a)]
    return found


def slack(text: str) -> float:
    """Two units of the last digit that is shown, or a fiftieth; nothing below a ten-thousandth counts."""
    digits, _, power = text.partition("e")
    unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    return max(2.001 * unit if "." in digits else 0.0, abs(float(text)) / 50, 2e-4)


def test_the_comparison_sees_what_it_should() -> None:
    assert not differences({"printed": "loss 0.24, 3 of 4"}, {"printed": "loss 0.25, 3 of 4"})
    assert not differences({"printed": "error 3.1e-14"}, {"printed": "error 2.0e-12"})
    for other in ("loss 0.29, 3 of 4", "loss 0.24, 2 of 4", "cost 0.24, 3 of 4"):
        assert differences({"printed": "loss 0.24, 3 of 4"}, {"printed": other})


@pytest.mark.skipif(not RUNS, reason="nbclient or ipykernel is missing: pip install tinygraph-rnn[notebooks]")
def test_a_plain_install_is_what_they_get(tmp_path: Path) -> None:
    cell = {"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": []}
    source = ["import importlib.util, shutil, tinygraph\n"]
    source += [f"print([importlib.util.find_spec(n) for n in {EXTRAS}], shutil.which('dot'))"]
    text = {"cells": [cell | {"source": source}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "one.ipynb").write_text(json.dumps(text))
    assert told(executed(tmp_path / "one.ipynb")["cells"][0])["printed"].strip() == f"{[None] * len(EXTRAS)} None"
