"""The bytes of a file as an array that stays on disk: only what is read is in memory, or in the address space."""

from __future__ import annotations

import os
import weakref
from typing import Any

import numpy as np

from ...core.errors import GraphError, shown


class _Handle:
    """An open file, closed when nothing reads it any more."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path, self.number = os.fspath(path), os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.size = os.fstat(self.number).st_size
        weakref.finalize(self, os.close, self.number)

    def read(self, start: int, count: int) -> bytes:
        parts, left = [], count
        while left:
            part = os.pread(self.number, left, start + count - left)
            if not part:
                raise GraphError("Bytes.file: the file has become shorter", got=shown(self.path))
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


class FileBytes:
    """Bytes of a file, (N,): a slice is such an object again, `np.asarray` reads it.

    Other than np.memmap it takes no address space, which may be limited, and leaves no pages behind in the process.
    """

    dtype, ndim = np.dtype(np.uint8), 1

    def __init__(self, handle: _Handle, places: range) -> None:
        self._handle, self._places = handle, places

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> FileBytes:
        """All bytes of a file."""
        handle = _Handle(path)
        return cls(handle, range(handle.size))

    def __len__(self) -> int:
        return len(self._places)

    @property
    def shape(self) -> tuple[int]:
        """(N,), as of an array."""
        return (len(self),)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice) and index.step in (None, 1):
            return FileBytes(self._handle, self._places[index])
        if isinstance(index, (int, np.integer)):
            return np.asarray(FileBytes(self._handle, self._places[index : index + 1 or None]))[0]
        raise GraphError("Bytes.file: it is read by slices", expected="tokens[start:stop]", got=shown(index))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raw = self._handle.read(self._places.start, len(self))
        return np.frombuffer(raw, np.uint8).astype(dtype or np.uint8, copy=False)

    def __repr__(self) -> str:
        return f"FileBytes({shown(self._handle.path)}, {self._places.start}:{self._places.stop})"
