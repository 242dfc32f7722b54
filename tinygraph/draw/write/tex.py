"""Texts of a picture for LaTeX: names as mathematics, everything else escaped."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ..words import asset


def pairs(table: str) -> dict[str, str]:
    """Maps each first of two words to the second."""
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SIGNS = {c: rf"\{c}" for c in "#%&_"} | {c: f"${c}$" for c in "<>|*"} | {"\xa0": "~"}
_SIGNS |= pairs(asset("write/signs.txt"))
_GREEK = pairs(asset("write/greek.txt"))
_ACCENTS = dict(
    zip("\u0300\u0301\u0302\u0303\u0308\u030a\u0327\u030c\u0304\u0306\u0307\u030b", "`'^~\"rcv=u.H", strict=True)
)
_LOW = "".join(chr(c) for c in range(0x2080, 0x209D) if unicodedata.decomposition(chr(c)).startswith("<sub>")) + "ⱼ"
_NAME = re.compile(
    rf"(?<![\w.\\])(?P<base>[A-Za-z{''.join(_GREEK)}])"
    rf"(?:(?P<low>[{_LOW}]+)|_\{{(?P<braced>[A-Za-z0-9_+,=-]+)\}}|_(?P<under>[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*)|(?P<digits>\d+))?"
    rf"(?P<turned>\.T)?(?![\w{_LOW}])"
)
"""A name of one letter, maybe with an index, maybe transposed; what is longer is a word."""
_WORD = re.compile(r"[AaI](?= [a-z]{2})|[AaI](?= →)|(?<=\d )B")
"""Words and units of one letter."""
UNKNOWN = r"\tgletter"
"""The command for letters that only LuaLaTeX and XeLaTeX can show."""


@lru_cache(maxsize=4096)
def tex(words: str) -> str:
    """Returns a text as LaTeX, which shows it and does nothing else."""
    out, at = "", 0
    for name in _NAME.finditer(words):
        if _WORD.match(words, name.start()) and name.end() - name.start() == 1:
            continue
        out += _plain(words[at : name.start()]) + _math(name)
        at = name.end()
    return out + _plain(words[at:])


def _math(name: re.Match[str]) -> str:
    low = unicodedata.normalize("NFKC", name["low"] or "").replace("−", "-")
    index = low or name["braced"] or (name["under"] or "").replace("_", ",") or name["digits"] or ""
    shown = re.sub(r"[A-Za-z]{3,}", lambda word: f"\\mathrm{{{word[0]}}}", index.replace("_", "\\_"))
    index = f"_{{{shown}}}" if index else ""
    above = r"^{\top}" if name["turned"] else ""
    return f"${_letter(name['base'])}{index}{above}$"


def _letter(letter: str) -> str:
    return f"\\{_GREEK[letter]} " if letter in _GREEK else letter


def _plain(words: str) -> str:
    """Returns a text without names: signs by their commands, letters with accents, and others by their numbers."""
    words = re.sub(r"(?<![\w)])-(?=\d)|(?<=\de)-(?=\d)", "−", words)
    return "".join(map(_sign, words)).replace("--", "-{}-")


def _sign(c: str) -> str:
    if c in _SIGNS:
        return _SIGNS[c]
    if c.isascii():
        return c
    if c in _GREEK:
        return f"${_letter(c)}$"
    base, mark = unicodedata.normalize("NFD", c)[0], unicodedata.normalize("NFD", c)[1:]
    if base.isascii() and base.isalpha() and mark in _ACCENTS:
        return f"\\{_ACCENTS[mark]}{{{base}}}"
    other = unicodedata.normalize("NFKC", c)
    kind = unicodedata.decomposition(c).split(">")[0]
    if kind in ("<sub", "<super"):
        inner = "".join(map(_sign, other.replace("−", "-"))).replace("$", "")
        return f"${'_' if kind == '<sub' else '^'}{{{inner}}}$"
    return f"{UNKNOWN}{{{ord(c):X}}}"
