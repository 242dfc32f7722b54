"""Attention over time: weights that sum to 1 along what a product sums over, a row for each query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...core.graph import ancestors
from ...core.node import Node
from ...ops.einsum import einsum, spell_out
from ..labels import clean, shape
from ..norms.states import shared_name
from ..shown.folding import When
from ..shown.roles import LOOKUPS
from ..shown.same_names import numbered
from ..shown.slices import chain
from .reading import Reading, is_parameter
from .sheets import Sheet, Ticks, plain_ticks

HEADS = 6
"""Most heads shown."""


class Weights(NamedTuple):
    """An operand of a product: weights along ``axis``, counted from the end; the ``other`` operand; the product."""

    node: Node
    axis: int
    other: Node
    product: Node


def attention_sheets(reading: Reading) -> list[Sheet]:
    """Returns a sheet for each head of each attention.

    Raises:
        GraphError: nothing is weighted by numbers that sum to 1.
    """
    alike: dict[tuple[object, ...], list[Weights]] = {}
    ranks: dict[tuple[object, ...], int] = {}
    for x in _weights(reading):
        home = reading.folded.phases.loop.get(x.product), chain(x.node)[-1].scope
        rank = ranks[(*home, x.product.step)] = ranks.get((*home, x.product.step), -1) + 1
        alike.setdefault((*home, rank), []).append(x)
    groups = [x for x in alike.values() if any(y.node.shape[y.axis] > 1 for y in x)]  # the first query may have one key
    sheets = [sheet for i, group in enumerate(groups) for sheet in _of_group(reading, group, 1000 * i)]
    if not sheets:
        problem = "draw: the view attention finds no attention: nothing is averaged with weights that sum to 1"
        raise reading.nothing(problem, "weights such as softmax(scores), multiplied with what they weigh and summed")
    heads = sheets[:HEADS]
    for head, name in zip(heads, numbered([x.heading for x in heads]), strict=True):  # a loop's have all the same one
        head.heading = name
    return heads


def _weights(reading: Reading) -> Iterator[Weights]:
    for node in reading.nodes:
        for x, axis, other in _summed_over(node):
            weight = chain(x)[-1]
            # What was looked up or is a parameter is no attention, nor is -p log p.
            odd = weight.op is None or weight.op.name in LOOKUPS
            entropy = other.op is not None and other.op.name in ("log", "log_softmax")
            alone = x.ndim >= -axis and x.shape[axis] == 1 and x.dtype.kind == "f" and bool((x.value == 1).all())
            if not odd and not entropy and (alone or _sums_to_one(x, axis, weight)) and _is_memory(other, x, axis):
                yield Weights(x, axis, other, node)


def _is_memory(other: Node, weights: Node, axis: int) -> bool:
    """Whether what is weighed is no parameter, or learned slots: the weights are made of it, or of keys for them."""
    if not is_parameter(other):
        return True
    among = ancestors([weights], lambda x: x.step == weights.step or x.step is None)
    products = [x for x in among if x.op is not None and x.op.name in ("matmul", "einsum")]
    scores = [x for x in products if weights.shape[axis] in x.shape]
    return any(x is chain(other)[-1] for x in among) or any(is_parameter(y) for x in scores for y in x.inputs)


def _summed_over(node: Node) -> Iterator[tuple[Node, int, Node]]:
    """Yields (operand, axis from its end, other operand) for what a product, or a sum of products, sums over."""
    name = "" if node.op is None else node.op.name
    if name == "matmul":
        a, b = node.inputs
        yield a, -1, b
        yield b, -min(b.ndim, 2), a
    elif node.op is einsum and len(node.inputs) == 2:
        terms, result = spell_out(node.attributes["subscripts"], [x.ndim for x in node.inputs])
        for term, other, x, y in zip(terms, terms[::-1], node.inputs, node.inputs[::-1], strict=True):
            gone = [i for i, letter in enumerate(term) if letter in other and letter not in result]
            if len(gone) == 1:
                yield x, gone[0] - len(term), y
    elif name in ("sum", "mean") and node.inputs[0].op is not None and node.inputs[0].op.name == "multiply":
        product, axis = node.inputs[0], node.attributes.get("axis")
        axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
        if isinstance(axis, int):
            at = axis - product.ndim if axis >= 0 else axis
            yield product.inputs[0], at, product.inputs[1]
            yield product.inputs[1], at, product.inputs[0]


def _sums_to_one(x: Node, axis: int, weight: Node) -> bool:
    if x.dtype.kind != "f" or x.ndim < -axis or x.shape[axis] < 2:
        return False
    with np.errstate(all="ignore"):
        sums = x.value.sum(axis=axis)
        right = (np.abs(sums - 1) < 1e-3) & (x.value >= 0).all(axis=axis)
    odd = ~np.isfinite(sums) if weight.op is not None and weight.op.name == "softmax" else np.zeros_like(right)
    return bool((right | odd).all())


def _of_group(reading: Reading, group: list[Weights], block: int) -> Iterator[Sheet]:
    columns = [reading.folded.column(x.product) for x in group]
    queries = [c for c in columns if c is not None]
    timed = len(queries) == len(columns)
    batch = _batch_axis(reading, group, timed)
    rows = [_heads(reading, x, batch, timed) for x in group]
    stacked = _padded(rows if timed else [row for one in rows for row in np.moveaxis(one, 1, 0)])
    queries = queries if timed else _steps(reading, group[0].node, None, len(stacked))
    longest = max(group, key=lambda x: x.node.shape[x.axis])
    keys = _steps(reading, longest.other, longest.product.step, stacked.shape[-1])
    across = _ticks(reading, keys, stacked.shape[-1], "key", "→")
    down = _ticks(reading, queries, len(stacked), "query", "↓")
    weights = [chain(x.node)[-1] for x in group]
    name = shared_name(weights, reading.folded.letters) or "attention"

    def told(row: str, column: str) -> str:
        return f"{name} at {row} of {column}"

    for head in range(stacked.shape[1]):
        several = f"head {head}" if stacked.shape[1] > 1 else ""
        heading = " · ".join(x for x in (clean(weights[0].scope), name, several) if x)
        values = stacked[:, head]
        padding = _padding(reading, keys, queries, values)
        absent = np.isneginf(values) | padding
        yield Sheet(heading, values, absent, across, down, block + head, told, padding=padding)


def _batch_axis(reading: Reading, group: list[Weights], timed: bool) -> int | None:
    """Returns the axis of the batch; None if there is none, or it cannot be told, which the subtitle says."""
    node, axis = group[0].node, reading.batch_axis(x.node for x in group)
    if axis is None and not timed and node.ndim > 3:
        return 0
    if axis is None and reading.has_batch and node.ndim > 2 - timed:
        reading.remarks.append(f"which axis of weights {shape(node.shape)} is the batch cannot be told")
    return None if axis == node.ndim + group[0].axis else axis


def _heads(reading: Reading, x: Weights, batch: int | None, timed: bool) -> np.ndarray:
    """Returns the weights of one sequence as (heads, keys), or (heads, queries, keys) if they are made at once."""
    value, keys = np.asarray(x.node.value, np.float64), x.node.ndim + x.axis
    if batch is not None:
        value, keys = reading.item(value, batch), keys - (batch < keys)
    value = np.moveaxis(value, keys, -1)
    return value.reshape(-1, *(1, *value.shape)[-2:][timed:])


def _padded(rows: list[np.ndarray]) -> np.ndarray:
    """Stacks (heads, keys) of each query; a query that has fewer keys has -inf in the place of the others."""
    most = max(row.shape[-1] for row in rows)
    fill = [np.pad(row, ((0, 0), (0, most - row.shape[-1])), constant_values=-np.inf) for row in rows]
    return np.stack(fill)


def _steps(reading: Reading, x: Node, step: int | None, count: int) -> list[When]:
    """Returns the steps whose outputs or inputs an array has a row for, or was made of; none if that is plain data."""
    for node in reversed(ancestors([x], lambda y: y.step in (None, step))):
        columns = [reading.folded.column(y) for y in _joined(node, count)]
        steps = [c for c in columns if c is not None]
        if len({*steps}) == len(columns) == count:
            return steps
        for at in reading.inputs if node.op is None and count in node.shape[:2] else ():
            read = {c: y.value if row is None else y.value[row] for c, (y, row) in sorted(at.items())}
            rows = np.moveaxis(node.value, node.shape.index(count), 0)
            if len(read) == count and all(map(np.array_equal, rows, read.values())):
                return [*read]
    return []


def _joined(node: Node, most: int) -> list[Node]:
    """Returns what an array is joined from, also one by one as it grew; nothing if it is not, or of more parts."""
    parts, rest = list[Node](), [node]
    while rest and len(parts) <= most:
        x = chain(rest.pop())[-1]
        is_joined = x.op is not None and x.op.name in ("stack", "concatenate")
        rest += x.inputs[::-1] if is_joined else ()
        parts += [] if is_joined else [x]
    return parts if not rest and parts[0] is not node else []


def _ticks(reading: Reading, steps: list[When], count: int, name: str, arrow: str) -> Ticks:
    return reading.ticks(steps, f"{name} at step {arrow}") if steps else plain_ticks(count, f"{name} {arrow}")


def _padding(reading: Reading, keys: list[When], queries: list[When], values: np.ndarray) -> np.ndarray:
    """Where the query is padding, or the key is and has no weight."""
    rows = np.array([reading.is_padding(c) for c in queries] or [False] * len(values))
    columns = np.array([reading.is_padding(c) for c in keys] or [False] * values.shape[1])
    return rows[:, None] | (columns[None, :] & (values <= 0))
