"""Writes the nodes of an ONNX graph one after the other; sizes and constants are shared by all of its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy import ndarray

from ...core.errors import GraphError
from ..traced.sizes import Filled, Size
from .wires import Wire

OPSET = 17


class Writer:
    """The main graph of a model, and the body of a Scan while it is written.

    Names of values of the main graph may be used in bodies: constants and sizes are made there.

    Args:
        onnx: the package.
        what: the exporter's name, for errors.
    """

    def __init__(self, onnx: Any, what: str) -> None:
        self.onnx, self.what = onnx, what
        self.main: list[Any] = []
        self.nodes = self.main
        self.initializers: dict[str, ndarray] = {}
        self.taken: set[str] = set()
        self.prefix = ""
        self._constants: dict[Any, str] = {}
        self._sizes: dict[Any, str] = {}
        self._letters: dict[str, tuple[str, int]] = {}

    def name(self, word: str) -> str:
        """A name that nothing else has."""
        k, name = 1, word
        while name in self.taken:
            k, name = k + 1, f"{word}_{k + 1}"
        self.taken.add(name)
        return name

    def write(self, kind: str, *inputs: str | Wire, outputs: int = 1, word: str = "", **settings: Any) -> Any:
        """Writes a node; returns the name of its output, or of its several ones."""
        node_name = self.name(f"{self.prefix}{word or kind}")
        names = [self.name(f"{node_name}.{k}" if outputs > 1 else f"{node_name}.out") for k in range(outputs)]
        told = [x if isinstance(x, str) else x.name for x in inputs]
        self.nodes.append(self.onnx.helper.make_node(kind, told, names, name=node_name, **settings))
        return names if outputs > 1 else names[0]

    @contextmanager
    def at(self, scope: str) -> Iterator[None]:
        """A context whose nodes are named after a scope of the graph."""
        before, self.prefix = self.prefix, f"{scope}/" if scope else ""
        try:
            yield
        finally:
            self.prefix = before

    @contextmanager
    def in_main(self) -> Iterator[None]:
        """A context whose nodes are written into the main graph."""
        before, self.nodes = self.nodes, self.main
        try:
            yield
        finally:
            self.nodes = before

    @contextmanager
    def body(self) -> Iterator[list[Any]]:
        """A context whose nodes are those of a body, the list that it gives."""
        before, self.nodes = self.nodes, []
        try:
            yield self.nodes
        finally:
            self.nodes = before

    def initializer(self, word: str, array: ndarray) -> str:
        """A named array of the file."""
        name = self.name(word)
        self.initializers[name] = array
        return name

    def constant(self, array: Any, dtype: Any = None) -> str:
        """An array of the file that has no name of the user's; equal ones are one."""
        array = np.asarray(array, dtype)
        key = array.dtype, array.shape, array.tobytes()
        if key not in self._constants:
            self._constants[key] = self.initializer("constant", array)
        return self._constants[key]

    def letter(self, letter: str, name: str, axis: int) -> None:
        """Says which axis of an input has a free size."""
        self._letters.setdefault(letter, (name, axis))

    def size(self, size: int | Size) -> str:
        """A size as an array of one integer."""
        if not isinstance(size, Size):
            return self.constant([size], np.int64)
        if size not in self._sizes:
            with self.in_main(), self.at("sizes"):
                self._sizes[size] = self._sized(size)
        return self._sizes[size]

    def _sized(self, size: Size) -> str:
        parts = [self._read(letter) for letter in size.letters]
        if size.factor != 1:
            parts.append(self.constant([size.factor], np.int64))
        total = parts[0]
        for part in parts[1:]:
            total = self.write("Mul", total, part)
        return self.write("Add", total, self.constant([size.more], np.int64)) if size.more else total

    def _read(self, letter: str) -> str:
        if letter not in self._sizes:
            name, axis = self._letters[letter]
            shape = self.write("Shape", name, start=axis, end=axis + 1, word=letter)
            self._sizes[letter] = shape
        return self._sizes[letter]

    def shape(self, sizes: Sequence[int | Size]) -> str:
        """Sizes as a list of integers."""
        sizes = tuple(sizes)
        if not any(isinstance(n, Size) for n in sizes):
            return self.constant(sizes, np.int64)
        if sizes not in self._sizes:
            parts = [self.size(n) for n in sizes]
            with self.in_main(), self.at("sizes"):
                self._sizes[sizes] = parts[0] if len(parts) == 1 else self.write("Concat", *parts, axis=0)
        return self._sizes[sizes]

    def filled(self, filled: Filled) -> str:
        """An array of sizes that may be free."""
        with self.in_main(), self.at("sizes"):
            if filled.axis is None:
                number = filled.number
                if isinstance(number, Size):
                    number = self.cast(self.write("Squeeze", self.size(number)), filled.dtype)
                    return self.write("Expand", number, self.shape(filled.shape))
                return self.write("Expand", self.constant(number, filled.dtype), self.shape(filled.shape))
            return self._counted(filled)

    def _counted(self, filled: Filled) -> str:
        assert filled.axis is not None
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        count = self.write("Squeeze", self.size(filled.shape[filled.axis]))
        line = self.cast(self.write("Range", zero, count, one), filled.dtype)
        if filled.number:
            line = self.write("Add", line, self.constant(filled.number, filled.dtype))
        after = len(filled.shape) - 1 - filled.axis
        if after:
            line = self.write("Unsqueeze", line, self.constant([1 + k for k in range(after)], np.int64))
        alone = all(n == 1 for k, n in enumerate(filled.shape) if k != filled.axis)
        if alone and not filled.axis:
            return line
        return self.write("Expand", line, self.shape(filled.shape))

    def cast(self, name: str, dtype: Any) -> str:
        """A value cast to a dtype."""
        return self.write("Cast", name, to=self.code(np.dtype(dtype)))

    def code(self, dtype: np.dtype) -> int:
        """ONNX's number of a dtype.

        Raises:
            GraphError: it has none.
        """
        try:
            return int(self.onnx.helper.np_dtype_to_tensor_dtype(dtype))
        except (KeyError, ValueError, TypeError):
            raise GraphError(f"{self.what}: ONNX has no arrays of {dtype}", fix="x.astype(np.float32)") from None

    def info(self, name: str, dtype: np.dtype, shape: Sequence[int | Size]) -> Any:
        """The description of an input or an output."""
        sizes = [str(n).replace(" ", "_") if isinstance(n, Size) else n for n in shape]
        return self.onnx.helper.make_tensor_value_info(name, self.code(dtype), sizes)
