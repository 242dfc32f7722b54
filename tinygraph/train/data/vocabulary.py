"""Vocabularies: texts as ids of words or characters, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Self

import numpy as np

from ...core.checks import flag, integer, text
from ...core.errors import GraphError, refusing, shown
from .batches import ids
from .splitting import line_of_words, words_of

UNKNOWN = "\ufffd"
"""The token of id 0, which stands for all that the vocabulary does not hold."""


class Codec:
    """Base class of what makes ids (N,) of a text and a text of ids; a subclass says how in `encode` and `decode`."""

    def __len__(self) -> int:
        """V, the number of ids."""
        raise GraphError(f"{type(self).__name__} has no __len__", fix="define the number of ids")

    def encode(self, text: str) -> np.ndarray:
        """The ids of a text, int64 (N,)."""
        raise GraphError(f"{type(self).__name__} has no encode", fix="define encode(self, text)")

    @refusing
    def documents(self, texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """The ids (N,) of texts, one after the other, and where each begins (D,), as `Stream` takes them.

        Texts without an id are left out.
        """
        parts = [part for part in map(self.encode, _texts(type(self).__name__, texts)) if len(part)]
        starts = np.cumsum([0, *map(len, parts)])[:-1]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64), starts

    def _checked(self, values: Any) -> np.ndarray:
        owner = type(self).__name__
        array = ids(owner, "what is decoded", values if np.size(values) else np.zeros(0, np.int64))
        if array.size and not 0 <= int(array.min()) <= int(array.max()) < len(self):
            got, expected = f"{array.min()} to {array.max()}", f"from 0 to {len(self) - 1}"
            raise GraphError(f"{owner}: there is no such id", expected=expected, got=got)
        return array


class Vocabulary(Codec):
    """Base class: tokens by how often they are; id 0 stands for unknown ones.

    Attributes:
        tokens: the token of each id; that of id 0 is U+FFFD, "�".
    """

    options: ClassVar[tuple[str, ...]] = ()

    def __init__(self, tokens: Iterable[str], size: int | None) -> None:
        most = None if size is None else integer(type(self).__name__, "size", size, least=2) - 1
        counts = Counter(tokens)
        del counts[UNKNOWN]
        self.tokens = [UNKNOWN, *(token for token, _ in counts.most_common(most))]
        if len(self.tokens) == 1:
            raise GraphError(f"{type(self).__name__}: the text has no token", fix="pass the text to train on")
        self._ids = {token: i for i, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def to_dict(self) -> dict[str, Any]:
        """What `from_dict` makes the vocabulary of again; ``json`` can write it."""
        own = {name: getattr(self, name) for name in self.options}
        return {"kind": type(self).__name__, "tokens": self.tokens[1:], **own}

    @classmethod
    @refusing
    def from_dict(cls, saved: dict[str, Any]) -> Self:
        """The vocabulary of which `to_dict` made this.

        Raises:
            GraphError: it is of another kind, or no such dict.
        """
        whole = isinstance(saved, dict) and {"kind", "tokens", *cls.options} <= saved.keys()
        tokens = saved["tokens"] if whole and saved["kind"] == cls.__name__ else None
        texts = isinstance(tokens, list) and all(isinstance(t, str) and t for t in tokens)
        if tokens is None or not texts or len({UNKNOWN, *tokens}) <= len(tokens):  # one is there twice
            expected = f"what {cls.__name__}.to_dict gave"
            raise GraphError(f"{cls.__name__}: this is no saved vocabulary", expected=expected, got=shown(saved))
        # The text of the tokens has other tokens where they stand together: it only makes a vocabulary to be filled.
        vocabulary = cls("a", **{name: saved[name] for name in cls.options})
        Vocabulary.__init__(vocabulary, tokens, None)
        return vocabulary


class Characters(Vocabulary):
    """Characters of a text by how often they are, with ids from 1; 0 stands for unknown ones.

    A Chinese character is one character. ``decode(encode(text)) == text`` if all characters are known; an unknown one
    becomes U+FFFD.

    Args:
        texts: the text, or texts, to train on.
        size: the most ids, V, of which the rarest characters get none; None for all. Of equally frequent ones those
            that come first are kept.

    Raises:
        GraphError: there is no character, or texts is no text.

    Example:
        >>> import tinygraph as tg
        >>> letters = tg.train.Characters("hello 循环")
        >>> letters.encode("hole?"), letters.decode(letters.encode("hole?"))     # the ids have shape (5,)
        (array([2, 4, 1, 3, 0]), 'hole�')
        >>> len(letters), tg.train.Characters.from_dict(letters.to_dict()).tokens == letters.tokens
        (8, True)
    """

    @refusing
    def __init__(self, texts: str | Iterable[str], size: int | None = None) -> None:
        super().__init__((c for part in _texts("Characters", texts) for c in part), size)

    @refusing
    def encode(self, text: str) -> np.ndarray:
        """The id of each character, int64 (N,)."""
        return np.array([self._ids.get(c, 0) for c in _text("Characters", text)], np.int64)

    @refusing
    def decode(self, ids: Any) -> str:
        """The text of ids (N,)."""
        return "".join([self.tokens[i] for i in self._checked(ids)])


class Words(Vocabulary):
    """Words of a text by how often they are, with ids from 1; 0 stands for unknown ones.

    Single symbols and single Chinese or Japanese characters are words, too. Spaces are not kept: ``decode`` puts them
    where they are usual, so ``encode(decode(ids))`` is ``ids``, but ``decode(encode(text))`` may space the text anew.

    Args:
        texts: the text, or texts, to train on.
        size: the most ids, V, of which the rarest words get none; None for all. Of equally frequent ones those that
            come first are kept.
        lower: whether all is written in small letters.

    Raises:
        GraphError: there is no word, or texts is no text.

    Example:
        >>> import tinygraph as tg
        >>> words = tg.train.Words("To be, or not to be: 循环!", lower=True)
        >>> words.encode("to be 循环?"), words.decode(words.encode("Or   not (to be)?"))     # shape (5,)
        (array([1, 2, 7, 8, 0]), 'or not� to be��')
    """

    options = ("lower",)

    @refusing
    def __init__(self, texts: str | Iterable[str], size: int | None = None, lower: bool = False) -> None:
        self.lower = flag("Words", "lower", lower)
        super().__init__((w for part in _texts("Words", texts) for w in words_of(part, self.lower)), size)

    @refusing
    def encode(self, text: str) -> np.ndarray:
        """The id of each word, int64 (N,)."""
        return np.array([self._ids.get(w, 0) for w in words_of(_text("Words", text), self.lower)], np.int64)

    @refusing
    def decode(self, ids: Any) -> str:
        """The line of text of ids (N,)."""
        return line_of_words([self.tokens[i] for i in self._checked(ids)])


def _text(owner: str, value: Any) -> str:
    return text(owner, "what is encoded", value)


def _texts(owner: str, texts: Any) -> Iterator[str]:
    """One text or several, each of them checked."""
    if isinstance(texts, (bytes, dict)) or not isinstance(texts, Iterable):
        raise GraphError(
            f"{owner}: a text or several are needed", expected="a str, or a list of them", got=shown(texts)
        )
    for part in [texts] if isinstance(texts, str) else texts:
        yield text(owner, "a text", part)
