"""The page's own markup and script in another language: the texts in them that are words of ours."""

from __future__ import annotations

import re
from functools import cache

from ...words import told

_TEXTS = re.compile(r"(?<=>)[^<>{}]+(?=<)|(?<= title=\")[^\"]+|(?<=aria-label=\")[^\"]+|(?<=placeholder=\")[^\"]+")
_STRINGS = re.compile(r"(?<=')[^'\\\n]+(?=')|(?<=})[^`{}$\n]+(?=[`$])|(?<=`)[^`{}$\n]+(?=[`$])")
_PLAIN = re.compile(r"[a-z-]+")
"""What may be the name of something in the script; such words are translated only where they are shown."""
_SHOWN = re.compile(r"(fact\('|textContent = .*'|make\('(?:p|span|dt)', {}, '|part\(\w+, ')([a-z]+)(?=')")


@cache
def markup(html: str, lang: str) -> str:
    """Returns markup of ours, without names of the user's, in another language."""
    return html if lang == "en" else _TEXTS.sub(lambda text: _told(text[0], lang), html)


@cache
def script(code: str, lang: str) -> str:
    """Returns the script with its texts in another language."""
    if lang == "en":
        return code
    code = _STRINGS.sub(lambda text: text[0] if _PLAIN.fullmatch(text[0]) else _told(text[0], lang), code)
    while True:
        shown = _SHOWN.sub(lambda text: text[1] + told(text[2], lang), code)
        if shown == code:
            return code
        code = shown


def _told(text: str, lang: str) -> str:
    """Returns a text with its spaces, in another language."""
    bare = text.strip()
    return text.replace(bare, told(bare, lang)) if bare else text
