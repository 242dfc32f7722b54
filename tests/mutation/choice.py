"""Which mutants of a run: some of each folder, at random places, the same for the same seed."""

from __future__ import annotations

from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from random import Random

from .mutants import LIBRARY, Mutant, mutants, places

WITHOUT = {LIBRARY / "__init__.py"}
"""Files that only gather names."""
NEEDS = {"export/onnx": "onnx", "export/jax.py": "jax", "run/jax_backend": "jax", "export/torch": "torch"}
"""What is tested only where a package is installed."""


def choose(count: int, seed: int, folder: str = "") -> list[Mutant]:
    """``count`` mutants of the library, or of one folder or file of it (``"ops"``, ``"run/native"``).

    Each folder gets at least one, if there are enough; the others are spread as the lines are that can be changed. A
    line is chosen first and then one of its changes, so that long lines do not count for more.
    """
    draw = Random(seed)
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in files(folder):
        folders[path.parent].append(path)
    if not folders:
        raise SystemExit(f"tinygraph/{folder}: no such folder or file of the library, or its package is missing")
    chosen: dict[tuple[str, int], Mutant] = {}
    for group in draw.sample(sorted(folders), len(folders)):
        for _ in range(20):
            if len(chosen) < count and not any(LIBRARY.parent / file in folders[group] for file, _ in chosen):
                _add(chosen, draw, folders[group])
    everything = [path for group in sorted(folders) for path in folders[group]]
    for _ in range(20 * count):
        if len(chosen) < count:
            _add(chosen, draw, everything)
    return list(chosen.values())


def files(folder: str = "") -> list[Path]:
    """The files of a folder of the library that can be changed, and whose tests can run here."""
    start = LIBRARY / folder
    paths = [start] if start.suffix else sorted(start.rglob("*.py"))
    missing = [name for name, package in NEEDS.items() if find_spec(package) is None]
    tested = [path for path in paths if not path.relative_to(LIBRARY).as_posix().startswith(tuple(missing))]
    return [path for path in tested if path not in WITHOUT and path.exists() and places(path)]


def _add(chosen: dict[tuple[str, int], Mutant], draw: Random, paths: list[Path]) -> None:
    """Choose one more, of a line that was not chosen yet."""
    (path,) = draw.choices(paths, weights=[len(places(path)) for path in paths])
    candidates = list(mutants(path, draw.choice(sorted(places(path)))))
    mutant = draw.choice(candidates) if candidates else None
    if mutant and mutant.differs:
        chosen.setdefault((mutant.file, mutant.line), mutant)
