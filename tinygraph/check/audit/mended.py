"""What a search for repairs comes to: functions with edits made, and repairs as they are reported."""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass
from types import FunctionType

from ...core.errors import called
from .edits import Edit, placed
from .inserts import MISSING
from .ranking import EditSpot
from .source import blocks
from .wording import lines_of


@dataclass(frozen=True)
class Repair:
    """A line and what it should be.

    Attributes:
        file, line: where it stands; a missing line comes after it.
        before, after: the statement's lines in the file, and mended.
        kind: the fault that it mends, in plain words.
        proven_at: the numbers of time steps at which all gradients are right with it.
        parameters: whose gradients it makes right, if alone; of several repairs, those that they make right together.
        alone: whether it needs no other repair.
    """

    file: str
    line: int
    before: str
    after: str
    kind: str
    proven_at: tuple[int, ...]
    parameters: tuple[str, ...]
    alone: bool


@dataclass(frozen=True)
class Edited:
    """Functions with the edits that were made so far."""

    trees: dict[FunctionType, ast.FunctionDef]
    edits: tuple[Edit, ...] = ()


def diff(repair: Repair) -> str:
    """A repair as lines with - and +."""
    rows = [line[0] + line[2:] for line in lines_of(repair.before, repair.after)]
    return "\n".join([f"{called(repair.file)}:{repair.line}", *rows])


def weight_at(edit: Edit, place: EditSpot) -> float:
    """Edits of lines that reach other gradients than the wrong ones come later."""
    return edit.weight if edit.kind == MISSING else edit.weight + 0.08 * place.far


def credible(row: tuple[float, int, Edit]) -> tuple[float, int, int]:
    """The lightest first; of equal ones that of the shortest line, which may have lost something."""
    weight, rank, edit = row
    return round(weight, 2), 0 if edit.kind == MISSING else len(ast.unparse(edit.at)), rank


def with_edit(state: Edited, edit: Edit) -> Edited:
    """A state with one more edit; the trees of the state before stay as they are."""
    tree = state.trees[edit.function]
    for block in blocks(tree):
        at = next((k for k, x in enumerate(block) if x is edit.at), None)
        if at is not None:
            before = [*block]
            block[at : at + 1] = placed(edit)
            try:
                changed = copy.deepcopy(tree)
            finally:
                block[:] = before
            return Edited({**state.trees, edit.function: changed}, (*state.edits, edit))
    return state
