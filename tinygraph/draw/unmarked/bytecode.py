"""The loops of a code object, and which of its places can follow which."""

from __future__ import annotations

import dis
import os
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import pairwise
from types import CodeType

import numpy as np

OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep
_OTHERS = (os.path.dirname(os.path.dirname(np.__file__)), os.path.dirname(os.__file__))
LIBRARIES = (OURS, *(folder + os.sep for folder in _OTHERS), "<frozen")
"""How paths of files begin that are not the user's."""
_ENDS = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD"}
_JUMPS = {*dis.hasjrel, *dis.hasjabs}
_ROUND = {"reversed", "flip", "flipud"}
"""Functions that turn a sequence round."""

Edges = dict[int, list[int]]


class Code:
    """A code object, read once. A place is where one of its instructions starts, in bytes.

    Attributes:
        users: whether it is the user's own, and not of a library.
        loops: maps the place where a loop begins to all places of the loop.
    """

    def __init__(self, code: CodeType) -> None:
        self.users = not code.co_filename.startswith(LIBRARIES)
        self._instructions = [*dis.get_instructions(code)]
        self._starts: list[int] = []
        for here in self._instructions:
            self._starts += self._starts[-1:] * (here.offset // 2 - len(self._starts))
            self._starts.append(here.offset)
        self._names = {x.offset: x.opname for x in self._instructions}
        self._next = self._followers()
        self._onward = {x: [y for y in ys if y > x] for x, ys in self._next.items()}
        self._ahead: dict[int, set[int]] = {}
        self._around: dict[int, list[int]] = {}
        self.loops = self._find_loops()

    def place(self, position: int) -> int:
        """The place of what a frame executes; Python may tell a byte within the instruction."""
        return self._starts[min(position // 2, len(self._starts) - 1)]

    def calls_at(self, place: int) -> bool:
        """Whether the place is a call, not an operator."""
        return self._names[place] in ("CALL", "PRECALL", "CALL_FUNCTION_EX")

    def around(self, place: int) -> list[int]:
        """The loops that hold a place, the outer ones first."""
        if place not in self._around:
            inside = (begin for begin, body in self.loops.items() if place in body)
            self._around[place] = sorted(inside, key=lambda begin: -len(self.loops[begin]))
        return self._around[place]

    def follows(self, a: int, b: int) -> bool:
        """Whether ``b`` can come after ``a`` in one call, and in one iteration of the loops that hold both."""
        left = [begin for begin, body in self.loops.items() if a in body and b not in body]
        return any(b in self._after(x) for x in (a, *left))

    def _after(self, place: int) -> set[int]:
        if place not in self._ahead:
            self._ahead[place] = _reached(self._onward[place], self._onward)
        return self._ahead[place]

    @cached_property
    def backwards(self) -> set[int]:
        """The loops that go through a sequence from its end: ``reversed(...)``, ``range(n, -1, -1)``, ``[::-1]``."""
        return {begin for begin in self.loops if self._goes_back(begin)}

    def _goes_back(self, loop: int) -> bool:
        before = [x for x in self._instructions if x.offset < loop]
        if not before or before[-1].opname != "GET_ITER" or before[-1].positions is None:
            return False
        whole = before[-1].positions
        header = [x for x in before if x.positions is not None and _within(x.positions, whole)]
        names = {x.argval for x in header if isinstance(x.argval, str)}
        ends = pairwise(header)
        # the third of range(a, b, -1) or x[a:b:-1]; -1 as the second is an end
        down = any(a.argval == -1 and b.opname in ("PRECALL", "CALL", "BUILD_SLICE") and b.argval == 3 for a, b in ends)
        return down or bool(names & _ROUND) or any(isinstance(x.argval, slice) and x.argval.step == -1 for x in header)

    def _followers(self) -> Edges:
        edges: Edges = {}
        for here, after in zip(self._instructions, [*self._instructions[1:], None], strict=True):
            falls = here.opname not in _ENDS and not here.opname.startswith("JUMP_BACKWARD")
            edges[here.offset] = [after.offset] if after is not None and falls else []
            if here.opcode in _JUMPS and here.opname != "JUMP_BACKWARD_NO_INTERRUPT":
                edges[here.offset].append(here.argval)
        return edges

    def _find_loops(self) -> dict[int, set[int]]:
        """The natural loops: of each jump back all that leads to it without a passage through its target."""
        sources: Edges = {}
        for x, ys in self._next.items():
            for y in ys:
                sources.setdefault(y, []).append(x)
        loops: dict[int, set[int]] = {}
        for end, targets in self._next.items():
            for begin in targets:
                if begin < end and end in self._after(begin):
                    loops.setdefault(begin, set()).update(_reached([end], sources | {begin: []}), [begin])
        return loops


def _reached(starts: Iterable[int], edges: Edges) -> set[int]:
    reached = set(starts)
    waiting = [*reached]
    while waiting:
        new = {*edges.get(waiting.pop(), ())} - reached
        reached |= new
        waiting += new
    return reached


def _within(part: dis.Positions, whole: dis.Positions) -> bool:
    if None in part or None in whole:
        return False
    begins = (part.lineno, part.col_offset) >= (whole.lineno, whole.col_offset)
    return begins and (part.end_lineno, part.end_col_offset) <= (whole.end_lineno, whole.end_col_offset)


@lru_cache(maxsize=1000)
def read_code(code: CodeType) -> Code:
    return Code(code)
