"""The text: reading, splitting into words, the vocabulary, and the score of a unigram model."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

UNKNOWN = "<unk>"
"""Stands for every word that is not in the vocabulary; its id is 0."""

LEAST_WORDS = 20
"""With fewer words the held-out tenth has no two consecutive words, so that there is nothing to predict."""

MOST_HELD_OUT = 50_000
"""The largest number of held-out words that are scored, which takes about two seconds."""

# Chinese and Japanese are written without spaces: each character counts as a word.
_CHARACTER = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_CHARACTER}]|[^\W{_CHARACTER}]+(?:['’][^\W{_CHARACTER}]+)*|[^\w\s]")
_CLOSING = re.compile(r"[^\w\s(\[{<\"'“‘*_=+\-|/&@#$%^~\\`]")
_ENDS = frozenset(".!?。！？")


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


def split_words(text: str) -> list[str]:
    """Splits a text into lower-case words, single symbols, and single Chinese or Japanese characters.

    Example:
        >>> split_words("It's a RNN: 循环!")
        ["it's", 'a', 'rnn', ':', '循', '环', '!']
    """
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())


def join_words(words: Sequence[str]) -> str:
    """Joins words to a line of text: no space before a closing symbol or between Chinese characters.

    Example:
        >>> join_words(["see", "循", "环", "(", "or", "not", ")", "."])
        'see 循环 ( or not).'
    """
    line = ""
    for word in words:
        adjacent = not line or _CLOSING.fullmatch(word) or (_wide(line[-1]) and _wide(word[0]))
        line += word if adjacent else f" {word}"
    return line


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


class Vocabulary:
    """Maps the most frequent words and `UNKNOWN` to ids from 0; V = ``len(vocabulary)``.

    Args:
        words: the training words; of equally frequent words those that come first are kept.
        size: the largest V.
    """

    def __init__(self, words: Iterable[str], size: int = 3000) -> None:
        frequent = Counter(words).most_common(size - 1)
        self.words = [UNKNOWN, *(word for word, _ in frequent)]
        self._ids = {word: i for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """The ids (N,) of N words, 0 for unknown words."""
        return np.array([self._ids.get(word, 0) for word in words], dtype=np.int64)

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The words of ids (N,)."""
        return [self.words[i] for i in ids]


def split_held_out(words: list[str]) -> tuple[list[str], list[str]]:
    """Splits words into the first nine tenths, for training, and the last tenth.

    Raises:
        TextError: fewer than `LEAST_WORDS` words.
    """
    if len(words) < LEAST_WORDS:
        raise TextError(f"the text holds {len(words)} words: at least {LEAST_WORDS} are needed")
    cut = len(words) * 9 // 10
    return words[:cut], words[cut:]


class Corpus:
    """A text split into a training part and a held-out part.

    Attributes:
        vocabulary: the vocabulary of the training part.
        held_words: the held-out words.
        train, held: the ids (N,) of both parts.
    """

    def __init__(self, text: str) -> None:
        words, held = split_held_out(split_words(text))
        self.vocabulary = Vocabulary(words)
        self.held_words = held[:MOST_HELD_OUT]
        self.train, self.held = self.vocabulary.encode(words), self.vocabulary.encode(self.held_words)


def streams(ids: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Splits a text into B parallel streams of words and targets; the target of a word is the next word.

    Args:
        ids: words (N,).
        rows: B, the number of streams; fewer if the text has fewer words.

    Returns:
        words and targets, both (S, B) with S = (N - 1) // B; the rest of the text is dropped.
    """
    rows = max(1, min(rows, len(ids) - 1))
    length = (len(ids) - 1) // rows
    used = length * rows
    return ids[:used].reshape(rows, length).T, ids[1 : used + 1].reshape(rows, length).T


def unigram_bits(train: np.ndarray, held: np.ndarray, V: int) -> float:
    """Bits per word of ``held[1:]`` when each word is predicted by its frequency in ``train`` alone.

    -mean log2 ((count(word) + 1) / (N + V)): each count is one too large (Laplace smoothing), so that the cost of an
    unseen word is finite. ``held[0]`` is left out because the network, which needs a previous word, does not predict
    it either.
    """
    counts = np.bincount(train, minlength=V) + 1.0
    return float(-np.log2(counts / counts.sum())[held[1:]].mean())


def short_sentence(words: Sequence[str], vocabulary: Vocabulary, shortest: int = 4, longest: int = 6) -> list[str]:
    """The first sentence of 4 to 6 known words and an end mark, without other symbols.

    If there is none, the first words of the text.
    """
    known = set(vocabulary.words)
    start = 0
    for end, mark in enumerate(words):
        if mark in _ENDS:
            sentence = list(words[start : end + 1])
            plain = all(w in known and w.isalpha() for w in sentence[:-1])
            if shortest <= end - start <= longest and plain:
                return sentence
            start = end + 1
    return list(words[: longest + 1])


def ends_sentence(word: str) -> bool:
    """Whether the word is a full stop, an exclamation mark or a question mark, Chinese ones too."""
    return word in _ENDS
