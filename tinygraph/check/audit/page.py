"""A report as HTML for notebooks: styles stand in the elements, since a notebook may drop others."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import groupby
from os.path import basename

from ...core import markup
from ...core.errors import called, plain
from ...core.markup import RED
from .findings import Finding
from .mended import Repair, diff
from .table import TableRow

GREEN, BLUE, PALE = "rgba(56,161,105,.18)", "#2b6cb0", "opacity:.65"
"""Grounds that leave black or white text readable, by day and by night; numbers of lines; what is said besides."""
CODE = "font-family:monospace;white-space:pre-wrap;margin:0;padding:1px 6px;text-align:left"


def page(
    heading: str,
    loss: str,
    rows: Iterable[TableRow],
    findings: Iterable[Finding],
    repairs: Iterable[Repair],
    notes: Iterable[str],
) -> str:
    """The parts of a report as one HTML element.

    Args:
        heading: its first line.
        loss, rows, findings, repairs, notes: those of the report.
    """
    parts = [f"<b>audit: {text(heading)}</b>, for {text(loss)}", table(rows)]
    parts += [finding(k, f) for k, f in enumerate(findings, start=1)]
    repairs = [*repairs]
    parts += ["<b>repair</b>", *map(repair, repairs)] if repairs else []
    parts += [f'<div style="{PALE}">note: {text(note)}</div>' for note in notes]
    return f'<div style="line-height:1.45">{"".join(parts)}</div>'


def text(words: object) -> str:
    """Escapes a text from the user's code, with its hidden characters marked."""
    return escape(plain(words), quote=True)


def table(rows: Iterable[TableRow]) -> str:
    """A row for each parameter and number of steps; wrong ones are red."""
    lines: list[tuple[object, ...]] = []
    red = set[int]()
    for name, group in groupby(rows, key=lambda row: row.parameter):
        for k, row in enumerate(group):
            red |= set() if row.right else {len(lines)}
            numbers = (f"{row.error:.1e}", f"{row.cosine:.5f}", f"{row.scale:.4g}")
            words = row.name or ("" if row.right else "wrong")
            lines.append(("" if k else name, "-" if row.steps is None else row.steps, *numbers, words))
    return markup.table(("parameter", "T", "error", "cosine", "scale", ""), lines, red)


def finding(number: int, f: Finding) -> str:
    """A line of the user's with what it reads and makes, and what is due."""
    step = "" if f.step is None else f", step {f.step}"
    place = f'<b title="{text(called(f.file))}" style="color:{BLUE}">{text(basename(called(f.file)))}:{f.line}</b>'
    told = [("reads", f"{', '.join(f.reads)}, which is right" if f.reads else ""), ("makes", f.makes), ("due", f.due)]
    told += [("kind", f.kind), ("then right", ", ".join(f.parameters))]
    cells = "".join(
        f'<tr><td style="{PALE}">{word}</td><td style="text-align:left">{text(words)}</td></tr>'
        for word, words in told
        if words
    )
    return (
        f'<div style="margin-top:8px">{number}. {place} <span style="{PALE}">{text(f.function + step)}</span>'
        f'<pre style="{CODE};background:{RED}">{text(f.source)}</pre><table>{cells}</table></div>'
    )


def repair(r: Repair) -> str:
    """What is removed is red, what is added green."""
    place, *lines = diff(r).split("\n")
    grounds = {"-": f";background:{RED}", "+": f";background:{GREEN}"}
    changed = "".join(f'<div style="{CODE}{grounds.get(line[:1], "")}">{text(line)}</div>' for line in lines)
    steps = " and ".join(f"T = {t}" for t in r.proven_at) or "two draws of numbers"
    words = f"proven at {steps}" + ("" if r.alone else ", with the others")
    number = place.rpartition(":")[2]
    return f'<div style="margin:4px 0">{text(basename(called(r.file)))}:{text(number)}, {words}{changed}</div>'
