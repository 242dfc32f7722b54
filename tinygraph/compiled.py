"""`tg.compile`: a function of arrays that is traced once a shape, planned, and run without making nodes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import RLock
from time import perf_counter
from typing import Any

import numpy as np
from numpy import ndarray

from .core.errors import GraphError
from .core.leaves import Parameter, as_nodes
from .core.node import Node
from .core.op import Spec
from .core.structure import builder, leaves, map_leaves
from .core.traced import Slot, tracing
from .passes import optimise
from .plan.planner import lay
from .plan.report import describe
from .run.backends import Backend, backend_of
from .run.runner import Runner
from .time.traced_segments import checkpointing

KEPT_BYTES = 1 << 30
"""Memory that the plans of one function may hold together; beyond it the least used are dropped."""


def compile(fn: Callable[..., Any], backend: str = "auto", *, memory: str = "keep") -> Compiled:
    """``fn`` as a plan that runs fast: the same numbers, no nodes.

    The function is traced on the first call, and again for every new set of shapes: it sees nodes that have
    shapes and dtypes but no values, and `unroll` traces its cell once, whatever T is. Rules move what they can out of
    the loop over time, join matrix products, and give every value its place in one block of memory.

    Parameters are read at each call. Other arrays that ``fn`` reaches without being given them are read
    once, when it is traced, and so are plain numbers, strings and None among the arguments.

    Args:
        fn: takes arrays of any shapes, or nested lists, tuples, dicts of them, and gives nodes in any nesting. It may
            call `grad`, `value_and_grad`, `unroll`, `jvp` and the like.
        backend: ``"numpy"``; ``"native"``, machine code that needs the extra ``fast``; ``"auto"``: native where
            that is installed.
        memory: ``"keep"`` holds all values that the gradient needs; ``"checkpoint"`` holds those of about sqrt(T)
            of T steps, and computes the others a second time.

    Returns:
        a function of the same arguments that gives arrays in the nesting of fn's results. They are new at each
        call. Its ``plan`` says what is done; its ``graph`` gives the nodes before and after the rules.

    Raises:
        GraphError: an unknown backend or memory; llvmlite is missing; at a call: ``fn`` needs the value of a node
            to go on (``if x > 0``), which no node has; the message names its line and what to write instead.

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
    if memory not in ("keep", "checkpoint"):
        raise GraphError("compile: unknown memory", expected="'keep' or 'checkpoint'", got=repr(memory))
    return Compiled(fn, backend_of(backend), memory)


class Compiled:
    """A function made by `compile`."""

    def __init__(self, fn: Callable[..., Any], backend: Backend, memory: str) -> None:
        self.fn, self.backend, self.memory = fn, backend, memory
        self._plans: OrderedDict[Any, Plan] = OrderedDict()
        self._lock = RLock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        parts: list[Any] = []
        arrays: list[ndarray] = []
        _describe((args, kwargs), parts, arrays)
        key = tuple(parts)
        with self._lock:
            plan = self._plans.get(key)
            if plan is None:
                plan = self._plans[key] = Plan(self.fn, (args, kwargs), self.backend, self.memory)
                self._drop()
            else:
                self._plans.move_to_end(key)
            return plan.run(arrays)

    def _drop(self) -> None:
        held = sum(p.held_bytes for p in self._plans.values())
        while held > KEPT_BYTES and len(self._plans) > 1:
            held -= self._plans.popitem(last=False)[1].held_bytes

    @property
    def plan(self) -> Plan:
        """The plan of the latest call."""
        if not self._plans:
            raise GraphError("compile: there is no plan before the first call", fix="call the function once")
        return next(reversed(self._plans.values()))

    def graph(self, view: str = "after") -> list[Node]:
        """The results of the latest call as traced nodes, ``"before"`` or ``"after"`` the passes."""
        if view not in ("before", "after"):
            raise GraphError("compile: unknown view", expected="'before' or 'after'", got=repr(view))
        return self.plan.before if view == "before" else self.plan.after


class Plan:
    """How a function runs on arguments of one set of shapes; printed, it is a table.

    Attributes:
        before, after: the results as traced nodes, before and after the passes.
        actions: what is done, in order.
        notes: what the passes did, in words.
        source: the generated code, a text for each stretch of actions.
        held_bytes: memory kept from call to call.
        peak_bytes: that, and the results of one call.
        compile_s: what tracing, passes, planning and native code took.
        elapsed_s: the time of the latest call; None before the first.
    """

    def __init__(self, fn: Callable[..., Any], given: Any, backend: Backend, memory: str) -> None:
        start = perf_counter()
        self.backend = backend.name
        slots = map_leaves(_slot, given)
        with tracing(), checkpointing(memory == "checkpoint"):
            self.structure = fn(*slots[0], **slots[1])
            self.before = [as_nodes((y,))[0] for y in leaves(self.structure)]
        self.after, self.notes = optimise(self.before, fuses=backend.fuses)
        layout = lay(self.after, [s for s in leaves(slots) if isinstance(s, Slot)], fuses=backend.fuses)
        self.actions: Sequence[Any] = layout.actions
        self._runner = Runner(layout, backend)
        self.held_bytes, self.peak_bytes = self._runner.held_bytes, self._runner.peak_bytes
        self._build = builder(self.structure)
        self.compile_s = perf_counter() - start
        self.elapsed_s: float | None = None

    def run(self, arrays: Sequence[ndarray]) -> Any:
        """The results for arguments of this plan's shapes, in the nesting of the function's."""
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


def _describe(given: Any, parts: list[Any], arrays: list[ndarray]) -> None:
    """Gather what decides about the plan (nesting, shapes, dtypes, plain values), and the arrays themselves."""
    kind = type(given)
    if isinstance(given, (tuple, list)):
        parts.append((kind, len(given)))
        for x in given:
            _describe(x, parts, arrays)
    elif isinstance(given, dict):
        parts.append((kind, tuple(given)))
        for x in given.values():
            _describe(x, parts, arrays)
    elif _is_array(given):
        array = np.asarray(given.value if isinstance(given, Node) else given)
        if not array.flags.c_contiguous:
            array = np.ascontiguousarray(array)
        if array.dtype.kind not in "fiub":
            raise GraphError("compile: an argument is no array of real numbers or booleans", got=f"dtype {array.dtype}")
        parts.append((array.shape, array.dtype))
        arrays.append(array)
    elif kind.__hash__ is None:
        raise GraphError(
            "compile: an argument is neither an array nor a plain value",
            got=kind.__name__,
            expected="arrays in lists, tuples, dicts; numbers, strings, None",
        )
    else:
        parts.append((kind, given))


def _is_array(x: Any) -> bool:
    return isinstance(x, (ndarray, np.generic)) or (isinstance(x, Node) and not isinstance(x, Parameter))


def _slot(x: Any) -> Any:
    return Slot(Spec(x.shape, x.dtype), getattr(x, "name", None)) if _is_array(x) else x
