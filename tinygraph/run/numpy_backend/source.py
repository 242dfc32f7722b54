"""Generates Python source for actions: a numpy call per line, a ``for`` per loop, without any size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import prod
from typing import Any, ClassVar

import numpy as np

from ...core.errors import GraphError
from ...plan.actions import Call, Elementwise, Product, Reduction, Repeat, View
from ..products.numpy_forms import NumpyForm
from .chain import Chain
from .places import ArrayPlace, aligned_block, is_contiguous

REDUCTIONS = {"sum": np.add, "max": np.maximum, "min": np.minimum}
NAMES_A_LINE = 8


def with_named_errors(op: Any, attributes: dict[str, Any]) -> Callable[..., Any]:
    """The op's `forward`, whose errors name the op and its arguments."""

    def forward(*arrays: Any) -> Any:
        try:
            return op.forward(*arrays, **attributes)
        except GraphError:
            raise
        except (ValueError, TypeError, IndexError) as error:
            got = ", ".join(f"{x.shape} {x.dtype}" for x in arrays)
            raise GraphError(f"{op.name}: {error}", got=f"{op.name}({got}) in a compiled function") from error

    return forward


@dataclass(frozen=True)
class Temporary:
    """An array for an intermediate result of a fused chain, in a memory ``slot`` that all chains share."""

    slot: int
    shape: tuple[int, ...]
    dtype: np.dtype


class Temporaries:
    """The temporaries of one chain over ``shape``, allocated and released by name."""

    def __init__(self, writer: NumpyWriter, shape: tuple[int, ...]) -> None:
        self._writer, self._shape = writer, shape
        self._names: dict[tuple[int, np.dtype], str] = {}
        self._slots: dict[str, int] = {}

    def take(self, dtype: np.dtype) -> str:
        """The name of an array that is reserved until it is released."""
        slot = next(n for n in range(len(self._slots) + 1) if n not in self._slots.values())
        if (slot, dtype) not in self._names:
            size_bytes = prod(self._shape) * dtype.itemsize
            sizes = self._writer.slots_bytes
            sizes += [0] * (slot + 1 - len(sizes))
            sizes[slot] = max(sizes[slot], size_bytes)
            self._names[slot, dtype] = self._writer.add("temporary", Temporary(slot, self._shape, dtype))
        name = self._names[slot, dtype]
        self._slots[name] = slot
        return name

    def give(self, name: str) -> None:
        """Release a temporary; ignores any other name."""
        self._slots.pop(name, None)


@dataclass(eq=False)
class _Loop:
    """A loop that is being written.

    Attributes:
        names: maps the key of a view that moves with the loop to its name.
        lists: maps each loop variable to the iterable that it is taken from.
        packed: maps weights to the names of their packed copies.
        before: lines that go before the loop.
    """

    repeat: Repeat
    names: dict[Any, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    packed: dict[Any, str] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)


class NumpyWriter:
    """Writes the source; ``places`` maps each of its names to a layout, a temporary or an object."""

    def __init__(self, actions: Sequence[Any], forms: Mapping[Product, NumpyForm]) -> None:
        self._forms = forms
        self.packed_bytes = 0
        self.places: dict[str, Any] = {}
        self.slots_bytes: list[int] = []
        self.quiet = False
        self._lines: list[str] = []
        self._loops: list[_Loop] = []
        self._fixed = _Loop(Repeat(1, -1, ()))
        self._numbers: dict[tuple[Any, np.dtype], str] = {}
        self._count = 0
        self._actions(actions)

    @property
    def source(self) -> str:
        head = ["(", *_rows(self.places), ") = places"] if self.places else []
        return "def run(places):\n" + _indented([*head, *self._lines] or ["pass"])

    def _actions(self, actions: Iterable[Any]) -> None:
        for action in actions:
            self._WRITE[type(action)](self, action)

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def temporaries(self, shape: tuple[int, ...]) -> Temporaries:
        return Temporaries(self, shape)

    def add(self, prefix: str, value: Any) -> str:
        """A new name for a value."""
        name = self._name(prefix)
        self.places[name] = value
        return name

    def number(self, value: Any, dtype: np.dtype) -> str:
        """The name of a number as an array of shape (): of the right dtype, numpy handles it 4 times faster."""
        key = repr(value), dtype
        if key not in self._numbers:
            self._numbers[key] = self.add("number", np.asarray(value).astype(dtype))
        return self._numbers[key]

    def function(self, op: Any, attributes: dict[str, Any]) -> str:
        """The name of the op's `forward` with its keyword arguments."""
        return self.add("op_" + re.sub(r"\W", "_", op.name), with_named_errors(op, attributes))

    def operand(self, view: View) -> str:
        """The name of a view that is an operand of a ufunc.

        A view with a single distinct element gets shape (): numpy is faster for operands of equal strides or no axes.
        """
        is_scalar = all(not stride for n, stride in zip(view.shape, view.strides, strict=True) if n != 1)
        if is_scalar and prod(view.shape) > 1:
            view = View(view.buffer, view.offset, (), (), view.per_step)
        return self.view(view)

    def view(self, view: View) -> str:
        """The name of a view in the current innermost loop; views of equal layout share a name."""
        strides = tuple(0 if n == 1 else s for n, s in zip(view.shape, view.strides, strict=True))
        steps = dict(enumerate(view.per_step))
        moving = [(loop, move) for loop in self._loops if (move := steps.get(loop.repeat.depth))]
        moves = tuple(move for _, move in moving)
        key = (view.buffer, view.offset, view.shape, strides, moves, tuple(loop.repeat.depth for loop, _ in moving))
        homes = [loop for loop, _ in moving] or [self._fixed]
        if key not in homes[-1].names:
            self._add_view(key, view, homes if moving else [], moves)
        return homes[-1].names[key]

    def _add_view(self, key: Any, view: View, loops: list[_Loop], moves: tuple[int, ...]) -> None:
        """Name a view in its innermost loop, and the iterables that it comes from in the loops around."""
        name = self._name(view.buffer.kind)
        steps = tuple(loop.repeat.steps for loop in loops)
        self.places[name + "_steps" * len(loops)] = ArrayPlace.at(view, steps, moves)
        for i, loop in enumerate(loops):
            left = len(loops) - i
            loop.lists[name + "_steps" * (left - 1)] = name + "_steps" * left
        (loops[-1] if loops else self._fixed).names[key] = name

    def _elementwise(self, action: Elementwise) -> None:
        self._lines += Chain(action, self).lines()

    def _product(self, action: Product) -> None:
        form = self._forms.get(action)
        if form is not None and form.panels and self._loops and action.fixed[1]:
            self._packed_product(action, form.panels)
            return
        a, b, out = map(self.view, (action.a, action.b, action.out))
        # The overhead of a call of `dot` is less than half of that of `matmul`.
        self._lines.append(f"{a}.dot({b}, {out})" if _can_dot(action) else f"matmul({a}, {b}, {out})")

    def _packed_product(self, action: Product, panels: int) -> None:
        a, out = self.view(action.a), self.view(_in_panels(action.out, panels))
        packed = self._packed(_in_panels(action.b, panels))
        dot = panels == 1 and _can_dot(action)
        self._lines.append(f"{a}.dot({packed}, {out})" if dot else f"matmul({a}, {packed}, {out})")

    def _packed(self, weight: View) -> str:
        """The name of a packed copy of ``weight``, which is made before the innermost loop."""
        loop = self._loops.pop()
        source = self.view(weight)
        self._loops.append(loop)
        key = source, weight.shape
        if key not in loop.packed:
            size_bytes = prod(weight.shape) * weight.dtype.itemsize
            self.packed_bytes += size_bytes
            array = aligned_block(size_bytes).view(weight.dtype).reshape(weight.shape)
            loop.packed[key] = self.add("packed", array)
            loop.before.append(f"{loop.packed[key]}[...] = {source}")
        return loop.packed[key]

    def _reduction(self, action: Reduction) -> None:
        axes = action.axes[0] if len(action.axes) == 1 else tuple(action.axes)
        ufunc = REDUCTIONS[action.kind].__name__
        self._lines.append(f"{ufunc}.reduce({self.view(action.x)}, {axes}, None, {self.view(action.out)})")

    def _call(self, action: Call) -> None:
        inputs = ", ".join(map(self.view, action.inputs))
        self._lines.append(f"{self.view(action.out)}[...] = {self.function(action.op, action.attributes)}({inputs})")

    def _repeat(self, action: Repeat) -> None:
        loop, before = _Loop(action), self._lines
        self._lines = []
        self._loops.append(loop)
        self._actions(action.actions)
        self._loops.pop()
        body = _indented(self._lines or ["pass"]).splitlines()
        self._lines = [*before, *loop.before, *self._header(loop), *body]

    def _header(self, loop: _Loop) -> list[str]:
        names, lists = list(loop.lists), list(loop.lists.values())
        if not names:
            return [f"for _ in {self.add('steps', range(loop.repeat.steps))}:"]
        if len(names) == 1:
            return [f"for {names[0]} in {lists[0]}:"]
        if 2 * len(names) <= NAMES_A_LINE:
            return [f"for {', '.join(names)} in zip({', '.join(lists)}):"]
        return ["for (", *_rows(names), ") in zip(", *_rows(lists), "):"]

    _WRITE: ClassVar[dict[type, Callable[[NumpyWriter, Any], None]]] = {
        Elementwise: _elementwise,
        Product: _product,
        Reduction: _reduction,
        Call: _call,
        Repeat: _repeat,
    }


def _rows(names: Iterable[str]) -> list[str]:
    """Indented lines of at most `NAMES_A_LINE` names."""
    all_names = list(names)
    rows = [all_names[i : i + NAMES_A_LINE] for i in range(0, len(all_names), NAMES_A_LINE)]
    return [f"    {', '.join(row)}," for row in rows]


def _indented(lines: Iterable[str]) -> str:
    return "\n".join("    " + line for line in lines)


def _can_dot(action: Product) -> bool:
    out = action.out
    same = action.a.dtype == action.b.dtype == out.dtype and out.dtype.char in "fd"
    return same and is_contiguous(out.shape, out.strides) and 0 not in action.a.shape + action.b.shape


@lru_cache(maxsize=512)
def compiled(source: str) -> Callable[[list[Any]], None]:
    """Returns the function that ``source`` defines. Plans that differ only in sizes share it."""
    names: dict[str, Any] = {name: getattr(np, name) for name in (*Chain.FUNCTIONS, "matmul")}
    exec(compile(source, "<plan>", "exec"), names)
    return names["run"]


def _in_panels(matrix: View, panels: int) -> View:
    """A matrix (M, N) as (panels, M, N / panels); unchanged for one panel."""
    if panels == 1:
        return matrix
    (rows, columns), (row, column) = matrix.shape, matrix.strides
    width = columns // panels
    return replace(matrix, shape=(panels, rows, width), strides=(column * width, row, column))
