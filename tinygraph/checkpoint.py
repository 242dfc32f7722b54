"""Checkpoints: saves named arrays to a safetensors file, whole and with a checksum, and loads them."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .atomic import place, write
from .core.errors import GraphError, refusing, shown
from .core.node import Node

_NUMBERS = (bool, int, float, list, tuple, np.generic)
_MARK, _SUM, _UNKNOWN = "tinygraph.checked", "tinygraph.sha256", "0" * 64
_SUMMED = re.compile(rf'(?<!\\)"{_SUM}":"([0-9a-f]{{64}})"'.encode())


@refusing
def save(path: str | os.PathLike[str], arrays: Mapping[str, Any], metadata: Mapping[str, str] | None = None) -> None:
    """Saves named arrays or parameters to a file; an existing file is replaced only by a complete one, on disk.

    Whatever stops it, the file that was there stays: an error, a full disk, Ctrl-C, the end of the process. A symbolic
    link is followed, and the permissions of the file stay. The file's header holds a checksum, which `load` checks.

    Args:
        path: the file, ``name.safetensors`` or a name without a suffix; its folder must exist.
        arrays: maps names to arrays or nodes, one or more, of any shape, of real numbers or booleans.
        metadata: maps names to texts, which are stored in the file's header.

    Raises:
        GraphError: safetensors is not installed, ``arrays`` is not a dict of arrays, ``path`` names no file or one of
            another format. The file was not touched.
        OSError: the file cannot be written; nothing was changed.

    Example:
        >>> import os, tempfile, tinygraph as tg
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> tg.train.save(path, {"W": tg.parameter([[1.0, 2.0]])})
        >>> tg.train.load(path)
        {'W': array([[1., 2.]])}
    """
    file, values = _named(path), _values(arrays)
    texts = {} if metadata is None else metadata
    if not isinstance(texts, Mapping) or not all(isinstance(t, str) for item in texts.items() for t in item):
        raise GraphError("save: metadata is not text", expected="a dict from texts to texts", got=shown(texts, 80))
    try:
        content = _safetensors().save(values, {**texts, _MARK: "1", _SUM: _UNKNOWN})
    except UnicodeEncodeError as error:
        raise GraphError("save: a name or text cannot be written as UTF-8", got=str(error)) from error
    header, data = _in_order(content)
    told = hashlib.sha256(header)
    told.update(data)
    write(file, _SUMMED.sub(f'"{_SUM}":"{told.hexdigest()}"'.encode(), header), data)


@refusing
def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Loads the arrays of a safetensors file: a dict from names to arrays, of the saved shapes and dtypes.

    A file that `save` wrote must be as it was written, to the last bit; those of other programs hold no checksum.

    Raises:
        GraphError: safetensors is not installed, or the file is damaged or not a safetensors file.
        OSError: the file cannot be read.

    Example:
        See `save`.
    """
    return load_with_metadata(path)[0]


def load_with_metadata(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a file as `load` returns them, and the texts that were saved with them."""
    content = place("load", path).read_bytes()
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    match = _SUMMED.search(header)
    if match is not None or f'"{_MARK}":"'.encode() in header:
        _check(path, content, match)
    load = _safetensors().load
    try:
        arrays = load(content)
    except Exception as error:  # safetensors_rust has its own class, which is not a ValueError
        got = f"{error}; {len(content)} bytes, the first are {content[:8]!r}"
        fix = "numpy.load reads .npz and .npy, torch.load .pt"
        raise GraphError(f"load: {path} is not a safetensors file, or damaged", got=got, fix=fix) from error
    texts = json.loads(header).get("__metadata__", {})
    return arrays, {name: text for name, text in texts.items() if name not in (_MARK, _SUM)}


@refusing
def metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The texts that were saved with the arrays of a file.

    Raises:
        GraphError, OSError: as for `load`.

    Example:
        >>> import os, tempfile, tinygraph as tg
        >>> path = os.path.join(tempfile.mkdtemp(), "model.safetensors")
        >>> tg.train.save(path, {"W": tg.parameter(1.0)}, {"trained on": "a.txt"})
        >>> tg.train.metadata(path)
        {'trained on': 'a.txt'}
    """
    return load_with_metadata(path)[1]


def _in_order(content: bytes) -> tuple[bytes, memoryview]:
    """Header and data of a file; safetensors orders the metadata by chance, this by name: equal saves, equal files."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the data begin at a multiple of 8, as in every such file
    return len(text).to_bytes(8, "little") + text, memoryview(content)[8 + size :]


def _check(path: Any, content: bytes, match: re.Match[bytes] | None) -> None:
    """The checksum is that of the file with zeros in its place, so it covers each other bit."""
    if match is not None:
        start, whole = 8 + match.start(1), memoryview(content)
        told = hashlib.sha256(whole[:start])
        told.update(_UNKNOWN.encode())
        told.update(whole[8 + match.end(1) :])
        if told.hexdigest().encode() == match[1]:
            return
    fix = "take a copy; or if another program rewrote it and kept the checksum, read it by safetensors itself"
    raise GraphError(f"load: {path} is damaged: it is not as it was saved", got="another checksum", fix=fix)


def _named(path: Any) -> Path:
    file = place("save", path)
    suffixes = [suffix.lower() for suffix in file.suffixes]
    # What begins with a digit is a number: "rate0.01" has no suffix.
    if suffixes and ".safetensors" not in suffixes and suffixes[-1][1:2].isalpha():
        expected, fix = "a name that ends in .safetensors or has no suffix", repr(f"{file.stem}.safetensors")
        raise GraphError(
            f"save: {suffixes[-1]} is the name of another format", expected=expected, got=str(file), fix=fix
        )
    return file


def _values(arrays: Any) -> dict[str, np.ndarray]:
    if not isinstance(arrays, Mapping) or not arrays:
        got = "an empty dict" if isinstance(arrays, Mapping) else type(arrays).__name__
        fix = "pass its .state_dict()" if hasattr(arrays, "state_dict") else ""
        raise GraphError("save: not named arrays", expected="names with arrays or parameters", got=got, fix=fix)
    values = {name: x.value if isinstance(x, Node) else x for name, x in arrays.items()}
    for name, x in values.items():
        if not isinstance(name, str) or name == "__metadata__" or not _is_plain(x):
            expected = "a dict from names, not '__metadata__', to arrays of real numbers or parameters"
            got = f"{name!r}: {f'{type(x).__name__} {x.dtype}' if isinstance(x, np.ndarray) else shown(x)}"
            fix = "np.asarray(value)  # an array, also of one number" if isinstance(x, _NUMBERS) else ""
            raise GraphError("save: not named arrays", expected=expected, got=got, fix=fix)
    # safetensors ignores strides, so arrays must be contiguous.
    return {name: np.ascontiguousarray(x).reshape(x.shape) for name, x in values.items()}


def _is_plain(x: Any) -> bool:
    array = isinstance(x, np.ndarray) and not isinstance(x, np.ma.MaskedArray)
    return array and x.dtype.kind in "fiub" and x.itemsize <= 8


def _safetensors() -> Any:
    try:
        from safetensors import numpy as safetensors
    except ImportError as error:
        fix = "python -m pip install safetensors"
        raise GraphError("checkpoints need safetensors, which is not installed", fix=fix) from error
    return safetensors
