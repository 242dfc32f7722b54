"""Checkpoints: saves named arrays to a safetensors file, in one atomic step, and loads them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .core.errors import GraphError, refusing, shown
from .core.node import Node


@refusing
def save(path: str | os.PathLike[str], arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> None:
    """Saves named arrays or parameters to a file; an existing file is replaced only by a complete one.

    Args:
        path: the file; its folder must exist.
        arrays: maps names to arrays or nodes, of any shape and of a dtype that safetensors supports.
        metadata: maps names to texts, which are stored in the file's header.

    Raises:
        GraphError: safetensors is not installed, or ``arrays`` is not a dict of arrays.
        OSError: the file cannot be written; no part of it is left.

    Example:
        >>> import os, tempfile, tinygraph as tg
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> tg.train.save(path, {"W": tg.parameter([[1.0, 2.0]])})
        >>> tg.train.load(path)
        {'W': array([[1., 2.]])}
    """
    values = {name: x.value if isinstance(x, Node) else x for name, x in dict(arrays).items()}
    for name, value in values.items():
        if not isinstance(name, str) or not isinstance(value, np.ndarray):
            expected = "a dict from names to arrays or parameters"
            raise GraphError("save: not named arrays", expected=expected, got=f"{shown(name)}: {type(value).__name__}")
    # safetensors ignores strides, so arrays must be contiguous.
    contiguous = {name: np.ascontiguousarray(value).reshape(value.shape) for name, value in values.items()}
    _replace(Path(path), _safetensors().save(contiguous, dict(metadata or {})))


@refusing
def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Loads the arrays that `save` wrote: a dict from names to arrays, of the saved shapes and dtypes.

    Raises:
        GraphError: safetensors is not installed, or the file is not a safetensors file.
        OSError: the file cannot be read.

    Example:
        See `save`.
    """
    content = Path(path).read_bytes()
    try:
        return _safetensors().load(content)
    except GraphError:
        raise
    except Exception as error:  # safetensors_rust has its own class, which is not a ValueError
        raise GraphError(f"load: {path} is not a safetensors file", got=str(error)) from error


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files that only the owner can read; other new files follow the umask.
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _safetensors() -> Any:
    try:
        from safetensors import numpy as safetensors
    except ImportError as error:
        fix = "python -m pip install safetensors"
        raise GraphError("checkpoints need safetensors, which is not installed", fix=fix) from error
    return safetensors
