"""A report as HTML: all that its text says, wrong rows and changed lines coloured, and the user's code as mere text."""

from __future__ import annotations

import dataclasses
import functools
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import tinygraph as tg
from tinygraph.check.audit.page import GREEN, RED, table
from tinygraph.check.audit.report import AuditReport

from .passes import PASSES, loaded
from .seeds import SEEDS


class Reader(HTMLParser):
    """Tags in their order, and for each text the grounds that it stands on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.tags: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append((tag, dict(attrs).get("style") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((data, " ".join(style for _, style in self.open)))


@functools.cache
def report() -> AuditReport:
    seed = SEEDS["001"]
    arguments, keywords = seed.call(loaded(seed.file))
    return tg.check.audit(*arguments, **keywords, repair=False)


def test_each_part_of_the_report_is_in_the_page() -> None:
    reader = Reader(report()._repr_html_())
    assert not reader.open
    words = "\n".join(told for told, _ in reader.texts)
    for f in report().findings:
        for told in (f"seed_001.py:{f.line}", f.source, f.makes, f.due, f.kind):
            assert told in words
    assert all(row.parameter in words and f"{row.error:.1e}" in words for row in report().rows)
    rows = [told for told, _ in Reader(table(report().rows)).texts]
    assert all(rows.count(row.parameter) == 1 for row in report().rows)  # at its first number of steps


def test_a_report_shows_its_text_in_a_terminal_and_its_lines_in_a_notebooks_cells(monkeypatch: Any) -> None:
    assert repr(report()) == str(report())
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=lambda file: ("Cell", "In[3]")))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    for f in report().findings:
        assert f"In[3]:{f.line} (" in str(report()) and f"In[3]:{f.line}<" in report()._repr_html_()
    assert "seed_001.py" not in str(report()) + report()._repr_html_()


def test_wrong_rows_are_red_and_right_ones_are_not() -> None:
    errors = [(row.right, f"{row.error:.1e}") for row in report().rows if row.error < 1e9]
    texts = Reader(report()._repr_html_()).texts
    assert [(RED not in style, told) for told, style in texts if re.fullmatch(r"\d\.\de.\d+", told)] == errors
    assert {right for right, _ in errors} == {True, False}


def test_what_stands_in_the_code_is_text() -> None:
    nasty = "x = '</script><img src=x onerror=alert(1)>'  # \u202e\x1b[31m & \"quoted\""
    f = dataclasses.replace(report().findings[0], source=nasty, file=f"/{nasty}", function=nasty, makes=nasty)
    r = dataclasses.replace(report(), findings=(f,), notes=(nasty,), loss=nasty)
    html = r._repr_html_()
    assert "</script" not in html and "<img" not in html and "\u202e" not in html and "\x1b" not in html
    reader = Reader(html)
    assert {*reader.tags} <= {"div", "b", "table", "thead", "tbody", "tr", "th", "td", "span", "pre"}
    assert sum("</script><img src=x onerror=alert(1)>" in told for told, _ in reader.texts) >= 5
    assert "\u202e" not in str(r)


def test_a_repair_is_shown_in_red_and_green(tmp_path: Path) -> None:
    one = PASSES["columns_tuple"]
    right, wrong = "1 - hs[t + 1] ** 2", "1 - hs[t] ** 2"
    text = one.file.read_text(encoding="utf-8")
    assert text.count(right) == 1
    file = tmp_path / "planted.py"
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    arguments, keywords = one.call(loaded(file))
    mended = tg.check.audit(*arguments, **keywords)
    texts = Reader(mended._repr_html_()).texts
    (removed,) = [told for told, style in texts if RED in style and "mono" in style and told.startswith("-")]
    (added,) = [told for told, style in texts if GREEN in style]
    assert wrong in removed and right in added and "proven at T = " in "".join(told for told, _ in texts)


def test_a_right_pass_has_no_red() -> None:
    one = PASSES["columns_tuple"]
    arguments, keywords = one.call(loaded(one.file))
    html = tg.check.audit(*arguments, **keywords)._repr_html_()
    assert RED not in html and "all gradients are right" in html
