"""ONNX files read again: the model whole, and what a file of ours says of itself."""

from __future__ import annotations

import json
import os
from typing import Any

from ... import atomic
from ...core.errors import GraphError, refusing
from ..traced.packages import package


def read(what: str, path: Any) -> Any:
    """The model in a file.

    Raises:
        GraphError: onnx is not installed, there is no such file, or it is no ONNX file.
    """
    onnx = package("onnx", what, "onnx")
    place = atomic.place(what, path)
    if not place.exists():
        raise GraphError(f"{what}: there is no file {os.fspath(path)!r}", fix="the path of an .onnx file")
    try:
        model = onnx.load(os.fspath(place))
        onnx.checker.check_model(model)
    except Exception as error:
        problem, got = f"{what}: {os.fspath(path)!r} is no ONNX file that can be read", str(error).partition("\n")[0]
        raise GraphError(problem, got=got[:200], expected="a whole model, with its arrays") from error
    return model


@refusing
def metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a file of `onnx` says of itself: the version, the cell and its options, the free axes of the inputs.

    Args:
        path: the file's name.

    Returns:
        a dict with ``tinygraph`` (the version), ``cell``, ``options``, ``settings`` (a layer's), ``inputs`` (letters of
        their axes, None for a fixed one), ``parameters`` (names of arrays in the file, of their own shapes), and
        ``natives`` (ONNX's own recurrent nodes by name, with the cell and options of each).

    Raises:
        GraphError: there is no such file, or it was not written by this library.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.export.onnx(tg.cells.MGU(3, 4, rng=0), np.zeros((2, 3)), "mgu.onnx")  # doctest: +SKIP
        >>> tg.export.metadata("mgu.onnx")["options"]["hidden_size"]  # doctest: +SKIP
        4
    """
    model = read("export.metadata", path)
    told = {entry.key: entry.value for entry in model.metadata_props}
    if "tinygraph" not in told:
        got = f"producer {model.producer_name!r}"
        raise GraphError(f"export.metadata: {os.fspath(path)!r} says nothing of tinygraph", got=got)
    whole: dict[str, Any] = json.loads(told["tinygraph"])
    return whole


def settings(node: Any) -> dict[str, Any]:
    """The attributes of a node."""
    from onnx import helper

    told = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {name: x.decode() if isinstance(x, bytes) else x for name, x in told.items()}


def direction(node: Any) -> str:
    return str(settings(node).get("direction", "forward"))
