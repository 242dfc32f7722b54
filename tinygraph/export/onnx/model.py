"""`tg.export.onnx`: a function, a cell or a layer as an ONNX file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ... import atomic
from ...cells import Recurrent
from ...cells.base.classic import ClipBound
from ...core.checks import flag
from ...core.errors import GraphError, refusing
from ..traced.free import Dynamic, Free, free
from ..traced.outline import Exported, outlined
from ..traced.packages import package
from .translation import Translation
from .wires import Wire
from .writer import OPSET, Writer

WHAT = "export.onnx"
IR = 8
"""The version of the file format that opset 17 came with."""


@refusing
def onnx(
    fn: Callable[..., Any],
    example: Any,
    path: str | os.PathLike[str],
    dynamic: Dynamic = ("T", "B"),
    *,
    native: bool = True,
) -> None:
    """Writes a function, a cell or a layer as an ONNX file (opset 17), which onnxruntime and others run.

    What a layer (`tg.Recurrent`) or a cell does is written with its state as inputs and outputs: ``inputs``, ``state``
    and ``outputs``, ``new_state``, with ``.0``, ``.1`` where the state has parts. A function's inputs are called as its
    arguments, its results as the keys of the dict that it returns, or ``result``. Parameters keep their names. Loops
    over an RNN, LSTM or GRU become ONNX's own nodes where cell and options match; any other cell is a Scan. The graph
    is that of the forward pass as it is traced, without what `tg.compile` makes of it; gradients are written, too,
    where the function computes them. The file is checked before it takes its name, with all shapes. An index out of
    range is refused by the runtime; a label below 0 and a length above T are not looked at, check them before.

    Args:
        fn: a layer, a cell, another module, or a function of arrays that returns nodes in any nesting.
        example: its arguments, a tuple, or the only one: arrays (T, B, ...), or nested structures of them. They say the
            shapes and dtypes; numbers, strings and None among them are fixed.
        path: the file's name.
        dynamic: which sizes are free when the file is run: the letters of the first axes of the first input; others
            have them where their first axes have these sizes. Or maps names of inputs to the letters of all axes, None
            for a fixed one. ``()`` fixes all sizes.
        native: whether ONNX's own recurrent nodes are used.

    Raises:
        GraphError: onnx is not installed; an op has no form in ONNX, which the message names with the fix; a size
            depends on T or B in a way that cannot stay free; random numbers are drawn; the file cannot be written.
            Then no file is made, and one that was there stays.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> layer = tg.Recurrent(tg.cells.GRU(3, 4, rng=0))
        >>> tg.export.onnx(layer, np.zeros((5, 2, 3)), "gru.onnx")  # doctest: +SKIP
        >>> import onnxruntime  # doctest: +SKIP
        >>> session = onnxruntime.InferenceSession("gru.onnx")  # doctest: +SKIP
        >>> outputs, h = session.run(None, {"inputs": xs, "state": h})  # xs (T, B, 3), h (B, 4)  # doctest: +SKIP
    """
    package("onnx", WHAT, "onnx")
    target = atomic.place(WHAT, path)
    model = modelled(fn, example, dynamic, flag(WHAT, "native", native))
    try:
        atomic.write(target, model.SerializeToString())
    except (OSError, ValueError) as error:
        raise GraphError(f"{WHAT}: {os.fspath(path)!r} cannot be written", got=str(error)) from error


def modelled(fn: Callable[..., Any], example: Any, dynamic: Dynamic = ("T", "B"), native: bool = True) -> Any:
    """The model as onnx has it, checked."""
    module = package("onnx", WHAT, "onnx")
    exported = outlined(WHAT, fn, example)
    if not exported.inputs:
        raise GraphError(f"{WHAT}: the example has no array", fix="pass the arrays as arguments of the function")
    traced = free(exported, dynamic)
    if not traced.results:
        raise GraphError(f"{WHAT}: the function returned no array", fix="return the nodes that the file should give")
    if not native:
        traced.driven.clear()
    writer = Writer(module, WHAT)
    model = _model(module, writer, Translation(writer, traced), traced)
    try:
        module.checker.check_model(model, full_check=True)
    except Exception as error:
        fix = "this is a fault of the exporter: please report it with the function"
        raise GraphError(f"{WHAT}: onnx's checker refuses the graph", got=str(error)[:300], fix=fix) from error
    return model


def _model(module: Any, writer: Writer, to: Translation, traced: Free) -> Any:
    exported, helper = traced.exported, module.helper
    names = exported.result_names(traced.structure)
    writer.taken |= {*traced.slots, *names}
    inputs = []
    for name, slot in traced.slots.items():
        to.put(slot, Wire(writer, name, slot.dtype))
        inputs.append(writer.info(name, slot.dtype, traced.shape(slot)))
        for axis, letter in enumerate(traced.axes[name]):
            if letter is not None:
                writer.letter(letter, name, axis)
    values = to.write(traced.results)
    outputs = []
    for name, value, node in zip(names, values, traced.results, strict=True):
        writer.nodes.append(helper.make_node("Identity", [value.name], [name], name=writer.name(f"{name}.is")))
        outputs.append(writer.info(name, node.dtype, traced.shape(node)))
    arrays = [module.numpy_helper.from_array(a, name) for name, a in writer.initializers.items()]
    graph = helper.make_graph(writer.nodes, _word(exported), inputs, outputs, arrays)
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, producer_name="tinygraph", opset_imports=opset, ir_version=IR)
    model.producer_version = _version()
    helper.set_model_props(model, {"tinygraph": json.dumps(described(exported, traced, to))})
    return model


def _version() -> str:
    try:
        return version("tinygraph-rnn")
    except PackageNotFoundError:
        return "0"


def _word(exported: Exported) -> str:
    return str(getattr(exported.subject, "__name__", type(exported.subject).__name__))


def described(exported: Exported, traced: Free, to: Translation) -> dict[str, Any]:
    """What a file says of itself, see `metadata`."""
    cell = getattr(exported.subject, "cell", exported.subject)
    return {
        "tinygraph": _version(),
        "cell": type(cell).__name__ if not hasattr(cell, "__name__") else cell.__name__,
        "options": options_of(cell),
        "settings": dict(exported.subject.settings) if isinstance(exported.subject, Recurrent) else {},
        "inputs": {name: [*axes] for name, axes in traced.axes.items()},
        "parameters": [*to.parameters],
        "natives": {name: {"cell": type(c).__name__, "options": options_of(c)} for name, c in to.natives},
    }


def options_of(cell: Any) -> dict[str, Any]:
    """The plain values among the attributes of a cell."""
    plain: dict[str, Any] = {}
    for name, value in getattr(cell, "__dict__", {}).items():
        if isinstance(value, ClipBound):
            plain[name] = None if value.limit == float("inf") else value.limit
        elif isinstance(value, (bool, int, float, str, type(None))):
            plain[name] = value
    return plain
