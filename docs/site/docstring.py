"""A docstring as Markdown: paragraphs, a list for Args, Raises and Attributes, and the example as code."""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Any

SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Example", "Source", "Sources", "Yields")


def markdown(x: Any, *, formula: bool = False) -> str:
    """What the docstring of ``x`` says; of an op the first paragraph is a formula."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):\n", inspect.cleandoc(x.__doc__ or ""), flags=re.MULTILINE)
    first, _, rest = parts[0].partition("\n\n")
    body = [f"```text\n{first}\n```", prose(rest)] if formula else [prose(parts[0])]
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        inner, after = _indented(text)
        body.append(f"```python\n{inner}\n```" if title == "Example" else f"**{title}**\n\n{_items(inner, title)}")
        body.append(prose(after))
    return "\n\n".join(part for part in body if part)


def _indented(text: str) -> tuple[str, str]:
    """The section itself, and what stands behind it at the margin."""
    lines = text.splitlines()
    end = next((k for k, line in enumerate(lines) if line and not line.startswith(" ")), len(lines))
    return textwrap.dedent("\n".join(lines[:end])).strip("\n"), "\n".join(lines[end:])


def _items(text: str, title: str) -> str:
    if title == "Returns":
        return prose(text)
    items = re.split(r"\n(?=\S)", text)
    return "\n".join("- " + prose(re.sub(r"\s*\n\s*", " ", item)) for item in items)


def prose(text: str) -> str:
    """Paragraphs; formulas, which are indented, stay as they are."""
    blocks = re.split(r"\n\s*\n", text.strip("\n"))
    return "\n\n".join(
        f"```text\n{textwrap.dedent(b)}\n```" if b.startswith("    ") else _escaped(b) for b in blocks
    ).strip()


def _escaped(text: str) -> str:
    """The text with code in single backticks, and no mark of Markdown elsewhere."""
    pieces = re.split(r"(``.*?``|`[^`]*`)", text, flags=re.DOTALL)
    return "".join(
        f"`{p.strip('`')}`" if k % 2 else re.sub(r"([\\*_<>|\[\]$#])", r"\\\1", p) for k, p in enumerate(pieces)
    )
