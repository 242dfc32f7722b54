"""A folder whose files nobody but this user can have written; any other folder or file is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

PART = ".part"
"""The end of the name of a file that is being written."""

OTHERS = stat.S_IWGRP | stat.S_IWOTH
HAS_OWNERS = hasattr(os, "geteuid")
"""False on Windows, where the folder of a user's caches is private by its access list."""

FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
WAITLESS = getattr(os, "O_NONBLOCK", 0)
"""Opening a pipe that someone put in a file's place must not wait for its writer."""


class UnsafeError(OSError):
    """The folder is there, but another user may have written to it."""


@dataclass(frozen=True)
class PrivateFolder:
    """An open folder; see `opened`.

    Attributes:
        path: where it is.
        descriptor: all names are looked up in the folder that was checked, wherever its path leads by now; None on
            Windows, which lacks this.
    """

    path: Path
    descriptor: int | None

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none, or none that only this user can write."""
        try:
            number = os.open(self._at(name), os.O_RDONLY | WAITLESS | FLAGS, dir_fd=self.descriptor)
        except OSError:
            return None
        with os.fdopen(number, "rb") as file:
            return file.read() if _is_ours(os.fstat(number), stat.S_ISREG) else None

    def write(self, name: str, data: bytes, replace: bool = True) -> None:
        """Write a file in one step; an OSError where this cannot be done, or if it exists and ``replace`` is False."""
        part = f"{name}-{token_hex(8)}{PART}"
        number = os.open(self._at(part), os.O_WRONLY | os.O_CREAT | os.O_EXCL | FLAGS, 0o600, dir_fd=self.descriptor)
        here = {"src_dir_fd": self.descriptor, "dst_dir_fd": self.descriptor}
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
            (os.replace if replace else os.link)(self._at(part), self._at(name), **here)
        finally:
            self.delete(part)

    def files(self) -> list[tuple[float, int, str]]:
        """Time of the last change, bytes and name of each regular file."""
        told = []
        for name in os.listdir(self.path if self.descriptor is None else self.descriptor):
            with suppress(OSError):
                status = os.stat(self._at(name), dir_fd=self.descriptor, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    told.append((status.st_mtime, status.st_size, name))
        return told

    def delete(self, name: str) -> None:
        """Delete a file, if it is still there."""
        with suppress(OSError):
            os.unlink(self._at(name), dir_fd=self.descriptor)

    def _at(self, name: str) -> str:
        return name if self.descriptor is not None else str(self.path / name)


@contextmanager
def opened(path: Path, create: bool = False) -> Iterator[PrivateFolder]:
    """A context with the folder at ``path``, which may be made; readable and writable by this user alone.

    The folder around it may be a link and belong to anyone, but unless it is "sticky" as /tmp is, nobody else may write
    to it: who can rename our folder can at least keep us from our files.

    Raises:
        UnsafeError: a folder is there, but others can write to it or own it, or it is a link.
        OSError: it cannot be opened, or made.
    """
    if create:
        with suppress(FileExistsError):
            path.parent.mkdir(mode=0o700, parents=True)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
    if not HAS_OWNERS:
        yield PrivateFolder(path, None)
        return
    around = path.parent.stat().st_mode
    if stat.S_ISDIR(around) and around & OTHERS and not around & stat.S_ISVTX:
        raise UnsafeError(f"others can write to {path.parent}")
    if path.is_symlink():
        raise UnsafeError(f"{path} is a link")
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | FLAGS)
    try:
        if not _is_ours(os.fstat(descriptor), stat.S_ISDIR):
            raise UnsafeError(f"{path} belongs to another user or others can write to it")
        yield PrivateFolder(path, descriptor)
    finally:
        os.close(descriptor)


def _is_ours(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """Whether it is a file or folder (as ``is_kind`` tells) that this user owns and nobody else can write."""
    if not is_kind(status.st_mode):
        return False
    return not HAS_OWNERS or (status.st_uid == os.geteuid() and not status.st_mode & OTHERS)
