"""Kinds of faults: the smallest change of a statement with which it makes what is due of what it reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Set
from functools import cached_property

import numpy as np

from ...core.node import Node
from .book import NEAR, Book, same
from .departures import Departure
from .hints import has_hint
from .inserts import MISSING
from .lines import sets_in_vain, statement_at
from .off_by import Pairs, is_exchanged, is_form_for_form, numbers_of, scale_of
from .rewrites import FACTOR_LESS, FACTOR_MORE, INDEX, LESS, MORE, NAME, ORDER, PARTS, SCALE, SIGN, SLOPE, TURNED
from .right import Thing
from .statement import StatementRun, runs_of, where_written
from .updates import UPDATE
from .written import Written

PLAIN = {SIGN, SCALE, SLOPE, LESS, MORE}
"""By more than a lost factor, which can be anything."""

NAMEABLE = {*PLAIN, FACTOR_LESS, FACTOR_MORE}

REPLACED, ADDED = "`=` in place of `+=`", "`+=` in place of `=`"


def kind_of(written: Written, departure: Departure) -> str:
    """The kind of a departure; empty if it is none of the known ones."""
    if not departure.due.family:
        return PARTS
    kinds = _Kinds(written, departure, [*runs_of(written, departure)])
    kind = (kinds.told() if kinds.runs else "") or NAME
    return MISSING if kind == NAME and _is_carried(written, departure) else kind


def operand_of(written: Written, departure: Departure) -> list[tuple[StatementRun, Node, np.ndarray]]:
    """The one thing that a statement reads and that is wrong, by its runs, each with what it should have been."""
    kinds = _Kinds(written, departure, [*runs_of(written, departure)]) if departure.due.family else None
    return kinds.operand() if kinds else []


def is_among(kinds: Set[str], written: Written, departure: Departure) -> bool:
    """Whether it is one of these kinds: a rule that fails on one run fails on all of them."""
    runs: list[StatementRun] = []
    for run in runs_of(written, departure) if departure.due.family else ():
        runs.append(run)
        if not has_hint(written, run, FACTOR_LESS in kinds):
            return False
    of = _Kinds(written, departure, runs)
    return bool(runs) and (of.may_be_plain() or not kinds <= PLAIN) and of.told() in kinds


def is_told(written: Written, departure: Departure) -> bool:
    """Whether there is a small change of the statement with which it makes what is due."""
    kinds = _Kinds(written, departure, [*runs_of(written, departure)])
    return not departure.due.family or bool(kinds.runs and kinds.told())


def _is_carried(written: Written, departure: Departure) -> bool:
    """Whether it reads its own result of the run before, as if a line between them that sets the variable was lost."""
    own = {*departure.operation.nodes}
    return any(written.picked(x) in own for x in departure.node.inputs)


def _adds_in_place(run: StatementRun) -> bool:
    """Whether ``x[index] = v`` is right as ``x[index] += v``, or ``-=``."""
    root = run.root
    if root.op is None or root.op.name not in ("write", "write_at"):
        return False
    before, value = (run.made[x] for x in root.inputs[:2])
    own, due = (where_written(root, x) for x in (before, run.whole))
    return any(same(due, own + sign * value) for sign in (-1, 1))


class _Kinds:
    """What a statement would have to do another way, the same in each run that departs."""

    def __init__(self, written: Written, departure: Departure, runs: list[StatementRun]) -> None:
        self.written, self.line, self.departure = written, departure.operation.line, departure
        self.runs = runs
        self._sizes: dict[int, list[tuple[Node, np.ndarray, float]]] = {}
        self.statement = statement_at(self.line.file, self.line.number)

    def may_be_plain(self) -> bool:
        """Whether one of the rules for plain kinds tells one; the others take longer."""
        rules = (self._of_scale, self._of_slope, self._of_more, self._of_one, self._of_less)
        return any(rule() in PLAIN for rule in rules)

    def told(self) -> str:
        """What the first rule tells that tells anything."""
        rules = [self._of_assignment, self._of_scale, self._of_operands, self._of_step, self._of_slope, self._of_more]
        rules += [self._of_name, self._of_one, self._of_factor, self._of_less]
        return next((kind for rule in rules if (kind := rule())), "")

    @cached_property
    def _places(self) -> list[list[tuple[StatementRun, Node]]]:
        """Each part and each thing that is read, over the runs."""
        every = zip(*([*run.parts[::-1], *run.reads] for run in self.runs), strict=True)
        return [[*zip(self.runs, nodes, strict=True)] for nodes in every]

    @cached_property
    def _pairs(self) -> list[Pairs]:
        """What each was, and what it should have been, where that can be told."""
        known = [place for place in self._places if all(x in run.needs for run, x in place)]
        return [[(run.made[x], run.needs[x]) for run, x in place] for place in known]

    def _of_assignment(self) -> str:
        """`=` where a sum is due, and the other way round."""
        due = self.departure.due
        if isinstance(self.statement, ast.AugAssign) and self.line.expression == self.line.source:
            added = [run.made[run.root.inputs[1]] for run in self.runs if len(run.root.inputs) == 2]
            alone = [same(a, run.needs[run.root]) for a, run in zip(added, self.runs, strict=False)]
            return ADDED if alone and all(alone) and due.kind != "sum" else ""
        if not isinstance(self.statement, ast.Assign):
            return ""
        if self.departure.node.name == UPDATE and self.line.target not in ast.unparse(self.statement.value):
            return REPLACED
        if all(map(_adds_in_place, self.runs)):
            return REPLACED
        total = due.kind == "sum" or (due.kind == "adjoint" and self.written.right.is_repeated(due.of))
        parts = total and all(self.written.right.is_part(due.of, run.made[run.root]) for run in self.runs)
        return REPLACED if parts else ""

    def _of_scale(self) -> str:
        for pairs in self._pairs:
            scale = scale_of(pairs)
            if scale and scale != 1 and (len(pairs) > 1 or pairs[0][1].size > 1):
                return SIGN if scale == -1 else SCALE if scale < 0 or self._writes(scale) else FACTOR_LESS
        return ""

    def _writes(self, scale: float) -> bool:
        """Whether a number stands in the statement that can have made this scale."""
        numbers = numbers_of(self.statement) if self.statement else []
        return any(np.isclose(scale, near) for k in numbers for near in (k, 1 / k, k / 2, 2 / k))

    def _of_operands(self) -> str:
        """An operand that is turned, or two that are exchanged."""
        if all(same(run.made[run.root].T, run.needs[run.root]) for run in self.runs):
            return ORDER if any(x.op.name in ("matmul", "multiply") for x in self.runs[0].parts if x.op) else TURNED
        for place in self._places:
            if all(x.ndim == 2 and run.comes_right({x: run.made[x].T}) for run, x in place):
                return TURNED
        return ORDER if any(all(is_exchanged(run, x) for run, x in place) for place in self._places) else ""

    def _of_step(self) -> str:
        """The same thing of another step."""
        for place in self._places:
            if all(x.size > 1 and self._of_another(run, x) is not None for run, x in place):
                return INDEX
        return ""

    def operand(self) -> list[tuple[StatementRun, Node, np.ndarray]]:
        for place in self._places:
            dues = [(run, x, self._thing(run, x)) for run, x in place if x.size > 1 and not run.computes(x)]
            if len(dues) == len(place) and not any(due is None for *_, due in dues):
                return dues  # type: ignore[return-value]
        return []

    def _thing(self, run: StatementRun, x: Node) -> np.ndarray | None:
        """What is due in the place of what is read: a thing of the same kind, or that of another step."""
        due, made = run.needs[x] if x in run.needs else self._of_another(run, x), run.made[x]
        if due is None or due.size != x.size or same(due, made.T):
            return None
        if not (np.any(due) and np.any(made)):
            return due
        own, right = ({m.thing.kind for m in self.written.look(x, a) if m.is_exact} for a in (made, due))
        alike = own & right & {"value", "adjoint"} or ("value" not in own and right - {"value"})
        return due if alike else None

    def _of_another(self, run: StatementRun, x: Node) -> np.ndarray | None:
        """The thing of another step with which the statement is right."""
        right, made = self.written.right, run.made[x]
        families = {m.thing.family for m in self.written.look(x, made) if m.is_exact and m.thing.step is not None}
        families |= {family for family, array in right.initial.items() if same(made, array)}
        arrays = [t.array for family in families for t in right.families.get(family, ()) if t.array.size == x.size]
        arrays += [right.initial[family] for family in families if family in right.initial]
        return next((a for a in arrays if run.comes_right({x: a.reshape(x.shape)})), None)

    def _of_name(self) -> str:
        """What is read where another thing is due that some line made."""
        for place in self._places:
            read = all(x in run.needs and not run.computes(x) for run, x in place)
            if read and all(self._is_there(run, run.needs[x]) for run, x in place):
                return NAME
        return ""

    def _is_there(self, run: StatementRun, array: np.ndarray) -> bool:
        """Whether some line made it before, if all that was blamed is right."""
        own, nodes = float(np.vdot(array, array)), self._of_size(array.size)
        near = [v for x, v, norm in nodes if abs(norm - own) <= 1e-6 * own and x.serial < run.root.serial]
        return any(m.is_exact for m in Book([Thing("value", "", None, (), v) for v in near]).look(array))

    def _of_size(self, size: int) -> list[tuple[Node, np.ndarray, float]]:
        """The nodes of a size, their values, and the squares of the norms, which tell most of them apart."""
        if size not in self._sizes:
            nodes = [x for x in self.written.order if x.size == size and x.dtype.kind == "f" and self._has_a_name(x)]
            values = [self.departure.values.get(x, x._value) for x in nodes]
            self._sizes[size] = [(x, v, float(np.vdot(v, v))) for x, v in zip(nodes, values, strict=True)]
        return self._sizes[size]

    def _has_a_name(self, x: Node) -> bool:
        """Whether it is not only a part of what its statement computes."""
        return not any(self.written.is_part_of(x, r) for r in self.written.readers(x))

    def _of_slope(self) -> str:
        """One form of a slope where another one is due, of the same array."""
        for pairs in self._pairs:
            if all(is_form_for_form(run.slopes, *pair) for run, pair in self._with(pairs)):
                return SLOPE
        return ""

    def _with(self, pairs: Pairs) -> Iterator[tuple[StatementRun, tuple[np.ndarray, np.ndarray]]]:
        return zip(self.runs, pairs, strict=True)

    def _of_more(self) -> str:
        """A term or a factor without which a part is right."""
        for place in self._places:
            if all(run.computes(x) and x in run.needs and len(x.inputs) == 2 for run, x in place):
                names = {x.op.name for _, x in place if x.op}
                for k in (0, 1):
                    if all(same(run.made[x.inputs[k]], run.needs[x]) for run, x in place):
                        return MORE if names <= {"add", "subtract"} else FACTOR_MORE
        return ""

    def _of_one(self) -> str:
        """A term missing beside a number, as in `1 - h**2`, or the number."""
        for pairs in self._pairs:
            if all(b.size > 1 and (a.size == 1 or same(b - a, np.ones_like(b))) for a, b in pairs) and self._lacks(
                pairs
            ):
                return LESS
        return ""

    def _of_less(self) -> str:
        lacks = any(np.any(pairs[-1][0]) and self._lacks(pairs) for pairs in self._pairs)
        return LESS if lacks and not sets_in_vain(self.line) else ""

    def _lacks(self, pairs: Pairs) -> bool:
        return all(self._is_term(run, a, b - a) for run, (a, b) in self._with(pairs))

    def _is_term(self, run: StatementRun, made: np.ndarray, lost: np.ndarray) -> bool:
        """Whether what was lost is a thing, or as large a multiple of one as what was made is."""
        if lost.size < 2 or not np.any(lost):
            return False
        size = max((abs(m.factor) for m in self.written.book.look(made)), default=1.0)
        if any(np.isclose(abs(m.factor), (1, size), 1e-7).any() for m in self.written.look(run.root, np.array(lost))):
            return True
        forms = [np.ones(lost.shape), *(v * v for v in run.near if v.shape == lost.shape)]
        off = np.minimum(*[np.abs(np.array(forms) + sign * lost).reshape(len(forms), -1).max(1) for sign in (-1, 1)])
        return bool((off <= NEAR * np.abs(lost).max()).any())

    def _of_factor(self) -> str:
        for pairs in self._pairs:
            if all(self._is_factor(a, b) for a, b in pairs if np.any(b)) and any(np.any(b) for _, b in pairs):
                return "" if sets_in_vain(self.line) else FACTOR_LESS
        return ""

    def _is_factor(self, made: np.ndarray, right: np.ndarray) -> bool:
        if made.shape != right.shape or made.size < 2:
            return False
        if same(made * (right != 0), right):
            return True
        off = np.abs(made.ravel() * self.written.right.factors(made.size) - right.ravel()).max(axis=1, initial=0)
        return bool((off <= NEAR * np.abs(right).max()).any())
