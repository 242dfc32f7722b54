"""The text of an edit is the user's own line, changed where the edit changes it: spaces, comments and letters stay."""

from __future__ import annotations

import ast
import linecache
from typing import Any

from tests.each import each
from tinygraph.check.audit.edits import Edit, Edits
from tinygraph.check.audit.forms import as_target, expression, method, plus, replaced, times, turned
from tinygraph.check.audit.mended import Repair, diff
from tinygraph.check.audit.source import source_of, statements
from tinygraph.check.audit.wording import lines_of, texts

TEXT = """def odd(dW, dz, hs, grâds, Wh):
    dW  +=  np.dot( dz,hs.T )   # the state, before
    ä = grâds['ö'] ; b = dz*2  # two of them
    dh = (dz
          + dW * 3)  # over two lines
    for _ in  reversed( range(len(hs)) ):  # back
        dz = Wh.T@dz  # carried
    if dz  >  0:  # a condition
        dz = 1
    return dW,dh , ä, b
"""
"""As nobody's formatter leaves it."""


HEADS = """def heads(a, hs):
    for t in  range( 2 ):  # c
        a = hs [1:] [0]
    else:
        a = 2
    if a > 0:
        a = 1
    elif (a)  >  1:  # or else
        a = 3
    while a  < 3:
        a += 1
    else:
        pass
    return a
"""


def read(text: str, name: str) -> Any:
    names: dict[str, Any] = {}
    linecache.cache[f"<{name}>"] = len(text), None, text.splitlines(keepends=True), f"<{name}>"
    exec(compile(text, f"<{name}>", "exec"), names)
    return source_of(names[name])


SOURCE = read(TEXT, "odd")


def at(text: str) -> Any:
    return next(x for x in statements(SOURCE.tree) if text in SOURCE.line(x.lineno))


def worded(text: str, field: str, new: Any, number: int | None = None) -> tuple[str, str]:
    statement = at(text)
    edit = Edit(SOURCE.function, statement, (replaced(statement, field, number, new),), "", 0.0)
    return texts(edit, SOURCE)


def second(text: str) -> Any:
    return [x for x in statements(SOURCE.tree) if text in SOURCE.line(x.lineno)][1]


SUM = at("dW  +=").value
CASES: list[tuple[str, str, Any, str]] = [
    ("dW  +=", "value", times(ast.Constant(value=2), SUM), "dW  +=  2 * np.dot( dz,hs.T )   # the state, before"),
    ("dW  +=", "value", ast.UnaryOp(op=ast.USub(), operand=SUM), "dW  +=  -np.dot( dz,hs.T )   # the state, before"),
    (
        "dW  +=",
        "value",
        replaced(SUM, "args", 1, expression("hs")),
        "dW  +=  np.dot( dz,hs )   # the state, before",
    ),
    ("dW  +=", "value", replaced(SUM, "args", 0, expression("dh")), "dW  +=  np.dot( dh,hs.T )   # the state, before"),
    ("dW  +=", "target", as_target(expression("dU")), "dU  +=  np.dot( dz,hs.T )   # the state, before"),
    ("dz = Wh.T", "value", expression("Wh @ dz"), "dz = Wh@dz  # carried"),
    ("dz = Wh.T", "value", times(at("dz = Wh.T").value, expression("dh")), "dz = Wh.T@dz * dh  # carried"),
    ("dz = Wh.T", "value", turned(at("dz = Wh.T").value), "dz = (Wh.T@dz).T  # carried"),
    ("dz = Wh.T", "value", method(at("dz = Wh.T").value, "sum"), "dz = (Wh.T@dz).sum()  # carried"),
    ("return", "value", expression("dW,dz , ä, b"), "return dW, dz, ä, b"),
]


@each("line, field, new, due", CASES)
def test_an_edit_changes_its_part_alone(line: str, field: str, new: Any, due: str) -> None:
    before, after = worded(line, field, new)
    assert before == SOURCE.line(at(line).lineno)
    indent = len(before) - len(before.lstrip())
    own = after[indent:]
    if line == "return":  # parts of a tuple: the whole, or the part
        assert own.replace(" ", "") == due.replace(" ", "")
    else:
        assert own in (due, due.replace("Wh@dz", "Wh @ dz")), after


def test_letters_that_are_no_ascii_and_a_line_of_two_statements() -> None:
    first, other = at("ä = "), second("ä = ")
    edits = [
        Edit(SOURCE.function, first, (replaced(first, "value", None, expression("grâds['ü']")),), "", 0.0),
        Edit(SOURCE.function, other, (replaced(other, "value", None, expression("dz")),), "", 0.0),
    ]
    assert texts(edits[0], SOURCE)[1].strip() == "ä = grâds['ü'] ; b = dz*2  # two of them"
    assert texts(edits[1], SOURCE)[1].strip() == "ä = grâds['ö'] ; b = dz  # two of them"


def test_a_statement_of_two_lines_keeps_both() -> None:
    statement = at("dh = (dz")
    before, after = worded("dh = (dz", "value", replaced(statement.value, "right", None, expression("dW")))
    assert before.splitlines() == [SOURCE.line(statement.lineno), SOURCE.line(statement.lineno + 1)]
    assert after == before.replace("dW * 3", "dW")
    assert worded("dh = (dz", "value", plus(expression("dz"), expression("q")))[1] == before.replace("dW * 3", "q")
    twice = worded("dh = (dz", "value", times(ast.Constant(value=2), statement.value))[1]
    assert twice == before.replace("(dz", "(2 * (dz").replace("3)", "3))")


def test_an_operator_is_exchanged_and_nothing_else() -> None:
    own: Any = at("dW  +=")
    plain = Edit(SOURCE.function, own, (ast.Assign(targets=[own.target], value=own.value),), "", 0.0)
    assert texts(plain, SOURCE)[1].strip() == "dW = np.dot( dz,hs.T )   # the state, before"
    less = Edit(SOURCE.function, own, (ast.AugAssign(target=own.target, op=ast.Sub(), value=own.value),), "", 0.0)
    assert texts(less, SOURCE)[1].strip() == "dW -= np.dot( dz,hs.T )   # the state, before"
    none = Edit(SOURCE.function, own, (ast.Pass(),), "", 0.0)
    assert texts(none, SOURCE)[1].strip() == "pass   # the state, before"


def test_a_header_is_changed_without_its_body() -> None:
    before, after = worded("for _ in", "iter", expression("range(len(hs))"))
    assert before == "    for _ in  reversed( range(len(hs)) ):  # back"
    assert after.split("#")[0].split() == ["for", "_", "in", "range(len(hs)):"]
    before, after = worded("if dz", "test", expression("dz >= 0"))
    assert (before.count("\n"), after.split("#")[0].split()) == (0, ["if", "dz", ">=", "0:"])


@each(
    "line, field, new, due",
    [
        ("for t", "iter", "range(3)", "for t in  range( 3 ):  # c"),
        ("for t", "iter", "hs", "for t in  hs:  # c"),
        ("a = hs", "value", "hs[:1][0]", "a = hs [:1] [0]"),
        ("if a", "test", "a > 1", "if a > 1:"),
        ("elif", "test", "a < 2", "elif a < 2:  # or else"),
        ("while", "test", "a < 4", "while a  < 4:"),
    ],
)
def test_a_header_keeps_what_it_is_whatever_comes_after_it(line: str, field: str, new: str, due: str) -> None:
    """A loop may have an else, and an elif is an if in the tree."""
    source = read(HEADS, "heads")
    own = next(x for x in statements(source.tree) if source.line(x.lineno).strip().startswith(line))
    part = expression(new)
    before, after = texts(Edit(source.function, own, (replaced(own, field, None, part),), "", 0.0), source)
    assert before == source.line(own.lineno) and after.strip() == due
    # What an edit before has put there stands nowhere in the file.
    changed = replaced(own, field, None, expression("a + 1"))
    after = texts(Edit(source.function, changed, (replaced(changed, field, None, part),), "", 0.0), source)[1]
    assert after.split("#")[0].replace(" ", "") == due.split("#")[0].replace(" ", "")


def test_a_line_that_was_missing_comes_below_as_deep_as_the_one_before() -> None:
    own = at("dz = Wh.T")
    new = ast.parse("db += dz").body[0]
    edit = Edit(SOURCE.function, own, (own, new), "", 0.0)
    assert texts(edit, SOURCE) == (
        "        dz = Wh.T@dz  # carried",
        "        dz = Wh.T@dz  # carried\n        db += dz",
    )
    assert edit.line == own.lineno


def test_every_edit_of_every_line_means_what_its_tree_means() -> None:
    """The text, read again, is the statement that was meant."""
    from .test_rewrites import back, scope

    one, checked = scope(), 0
    edits = Edits(one)
    for statement in statements(one.source.tree):
        if isinstance(statement, (ast.Assign, ast.AugAssign)):
            for edit in edits.of(statement)[::25]:
                (new,) = edit.new
                if isinstance(new, ast.If):
                    continue
                text = texts(edit, one.source)[1].strip()
                want = ast.parse(ast.unparse(ast.fix_missing_locations(new))).body[0]
                assert ast.dump(ast.parse(text).body[0]) == ast.dump(want), text
                checked += 1
    assert checked > 60 and back.__name__ == "back"


def test_a_diff_shows_what_goes_and_what_comes() -> None:
    assert lines_of("a = 1\nb = 2", "a = 1\nb = 3") == ["  a = 1", "- b = 2", "+ b = 3"]
    repair = Repair("/folder/net.py", 7, "  b = 2", "  b = 3", "kind", (2, 4), ("W",), True)
    assert diff(repair).splitlines()[1:] == ["-  b = 2", "+  b = 3"] and diff(repair).startswith("/folder/net.py:7")
