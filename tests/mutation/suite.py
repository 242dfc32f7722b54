"""Which tests a mutant is held against: those that run its statement, and then the others of its folder."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from .lines import Lines
from .mutants import ROOT, Mutant

TESTS = "tests"
DOCS = "tests/house/test_examples_run.py::test_docstring_examples"
LISTED = "tests/house/test_site.py::test_the_public_api_is_the_one_that_is_listed"
READERS = ("tests/house/test_owners.py", "tests/house/test_op_names.py", DOCS, LISTED)
"""Tests that read the code: names in errors and of ops, docstrings' examples, public signatures with their defaults."""
PICTURES = (
    "tests/examples/test_docs_pictures.py::test_the_example",
    "tests/examples/test_docs_pictures.py::test_a_lesson",
)
"""Tests that draw when they are collected: what runs then belongs to no test."""
WHOLE = {
    "passes": ("compiled",),
    "plan": ("compiled",),
    "run": ("compiled", "targets"),
    "core": ("recording",),
    "ops": ("recording",),
    "loops": ("compiled",),
    "time": ("compiled",),
    "forking": ("compiled",),
    "compiled": ("outside",),
    "checkpoint": ("train",),
    "numpy": ("recording",),
    "audit": ("check",),
    "export": ("targets",),
    "draw": ("examples/test_docs_pictures.py", "examples/test_docs_cells.py"),
}
"""Folders whose work other tests see: of the compiler's rooms `tg.compile` as a whole, of pictures the docs' own."""
FEW = 8
"""So many tests are tried first: most mutants need no more."""
RUNNING_S, NEAR_S = 120.0, 120.0
"""So many seconds of tests that run the statement, and of the others, are spent on a mutant."""


def suites(mutant: Mutant, lines: Lines) -> Iterator[list[str]]:
    """The arguments of pytest for a mutant, in stages; the mutant is caught if one stage fails.

    First come the quickest of its folder's tests that run its statement, then tests that read the code and run its
    docstrings' examples, then all others that run it. What runs once for all tests, in a child of a test or under the
    auditor's own trace has no test here or the wrong one: so the folder's other tests come last, those that bear the
    module's name first.
    """
    near = nearest(mutant.file)
    running = lines.running(mutant.file, statement(mutant.file, mutant.line))
    running.sort(key=lambda test: test.partition("::")[0] not in near)
    tried, others = set(running), [test for path in near for test in lines.within(path)]
    folder = str(PurePosixPath(mutant.file).parent)
    early = (*READERS, *PICTURES) if folder.startswith("tinygraph/draw") else READERS
    readers = [test for test in lines.seconds if test.startswith(early)]
    yield running[:FEW]
    yield [test for test in readers if not test.startswith(DOCS) or test == f"{DOCS}[{folder}]"]
    yield lines.quickest(running[FEW:], RUNNING_S)
    yield lines.quickest((test for test in others if test not in tried), NEAR_S)


def statement(file: str, line: int) -> range:
    """The lines of the innermost statement around one; of a block only its head."""
    blocks = [node for node in ast.walk(_tree(file)) if isinstance(node, ast.stmt)]
    spans = [range(node.lineno, _end(node) + 1) for node in blocks]
    return max((x for x in spans if line in x), key=lambda x: (x.start, -len(x)), default=range(line, line + 1))


def nearest(file: str) -> list[str]:
    """The files of tests for a file of the library: its own, those that speak of it, its folder's and those around."""
    module = PurePosixPath(file).relative_to("tinygraph")
    near = _around(module)
    near += [path for x in WHOLE.get(module.with_suffix("").parts[0], ()) for path in _within(x)]
    stem = module.parent.name if module.stem == "__init__" else module.stem
    named = [path for path in near if stem in Path(path).stem]
    told = [path for path in near if stem in _words(path)]
    return list(dict.fromkeys([*named, *told, *near]))


def _around(module: PurePosixPath) -> list[str]:
    """The test files of a module's folder, and then of the folders around it."""
    folders = [*map(str, module.parents)][:-1] or [module.stem]
    single = f"{TESTS}/test_{module.stem}.py"
    return [*([single] if (ROOT / single).exists() else []), *(path for x in folders for path in _within(x))]


@cache
def _within(folder: str) -> list[str]:
    """The test files of a folder, or the one file that is named."""
    place = ROOT / TESTS / folder
    paths = [place] if place.suffix else sorted(place.rglob("test_*.py")) if folder else []
    return [path.relative_to(ROOT).as_posix() for path in paths]


def _end(node: ast.stmt) -> int:
    if body := getattr(node, "body", None):
        return max(node.lineno, body[0].lineno - 1)
    return node.lineno if isinstance(node, ast.Match) else node.end_lineno or node.lineno


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


@cache
def _words(path: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", (ROOT / path).read_text(encoding="utf-8")))
