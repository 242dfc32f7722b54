"""`tg.load_onnx`: recurrent nodes of an ONNX file, with their weights, as a layer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy import ndarray

from ...cells import Bidirectional, Recurrent, Stack
from ...core.errors import GraphError, refusing, shown
from .loaded_cells import cells_of
from .reading import direction, read, settings

WHAT = "load_onnx"
KINDS = ("RNN", "LSTM", "GRU")
BETWEEN = frozenset(("Cast", "Concat", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"))
"""Nodes that may stand between two layers: they keep all numbers, and compute none."""
MOVING = BETWEEN | {"Expand", "Flatten", "Gather", "Shape", "Size", "Slice", "Split"}
"""Nodes that move numbers and compute none."""


@refusing
def load_onnx(path: str | os.PathLike[str]) -> Recurrent:
    """The RNN, LSTM and GRU nodes of an ONNX file as a layer with their weights.

    One node is one cell; several in a row are a `Stack`; a node of both directions, or two nodes that are joined, a
    `Bidirectional`. Files of PyTorch's exporters, of Keras' and of `tg.export.onnx` are read; gates are put into
    PyTorch's order, so that ``layer.state_dict()`` has its arrays. Whether the batch is the first axis is read, too.

    Args:
        path: the file's name.

    Returns:
        a layer that maps inputs (T, B, I), or (B, T, I), to outputs of the same axes and the last state.

    Raises:
        GraphError: onnx is not installed; there is no such file; or it holds something else than recurrent nodes and
            moves of their numbers, such as a MatMul: the message names the node.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.export.onnx(tg.Recurrent(tg.cells.GRU(3, 4, rng=0)), np.zeros((5, 2, 3)), "gru.onnx")  # doctest: +SKIP
        >>> layer = tg.load_onnx("gru.onnx")  # doctest: +SKIP
        >>> outputs, h = layer(np.ones((7, 2, 3)))  # doctest: +SKIP
    """
    return Loading(read(WHAT, path)).layer()


class Loading:
    """A model whose recurrent nodes are read.

    Attributes:
        makers: the node that makes each value.
        data: the values that depend on the numbers of an input, and not on its shape alone.
    """

    def __init__(self, model: Any) -> None:
        from onnx import numpy_helper

        self.graph, self.helper = model.graph, numpy_helper
        self.arrays = {a.name: a for a in self.graph.initializer}
        self.makers = {name: node for node in self.graph.node for name in node.output if name}
        self.data = {x.name for x in self.graph.input} - self.arrays.keys()
        for node in self.graph.node:
            if node.op_type not in ("Shape", "Size") and not self.data.isdisjoint(node.input):
                self.data |= {*node.output}

    def layer(self) -> Recurrent:
        """The layer of all recurrent nodes."""
        nodes = [node for node in self.graph.node if node.op_type in KINDS]
        if not nodes:
            got = ", ".join(sorted({node.op_type for node in self.graph.node}))
            raise GraphError(f"{WHAT}: there is no RNN, LSTM or GRU node in the file", got=got)
        for node in self.graph.node:
            self._check(node)
        groups = [*self._layers(nodes)]
        cells = [self._cell(group) for group in groups]
        reverse = {direction(group[0]) == "reverse" for group in groups}  # a pair begins with the forward one
        if len(reverse) > 1:
            raise self.refused(nodes[0], "one layer goes backwards and another does not")
        axis = 1 if self._batch_first(groups[0][0]) else 0
        return Recurrent(cells[0] if len(cells) == 1 else Stack(cells), axis=axis, reverse=reverse == {True})

    def _check(self, node: Any) -> None:
        """Refuses a node that computes something of the data."""
        if node.op_type in KINDS:
            for name in node.input[5:7]:
                if name and name not in self.data and not self._is_zero(name):
                    raise self.refused(node, f"its initial state {name!r} is in the file, and not 0")
            if len(node.input) > 4 and node.input[4] and node.input[4] not in self.data:
                raise self.refused(node, f"its lengths {node.input[4]!r} are in the file")
        elif not self.data.isdisjoint(node.input):
            looks_up = node.op_type == "Gather" and node.input[0] not in self.data
            if node.op_type not in MOVING or looks_up:
                raise self.refused(node, "it is no recurrent node, and computes with its numbers")

    def _is_zero(self, name: str) -> bool:
        """Whether a value is zeros, of whatever shape."""
        maker = self.makers.get(name)
        if name in self.arrays or maker is None or maker.op_type in ("Constant", "ConstantOfShape"):
            array = self.value(name)
            return array is not None and not array.any()
        parts = maker.input if maker.op_type == "Concat" else maker.input[:1]
        return maker.op_type in MOVING and all(map(self._is_zero, parts))

    def _layers(self, nodes: list[Any]) -> Iterator[list[Any]]:
        """The nodes of each layer: one, or the two that read the same sequence in both directions."""
        groups: dict[tuple[str, ...], list[Any]] = {}
        for node in nodes:
            groups.setdefault(self._sources(node.input[0]), []).append(node)
        for before, (source, group) in zip([None, *groups.values()], groups.items(), strict=False):
            if len(group) > 2 or (len(group) == 2 and [*map(direction, group)] != ["forward", "reverse"]):
                raise self.refused(group[-1], "it reads the same sequence as another node")
            made = None if before is None else tuple([str(node.output[0]) for node in before])
            if source != made and (made is not None or len(source) > 1 or source[0] in self.makers):
                whole = "the whole output of the layer before it" if made else "one input of the graph"
                raise self.refused(group[0], f"it does not read {whole}")
            yield group

    def _sources(self, name: str) -> tuple[str, ...]:
        """The inputs of the graph and the outputs of recurrent nodes that a value is moved from, in order."""
        maker = self.makers.get(name)
        if maker is None or maker.op_type in KINDS:
            return (name,)
        if maker.op_type not in BETWEEN:
            raise self.refused(maker, "it stands before a recurrent node, and takes a part of the numbers")
        found = [source for x in maker.input if x in self.data for source in self._sources(x)]
        return tuple(dict.fromkeys(found))

    def _cell(self, group: list[Any]) -> Any:
        cells = [cell for node in group for cell in cells_of(self, node)]
        return cells[0] if len(cells) == 1 else Bidirectional(*cells)

    def _batch_first(self, node: Any) -> bool:
        """Whether the file's sequences are (B, T, I)."""
        if settings(node).get("layout", 0):
            return True
        name, turned = node.input[0], False
        while (maker := self.makers.get(name)) is not None:
            if maker.op_type == "Transpose":
                turned ^= list(settings(maker).get("perm", [])) == [1, 0, 2]
            name = next(x for x in maker.input if x in self.data)
        return turned

    def array(self, node: Any, name: str) -> ndarray:
        """The weights of a node, which are in the file."""
        array = self.value(name)
        if array is None:
            raise self.refused(node, f"its weights {name!r} are computed, and not in the file")
        return array

    def value(self, name: str) -> ndarray | None:
        """The array of a name, through nodes that only move it; None if it is computed."""
        if name in self.arrays:
            return self._stored(self.arrays[name])
        maker = self.makers.get(name)
        if maker is None:
            return None
        if maker.op_type in ("Constant", "ConstantOfShape"):
            tensors = [a.t for a in maker.attribute if a.name == "value"]
            filled = np.zeros(1) if maker.op_type == "ConstantOfShape" else None  # one of its numbers
            return self._stored(tensors[0]) if tensors else filled
        if maker.op_type not in MOVING or not self.data.isdisjoint(maker.input):
            return None
        return self._moved(maker)

    def _stored(self, tensor: Any) -> ndarray:
        try:
            return np.array(self.helper.to_array(tensor))
        except Exception as error:
            raise GraphError(f"{WHAT}: the array {tensor.name!r} is damaged", got=shown(str(error))) from error

    def _moved(self, maker: Any) -> ndarray | None:
        inputs = {x: self.value(x) for x in maker.input if x}
        if any(x is None for x in inputs.values()):
            return None
        from onnx import TypeProto, helper
        from onnx.reference import ReferenceEvaluator

        entering, leaving = (
            [helper.make_value_info(x, TypeProto()) for x in names] for names in (inputs, maker.output)
        )
        graph = helper.make_graph([maker], "moved", entering, leaving)
        results: Any = ReferenceEvaluator(helper.make_model(graph)).run(None, inputs)
        return np.asarray(results[0])

    def refused(self, node: Any, problem: str) -> GraphError:
        """The error of a node that cannot be read."""
        fix = "export the recurrent part alone, and write the rest with tg.Module, tg.Linear and tg.Embedding"
        name = node.name or ", ".join(node.output)
        return GraphError(f"{WHAT}: node {name!r} ({node.op_type}): {problem}", fix=fix)
