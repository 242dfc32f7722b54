"""Machine code kept on disk from process to process, under the user's cache folder."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

DIGEST = 32
"""Bytes of the SHA-256 that stands before the code: half a file is never run."""

BOUND = 64 << 20
"""Bytes of the folder: beyond it the oldest files are dropped."""


def folder() -> Path | None:
    """Where machine code is kept: ``$TINYGRAPH_CACHE_DIR``, else ``tinygraph`` in the user's cache folder.

    Returns:
        the folder, which need not exist yet; None where the user has no home.

    Example:
        >>> import os
        >>> from tinygraph.run.native.disk import folder
        >>> os.environ["TINYGRAPH_CACHE_DIR"] = "somewhere"
        >>> folder().name
        'somewhere'
        >>> del os.environ["TINYGRAPH_CACHE_DIR"]
    """
    chosen = os.environ.get("TINYGRAPH_CACHE_DIR")
    if chosen:
        return Path(chosen)
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
    """The code kept under ``key``; None where there is none, or it is not what was written."""
    where = folder()
    if where is None:
        return None
    try:
        kept = (where / f"{key}.o").read_bytes()
    except OSError:
        return None
    code = kept[DIGEST:]
    return code if hashlib.sha256(code).digest() == kept[:DIGEST] else None


def write(key: str, code: bytes) -> None:
    """Keep ``code`` under ``key``. Where the folder cannot be written nothing is kept and nothing raised.

    The file is written aside and moved into place, so that another process sees all of it or none.
    """
    where = folder()
    if where is None:
        return
    try:
        where.mkdir(parents=True, exist_ok=True)
        _make_room(where)
        aside, name = tempfile.mkstemp(dir=where, suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(aside, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(name, where / f"{key}.o")
    except OSError:
        Path(name).unlink(missing_ok=True)


def _make_room(where: Path) -> None:
    """Drop the oldest files while all of them together are above the bound."""
    with os.scandir(where) as entries:
        found = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in entries)
    total = sum(size for _, size, _ in found)
    for _, size, path in found:
        if total <= BOUND:
            break
        os.unlink(path)
        total -= size
