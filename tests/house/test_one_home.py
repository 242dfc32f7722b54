"""One home for each thing: a class or alias has one meaning, an op stands in the heart, and every suite sees all."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import tinygraph as tg
from tests.cells.driven import CELLS
from tests.compiled.comparing import BACKENDS as TESTED_BACKENDS
from tests.passes.test_every_pass import MAKERS
from tinygraph.draw import VIEWS
from tinygraph.run.backends import BACKENDS

from .map import CELLS as ALL_CELLS
from .sources import EVERY, LIBRARY, LOADABLE, ROOT, module_name, short, tree

SHARED_NAMES = {
    "Elementwise": "an op that works place by place; the action that does a group of them",
    "Stack": "numpy's op; cells on top of each other",
    "Words": "what a box of a picture says; the words of a text as ids",
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
    assert {name: files for name, files in places.items() if len(files) > 1}.keys() == SHARED_NAMES.keys()


def everything() -> dict[str, ModuleType]:
    """All modules of the library that can be loaded, loaded."""
    return {module_name(path): importlib.import_module(module_name(path)) for path in LOADABLE}


def below(kind: type) -> set[type]:
    """All classes of the library that derive from one."""
    derived = {c for child in kind.__subclasses__() for c in {child, *below(child)}}
    return {c for c in derived if c.__module__.startswith("tinygraph.")}


def test_an_op_stands_in_the_heart_and_is_registered() -> None:
    """In ops/, in loops/, or it is the scan; and each instance is a name of `tg.ops`."""
    loaded = everything()
    homes = ("tinygraph.ops.", "tinygraph.loops.", "tinygraph.time.scan")
    ops = below(tg.Op)
    assert len(ops) > 60
    assert {f"{op.__module__}: {op.__name__}" for op in ops if not op.__module__.startswith(homes)} == set()
    instances = {(name, x) for module in loaded for name, x in vars(loaded[module]).items()
                 if module.startswith("tinygraph.ops.") and isinstance(x, tg.Op)}  # fmt: skip
    registered = {getattr(tg.ops, name) for name in [*tg.ops.__all__, *tg.ops.FOR_GRADIENTS]}
    idle = sorted({name for name, x in instances if x not in registered})
    assert not idle, f"add {idle} to __all__ of ops/__init__.py"


def test_every_optimizer_is_registered_and_tested() -> None:
    everything()
    text = (ROOT / "tests" / "train" / "test_rules.py").read_text(encoding="utf-8")
    for optimizer in below(tg.train.Optimizer):
        name = optimizer.__name__
        assert getattr(tg.train, name, None) is optimizer, f"import {name} in train/__init__.py"
        assert re.search(rf"\b{name}\b", text), f"hold {name} against its paper in tests/train/test_rules.py"


def test_every_view_and_backend_of_the_folders_is_registered() -> None:
    views = {function.__name__ for name, module in everything().items() if name.startswith("tinygraph.draw.views.")
             for function in vars(module).values() if inspect.isfunction(function) and is_view(function)}  # fmt: skip
    registered = {function for _, function in VIEWS.values()}
    assert views == registered - {"compiled", "heat_map"}, "register it in VIEWS of draw/__init__.py"
    files = {path.stem for path in (ROOT / "tinygraph" / "run").glob("by_*.py")}
    assert files == {f"by_{name}" for name in BACKENDS}, "a row of run/backends.py for each run/by_*.py"


def is_view(function: Callable[..., Any]) -> bool:
    """Whether a public function has the signature ``(anything, Options) -> Picture``."""
    kinds = [*map(str, inspect.get_annotations(function).values())]
    return not function.__name__.startswith("_") and kinds == ["Any", "Options", "Picture"]


def modules(room: str, *apart: str) -> set[str]:
    return {path.stem for path in (ROOT / "tinygraph" / room).glob("*.py")} - {"__init__", *apart}


def test_every_pass_stands_in_its_suite_and_runs() -> None:
    passes = modules("passes", "rewriting", "hoisting", "journal")
    assert passes - {maker.partition(":")[0] for maker in MAKERS} == set()
    text = (ROOT / "tinygraph" / "passes" / "__init__.py").read_text(encoding="utf-8")
    run = text[text.index("def optimise") :].partition("__all__")[0]
    idle = [name for name in passes if name not in run and "".join(w.title() for w in name.split("_")) not in run]
    assert not idle, "a pass that nothing runs"


def test_every_backend_and_cell_stands_in_its_suite() -> None:
    assert {str(getattr(b, "values", [b])[0]) for b in TESTED_BACKENDS} == BACKENDS.keys()
    missing = {*ALL_CELLS} - CELLS.keys()
    assert not missing, f"give {missing} a case in tests/cells/beyond.py"


def test_a_file_of_cells_is_named_by_them() -> None:
    for path in (ROOT / "tinygraph" / "cells").glob("*.py"):
        cells = [name.lower() for name in names_bound(path) if hasattr(tg.cells, name)]
        words = [word for word in path.stem.split("_") if path.stem != "__init__"]
        assert all(any(word in cell for cell in cells) for word in words), f"{short(path)} holds {cells}"
        assert all(any(word in cell for word in words) for cell in cells), f"{short(path)} holds {cells}"


def test_few_lines_are_kept_from_the_formatter() -> None:
    counts = {short(path): path.read_text(encoding="utf-8").count(SKIPS) for path in EVERY}
    assert sum(counts.values()) <= MOST_SKIPS, {name: n for name, n in counts.items() if n}
