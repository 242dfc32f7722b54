"""A report in words: who is wrong, how far off and by which name, what to look at, what mends it, at which steps."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.findings import Finding, with_repairs
from tinygraph.check.audit.mended import Repair
from tinygraph.check.audit.report import AuditReport
from tinygraph.check.audit.rewrites import NAME
from tinygraph.check.audit.table import TableRow

ROWS = (
    TableRow("Wx", 1, 0.0, 1.0, 1.0, "", True),
    TableRow("Wx", 2, 0.25, 0.5, 2.0, "", False),
    TableRow("a_long_name", 1, 1.0, -1.0, -1.0, "sign", False),
    TableRow("clipped", 1, 0.5, 1.0, 0.5, "clipped at 5", True),
    TableRow("fine", 1, 0.0, 1.0, 1.0, "", True),
    TableRow("fine", 2, 0.0, 1.0, 1.0, "", True),
)
FIRST = Finding("/a/net.py", 7, "dW = 1", "back", 2, ("h", "x"), "zeros", "dz should be h", "a wrong sign", ("Wx", "b"))
SECOND = replace(FIRST, line=9, step=None, reads=(), kind="", parameters=())
ONE = Repair("/a/net.py", 7, "    dW = 1", "    dW = 2", "a wrong sign", (2, 4), ("Wx",), True)
NOTES = ("first note", "second note")


def report(**changed: Any) -> AuditReport:
    parts: dict[str, Any] = {
        "loss": "the loss",
        "rows": ROWS,
        "findings": (FIRST, SECOND),
        "repairs": (ONE,),
        "notes": NOTES,
    }
    return AuditReport(**(parts | changed))


def test_the_parts_stand_below_each_other() -> None:
    head, table, first, second, repair, notes = str(report()).split("\n\n")
    assert head == "audit: wrong gradients: Wx, a_long_name, for the loss"
    lines = table.splitlines()
    assert lines[0].split() == ["parameter", "T", "error", "cosine", "scale"]
    told = [line.split(maxsplit=5) for line in lines[1:5]]
    assert [row[:2] for row in told] == [["Wx", "1"], ["Wx", "2"], ["a_long_name", "1"], ["clipped", "1"]]
    assert [[float(x) for x in row[2:5]] for row in told] == [[0, 1, 1], [0.25, 0.5, 2], [1, -1, -1], [0.5, 1, 0.5]]
    assert [row[5:] for row in told] == [[], ["wrong"], ["sign"], ["clipped at 5"]]
    assert len({line.index(".") for line in lines[1:5]}) == 1 and not any(line.endswith(" ") for line in lines)
    assert lines[5:] == ["right at T = 1, 2: fine"]
    assert first.startswith("line 1 of 2 to look at\n") and second.startswith("line 2 of 2 to look at\n")
    assert repair == "repair, proven at T = 2 and T = 4:\n  /a/net.py:7\n  -    dW = 1\n  +    dW = 2"
    assert notes == "note: first note\nnote: second note"


def test_a_finding_says_what_is_read_made_and_due() -> None:
    assert str(FIRST).splitlines() == [
        "/a/net.py:7 (back, step 2): dW = 1",
        "  reads  h, x, which is right",
        "  makes  zeros",
        "  due    dz should be h",
        "  kind   a wrong sign",
        "  then the gradient of Wx, b is right",
    ]
    assert str(SECOND).splitlines() == ["/a/net.py:9 (back): dW = 1", "  makes  zeros", "  due    dz should be h"]


def test_what_is_right_is_named_alone() -> None:
    right = report(rows=ROWS[4:], findings=(), repairs=(), notes=())
    assert right.passed and str(right) == "audit: all gradients are right, for the loss\n\nright at T = 1, 2: fine"
    without = report(rows=(replace(ROWS[4], steps=None),), findings=(), repairs=(), notes=())
    assert str(without).endswith("\n\nright: fine")
    wrong = report(rows=(replace(ROWS[1], steps=None),), findings=(), repairs=(), notes=())
    assert not wrong.passed and str(wrong).splitlines()[-1].split()[:2] == ["Wx", "-"]
    assert report().wrong == ("Wx", "a_long_name") and repr(right) == str(right)


@each(
    "repairs, head",
    [
        ((ONE,), "repair, proven at T = 2 and T = 4:"),
        ((ONE, ONE), "repair, each by itself makes all gradients right, proven at T = 2 and T = 4:"),
        ((replace(ONE, alone=False), replace(ONE, alone=False)), "repair, proven at T = 2 and T = 4:"),
        ((replace(ONE, proven_at=()),), "repair, proven at two draws of numbers:"),
    ],
)
def test_a_repair_says_where_it_was_proven_and_whether_alone(repairs: tuple[Repair, ...], head: str) -> None:
    own = report(repairs=repairs)
    assert head in str(own)
    html = own._repr_html_()
    where = "two draws of numbers" if not repairs[0].proven_at else "T = 2 and T = 4"
    more = "" if repairs[0].alone else ", with the others"
    assert html.count(f"net.py:7, proven at {where}{more}<") == len(repairs)


def test_a_page_holds_what_the_text_holds() -> None:
    html = report()._repr_html_()
    for words in (
        "wrong gradients: Wx, a_long_name",
        "for the loss",
        "net.py:7",
        "net.py:9",
        "back, step 2",
        "h, x, which is right",
        "zeros",
        "dz should be h",
        "a wrong sign",
        "Wx, b",
        "2.5e-01",
        "0.50000",
        "-1.00000",
        "sign",
        "clipped at 5",
        "note: first note",
        "<b>repair</b>",
    ):
        assert words in html, words
    assert "<b>repair</b>" not in report(repairs=())._repr_html_()
    assert html.count("note: ") == 2 and html.count("reads</td>") == 1 and html.count("kind</td>") == 1
    assert html.count("1. <b") == html.count("2. <b") == 1 and html.count(">wrong<") == 1


def test_letters_of_the_users_that_mean_something_elsewhere_are_marked() -> None:
    odd = replace(FIRST, source="a < b & c\u202e")
    html, text = report(findings=(odd,))._repr_html_(), str(report(findings=(odd,)))
    assert "a &lt; b &amp; c" in html and "\u202e" not in html and "\u202e" not in text and "a < b & c" in text


def test_a_copy_says_the_same_and_has_no_picture() -> None:
    twin = pickle.loads(pickle.dumps(report()))
    assert twin == report() and str(twin) == str(report())
    with pytest.raises(tg.GraphError, match="a copy of a report has no picture"):
        twin.picture()


def test_repaired_lines_come_first_and_have_a_finding() -> None:
    other = replace(ONE, line=9, kind="a factor missing")
    told = with_repairs([FIRST, SECOND], [other])
    assert [(f.line, f.kind) for f in told] == [(9, "a factor missing"), (7, "a wrong sign")]
    for kind, due in (("", "a wrong sign"), (NAME, "a wrong sign"), ("a term missing", "a term missing")):
        assert with_repairs([FIRST], [replace(ONE, kind=kind)])[0].kind == due
    assert with_repairs([SECOND], [replace(other, kind=NAME)])[0].kind == NAME
    (new,) = with_repairs([], [ONE])
    assert (new.file, new.line, new.source, new.kind, new.parameters) == (
        "/a/net.py",
        7,
        "dW = 1",
        "a wrong sign",
        ("Wx",),
    )
    assert "`dW = 2`" in new.due and new.step is None
    elsewhere = replace(FIRST, file="/b/net.py")
    assert [f.file for f in with_repairs([elsewhere], [ONE])] == ["/a/net.py", "/b/net.py"]
