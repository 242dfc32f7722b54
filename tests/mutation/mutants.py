"""Mutants: the library with one expression or statement on one line changed, so that it behaves differently."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .changes import CHANGES, changes
from .syntax import changing

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "tinygraph"


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        file: the path from the root of the repository.
        line: its number in the file.
        start, end: the bytes of the line that are replaced.
        old, new: what stands there, and what the mutant has instead.
    """

    file: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def applied(self, text: str) -> str:
        """The whole file with the change."""
        lines = text.splitlines(keepends=True)
        line = lines[self.line - 1].encode()
        lines[self.line - 1] = (line[: self.start] + self.new.encode() + line[self.end :]).decode()
        return "".join(lines)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}  {self.old} -> {self.new}"

    @property
    def differs(self) -> bool:
        """Whether it is valid Python with another syntax tree than the file's."""
        text = (ROOT / self.file).read_text(encoding="utf-8")
        try:
            return ast.dump(ast.parse(self.applied(text))) != _dumped(text)
        except SyntaxError:
            return False


@cache
def _dumped(text: str) -> str:
    return ast.dump(ast.parse(text))


@cache
def places(path: Path) -> dict[int, list[ast.AST]]:
    """The parts of a file that can be changed, by their lines."""
    lines: dict[int, list[ast.AST]] = {}
    for node in changing(ast.parse(path.read_text(encoding="utf-8"))):
        if type(node) in CHANGES or hasattr(node, "test"):
            lines.setdefault(node.lineno, []).append(node)  # type: ignore[attr-defined]
    return lines


def mutants(path: Path, line: int) -> Iterator[Mutant]:
    """All mutants by a change of what begins in a line; see `Mutant.differs`."""
    file, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8").splitlines()
    for node in places(path)[line]:
        for old, new in changes(node):
            if old.lineno == old.end_lineno and old.end_col_offset is not None:
                shown = text[old.lineno - 1].encode()[old.col_offset : old.end_col_offset].decode()
                yield Mutant(file, old.lineno, old.col_offset, old.end_col_offset, shown, new)
