"""A function traced for an example, with the sizes T and B left free."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy import ndarray

from ...core.errors import GraphError, shown
from ...core.leaves import Constant
from ...core.node import Node
from ...core.op import Spec
from ...core.scope import Kept, now
from ...core.structure import leaves, map_leaves
from ...core.traced import Slot, Tracing
from ...outside.door import Copies
from ...outside.function import Function
from ...outside.keys import named
from .outline import Exported
from .sizes import FIX, Filled, Size, Solver, UnsolvedError
from .twins import paired

T = TypeVar("T")
Dynamic = Sequence[str] | Mapping[str, Sequence[str | None]]


@dataclass
class Free:
    """A traced function, of which some sizes are free.

    Attributes:
        exported: what was traced.
        axes: for each input its axes: a letter where the size is free, else None.
        slots: the inputs as nodes, by their names.
        structure, results: what the function returned, and its leaves as nodes.
        driven: maps the id of a loop's body to the cell that it was traced of, its `Driver`, and the body.
        twins: maps each node to that of the second trace.
    """

    exported: Exported
    axes: dict[str, tuple[str | None, ...]]
    slots: dict[str, Slot]
    structure: Any
    results: list[Node]
    driven: dict[int, Any]
    twins: dict[Node, Node]
    solver: Solver
    kept: list[Any] = field(default_factory=list)

    def shape(self, node: Node) -> tuple[int | Size, ...]:
        """The shape of a node."""
        pairs = zip(node.shape, self.twins[node].shape, strict=True)
        return self._solved(node, lambda: tuple([self.solver.size(n, m) for n, m in pairs]))

    def setting(self, node: Node, name: str, default: Any = None) -> Any:
        """A setting of the node's op, with a `Size` in place of each number that is a free size."""
        own, others = node._attributes.get(name, default), self.twins[node]._attributes.get(name, default)
        return self._solved(node, lambda: self.solver.setting(own, others))

    def constant(self, node: Constant) -> ndarray | Filled:
        """The array of a constant."""
        return self._solved(node, lambda: self.solver.array(node._value, self.twins[node]._value))

    def _solved(self, node: Node, solve: Callable[[], T]) -> T:
        try:
            return solve()
        except UnsolvedError as error:
            raise GraphError(
                f"{self.exported.what}: {node.label()} depends on T or B in a way that cannot stay free",
                got=str(error).partition("\n")[0],
                fix=FIX,
            ) from None

    def rewritten(self, node: Node, rule: Callable[[Node], Any]) -> Node:
        """What a rule makes of a node, in both traces."""
        twin = self.twins[node]
        with Kept(), Tracing():
            new, other = rule(node), rule(twin)
        known = {x: self.twins[x] for x in node._inputs}
        self.twins |= paired([new], [other], known)
        return new


def free(exported: Exported, dynamic: Dynamic) -> Free:
    """Traces the function twice, at unlike sizes.

    Args:
        dynamic: the letters of the first axes of the first input, such as ``("T", "B")``; other inputs have them where
            their first axes have these sizes. Or maps names of inputs to the letters of all axes, None for fixed ones.

    Raises:
        GraphError: the axes are not told apart, or the function does other things or holds other arrays at other sizes.
    """
    axes = _axes(exported, dynamic)
    letters = tuple(dict.fromkeys(x for told in axes.values() for x in told if x is not None))
    solver = Solver(letters)
    first = _traced(exported, axes, solver.first, letters)
    second = _traced(exported, axes, solver.second, letters)
    twins = paired(first[1], second[1], dict(zip(first[0].values(), second[0].values(), strict=True)))
    return Free(exported, axes, *first[:1], *first[2:3], first[1], first[3], twins, solver, [second])


def _traced(
    exported: Exported, axes: Mapping[str, tuple[str | None, ...]], sizes: Mapping[str, int], letters: tuple[str, ...]
) -> tuple[dict[str, Slot], list[Node], Any, dict[int, Any]]:
    """Slots by name, results, structure and driven loops of a trace at these sizes."""
    hollow = [_hollow(x, axes[name], sizes) for name, x in exported.inputs.items()]
    try:
        return _trace(exported, hollow)
    except GraphError as error:
        try:
            _trace(exported, list(exported.inputs.values()))
        except GraphError:
            raise error from None  # it fails at the example's own sizes, too
        raise GraphError(
            f"{exported.what}: the function runs for the example's sizes and for no others",
            expected=f"that {', '.join(letters)} may be any; which axes they are: {_shown_axes(axes)}",
            got=str(error).partition("\n")[0],
            fix="dynamic=() for fixed sizes, dynamic={'x': ('T', 'B', None)} for other axes; "
            "pass arrays of these sizes as arguments",
        ) from None


def _hollow(x: ndarray, axes: tuple[str | None, ...], sizes: Mapping[str, int]) -> ndarray:
    """An array in the shape of the trace, which takes no memory."""
    shape = [n if letter is None else sizes[letter] for n, letter in zip(x.shape, axes, strict=True)]
    return np.broadcast_to(np.zeros((), x.dtype), shape)


def _trace(exported: Exported, arrays: list[ndarray]) -> tuple[dict[str, Slot], list[Node], Any, dict[int, Any]]:
    fn = exported.fn
    names = iter(exported.inputs)
    args = exported.with_arrays(arrays)
    words = named(fn, args, {})
    numbers = [x for x in leaves(args) if type(x) is float]
    with_names = map_leaves(lambda x: Slot(Spec(x.shape, x.dtype), next(names)) if isinstance(x, ndarray) else x, args)
    notes: list[Any] = []
    now.driven = notes
    try:
        trial = Function(fn, (with_names, {}), False, Copies(), words, numbers, range(len(numbers))).trial
    finally:
        now.driven = None
    driven = {id(body): (cell, drive, body) for cell, drive, body in notes}
    return dict(zip(exported.inputs, trial.slots, strict=True)), trial.results, trial.structure, driven


def _axes(exported: Exported, dynamic: Dynamic) -> dict[str, tuple[str | None, ...]]:
    """The letters of each input's axes."""
    what = exported.what
    if isinstance(dynamic, Mapping):
        return _told_axes(exported, dynamic)
    told: Any = (dynamic,) if isinstance(dynamic, str) else dynamic
    letters = tuple(told) if isinstance(told, (tuple, list)) else ("",)
    if not all(isinstance(x, str) and x.isidentifier() for x in letters) or len({*letters}) < len(letters):
        expected = "letters of the first axes, such as ('T', 'B') or ('B',), each once"
        raise GraphError(f"{what}: dynamic names no axes", expected=expected, got=shown(dynamic))
    if any(exported.roles.values()):
        if {*letters} - {"T", "B"}:
            expected = "'T', the steps, and 'B', the batch, of which it knows the axes; or a dict of all inputs' axes"
            raise GraphError(f"{what}: dynamic names no axes of a layer", expected=expected, got=shown(dynamic))
        return {name: _by_role(exported, name, letters) for name in exported.inputs}
    return _by_sizes(exported, letters)


def _by_sizes(exported: Exported, letters: tuple[str, ...]) -> dict[str, tuple[str | None, ...]]:
    """The letters of the inputs of a function: those of the first, and of others whose first axes have their sizes."""
    (first, *_) = exported.inputs.values() or [np.zeros(())]
    letters = letters[: first.ndim]
    sizes = dict(zip(letters, first.shape, strict=False))
    axes: dict[str, tuple[str | None, ...]] = {}
    for name, x in exported.inputs.items():
        rest, known = letters, list[str]()
        while len(known) < x.ndim and (fits := [k for k in rest if sizes[k] == x.shape[len(known)]]):
            if len(fits) > 1 and x.shape[: len(letters)] != first.shape[: len(letters)]:
                problem = f"the axes {' and '.join(fits)} cannot be told apart, both have size {sizes[fits[0]]}"
                fix = f"an example of unlike sizes, or dynamic={{{name!r}: (...), ...}} for each input"
                raise GraphError(f"{exported.what}: {problem}", got=f"{name} {x.shape}", fix=fix)
            known.append(fits[0])
            rest = rest[rest.index(fits[0]) + 1 :]
        axes[name] = (*known, *[None] * (x.ndim - len(known)))
    return axes


def _by_role(exported: Exported, name: str, letters: tuple[str, ...]) -> tuple[str | None, ...]:
    """The letters of the axes of a layer's or a cell's inputs and state."""
    x, role = exported.inputs[name], exported.roles[name]
    first = next(iter(exported.inputs.values()))
    batched = first.ndim > (2 if "sequence" in exported.roles.values() else 1)
    lead: list[str] = ["T", "B"] if role == "sequence" else ["B"]
    if not batched:
        lead.remove("B")
    if role == "sequence" and batched and exported.subject.settings["axis"] % x.ndim == 1:
        lead.reverse()
    known = [letter if letter in letters else None for letter in lead[: x.ndim]]
    return (*known, *[None] * (x.ndim - len(known)))


def _told_axes(exported: Exported, dynamic: Mapping[str, Any]) -> dict[str, tuple[str | None, ...]]:
    axes: dict[str, tuple[str | None, ...]] = {}
    unknown = [name for name in dynamic if name not in exported.inputs]
    for name, x in exported.inputs.items():
        letters = tuple(dynamic.get(name, ()))
        if unknown or len(letters) > x.ndim or not all(a is None or isinstance(a, str) for a in letters):
            raise GraphError(
                f"{exported.what}: dynamic does not fit the inputs",
                expected=f"for each of {', '.join(exported.inputs)} the letters of its axes, None for a fixed one",
                got=shown(dynamic),
            )
        axes[name] = (*letters, *[None] * (x.ndim - len(letters)))
    return axes


def _shown_axes(axes: Mapping[str, tuple[str | None, ...]]) -> str:
    return ", ".join(f"{name} ({', '.join(x or '.' for x in told)})" for name, told in axes.items())
