"""The command `python -m tests.mutation`: what it changes, what it leaves alone, and whether it sees what tests see."""

from __future__ import annotations

import ast

from . import choice, suite
from . import mutants as module
from .choice import choose, files
from .mutants import ROOT, Mutant, mutants, places
from .suite import nearest, statement

TEXT = '''
"""Module 1."""
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from x import y
__all__ = ["a" + "b"]
Alias = dict[str, int | None]

def f(x: int = 1, *, y: bool = True) -> list[int | str]:
    """Doc 1 + 1."""
    if x < 2:
        raise GraphError("x + 1", got=str(x + 1))
    problem = "a" if x > 3 else "b"
    return g(x - 1, y)
'''


def mutants_of(text, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROOT", tmp_path)
    path = tmp_path / "file.py"
    path.write_text(text)
    return [m for line in places(path) for m in mutants(path, line) if m.differs]


def test_what_cannot_be_noticed_is_left_alone(tmp_path, monkeypatch):
    changed = {(m.line, m.old, m.new) for m in mutants_of(TEXT, tmp_path, monkeypatch)}
    assert {line for line, _, _ in changed} == {9, 11, 12, 14}
    assert {(9, "1", "2"), (9, "True", "False"), (11, "x < 2", "(x <= 2)"), (11, "x < 2", "(not (x < 2))")} < changed
    assert [new for line, _, new in changed if line == 12] == ["pass"]
    assert {(14, "x - 1", "(x + 1)"), (14, "x - 1", "(1 - x)"), (14, "g(x - 1, y)", "g(y, x - 1)")} < changed


def test_what_has_no_order_is_not_exchanged(tmp_path, monkeypatch):
    changed = {(m.old, m.new) for m in mutants_of("a = max(b, c) + f(b, c)\n", tmp_path, monkeypatch)}
    assert ("f(b, c)", "f(c, b)") in changed and ("max(b, c)", "max(c, b)") not in changed


def test_a_mutant_is_its_line_alone():
    path = ROOT / "tinygraph" / "engine" / "parts.py"
    text = path.read_text(encoding="utf-8")
    some = [m for line in places(path) for m in mutants(path, line) if m.differs][::7]
    assert len(some) > 10
    for mutant in some:
        before, after = text.splitlines(), mutant.applied(text).splitlines()
        assert [n for n, (a, b) in enumerate(zip(before, after, strict=True), 1) if a != b] == [mutant.line]
        ast.parse(mutant.applied(text))


def test_a_seed_gives_the_same_mutants_of_every_folder():
    once = choose(40, 3)
    assert once == choose(40, 3)
    assert len({(m.file, m.line) for m in once}) == 40
    assert {m.file.rpartition("/")[0] for m in once} == {p.parent.relative_to(ROOT).as_posix() for p in files()}
    some = choose(10, 3, "engine")
    assert {m.file.rpartition("/")[0] for m in some} == {"tinygraph/engine"} and some != choose(10, 4, "engine")


def test_what_needs_a_missing_package_is_left_out(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: None if name == "jax" else True)
    names = {p.relative_to(ROOT / "tinygraph").as_posix() for p in files()}
    assert not {"export/jax.py", "run/jax_backend/rows.py"} & names
    assert {"export/onnx/scans.py", "export/c/text.py", "export/torch/module.py"} < names


def test_every_file_has_tests():
    names = [path.relative_to(ROOT).as_posix() for path in files()]
    assert not [name for name in names if not nearest(name)]
    near = nearest("tinygraph/run/native/disk.py")
    assert near[0] == "tests/run/native/test_disk.py" and near.index("tests/run/native/test_seal.py") < 10
    assert {"tests/run/products/test_blas.py", "tests/compiled/test_plan.py"} < set(near)


def test_a_mutant_is_shown_as_one_line():
    mutant = Mutant("tinygraph/a.py", 7, 0, 5, "a < b", "(a <= b)")
    assert str(mutant) == "tinygraph/a.py:7  a < b -> (a <= b)"


BLOCKS = """def f(
    x,
):
    if (
        x
    ):
        return g(
            x)
    match x:
        case 1:
            pass
"""


def test_the_innermost_statement_around_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(suite, "ROOT", tmp_path)
    (tmp_path / "blocks.py").write_text(BLOCKS)
    spans = [statement("blocks.py", line) for line in range(1, 13)]
    head, condition, result = range(1, 4), range(4, 7), range(7, 9)
    assert spans[:8] == [head] * 3 + [condition] * 3 + [result] * 2
    assert spans[8:] == [range(9, 10), range(10, 11), range(11, 12), range(12, 13)]
