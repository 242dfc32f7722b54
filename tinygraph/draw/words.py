"""The words that the library itself writes into pictures, in other languages: all of them pass through `told`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache, partial
from pathlib import Path

from .labels import clean
from .picture import Box, Picture

LANGUAGES = ("en", "zh")


@cache
def asset(name: str) -> str:
    """Returns the text of a file beside this one, which is no Python."""
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


@cache
def table(lang: str) -> dict[str, str]:
    """Maps English texts, and regular expressions of whole texts, to another language; from ``zh.txt`` for ``"zh"``."""
    return dict(line.split("\t") for line in asset(f"{lang}.txt").splitlines() if not line.startswith("#"))


@cache
def _patterns(lang: str) -> dict[re.Pattern[str], str]:
    return {re.compile(pattern): words for pattern, words in table(lang).items() if re.search(r"\([.\\?\w[]", pattern)}


UsersNames = frozenset[str]
NONE: UsersNames = frozenset()
"""Names of the user's, which stay also where they are like words of ours; scopes are words such as ``encoder``."""
_INDEX = " =ₜ₊₋₀₁₂₃₄₅₆₇₈₉"


@lru_cache(maxsize=4096)
def told(text: str, lang: str, kept: UsersNames = NONE) -> str:
    """Returns a text of the library in another language; what is no such text stays as it is, as do names ``kept``."""
    if lang == "en" or not text or text in kept or text.rstrip(_INDEX) in kept:
        return text
    if text in table(lang):
        return table(lang)[text]
    for sign, joint in (("\n", "\n"), ("; ", "；"), (" · ", " · ")):
        if sign in text and not (sign == " · " and text.startswith("‖∂ loss")):
            return joint.join(told(part, lang, kept) for part in text.split(sign))
    matches = ((form.fullmatch(text), words) for form, words in _patterns(lang).items())
    whole = next((_filled(match, words, lang, kept) for match, words in matches if match), "")
    parts = text.split(", ")
    other = [] if whole or len(parts) == 1 else [told(part, lang, kept).strip() for part in parts]
    return whole or ("，".join(other) if other and other != parts else text)


def _filled(match: re.Match[str], words: str, lang: str, kept: UsersNames) -> str:
    """Returns words with the parts of a match: ``{1}`` is kept, ``\\1``, which may be words of ours, is translated."""

    def part(place: re.Match[str]) -> str:
        return told(match[int(place[1])], lang, kept) if place[1] else match[int(place[2])]

    return re.sub(r"\\(\d)|{(\d)}", part, words)


def translated(picture: Picture, lang: str, *, titled: bool) -> Picture:
    """Returns a picture with all the words that views wrote into it in another language; names stay.

    ``titled``: whether the title is the user's.
    """
    say = partial(told, lang=lang, kept=picture.names)
    return replace(
        picture,
        lang=lang,
        title=picture.title if titled or picture.title is None else say(picture.title),
        boxes=[_box(box, lang, picture.names) for box in picture.boxes],
        arrows=[replace(x, tip=say(x.tip)) for x in picture.arrows],
        bands=[replace(x, title=say(x.title), token=_counted(x.token, say)) for x in picture.bands],
        notes=[replace(x, text=say(x.text)) for x in picture.notes],
        tiles=[replace(x, tip=say(x.tip), text=say(x.text)) for x in picture.tiles],
        keys=[(colour, say(words)) for colour, words in picture.keys],
        uses=[replace(x, shape=say(x.shape), norm=x.norm and say(x.norm)) for x in picture.uses],
        ruler=picture.ruler and picture.ruler._replace(words=say(picture.ruler.words)),
        subtitle=say(picture.subtitle),
        plain_text=[_line(line, say) for line in picture.plain_text],
    )


Say = Callable[[str], str]


def _line(line: str, say: Say) -> str:
    """Returns a line of a list in another language: all of it, or what stands between wide gaps."""
    bare = line.strip()
    if say(bare) != bare:
        return line.replace(bare, say(bare))
    return "".join(part if not part.strip() else _formula(part, say) for part in re.split(r"(\s{2,})", line))


_OPERANDS = re.compile(r"(?<![\w.])(data|state|zeros|scalar|target|memory)(?![A-Za-z0-9_.(=])")


def _formula(text: str, say: Say) -> str:
    """Returns a formula with what stands for arrays without a name in another language; names of ops stay, as code."""
    return _OPERANDS.sub(lambda word: say(word[0]), text) if say(text) == text else say(text)


def _counted(token: str, say: Say) -> str:
    """Returns the text below a column: a token is the user's, counts of sequences and of cuts are ours."""
    ours = re.compile(r"\d+ of \d+ (real|start anew)|padding|cut \d+×")
    return " · ".join(say(x) if ours.fullmatch(x) else x for x in token.split(" · "))


def _box(box: Box, lang: str, kept: UsersNames) -> Box:
    """Returns a box in another language; a name that is like one of our words is the user's and stays."""
    name = clean(("" if box.node is None else box.node.name or "").strip())
    say = partial(told, lang=lang, kept=kept | {name, "mean"})  # an op is code, also where its name is a word of pages
    whole = bool(name and box.title and box.title[0].text.startswith(name))
    title = [
        x if x.kind != "text" or (whole and not k) else x._replace(text=_formula(x.text, say))
        for k, x in enumerate(box.title)
    ]
    return replace(box, title=title, below=say(box.below), tip=[say(line) for line in box.tip])


_TEXTS = re.compile(r"(?<=>)[^<>{}]+(?=<)|(?<= title=\")[^\"]+|(?<=aria-label=\")[^\"]+|(?<=placeholder=\")[^\"]+")


@cache
def markup(html: str, lang: str) -> str:
    """Returns markup of ours, without names of the user's, in another language."""
    return html if lang == "en" else _TEXTS.sub(lambda text: _spaced(text[0], lang), html)


@cache
def said(script: str, lang: str) -> dict[str, str]:
    """Maps the texts that a script says to another language; empty for English."""
    texts = re.findall(r"\bsay\('([^']+)'", script) if lang != "en" else ()
    return {text: told(text, lang) for text in texts}


def _spaced(text: str, lang: str) -> str:
    """Returns a text with its spaces, in another language."""
    bare = text.strip()
    return text.replace(bare, told(bare, lang)) if bare else text
