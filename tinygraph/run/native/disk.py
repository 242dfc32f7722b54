"""The disk cache of machine code: a private folder in the user's cache folder, and a seal on each file in it."""

from __future__ import annotations

import os
import re
import sys
import warnings
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path
from secrets import token_bytes
from time import time

from .private_folder import PART, PrivateFolder, UnsafeError, opened

FORMAT = "code-2"
"""The folder's name: files of another form are in another folder, and so is whatever else lies around it."""

BOUND = 64 << 20
"""Maximal bytes of our files; beyond this the oldest are deleted."""

SECRET, SECRET_BYTES, SEAL_BYTES = "secret", 32, 32
"""Each file begins with a keyed digest of its name and the code. The key is a file that nobody else can read, so that
neither an exchanged file nor one from elsewhere has a right seal, whatever its digest."""

NAME = re.compile(rf"[0-9a-f]{{64}}\.o(-[0-9a-f]{{16}}{re.escape(PART)})?|{SECRET}-[0-9a-f]{{16}}{re.escape(PART)}")
"""Names of our files; no others are counted or deleted."""

ABANDONED_S = 3600.0
"""An unfinished file of this age belongs to a process that was killed."""


def folder() -> Path | None:
    """Returns the cache folder: ``code-2`` in ``$TINYGRAPH_CACHE_DIR``, by default in the user's ``.cache/tinygraph``.

    The folder need not exist yet. None if the user has no home folder.

    Example:
        >>> import os
        >>> from tinygraph.run.native.disk import folder
        >>> os.environ["TINYGRAPH_CACHE_DIR"] = "somewhere"
        >>> folder().parts
        ('somewhere', 'code-2')
        >>> del os.environ["TINYGRAPH_CACHE_DIR"]
    """
    path = os.environ.get("TINYGRAPH_CACHE_DIR")
    try:
        return (Path(path).expanduser() if path else _user_cache() / "tinygraph") / FORMAT
    except RuntimeError:
        return None


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def read(key: str) -> bytes | None:
    """Returns the object code cached under ``key``; None if there is none that this user's tinygraph has sealed."""
    path = folder()
    if path is None:
        return None
    try:
        with opened(path) as private:
            data, secret = private.read(f"{key}.o"), _secret(private)
    except OSError as error:
        _unused(error)
        return None
    if data is None or secret is None:
        return None
    code = data[SEAL_BYTES:]
    return code if compare_digest(_seal(secret, key, code), data[:SEAL_BYTES]) else None


def write(key: str, code: bytes) -> None:
    """Store object code under ``key``; does nothing if the folder cannot be written.

    Other processes see the whole file or none.
    """
    path = folder()
    if path is None:
        return
    try:
        with opened(path, create=True) as private:
            _make_room(private)
            private.write(f"{key}.o", _seal(_made_secret(private), key, code) + code)
    except OSError as error:
        _unused(error)


def clear() -> None:
    """Delete our files."""
    path = folder()
    if path is None:
        return
    try:
        with opened(path) as private:
            for _, _, name in _ours(private):
                private.delete(name)
    except OSError as error:
        _unused(error)


def _unused(error: OSError) -> None:
    """Warn if the cache was left alone for safety; a folder that is missing or full is nobody's concern."""
    if isinstance(error, UnsafeError):
        fix = "set TINYGRAPH_CACHE_DIR to a folder that only you can write to (chmod go-w)"
        warnings.warn(f"tinygraph keeps no machine code on disk: {error}; {fix}", RuntimeWarning, stacklevel=1)


def _seal(secret: bytes, key: str, code: bytes) -> bytes:
    return blake2b(key.encode() + code, key=secret, digest_size=SEAL_BYTES).digest()


def _secret(private: PrivateFolder) -> bytes | None:
    secret = private.read(SECRET)
    return secret if secret is not None and len(secret) == SECRET_BYTES else None


def _made_secret(private: PrivateFolder) -> bytes:
    """The key of the seals, made at the first call; of several processes that make one, all use the first."""
    if _secret(private) is None:
        try:
            private.write(SECRET, token_bytes(SECRET_BYTES), replace=False)
        except FileExistsError:
            if _secret(private) is None:  # not another process's, but a damaged file
                private.write(SECRET, token_bytes(SECRET_BYTES))
    secret = _secret(private)
    if secret is None:
        raise OSError(f"{private.path / SECRET} cannot be read")
    return secret


def _ours(private: PrivateFolder) -> list[tuple[float, int, str]]:
    """Our files, the oldest first."""
    return sorted(file for file in private.files() if NAME.fullmatch(file[2]))


def _make_room(private: PrivateFolder) -> None:
    """Delete the oldest of our files until they are within the bound, and what killed processes left unfinished."""
    files = _ours(private)
    total, now = sum(size for _, size, _ in files), time()
    for changed, size, name in files:
        if total > BOUND or (name.endswith(PART) and now - changed > ABANDONED_S):
            private.delete(name)
            total -= size
