"""Which tests a mutant is held against: those of its folder, the nearest and quickest first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path, PurePosixPath

TESTS = "tests"
DOCS = "tests/house/test_examples_run.py::test_docstring_examples"
HABITS = ("tests/house/test_owners.py", "tests/house/test_op_names.py")
LISTED = "tests/house/test_site.py::test_the_public_api_is_the_one_that_is_listed"
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


def suites(root: Path, file: str, seconds: Mapping[str, float]) -> list[list[str]]:
    """The arguments of pytest for a mutant of ``file``, in stages; the mutant is caught if one stage fails.

    First come tests that bear the module's name, then those that speak of it, its docstrings' examples, its
    checks of arguments and the list of public signatures with their defaults, then the others of its folder, of
    the folders around it, and those of `WHOLE`; in each stage the quickest first.

    Args:
        seconds: how long each file of tests takes, as far as that is known.
    """
    module = PurePosixPath(file).relative_to("tinygraph")
    near = _files(root, module)
    others = [
        path for x in WHOLE.get(module.with_suffix("").parts[0], ()) for path in _within(root, x) if path not in near
    ]
    stem = module.parent.name if module.stem == "__init__" else module.stem
    named = [path for path in near if stem in Path(path).stem]
    told = [path for path in near if path not in named and re.search(rf"\b{stem}\b", _text(root / path))]
    examples = f"{DOCS}[{PurePosixPath(file).parent}]"
    stages = named, [*told, examples, *HABITS, LISTED], [p for p in near if p not in (*named, *told)], others
    return [sorted(stage, key=lambda test: seconds.get(test, 0.0)) for stage in stages if stage]


def _files(root: Path, module: PurePosixPath) -> list[str]:
    """The test files of a module's folder, and then of the folders around it."""
    paths: list[str] = []
    for folder in [*map(str, module.parents)][:-1] or [module.stem]:
        paths += [path for path in _within(root, folder) if path not in paths]
    single = f"{TESTS}/test_{module.stem}.py"
    return [single, *paths] if (root / single).exists() else paths


def _within(root: Path, folder: str) -> list[str]:
    """The test files of a folder, or the one file that is named."""
    place = root / TESTS / folder
    paths = [place] if place.suffix else sorted(place.rglob("test_*.py")) if folder else []
    return [path.relative_to(root).as_posix() for path in paths]


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
