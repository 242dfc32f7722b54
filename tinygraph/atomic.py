"""Files are written whole or not at all: whatever stops a save, the file that was there stays as it was."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .core.errors import GraphError

_PART = re.compile(r"\.tinygraph-([0-9a-f]{8})-([0-9a-f]{8})-([0-9]{1,9})-[0-9a-f]{8}\.part")
"""Temporary files: digests of the file's name and of the machine's, the number of the process, a random number."""


def place(subject: str, name: Any) -> Path:
    """The path of a file that is there or may be made there; refuses folders, devices and pipes.

    Args:
        subject: what is done, the first word of messages.
        name: a text or a ``pathlib.Path``.
    """
    text = os.fspath(name) if isinstance(name, os.PathLike) else name
    if not isinstance(text, str):
        raise GraphError(f"{subject}: no name of a file", expected="a str or a pathlib.Path", got=type(name).__name__)
    if not text or text.endswith(("/", os.sep)):
        raise GraphError(f"{subject}: no name of a file", expected="a path that ends in a name", got=repr(text))
    try:
        kind = os.stat(text).st_mode
    except FileNotFoundError:
        return Path(text)
    except ValueError as error:  # a null byte, or half of a surrogate pair
        raise GraphError(f"{subject}: no name of a file", got=f"{text!r}: {error}") from error
    if not stat.S_ISREG(kind):
        got = "a folder" if stat.S_ISDIR(kind) else "a device, a pipe or a socket"
        raise GraphError(f"{subject}: {text!r} is no file", expected="the name of a file", got=got)
    return Path(text)


def write(path: Path, *parts: bytes | memoryview) -> None:
    """Writes a file; if that fails or is interrupted, at any point, the file that was there stays as it was.

    The content goes into a temporary file of the same folder, is forced to disk, and takes the file's name in one step
    of the system, so a reader sees the old file or the new one. A symbolic link is followed; the permissions of a file
    that is there stay. What killed processes have left of this file is removed. Of several that write at the same
    time the last one wins.

    Args:
        path: from `place`.
        parts: the content, one after the other.

    Raises:
        OSError: it cannot be written.
    """
    try:
        _replace(Path(os.path.realpath(path)), parts)
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror or error}; nothing was changed", os.fspath(path)) from error


def _replace(target: Path, parts: Iterable[bytes | memoryview]) -> None:
    old = target.stat() if target.exists() else None
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(13, "the file is write-protected")
    if not target.parent.is_dir():
        raise FileNotFoundError(2, f"there is no folder {str(target.parent)!r}")
    _sweep(target)
    # Chosen before it is made, so that no interrupt comes between making it and knowing its name.
    temporary = target.parent / _part(target, os.getpid())
    try:
        _fill(temporary, old, parts)
        os.replace(temporary, target)
    finally:
        with suppress(OSError):  # after a save there is none
            os.unlink(temporary)
    _sync(target.parent)


def _fill(temporary: Path, old: os.stat_result | None, parts: Iterable[bytes | memoryview]) -> None:
    # A new file follows the umask; one that replaces a private file is private from the start.
    mode = 0o666 if old is None else 0o600
    with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        if old is not None:
            _take_permissions(temporary, old)
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())


def _take_permissions(temporary: Path, old: os.stat_result) -> None:
    if hasattr(os, "chown"):
        for user, group in ((-1, old.st_gid), (old.st_uid, -1)):
            with suppress(PermissionError):
                os.chown(temporary, user, group)
    with suppress(PermissionError):  # of a file system without permissions
        os.chmod(temporary, stat.S_IMODE(old.st_mode))


def _sync(folder: Path) -> None:
    """Forces the new name to disk, where the system can do that."""
    if os.name != "nt":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def _part(target: Path, process: int) -> str:
    return f".tinygraph-{_digest(target.name)}-{_digest(platform.node())}-{process}-{secrets.token_hex(4)}.part"


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:8]


def _sweep(target: Path) -> None:
    """Removes the temporary files of this file that killed processes have left."""
    own, here = _digest(target.name), _digest(platform.node())
    with suppress(OSError):
        for name in os.listdir(target.parent):
            match = _PART.fullmatch(name)
            if match and match[1] == own:
                _remove_dead(target.parent / name, match[2] == here and not _runs(int(match[3])))


def _remove_dead(temporary: Path, dead: bool) -> None:
    with suppress(OSError):
        seen = temporary.lstat()
        # Of another machine's process nobody here knows whether it runs; after an hour it has ended.
        if stat.S_ISREG(seen.st_mode) and (dead or time.time() - seen.st_mtime > 3600):
            temporary.unlink()


def _runs(process: int) -> bool:
    if os.name == "nt":  # where signal 0 is no question
        return True
    with suppress(PermissionError):
        try:
            os.kill(process, 0)
        except (ProcessLookupError, OverflowError):
            return False
    return True
