"""Every example that a docstring or a page shows is run, and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tinygraph.draw.drawing import Drawing
from tinygraph.draw.write.render import _from_pip

from .sources import LOADABLE, PAGES, module_name, python_blocks, short

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
FOLDERS: dict[str, list[str]] = {}
for path in LOADABLE:
    FOLDERS.setdefault(short(path.parent), []).append(module_name(path))


def failures(module: ModuleType) -> tuple[int, list[str]]:
    """How many examples a module shows, and the reports of those that went wrong."""
    runner, reports = doctest.DocTestRunner(optionflags=FLAGS, verbose=False), []
    tried = 0
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__):
        test.globs = {}
        tried += len(test.examples)
        runner.run(test, out=reports.append)
    return tried, reports


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstring_examples(folder: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    offenders: list[str] = []
    for name in FOLDERS[folder]:
        offenders += failures(importlib.import_module(name))[1]
        offenders += [f"{name}: an example left {file.name} behind" for file in tmp_path.iterdir()]
    assert not offenders, "\n".join(offenders)


def test_the_examples_were_found() -> None:
    assert failures(importlib.import_module("tinygraph.ops.arithmetic"))[0] >= 18
    assert failures(importlib.import_module("tinygraph.engine.grad"))[0] >= 9


def test_a_wrong_example_is_reported() -> None:
    module = ModuleType("wrong", "One wrong sum.\n\n>>> 1 + 1\n3\n")
    assert failures(module)[1]


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_the_code_of_a_page_runs_from_top_to_bottom(
    page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert page.exists(), f"{short(page)} is missing"
    monkeypatch.chdir(tmp_path)
    if shutil.which("dot") is None and _from_pip() is None:
        monkeypatch.setattr(Drawing, "save", lambda self, *args, **settings: self.source)
    names = {"__name__": "__main__"}
    for line, code in python_blocks(page):
        # As many empty lines before the block as the page has, so that an error names the page's line.
        exec(compile("\n" * (line - 1) + code, str(page), "exec"), names)


def test_the_readme_shows_code() -> None:
    assert python_blocks(PAGES[0]), "the README shows no code"
