"""Bytes as ids, of texts and of files that may be larger than memory."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ...core.errors import GraphError, refusing, shown
from .mapped import FileBytes
from .vocabulary import Codec


class Bytes(Codec):
    """The bytes of a text in UTF-8 as ids: V = 256, and nothing is unknown.

    ``decode(encode(text)) == text``. Of bytes that are no UTF-8, as a network may generate, U+FFFD stands for the
    wrong ones.

    Example:
        >>> import tinygraph as tg
        >>> tg.train.Bytes().encode("ab循")                                     # shape (5,): three bytes for 循
        array([ 97,  98, 229, 190, 170])
        >>> tg.train.Bytes().decode([229, 190, 170, 255, 97]), len(tg.train.Bytes())
        ('循�a', 256)
    """

    def __len__(self) -> int:
        return 256

    @refusing
    def encode(self, text: str | bytes) -> np.ndarray:
        """The bytes of a text, int64 (N,)."""
        if not isinstance(text, (str, bytes)):
            raise GraphError("Bytes: a text is encoded", expected="str or bytes", got=shown(text))
        raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
        return np.frombuffer(raw, np.uint8).astype(np.int64)

    @refusing
    def decode(self, ids: Any) -> str:
        """The text of bytes (N,)."""
        raw = self._checked(ids).astype(np.uint8).tobytes()
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return raw.decode("utf-8", "replace")

    @staticmethod
    @refusing
    def file(path: str | os.PathLike[str]) -> FileBytes:
        """The bytes of a file (N,), which may be larger than memory: `Stream` and `split` take them as they are.

        A slice of them is such an object again, and ``np.asarray(tokens[start:stop])`` reads it.

        Raises:
            GraphError: the file is empty, or path is no path.
            OSError: it cannot be read.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise GraphError("Bytes.file: a path is needed", got=shown(path))
        tokens = FileBytes.of(path)
        if not len(tokens):
            raise GraphError("Bytes.file: the file is empty", got=shown(os.fspath(path)))
        return tokens

    def to_dict(self) -> dict[str, Any]:
        """What tells the kind, as the other vocabularies' does."""
        return {"kind": "Bytes"}

    @classmethod
    @refusing
    def from_dict(cls, saved: dict[str, Any]) -> Bytes:
        """The vocabulary of which `to_dict` made this."""
        if saved != {"kind": "Bytes"}:
            raise GraphError("Bytes: this is no saved vocabulary", expected="{'kind': 'Bytes'}", got=shown(saved))
        return cls()
