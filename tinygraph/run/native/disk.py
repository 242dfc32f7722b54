"""The disk cache of machine code, in the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

DIGEST = 32
"""Bytes of the SHA-256 digest before the code, so that a truncated file is never run."""

BOUND = 64 << 20
"""Maximal bytes of the folder; beyond this the oldest files are deleted."""


def folder() -> Path | None:
    """Returns the cache folder: ``$TINYGRAPH_CACHE_DIR``, else ``tinygraph`` in the user's cache folder.

    The folder need not exist yet. None if the user has no home folder.

    Example:
        >>> import os
        >>> from tinygraph.run.native.disk import folder
        >>> os.environ["TINYGRAPH_CACHE_DIR"] = "somewhere"
        >>> folder().name
        'somewhere'
        >>> del os.environ["TINYGRAPH_CACHE_DIR"]
    """
    path = os.environ.get("TINYGRAPH_CACHE_DIR")
    if path:
        return Path(path)
    try:
        return _user_cache() / "tinygraph"
    except RuntimeError:
        return None


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def read(key: str) -> bytes | None:
    """Returns the object code cached under ``key``; None if there is none or its digest does not match."""
    directory = folder()
    if directory is None:
        return None
    try:
        data = (directory / f"{key}.o").read_bytes()
    except OSError:
        return None
    code = data[DIGEST:]
    return code if hashlib.sha256(code).digest() == data[:DIGEST] else None


def write(key: str, code: bytes) -> None:
    """Store object code under ``key``; does nothing if the folder cannot be written.

    The code goes to a temporary file that is then renamed, so that other processes see the whole file or none.
    """
    directory = folder()
    if directory is None:
        return
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _make_room(directory)
        descriptor, name = tempfile.mkstemp(dir=directory, suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(name, directory / f"{key}.o")
    except OSError:
        Path(name).unlink(missing_ok=True)


def _make_room(directory: Path) -> None:
    """Delete the oldest files until their total size is within the bound."""
    with os.scandir(directory) as entries:
        files = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries)
    total = sum(size for _, size, _ in files)
    for _, size, path in files:
        if total <= BOUND:
            break
        os.unlink(path)
        total -= size
