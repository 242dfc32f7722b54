"""Plants faults in right backward passes: each runs, and changes a gradient.

from tests.check.audit.passes import PASSES, loaded
from tests.check.audit.plant import faults, written

for fault in faults(PASSES["columns_tuple"], count=10, seed=1):
    module = loaded(written(fault, folder))
    arguments, keywords = PASSES[fault.name].call(module)
    report = tg.check.audit(*arguments, **keywords)         # fault.lines, fault.kinds, fault.text
"""

from __future__ import annotations

import ast
import itertools
import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from .edits import Edit, Edits, applied
from .passes import PASSES, Pass
from .running import Numbers, relative, run_of

LEAST = 1e-6
"""A smaller relative change of every gradient is no fault."""


@dataclass(frozen=True)
class Fault:
    """One or more edits of a pass, by its name."""

    name: str
    edits: tuple[Edit, ...]

    @property
    def lines(self) -> tuple[int, ...]:
        return tuple(edit.line for edit in self.edits)

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(edit.kind for edit in self.edits)

    @property
    def text(self) -> str:
        return applied(text_of(self.name), self.edits)

    def accepted(self) -> dict[int, frozenset[int]]:
        """By planted line, the lines that a finding may name for it: of a deleted line its neighbours and readers."""
        return {edit.line: self._accepted(edit) for edit in self.edits}

    def _accepted(self, edit: Edit) -> frozenset[int]:
        if edit.kind != "deleted":
            return frozenset({edit.line})
        readers = _readers(self.text, edit.sets)
        return frozenset({edit.line - 1, edit.line, edit.line + 1} | readers)

    def __str__(self) -> str:
        shown = self.text.splitlines()
        return "; ".join(f"{self.name}:{e.line} {e.kind}: {shown[e.line - 1].strip()}" for e in self.edits)


def faults(one: Pass, count: int | None = None, seed: int = 0) -> list[Fault]:
    """Single faults of a pass, kinds in turn; all of them without a count."""
    by_kind: dict[str, list[Edit]] = {}
    for edit in Edits(text_of(one.name), one.backward).all:
        by_kind.setdefault(edit.kind, []).append(edit)
    chance = random.Random(f"{one.name} {seed}")
    for of_kind in by_kind.values():
        chance.shuffle(of_kind)
    left: list[Iterator[Fault]] = [
        filter(is_fault, [Fault(one.name, (edit,)) for edit in of_kind]) for of_kind in by_kind.values()
    ]
    return list(itertools.islice(_in_turn(left), count))


def groups(one: Pass, size: int, count: int, seed: int = 0) -> list[Fault]:
    """Faults at ``size`` lines at once, each of which still changes a gradient where the others stand."""
    chance = random.Random(f"{one.name} {size} {seed}")
    singles = faults(one, 60, seed)
    found: list[Fault] = []
    for _ in range(40 * count):
        edits = tuple(fault.edits[0] for fault in chance.sample(singles, size))
        if len(found) < count and len({edit.line for edit in edits}) == size and _all_matter(one, edits):
            found.append(Fault(one.name, tuple(sorted(edits, key=lambda edit: edit.line))))
    return found


def written(fault: Fault, folder: Path) -> Path:
    """The pass with its faults as a file in a folder."""
    file = folder / f"{fault.name}.py"
    file.write_text(fault.text, encoding="utf-8")
    return file


def text_of(name: str) -> str:
    """The source of a right pass."""
    return PASSES[name].file.read_text(encoding="utf-8")


def gradients(one: Pass, text: str) -> Numbers | None:
    """The gradients by a pass's text in plain NumPy; None where it does not run."""
    module = ModuleType(one.name)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            exec(compile(text, one.name, "exec"), module.__dict__)
            run = run_of(one, module)
            return {name: np.array(own, float) for name, own in run.gradients(run.numbers).items()}
    except Exception:  # whatever a fault makes of a program, it is no fault of a gradient
        return None


@cache
def right(name: str) -> Numbers:
    """The gradients of a pass as they are due."""
    own = gradients(PASSES[name], text_of(name))
    assert own is not None
    return own


def distance(own: Numbers | None, due: Numbers) -> float:
    """The largest relative difference of a gradient; infinite for no number, another shape or no run."""
    return np.inf if own is None else max(relative(own[name], due[name]) for name in due)


def is_fault(fault: Fault) -> bool:
    return LEAST < distance(gradients(PASSES[fault.name], fault.text), right(fault.name)) < np.inf


def _all_matter(one: Pass, edits: tuple[Edit, ...]) -> bool:
    together = gradients(one, applied(text_of(one.name), edits))
    if not LEAST < distance(together, right(one.name)) < np.inf:
        return False
    without = (gradients(one, applied(text_of(one.name), tuple(e for e in edits if e is not edit))) for edit in edits)
    return all(other is not None and distance(together, other) > LEAST for other in without)


def _in_turn(left: list[Iterator[Fault]]) -> Iterator[Fault]:
    """One of each, until all are at their end; none is asked before its turn."""
    while left:
        for faults_of_kind in list(left):
            fault = next(faults_of_kind, None)
            if fault is None:
                left.remove(faults_of_kind)
            else:
                yield fault


def _readers(text: str, names: tuple[str, ...]) -> frozenset[int]:
    """Lines that read one of the names, and those that return what holds one."""
    tree = ast.parse(text)
    reads = [n.lineno for n in ast.walk(tree) if _loaded(n) in names]  # type: ignore[attr-defined]
    holders = {name.partition("[")[0] for name in names}
    returns = [n for n in ast.walk(tree) if isinstance(n, ast.Return)]
    reads += [n.lineno for n in returns if holders & {_loaded(part) for part in ast.walk(n)}]
    return frozenset(reads)


def _loaded(node: ast.AST) -> str:
    return ast.unparse(node) if isinstance(getattr(node, "ctx", None), ast.Load) else ""
