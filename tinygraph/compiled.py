"""`tg.compile`: traces a function once per set of shapes, plans it, and runs it without any nodes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from threading import RLock
from time import perf_counter
from typing import Any

import numpy as np
from numpy import ndarray

from . import forking
from .core.checks import function, one_of
from .core.errors import UNFIT, GraphError, refuse, refusing
from .core.leaves import Parameter, as_nodes
from .core.node import Node
from .core.op import Spec
from .core.structure import builder, leaves, map_leaves
from .core.traced import Slot, tracing
from .passes import optimise
from .plan.held import graph_bytes
from .plan.planner import lay
from .plan.report import describe
from .run.backends import Backend, backend_of
from .run.runner import Runner
from .time.traced_segments import checkpointing

KEPT_BYTES = 1 << 30
"""Most bytes that the plans of one function hold together; the least recently used plans are dropped."""


def compile(fn: Callable[..., Any], backend: str = "auto", *, memory: str = "keep") -> Compiled:
    """Compiles ``fn`` to a plan that computes the same numbers faster, without nodes.

    The first call, and every call with a new set of shapes, traces the function: it sees nodes with shapes and dtypes
    but no values, and `unroll` traces its cell once, whatever T is. Passes then hoist loop-invariant work out of the
    loop over time and join matrix products; the planner gives every value an offset in one block of memory.

    Parameters are read at each call. Other arrays that ``fn`` uses but does not receive as arguments are read once,
    when it is traced, and so are plain numbers, strings and None among the arguments.

    Args:
        fn: takes arrays of any shapes, or nested lists, tuples and dicts of them, and returns nodes in any nesting. It
            may call `grad`, `value_and_grad`, `unroll`, `jvp` and the like.
        backend: ``"numpy"``; ``"native"``, machine code that needs the extra ``fast``; ``"auto"``: native if it is
            installed.
        memory: ``"keep"`` stores all values that the gradient needs; ``"checkpoint"`` stores those of about sqrt(T)
            of T steps and recomputes the others.

    Returns:
        a function of the same arguments that returns new arrays in the nesting of fn's results. Its ``plan`` lists
        the actions; its ``graph`` returns the nodes before and after the passes.

    Raises:
        GraphError: the backend or memory is unknown; llvmlite is missing; at a call: ``fn`` needs the value of a node
            (``if x > 0``), which a traced node does not have; the message names the line and the fix.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> w = tg.parameter(0.5)
        >>> def cell(x, h):
        ...     h = tg.tanh(x + w * h)
        ...     return h, h
        >>> def loss(xs):
        ...     return tg.sum(tg.unroll(cell, xs, np.zeros(2))[0])
        >>> step = tg.compile(tg.value_and_grad(loss, w), backend="numpy")
        >>> y, gw = step(np.ones((3, 2)))
        >>> round(float(y), 6), round(float(gw), 6)
        (5.07307, 0.729241)
    """
    one_of("compile: memory is unknown", memory, ("keep", "checkpoint"))
    return Compiled(function("compile", fn), backend_of(backend), memory)


class Compiled:
    """A compiled function, with one plan per set of shapes."""

    def __init__(self, fn: Callable[..., Any], backend: Backend, memory: str) -> None:
        self.fn, self.backend, self.memory = fn, backend, memory
        self._plans: OrderedDict[Any, Plan] = OrderedDict()
        self._lock = RLock()
        forking.wait_for(self, "_lock")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        parts: list[Any] = []
        arrays: list[ndarray] = []
        try:
            _flatten((args, kwargs), parts, arrays)
        except UNFIT as error:
            refuse(error, "compile", args, kwargs)
            raise
        key = tuple(parts)
        if forking.pending:
            forking.pause()
        with self._lock:
            plan = self._plans.get(key)
            if plan is None:
                plan = self._plans[key] = Plan(self.fn, (args, kwargs), self.backend, self.memory)
                self._drop()
            else:
                self._plans.move_to_end(key)
            return plan.run(arrays)

    def _drop(self) -> None:
        while len(self._plans) > 1 and together_bytes(self._plans.values()) > KEPT_BYTES:
            self._plans.popitem(last=False)

    @property
    def plan(self) -> Plan:
        """The plan of the latest call."""
        if not self._plans:
            raise GraphError("compile: there is no plan before the first call", fix="call the function once first")
        return next(reversed(self._plans.values()))

    def graph(self, view: str = "after") -> list[Node]:
        """Returns the results of the latest call as traced nodes, ``"before"`` or ``"after"`` the passes."""
        one_of("compile: the view is unknown", view, ("before", "after"))
        return self.plan.before if view == "before" else self.plan.after


class Plan:
    """The plan of a function for one set of shapes; ``print`` shows it as a table.

    Attributes:
        before, after: the results as traced nodes, before and after the passes.
        actions: the actions in order.
        notes: the changes made by the passes, as text.
        source: the generated code, one text for each stretch of actions.
        held_bytes: memory kept from call to call: arrays, graphs, actions and code.
        code_bytes: the part of the code, which plans may share: maps each to its memory.
        peak_bytes: ``held_bytes`` and the results of one call.
        compile_s: seconds for tracing, passes, planning and code generation.
        elapsed_s: seconds of the latest call; None before the first call.
    """

    def __init__(self, fn: Callable[..., Any], arguments: Any, backend: Backend, memory: str) -> None:
        start = perf_counter()
        self.backend = backend.name
        slots = map_leaves(_slot, arguments)
        with tracing(), checkpointing(memory == "checkpoint"):
            self.structure = refusing(fn, "compile")(*slots[0], **slots[1])
            self.before = [as_nodes((y,))[0] for y in leaves(self.structure)]
        self.after, self.notes = optimise(self.before, fuses=backend.fuses)
        program = lay(self.after, [s for s in leaves(slots) if isinstance(s, Slot)], fuses=backend.fuses)
        self.actions: Sequence[Any] = program.actions
        self._runner = Runner(program, backend)
        self.code_bytes = self._runner.code_bytes
        objects_bytes = graph_bytes([*self.before, *self.after]) + sum(self.code_bytes.values())
        self.held_bytes = self._runner.held_bytes + objects_bytes
        self.peak_bytes = self.held_bytes + self._runner.results_bytes
        self._build = builder(self.structure)
        self.compile_s = perf_counter() - start
        self.elapsed_s: float | None = None

    def run(self, arrays: Sequence[ndarray]) -> Any:
        """Runs the plan; returns the results in the nesting of the function's results."""
        start = perf_counter()
        results = self._runner.run(arrays)
        self.elapsed_s = perf_counter() - start
        return self._build(results)

    @property
    def source(self) -> list[str]:
        return [stretch.text for stretch in self._runner.stretches]

    def __str__(self) -> str:
        return describe(
            self.actions,
            notes=self.notes,
            forms=self._runner.forms,
            peak_bytes=self.peak_bytes,
            elapsed_s=self.elapsed_s,
            backend=self.backend,
        )


def together_bytes(plans: Iterable[Plan]) -> int:
    """What plans hold together, the code that they share once."""
    code, own = dict[Any, int](), 0
    for plan in plans:
        code |= plan.code_bytes
        own += plan.held_bytes - sum(plan.code_bytes.values())
    return own + sum(code.values())


def _flatten(argument: Any, parts: list[Any], arrays: list[ndarray]) -> None:
    """Append the parts of the cache key (nesting, shapes, dtypes, plain values) and the arrays of an argument."""
    cls = type(argument)
    if isinstance(argument, (tuple, list)):
        parts.append((cls, len(argument)))
        for x in argument:
            _flatten(x, parts, arrays)
    elif isinstance(argument, dict):
        parts.append((cls, tuple(argument)))
        for x in argument.values():
            _flatten(x, parts, arrays)
    elif _is_array(argument):
        array = np.asarray(argument.value if isinstance(argument, Node) else argument)
        if not array.flags.c_contiguous:
            array = np.ascontiguousarray(array)
        if array.dtype.kind not in "fiub":
            problem = "compile: an argument must be an array of real numbers or booleans"
            raise GraphError(problem, got=f"dtype {array.dtype}")
        parts.append((array.shape, array.dtype))
        arrays.append(array)
    elif cls.__hash__ is None:
        expected = "arrays in lists, tuples, dicts; numbers, strings, None"
        problem = "compile: an argument is neither an array nor a plain value"
        raise GraphError(problem, expected=expected, got=cls.__name__)
    else:
        parts.append((cls, argument))


def _is_array(x: Any) -> bool:
    return isinstance(x, (ndarray, np.generic)) or (isinstance(x, Node) and not isinstance(x, Parameter))


def _slot(x: Any) -> Any:
    return Slot(Spec(x.shape, x.dtype), getattr(x, "name", None)) if _is_array(x) else x
