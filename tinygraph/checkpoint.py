"""Checkpoints: named arrays in a safetensors file, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .core.errors import GraphError
from .core.node import Node


def save(path: str | os.PathLike[str], arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> None:
    """Write named arrays or parameters; what lay at ``path`` is replaced only by a complete file.

    Args:
        path: the file; its folder must exist.
        arrays: name -> array or node, of any shape and dtype that safetensors knows.
        metadata: name -> text, kept in the file's head beside the arrays.

    Raises:
        GraphError: safetensors is not installed, or ``arrays`` is not a dict of arrays.
        OSError: the file cannot be written; nothing of it stays.

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
            raise GraphError("save: not named arrays", expected=expected, got=f"{name!r}: {type(value).__name__}")
    # Its writer copies an array's memory from the start, whatever its strides say.
    contiguous = {name: np.ascontiguousarray(value).reshape(value.shape) for name, value in values.items()}
    _replace(Path(path), _safetensors().save(contiguous, dict(metadata or {})))


def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the arrays that `save` wrote: name -> array, of the shapes and dtypes saved.

    Raises:
        GraphError: safetensors is not installed, or the file is not one of its files.
        OSError: the file cannot be read.

    Example:
        See `save`.
    """
    content = Path(path).read_bytes()
    try:
        return _safetensors().load(content)
    except GraphError:
        raise
    except Exception as error:  # safetensors_rust's own class, not a ValueError
        raise GraphError(f"load: {path} is not a safetensors file", got=str(error)) from error


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes files that only their owner may read; a plain new file follows the umask.
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
        raise GraphError(
            "checkpoints need safetensors, which is not installed", fix="python -m pip install safetensors"
        ) from error
    return safetensors
