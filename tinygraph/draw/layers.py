"""A table of a net's layers: the shape of what each returns, and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.errors import refusing
from ..core.leaves import Parameter
from ..core.markup import table
from ..core.node import Node
from ..core.structure import leaves
from ..plan.report import amount
from .labels import clean, shape
from .nets import Twin, is_net, net_with
from .summary import Summary, aligned, summary_of

_HEAD = ("layer", "class", "output", "calls", "parameters", "bytes", "")
Returned = tuple[tuple[int, ...], int | None]
"""The shape of what a call returned, and its time step."""


@dataclass(frozen=True)
class LayerRow:
    """A layer of a net.

    Attributes:
        name: its dotted name in the net; "" for the net itself.
        kind: its class.
        output: the shape of the first array that it returns; of a cell that `unroll` calls at each step, that of all
            steps, (T, B, H); None if it was not called.
        calls: how often it was called; of an unrolled cell the number of steps.
        parameters: the number of elements of its own parameters, without those of layers within it; what two layers
            share belongs to the first.
        trained: how many of these are trained; the others are frozen, or a buffer.
        bytes: of its own parameters.
    """

    name: str
    kind: str
    output: tuple[int, ...] | None
    calls: int
    parameters: int
    trained: int
    bytes: int


@dataclass(frozen=True)
class NetSummary:
    """The result of `summary` for a net, which prints as a table.

    Attributes:
        rows: a `LayerRow` per layer, in the order of the net's attributes.
        parameters, trained, bytes: totals over all parameters, each counted once.
        ops: the `Summary` of the graph that the net made of zeros.
    """

    rows: tuple[LayerRow, ...]
    parameters: int
    trained: int
    bytes: int
    ops: Summary

    def _lines(self) -> list[tuple[str, ...]]:
        some = f"{self.trained:,} trained" if self.trained < self.parameters else ""
        return [*map(_texts, self.rows), ("total", "", "", "", f"{self.parameters:,}", amount(self.bytes, "B"), some)]

    def __str__(self) -> str:
        work = f"one forward pass: {amount(self.ops.flops, 'FLOP')}, {amount(self.ops.bytes, 'B')} of results"
        return aligned([_HEAD, *self._lines()], "<<<>>><") + f"\n{work}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        *rows, total = self._lines()
        return table(_HEAD, rows, foot=total)


@refusing
def summary(node: Any, *inputs: Any) -> Any:
    """Returns a table of the ops of a node's graph and their costs, for the terminal; of a net a table of its layers.

    FLOPs are those that each op reports for one forward call; bytes are those of its results, and a view counts as a
    copy. A loop of a compiled graph counts the nodes of its body once per time step.

    Args:
        node: a node of any shape, or a structure of nodes; values are not needed, so graphs of `tg.compile` work too.
            Or a `Module`: a net, a layer or a cell.
        inputs: for a net, a shape for each argument of its call, such as ``(T, B, I)``; or an array, or None. A copy
            of the net is called with zeros, of integers where it refuses others; the net, its buffers, mode and random
            generators stay as they are. A cell is unrolled over the first axis of one input.

    Returns:
        a `Summary`: ``print`` it, or read ``.rows``, ``.parameters``, ``.flops``, ``.bytes``. For a net a
        `NetSummary`: ``.rows`` are its layers, each with the shape of its output and its parameters; ``.ops`` is the
        `Summary` of its graph.

    Raises:
        GraphError: ``node`` is not a node; a net does not run on inputs of these shapes.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> W, h = tg.parameter(np.ones((3, 3)), name="W"), tg.constant(np.ones(3))
        >>> for t in range(1000):
        ...     with tg.step(t):
        ...         h = tg.tanh(W @ h)
        >>> [(row.where, row.op, row.flops) for row in tg.summary(h).rows]
        [('t = 0 … 999', 'matmul', 18), ('t = 0 … 999', 'tanh', 3)]
        >>> row = tg.summary(tg.cells.LSTM(3, 4, rng=0), (10, 2, 3)).rows[0]
        >>> row.kind, row.output, row.parameters
        ('LSTM', (10, 2, 4), 144)
    """
    if inputs or is_net(node):
        return _net_summary(*net_with("summary", node, inputs))
    return summary_of(leaves(node))


def _net_summary(net: Any, inputs: Sequence[Any]) -> NetSummary:
    """Returns the table of a net that is called with inputs of these shapes."""
    twin = Twin("summary", net)
    kinds = {name: type(part).__name__ for name, part in twin.parts.items()}
    returned: dict[str, dict[str, list[Returned]]] = {name: {} for name in kinds}
    for name, part in twin.parts.items():
        _watch(part, returned[name])
    result = [x for x in leaves(twin(inputs)) if isinstance(x, Node)]
    own: dict[str, list[Parameter]] = {name: [] for name in kinds}
    for path, x in net.named_state().items():
        own[_home(path, twin.parts)].append(x)
    rows = tuple(_row(name, kind, returned[name], own[name]) for name, kind in kinds.items())
    total, trained, size = map(sum, zip(*((x.parameters, x.trained, x.bytes) for x in rows), strict=True))
    return NetSummary(rows, total, trained, size, summary_of(result))


def _home(path: str, parts: dict[str, Any]) -> str:
    """Returns the name of the innermost layer that holds a parameter."""
    while path and path not in parts:
        path = path.rpartition(".")[0]
    return path


def _watch(part: Any, returned: dict[str, list[Returned]]) -> None:
    """Give the part of a copied net a class of its own, whose calls note what they return."""
    cls = type(part)

    def noting(method: str) -> Callable[..., Any]:
        def call(self: Any, *args: Any, **options: Any) -> Any:
            result = getattr(cls, method)(self, *args, **options)
            first = next((x for x in leaves(result) if isinstance(x, Node)), None)
            if first is not None:
                returned.setdefault(method, []).append((first.shape, first.step))
            return result

        return call

    methods = {name: noting(name) for name in ("__call__", "over_time") if hasattr(cls, name)}
    try:
        part.__class__ = type(cls.__name__, (cls,), {"__module__": cls.__module__, **methods})
    except TypeError:  # a class that has no subclasses: its layer has a row without a shape
        return


def _row(name: str, kind: str, returned: dict[str, list[Returned]], own: list[Parameter]) -> LayerRow:
    calls = returned.get("over_time") or returned.get("__call__", [])
    output = calls[0][0] if calls else None
    if output is not None and len(calls) > 1 and len({step for _, step in calls} - {None}) == len(calls):
        output = (len(calls), *output)
    sizes = [x.size for x in own], [x.size for x in own if x.trained], [x.size * x.dtype.itemsize for x in own]
    return LayerRow(name, kind, output, len(calls), *map(sum, sizes))


def _texts(row: LayerRow) -> tuple[str, ...]:
    held = "" if row.trained == row.parameters else "frozen" if not row.trained else f"{row.trained:,} trained"
    counts = (f"{row.parameters:,}", amount(row.bytes, "B")) if row.parameters else ("", "")
    output = "" if row.output is None else shape(row.output)
    return clean(row.name, 80) or "(net)", clean(row.kind), output, str(row.calls or ""), *counts, held
