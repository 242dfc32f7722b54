"""The words that the library itself writes into pictures, in other languages: all of them pass through `told`."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from .labels import clean
from .picture import Box, Picture

LANGUAGES = ("en", "zh")


@cache
def table(lang: str) -> dict[str, str]:
    """Maps English texts, and regular expressions of whole texts, to another language; from ``zh.txt`` for ``"zh"``."""
    lines = (Path(__file__).parent / f"{lang}.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


@cache
def _patterns(lang: str) -> dict[re.Pattern[str], str]:
    return {re.compile(pattern): words for pattern, words in table(lang).items() if re.search(r"\([.\\?\w[]", pattern)}


@lru_cache(maxsize=4096)
def told(text: str, lang: str) -> str:
    """Returns a text of the library in another language; what is no such text stays as it is."""
    if lang == "en" or not text:
        return text
    if text in table(lang):
        return table(lang)[text]
    for sign, joint in (("\n", "\n"), ("; ", "；"), (" · ", " · ")):
        if sign in text and not (sign == " · " and text.startswith("‖∂ loss")):
            return joint.join(told(part, lang) for part in text.split(sign))
    matches = ((form.fullmatch(text), words) for form, words in _patterns(lang).items())
    whole = next((_filled(match, words, lang) for match, words in matches if match), "")
    parts = text.split(", ")
    other = [] if whole or len(parts) == 1 else [told(part, lang).strip() for part in parts]
    return whole or ("，".join(other) if other and other != parts else text)


def _filled(match: re.Match[str], words: str, lang: str) -> str:
    """Returns words with the parts of a match: ``{1}`` is kept, ``\\1``, which may be words of ours, is translated."""

    def part(place: re.Match[str]) -> str:
        return told(match[int(place[1])], lang) if place[1] else match[int(place[2])]

    return re.sub(r"\\(\d)|{(\d)}", part, words)


def translated(picture: Picture, lang: str, *, titled: bool) -> Picture:
    """Returns a picture with all the words that views wrote into it in another language; names stay.

    ``titled``: whether the title is the user's.
    """
    return replace(
        picture,
        lang=lang,
        title=picture.title if titled or picture.title is None else told(picture.title, lang),
        boxes=[_box(box, lang) for box in picture.boxes],
        arrows=[replace(x, tip=told(x.tip, lang)) for x in picture.arrows],
        bands=[replace(x, title=told(x.title, lang), token=_counted(x.token, lang)) for x in picture.bands],
        notes=[replace(x, text=told(x.text, lang)) for x in picture.notes],
        tiles=[replace(x, tip=told(x.tip, lang), text=told(x.text, lang)) for x in picture.tiles],
        keys=[(colour, told(words, lang)) for colour, words in picture.keys],
        uses=[replace(x, shape=told(x.shape, lang), norm=x.norm and told(x.norm, lang)) for x in picture.uses],
        ruler=picture.ruler and picture.ruler._replace(words=told(picture.ruler.words, lang)),
        subtitle=told(picture.subtitle, lang),
        plain_text=[_line(line, lang) for line in picture.plain_text],
    )


def _line(line: str, lang: str) -> str:
    """Returns a line of a list in another language: all of it, or what stands between wide gaps."""
    bare = line.strip()
    if told(bare, lang) != bare:
        return line.replace(bare, told(bare, lang))
    parts = (part if not part.strip() else _operands(told(part, lang), lang) for part in re.split(r"(\s{2,})", line))
    return "".join(parts)


OPERANDS = ("data", "state", "zeros", "scalar", "target", "memory")


def _operands(text: str, lang: str) -> str:
    return re.sub(rf"\b({'|'.join(OPERANDS)})\b", lambda word: told(word[0], lang), text)


def _counted(token: str, lang: str) -> str:
    """Returns the text below a column: a token is the user's, the number of sequences that are no padding is ours."""
    own, joint, said = token.rpartition(" · ")
    return own + joint + told(said, lang) if re.fullmatch(r"\d+ of \d+ real|padding", said) else token


def _box(box: Box, lang: str) -> Box:
    """Returns a box in another language; a name that is like one of our words is the user's and stays."""
    name = clean(("" if box.node is None else box.node.name or "").strip())
    named = bool(name and box.title and box.title[0].text.startswith(name))
    kept = OPERANDS if named else ()
    names = [part.kind != "text" or part.text in kept or (named and not k) for k, part in enumerate(box.title)]
    title = [x if n else x._replace(text=told(x.text, lang)) for x, n in zip(box.title, names, strict=True)]
    return replace(box, title=title, below=told(box.below, lang), tip=[told(line, lang) for line in box.tip])


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
