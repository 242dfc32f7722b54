"""The page's own markup and script in another language: the texts in them that are words of ours."""

from __future__ import annotations

import re
from functools import cache

from ...words import told

_TEXTS = re.compile(r"(?<=>)[^<>{}]+(?=<)|(?<= title=\")[^\"]+|(?<=aria-label=\")[^\"]+|(?<=placeholder=\")[^\"]+")


@cache
def markup(html: str, lang: str) -> str:
    """Returns markup of ours, without names of the user's, in another language."""
    return html if lang == "en" else _TEXTS.sub(lambda text: _told(text[0], lang), html)


@cache
def said(script: str, lang: str) -> dict[str, str]:
    """Maps the texts that a script says to another language; empty for English."""
    texts = re.findall(r"\bsay\('([^']+)'", script) if lang != "en" else ()
    return {text: told(text, lang) for text in texts}


def _told(text: str, lang: str) -> str:
    """Returns a text with its spaces, in another language."""
    bare = text.strip()
    return text.replace(bare, told(bare, lang)) if bare else text
