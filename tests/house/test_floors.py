"""The floors: a file imports its own room and lower floors of the wings that its own may know, never in a ring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tinygraph as tg

from .map import ceiling, pages, rooms_of
from .rooms import ROOF, ROOMS, WINGS, inside, room_of
from .sources import LIBRARY, ROOT, imports, module_name, short, tree

FILES = {module_name(path): path for path in LIBRARY if inside(path) != ROOF}


def test_a_file_imports_its_own_room_and_lower_floors() -> None:
    offenders = [offender for path in FILES.values() for offender in _beyond(path)]
    assert not offenders, "\n".join(offenders)


def _beyond(path: Path) -> Iterator[str]:
    """What a file imports that its room may not know."""
    own = room_of(path)
    for module, line in imports(path).items():
        told = f"{short(path)}:{line}: imports {module}"
        if module not in FILES:
            yield f"{told}, the roof"
            continue
        other = room_of(FILES[module])
        if path.name == "__init__.py" and module.startswith(module_name(path) + "."):
            continue  # a package's first file gathers its names from all of its rooms
        if other != own and other.floor >= own.floor:
            yield f"{told}, which is not below it"
        known = {own.wing, *WINGS[own.wing].imports}
        if other.wing not in known:
            yield f"{told}: the wing {own.wing} knows {known}"


def test_no_imports_run_in_a_ring() -> None:
    left = {module_name(path): set(imports(path)) - {module_name(path)} for path in FILES.values()}
    for module, imported in left.items():
        # A package's first file gathers its modules; they do not know it.
        imported.discard(module.rpartition(".")[0])
    while left:
        free = [module for module, imported in left.items() if not imported & left.keys()]
        assert free, f"a ring among {sorted(left)}"
        for module in free:
            del left[module]


def test_no_room_is_empty_and_no_wing_too_large() -> None:
    assert all(room.files for room in ROOMS)
    for wing in WINGS.values():
        assert 0 < sum(room.lines for room in rooms_of(wing)) <= ceiling(wing), (
            f"{wing.name}: free lines in it, or raise its ceiling in docs/design.md and write why"
        )


def test_the_map_is_as_the_house_is() -> None:
    for name, page in pages().items():
        assert (ROOT / name).read_text(encoding="utf-8") == page, f"{name}: run python -m tests.house.map --write"


def test_the_imports_were_read_at_all() -> None:
    engine = set(imports(ROOT / "tinygraph" / "engine" / "grad.py"))
    assert {"tinygraph.core.node", "tinygraph.core.graph", "tinygraph.ops"} <= engine
    assert "tinygraph.core.op" not in set(imports(ROOT / "tinygraph" / "core" / "node.py")), "a type annotation alone"
    assert "tinygraph.ops" in set(imports(ROOT / "tinygraph" / "__init__.py"))


def test_the_ground_floor_names_no_op() -> None:
    for path in sorted((ROOT / "tinygraph" / "core").glob("*.py")):
        words = {node.value for node in ast.walk(tree(path)) if isinstance(node, ast.Constant)}
        assert not words & {*tg.ops.__all__, *tg.ops.FOR_GRADIENTS}, f"{short(path)} treats an op by its name"
