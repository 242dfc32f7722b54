"""A text as words and symbols, of any script, and words and symbols as a line of text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

# Chinese and Japanese are written without spaces: each character is a word.
SINGLE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SINGLE = re.compile(f"[{SINGLE}]")
_OPENING = frozenset("([{<¿¡“‘«「『（【《")
_APART = frozenset("\"'’“‘*_=+-|/&@#$%^~\\`") | _OPENING
"""Symbols that stand apart from the word before them. The others follow it without a space, as a full stop does."""


@cache
def _marks() -> str:
    """What belongs to the letter before it, such as vowel signs of Hindi, as the inside of a class of `re`."""
    codes = [*range(0x300, 0x20000), *range(0xE0100, 0xE01F0)]
    marks = [c for c in codes if unicodedata.category(chr(c))[0] == "M" or c in (0x200C, 0x200D)]
    starts = [c for c, before in zip(marks, [-1, *marks], strict=False) if c != before + 1]
    ends = [c for c, after in zip(marks, [*marks[1:], -1], strict=True) if after != c + 1]
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True))


@cache
def _pieces() -> re.Pattern[str]:
    marks, letter = _marks(), rf"[^\W{SINGLE}]"
    word = f"{letter}(?:{letter}|[{marks}])*"
    return re.compile(rf"[{SINGLE}][{marks}]*|{word}(?:['’]{word})*|[^\w\s][{marks}]*")


def words_of(text: str, lower: bool = False) -> list[str]:
    """The words of a text in order: words with their apostrophes, single symbols, single Chinese characters.

    Example:
        >>> from tinygraph.train.data.splitting import words_of
        >>> words_of("It's (almost) 3: 循环!")
        ["It's", '(', 'almost', ')', '3', ':', '循', '环', '!']
    """
    text = unicodedata.normalize("NFC", text)
    if lower:
        text = unicodedata.normalize("NFC", text.lower())
    return _pieces().findall(text)


def line_of_words(words: Iterable[str]) -> str:
    """The words as a line whose words they are: spaces between them but around marks that close or open.

    Example:
        >>> from tinygraph.train.data.splitting import line_of_words
        >>> line_of_words(["It's", "(", "almost", ")", "3", ":", "循", "环", "!"])
        "It's (almost) 3: 循环!"
    """
    parts: list[str] = []
    for word in words:
        if parts and not _adjacent(parts[-1], word):
            parts.append(" ")
        parts.append(word)
    return "".join(parts)


def _adjacent(before: str, word: str) -> bool:
    """Whether no space stands between two words; a mark alone would belong to the word before it."""
    first = word[0]
    if re.match(f"[{_marks()}]", first):
        return False
    follows = not first.isalnum() and first not in _APART
    return before in _OPENING or follows or bool(_SINGLE.match(before) and _SINGLE.match(word))
