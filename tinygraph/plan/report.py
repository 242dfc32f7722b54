"""A plan as a table: each action with its shapes, FLOPs and memory traffic; the notes of the passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from ..core.errors import plain
from ..core.markup import card, cell, table
from ..core.op import Op, Spec
from .actions import Buffer, Call, Elementwise, Product, Reduction, Repeat, View
from .memory import views_of

FREE = frozenset(("copy", "astype", "stop_gradient", "broadcast_to"))
"""Element-wise ops that copy numbers and compute nothing."""
MOST_NAMES = 6
"""At most this many ops of a fused chain are named; a longer chain ends in "and N more"."""
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def describe(
    actions: Sequence[Any],
    *,
    notes: Sequence[str] = (),
    forms: Mapping[Any, str] | None = None,
    peak_bytes: int | None = None,
    elapsed_s: float | None = None,
    backend: str = "",
) -> str:
    """Returns the table of a plan as text.

    Work and traffic are those of one call: an action in a loop counts once per step. The row of a loop is the sum of
    the rows in it. Traffic counts each number that an action reads or writes once.

    Args:
        actions: the actions of the plan, in order.
        notes: one line per change that the passes made.
        forms: maps a matrix product to its kernel and the measured time, as text.
        peak_bytes: predicted peak memory of a call.
        elapsed_s: measured time of a call, if known.
        backend: name of the backend.

    Example:
        >>> import numpy as np
        >>> from tinygraph.plan.actions import Buffer, Product, View
        >>> from tinygraph.plan.report import describe
        >>> x, W, z = (Buffer(kind, 10_000, np.dtype("f4")) for kind in ("argument", "parameter", "result"))
        >>> product = Product(*(View(buffer, 0, (100, 100), (100, 1)) for buffer in (x, W, z)))
        >>> print(describe([product], forms={product: "packed 20 us"}, elapsed_s=25e-6, backend="numpy"))
        plan for numpy: 2.0 MFLOP at 80.0 GFLOP/s, 1 action
        buffers: 1 argument 40.0 kB, 1 parameter 40.0 kB, 1 result 40.0 kB
        <BLANKLINE>
        action   shape                         work   traffic  form
        product  (100, 100) @ (100, 100)  2.0 MFLOP  120.0 kB  packed 20 us
    """
    rows = _rows(actions, forms or {}, 1, 0)
    head = [_summary(rows, actions, backend, peak_bytes, elapsed_s), _buffers(actions)]
    changed = ["", "changed by the passes:", *(f"  {note}" for note in notes)] if notes else []
    return "\n".join(map(plain, [*head, "", *_table(rows), *changed]))


def as_html(actions: Sequence[Any], *, notes: Any, forms: Any, peak_bytes: Any, elapsed_s: Any, backend: str) -> str:
    """What `describe` says, as HTML for notebooks."""
    rows = _rows(actions, forms, 1, 0)
    parts = [f"<div>{cell(_buffers(actions))}</div>", table(_cells(rows)[0], _cells(rows)[1:])]
    parts += ["<div>changed by the passes:</div>", table(("",), [(note,) for note in notes])] if notes else []
    return card(_summary(rows, actions, backend, peak_bytes, elapsed_s), *parts)


def amount(number: float, unit: str) -> str:
    """A number with its unit, to one decimal place.

    Example:
        >>> from tinygraph.plan.report import amount
        >>> amount(1_234_567, "B"), amount(12, "FLOP")
        ('1.2 MB', '12 FLOP')
    """
    if number < 1000:
        number = round(number)
    for size, letter in UNITS:
        # 999,950 is 1.0 M, not 1000.0 k.
        if number >= size * 0.99995:
            return f"{number / size:.1f} {letter}{unit}"
    return f"{number:.0f} {unit}"


@dataclass
class _Row:
    """A row of the table; ``depth`` is the number of loops around the action."""

    name: str
    shape: str
    flops: int
    moved_bytes: int
    form: str = ""
    depth: int = 0


def _rows(actions: Sequence[Any], forms: Mapping[Any, str], times: int, depth: int) -> list[_Row]:
    """Rows of actions that run ``times`` times per call inside ``depth`` loops."""
    rows: list[_Row] = []
    for action in actions:
        if isinstance(action, Repeat):
            inner = _rows(action.actions, forms, times * action.steps, depth + 1)
            own = [row for row in inner if row.depth == depth + 1]
            flops, moved_bytes = sum(r.flops for r in own), sum(r.moved_bytes for r in own)
            rows += [_Row(f"{action.steps} steps of", "", flops, moved_bytes, depth=depth), *inner]
        else:
            name, shape, flops = work_of(action)
            rows.append(_Row(name, shape, flops * times, traffic_of(action) * times, forms.get(action, ""), depth))
    return rows


def traffic_of(action: Any) -> int:
    """Bytes that one run of an action reads and writes, each number counted once."""
    return sum(prod(_sizes(view)) * view.dtype.itemsize for view in views_of(action))


def work_of(action: Any) -> tuple[str, str, int]:
    """Name, shapes and FLOPs of one run of an action."""
    if isinstance(action, Product):
        return "product", f"{action.a.shape} @ {action.b.shape}", 2 * prod(action.a.shape) * action.b.shape[-1]
    if isinstance(action, Reduction):
        axes = ", ".join(map(str, action.axes))
        return action.kind, f"{action.x.shape} over axis {axes}", prod(action.x.shape)
    if isinstance(action, Elementwise):
        flops_per_element = sum(i.op not in FREE for i in action.instructions) + len(action.reduces)
        return _chain(action), str(action.shape), flops_per_element * prod(action.shape)
    assert isinstance(action, Call)
    shapes = ", ".join(str(view.shape) for view in action.inputs)
    return action.op.name, f"{shapes} to {action.out.shape}", _call_flops(action)


def _chain(action: Elementwise) -> str:
    names = [i.op for i in action.instructions] or ["copy"]
    names += [kind for kind, _, _ in action.reduces]
    if len(names) > MOST_NAMES:
        names = [*names[: MOST_NAMES - 1], f"and {len(names) - MOST_NAMES + 1} more"]
    return " ".join(names)


def _call_flops(action: Call) -> int:
    if type(action.op).flops is Op.flops:  # the default runs the op to learn the size of its result
        return prod(action.out.shape)
    return action.op.flops(*(Spec(view.shape, view.dtype) for view in action.inputs), **action.attributes)


def _sizes(view: View) -> list[int]:
    """Sizes of the axes that are not broadcast."""
    return [n for n, stride in zip(view.shape, view.strides, strict=True) if stride or n == 0]


def _flat(actions: Sequence[Any]) -> Iterator[Any]:
    """Yields all actions, those inside loops once each."""
    for action in actions:
        if isinstance(action, Repeat):
            yield from _flat(action.actions)
        else:
            yield action


def _summary(
    rows: list[_Row], actions: Sequence[Any], backend: str, peak_bytes: int | None, elapsed_s: float | None
) -> str:
    flops = sum(row.flops for row in rows if not row.depth)
    number = sum(1 for _ in _flat(actions))
    work = amount(flops, "FLOP") + (f" at {amount(flops / elapsed_s, 'FLOP/s')}" if elapsed_s else "")
    parts = [work, f"{number} action{'s' * (number != 1)}"]
    if peak_bytes is not None:
        parts.append(f"peak memory {amount(peak_bytes, 'B')} (predicted)")
    return f"plan{f' for {backend}' if backend else ''}: " + ", ".join(parts)


def _buffers(actions: Sequence[Any]) -> str:
    by_kind: dict[str, dict[Buffer, None]] = {}
    for action in _flat(actions):
        for view in views_of(action):
            by_kind.setdefault(view.buffer.kind, {})[view.buffer] = None
    parts = []
    for kind, buffers in sorted(by_kind.items()):
        if kind == "scratch" and all(b.offset_bytes >= 0 for b in buffers):
            block_bytes = max(b.offset_bytes + b.nbytes for b in buffers)
            parts.append(f"{len(buffers)} scratch in {amount(block_bytes, 'B')}")
            continue
        word = kind if kind == "scratch" or len(buffers) == 1 else kind + "s"
        parts.append(f"{len(buffers)} {word} {amount(sum(b.nbytes for b in buffers), 'B')}")
    return "buffers: " + (", ".join(parts) or "none")


def _cells(rows: list[_Row]) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = [("action", "shape", "work", "traffic", "form")]
    for row in rows:
        name = "    " * row.depth + row.name
        cells.append((name, row.shape, amount(row.flops, "FLOP"), amount(row.moved_bytes, "B"), row.form))
    return cells


def _table(rows: list[_Row]) -> list[str]:
    cells = _cells(rows)
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    return [
        f"{name:<{widths[0]}}  {shape:<{widths[1]}}  {work:>{widths[2]}}  {moved:>{widths[3]}}  {form}".rstrip()
        for name, shape, work, moved, form in cells
    ]
