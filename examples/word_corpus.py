"""The text of the main job: reading it, its parts to train on and to hold out, its sentences, a unigram's score."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

import tinygraph as tg

KNOWN = 3000
"""The size of the vocabulary; of the other words none is known."""

LEAST_WORDS = 20
"""With fewer the held-out tenth has no two consecutive words, so that there is nothing to predict."""

MOST_HELD_OUT = 50_000
"""The largest number of held-out words that are scored."""

_ENDS = (".", "!", "?", "。", "！", "？")


class TextError(ValueError):
    """The text cannot be used for training; the message is one line."""


def read_text(path: str | None) -> str:
    """Returns the text of a UTF-8 file, or for None the documentation inside CPython.

    Raises:
        TextError: the file is missing, unreadable, binary, or not UTF-8.
    """
    if path is None:
        return _documentation()
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TextError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TextError(f"{path} is not UTF-8 text: byte {error.start} cannot be read") from error
    except ValueError as error:
        raise TextError(f"cannot read {path!r}: {error}") from error
    if "\0" in text:
        raise TextError(f"{path} is a binary file, not UTF-8 text: character {text.index(chr(0))} is NUL")
    return text


def _documentation() -> str:
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise TextError("this Python lacks pydoc_data, the default text: choose a text with --text FILE") from error
    return "\n\n".join(topics[name] for name in sorted(topics))


def _words(text: str) -> list[str]:
    try:
        whole = tg.train.Words(text, lower=True)
    except tg.GraphError:  # it has no word
        return []
    return [whole.tokens[i] for i in whole.encode(text)]


class Corpus:
    """A text whose last tenth is held out.

    Attributes:
        vocabulary: of the part to train on, in small letters.
        train, held: the ids (N,) of both parts.

    Raises:
        TextError: the text has too few words.
    """

    def __init__(self, text: str) -> None:
        words = _words(text)
        cut = len(words) * 9 // 10
        if len(words) < LEAST_WORDS:
            raise TextError(f"the text holds {len(words)} words: at least {LEAST_WORDS} are needed")
        train, held = " ".join(words[:cut]), " ".join(words[cut : cut + MOST_HELD_OUT])
        self.vocabulary = tg.train.Words(train, size=KNOWN, lower=True)
        self.train, self.held = self.vocabulary.encode(train), self.vocabulary.encode(held)

    @property
    def ends(self) -> list[int]:
        """The ids of the marks that end a sentence."""
        return [i for i, word in enumerate(self.vocabulary.tokens) if word in _ENDS]

    def sentences(self, shortest: int = 4, longest: int = 6) -> list[slice]:
        """Where held-out sentences, and parts of them, are: 4 to 6 known words and the symbol after them.

        If there is none, the first held-out words alone.
        """
        symbols = np.array([not token.isalnum() for token in self.vocabulary.tokens])
        ends = [0, *(np.flatnonzero(symbols[self.held]) + 1)]
        places = [slice(int(i), int(j)) for i, j in pairwise(ends) if shortest < j - i <= longest + 1]
        return [place for place in places if self.held[place].all()] or [slice(0, longest + 1)]

    def unigram_bits(self) -> float:
        """Bits a word of ``held[1:]`` when each word is predicted by its frequency in ``train`` alone.

        -mean log2 ((count(word) + 1) / (N + V)): each count is one too large (Laplace smoothing), so that the cost of
        an unseen word is finite. ``held[0]`` is left out because the network, which needs a previous word, does not
        predict it either.
        """
        counts = np.bincount(self.train, minlength=len(self.vocabulary)) + 1.0
        return float(-np.log2(counts / counts.sum())[self.held[1:]].mean())
