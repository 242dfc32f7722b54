"""One home for each thing: a class or alias has one meaning, an op stands in the heart, and every suite sees all."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import tinygraph as tg
from tests.cells.driven import CELLS
from tests.compiled.comparing import BACKENDS as TESTED_BACKENDS
from tests.passes.test_every_pass import MAKERS
from tinygraph.run.backends import BACKENDS

from .map import CELLS as ALL_CELLS
from .sources import EVERY, LIBRARY, ROOT, short, tree

SHARED_NAMES = {
    "Elementwise": "an op that works place by place; the action that does a group of them",
    "Stack": "numpy's op; cells on top of each other",
}
"""Names with two meanings, at most three: what each of them is."""

SKIPS = "# fmt: " + "skip"
MOST_SKIPS = 60


def names_bound(path: Path) -> Iterator[str]:
    """Classes, and type aliases (names that begin with a capital and are not all capitals), that a module binds."""
    for node in tree(path).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        if isinstance(node, ast.ClassDef):
            yield node.name
        yield from (t.id for t in targets if isinstance(t, ast.Name) and t.id[0].isupper() and not t.id.isupper())


def test_a_class_or_alias_is_bound_once() -> None:
    places = defaultdict(list)
    for path in LIBRARY:
        for name in names_bound(path):
            places[name].append(short(path))
    assert len(SHARED_NAMES) <= 3
    assert {name: files for name, files in places.items() if len(files) > 1}.keys() == SHARED_NAMES.keys(), places


def test_an_op_stands_in_the_heart() -> None:
    """In ops/, in loops/, or it is the scan."""
    heart = [ROOT / "tinygraph" / place for place in ("core/op.py", "ops", "loops", "time/scan.py")]
    ops = {"Op"}
    strangers = set()
    while True:
        before = len(ops)
        for path in LIBRARY:
            for node in tree(path).body:
                if isinstance(node, ast.ClassDef) and {ast.unparse(b).split(".")[-1] for b in node.bases} & ops:
                    ops.add(node.name)
                    if not any(place == path or place in path.parents for place in heart):
                        strangers.add(f"{short(path)}: {node.name}")
        if len(ops) == before:
            break
    assert len(ops) > 60 and not strangers


def modules(room: str, *apart: str) -> set[str]:
    return {path.stem for path in (ROOT / "tinygraph" / room).glob("*.py")} - {"__init__", *apart}


def test_every_pass_stands_in_its_suite_and_runs() -> None:
    passes = modules("passes", "rewriting", "hoisting")
    assert passes - {maker.partition(":")[0] for maker in MAKERS} == set()
    text = (ROOT / "tinygraph" / "passes" / "__init__.py").read_text(encoding="utf-8")
    run = text[text.index("def optimise") :].partition("__all__")[0]
    idle = [name for name in passes if name not in run and "".join(w.title() for w in name.split("_")) not in run]
    assert not idle, "a pass that nothing runs"


def test_every_backend_and_cell_stands_in_its_suite() -> None:
    assert {str(getattr(b, "values", [b])[0]) for b in TESTED_BACKENDS} == BACKENDS.keys()
    assert CELLS.keys() == {*ALL_CELLS}


def test_a_file_of_cells_is_named_by_them() -> None:
    for path in (ROOT / "tinygraph" / "cells").glob("*.py"):
        cells = [name.lower() for name in names_bound(path) if hasattr(tg.cells, name)]
        words = [word for word in path.stem.split("_") if path.stem != "__init__"]
        assert all(any(word in cell for cell in cells) for word in words), f"{short(path)} holds {cells}"
        assert all(any(word in cell for word in words) for cell in cells), f"{short(path)} holds {cells}"


def test_few_lines_are_kept_from_the_formatter() -> None:
    counts = {short(path): path.read_text(encoding="utf-8").count(SKIPS) for path in EVERY}
    assert sum(counts.values()) <= MOST_SKIPS, {name: n for name, n in counts.items() if n}
