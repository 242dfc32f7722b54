"""`tg.compile`: traces a function once per set of shapes, plans it, and runs it without any nodes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import RLock
from time import perf_counter
from typing import Any

import numpy as np
from numpy import ndarray

from . import forking
from .core.checks import function, one_of
from .core.errors import UNFIT, GraphError, refuse, refusing
from .core.leaves import constant, node_of, switches
from .core.markup import card
from .core.node import Node
from .core.scope import now
from .core.structure import builder, map_leaves
from .core.together import set_together
from .core.traced import Slot
from .core.widening import warn_once
from .ops.numpy_functions import as_node
from .outside.door import Copies
from .outside.function import Function
from .outside.keys import flatten, is_array, named
from .outside.values import Census, planned
from .passes import optimise
from .passes.journal import Journal, marked
from .plan.held import graph_bytes
from .plan.planner import lay
from .plan.report import as_html, describe
from .run.backends import Backend, backend_of
from .run.runner import Runner

KEPT_BYTES = 1 << 30
"""Most bytes that the plans of one function hold together; the least recently used plans are dropped."""


@refusing
def compile(fn: Callable[..., Any], backend: str = "auto", *, memory: str = "keep") -> Compiled:
    """Compiles ``fn`` to a plan that computes the same numbers faster, without nodes.

    The first call, and every call with a new set of shapes, traces the function: it sees nodes with shapes and dtypes
    but no values, and `unroll` traces its cell once, whatever T is. Passes then hoist loop-invariant work out of the
    loop over time and join matrix products; the planner gives every value an offset in one block of memory.

    Parameters are read at each call; a function that asks which are trained gets another plan when others are. Whatever
    else ``fn`` uses but does not receive as an argument is read once, when it is traced: arrays are copied then,
    wherever they enter. If such an array, number or parameter is another one at call 2, 3, 5, 9, ... of a plan, that
    call raises; large arrays and long lists are compared by samples. What ``fn`` draws at random or keeps outside of
    its results, it would draw or keep once: both are refused at the first call.

    A float among the arguments that is only computed with is new at each call, as an array is. If its value is asked
    for (``if``, ``float()``, a setting of an op), each value has a plan of its own, as have integers, strings, None,
    functions, cells and frozen dataclasses. Inside `nonfinite` ``fn`` itself is called, and each value looked at. A
    compiled function that ``fn`` calls becomes a part of its plan.

    Args:
        fn: takes arrays of any shapes, or nested lists, tuples and dicts of them, and returns nodes in any nesting. It
            may call `grad`, `value_and_grad`, `unroll`, `jvp` and the like.
        backend: ``"numpy"``; ``"native"``, machine code that needs the extra ``fast``; ``"auto"``: native if it is
            installed; ``"jax"``: by XLA, on JAX's default device, with the extra ``jax``.
        memory: ``"keep"`` stores all values that the gradient needs; ``"checkpoint"`` stores those of about sqrt(T)
            of T steps and recomputes the others.

    Returns:
        a function of the same arguments that returns new arrays in the nesting of fn's results. Its ``plan`` lists
        the actions; its ``graph`` returns the nodes before and after the passes.

    Raises:
        GraphError: the backend or memory is unknown; llvmlite is missing; at a call: ``fn`` needs the value of a node
            (``if x > 0``), which a traced node does not have; it draws random numbers without `noise`, or keeps a
            state outside; an argument is an object that may change; something it uses has changed since. The
            message names the line or the name, and the fix.

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
        self._aside: list[tuple[Any, Plan]] = []
        self._switches = switches.latest
        self._valued: dict[Any, tuple[int, ...]] = {}
        self._census, self.copies = Census(fn), Copies()
        self._lock = RLock()
        forking.wait_for(self, "_lock")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if now.tracing:
            return self._within(args, kwargs)
        parts: list[Any] = []
        arrays: list[ndarray] = []
        numbers: list[float] = []
        try:
            flatten((args, kwargs), parts, arrays, numbers)
        except UNFIT as error:
            refuse(error, "compile", args, kwargs)
            raise
        if now.watching:
            return self._uncompiled(args, kwargs)
        return self.described(tuple(parts), arrays, numbers, args, kwargs)

    def described(self, key: Any, arrays: list[ndarray], numbers: list[float], args: Any, kwargs: Any) -> Any:
        """A call of which `flatten` need not describe all: the key of its plan, and all arrays and floats in order."""
        if forking.pending:
            forking.pause()
        with self._lock:
            if self._switches != switches.latest:
                self._sort()
            if numbers and key in self._valued:
                key = (key, *[numbers[k].hex() for k in self._valued[key]])
            plan = self._plans.get(key)
            if plan is None:
                plan = self._planned(key, args, kwargs, numbers)
                self._drop()
                warn_once(self, plan.widenings)
            else:
                self._plans.move_to_end(key)
            return plan.run(arrays, numbers)

    def _planned(self, key: Any, args: Any, kwargs: Any, numbers: list[float]) -> Plan:
        """A new plan; floats whose values the function asks for become a part of its key."""
        words = named(self.fn, args, kwargs)
        plan, valued = planned(lambda *more: Plan(self, (args, kwargs), *more), words, numbers, self._census)
        if valued:
            self._valued[key] = valued
            key = (key, *[numbers[k].hex() for k in valued])
        self._plans[key] = plan
        return plan

    def _uncompiled(self, args: Any, kwargs: Any) -> Any:
        """Calls the function itself, for `tg.nonfinite` to look at every value."""
        if now.uncompiled:
            return self._within(args, kwargs)
        nodes = map_leaves(lambda x: constant(x, getattr(x, "name", None)) if is_array(x) else x, (args, kwargs))
        now.uncompiled = True
        try:
            return map_leaves(lambda y: np.array(as_node(y).value), self.fn(*nodes[0], **nodes[1]))
        finally:
            now.uncompiled = False

    def _within(self, args: Any, kwargs: Any) -> Any:
        """What it computes as a part of another compiled function: nodes, so that gradients go through."""
        nodes = map_leaves(lambda x: node_of(x) if is_array(x) else x, (args, kwargs))
        return map_leaves(as_node, self.fn(*nodes[0], **nodes[1]))

    def _sort(self) -> None:
        """Lays aside the plans of a function that read which parameters are trained where others are now."""
        latest, plans = switches.latest, [*self._aside, *self._plans.items()]
        aside = [(key, plan) for key, plan in plans if not plan.door.fits()]
        fit = OrderedDict([(key, plan) for key, plan in plans if plan.door.fits()])
        set_together([(self, "_aside", aside), (self, "_plans", fit), (self, "_switches", latest)])

    def _drop(self) -> None:
        while len(self._aside) + len(self._plans) > 1:
            if together_bytes([*(plan for _, plan in self._aside), *self._plans.values()]) <= KEPT_BYTES:
                return
            if self._aside:
                del self._aside[0]
            else:
                self._plans.popitem(last=False)

    @property
    def plan(self) -> Plan:
        """The plan of the latest call."""
        if not self._plans:
            raise GraphError("compile: there is no plan before the first call", fix="call the function once first")
        return next(reversed(self._plans.values()))

    def __reduce__(self) -> Any:
        """A copy compiles the function again, that of a method the copied object's; nothing that it has run is kept."""
        if getattr(self.fn, "__closure__", None) and not hasattr(self.fn, "__self__"):
            problem = "compile: a copy would go on with what the first one uses"
            got = f"{self.fn.__qualname__}, which reads variables around it"
            raise GraphError(problem, got=got, fix="compile a method, or compile again")
        return partial(compile, memory=self.memory), (self.fn, self.backend.name)

    def _repr_html_(self) -> str:
        name, count = getattr(self.fn, "__qualname__", type(self.fn).__name__), len(self._plans)
        plan = self.plan._repr_html_() if self._plans else ""
        return card(f"compiled {name}: {count} plan{'s' * (count != 1)}" + ", the latest:" * bool(plan), plan)

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

    def __init__(self, owner: Compiled, arguments: Any, *numbers: Any) -> None:
        start = perf_counter()
        backend = owner.backend
        self.backend = backend.name
        self._function = Function(owner.fn, arguments, owner.memory == "checkpoint", owner.copies, *numbers)
        self.structure, self.before = self._function.trial.structure, self._function.trial.results
        self.widenings, self.door = self._function.trial.widenings, self._function.trial.door
        self.after, self.notes = optimise(self.before, fuses=backend.fuses)
        self.actions: Sequence[Any] = ()
        if backend.graphs is not None:
            slots = self._function.trial.slots
            self._runner = backend.graphs()(self.after, slots, partial(_by_numpy, self.after, slots))
        else:
            program = lay(self.after, self._function.trial.slots, fuses=backend.fuses)
            self.actions, self._runner = program.actions, Runner(program, backend)
        self.code_bytes = self._runner.code_bytes
        objects_bytes = graph_bytes([*self.before, *self.after]) + sum(self.code_bytes.values())
        self.held_bytes = self._runner.held_bytes + objects_bytes
        self.peak_bytes = self.held_bytes + self._runner.results_bytes
        self.build = builder(self.structure)
        self.compile_s = perf_counter() - start
        self.elapsed_s: float | None = None

    def run(self, arrays: Sequence[ndarray], numbers: Sequence[float] = ()) -> Any:
        """Runs the plan; returns the results in the nesting of the function's results."""
        return self.build(self.flat(arrays, numbers))

    def flat(self, arrays: Sequence[ndarray], numbers: Sequence[float] = ()) -> list[ndarray]:
        """Runs the plan; returns the results as one list, which `build` nests."""
        start = perf_counter()
        function = self._function
        function.calls_left -= 1
        if function.each_call or not function.calls_left:
            function.begin(numbers)
        results = self._runner.run(arrays)
        self.elapsed_s = perf_counter() - start
        return results

    def journal(self) -> Journal:
        """What passes and planner did, from another run of both, which are the same each time; compiling notes nothing.

        Its actions are those of the plan, one by one, and origins of nodes are nodes of ``before``.
        """
        journal, fuses = Journal(), backend_of(self.backend).fuses
        with marked(self.before):
            after, _ = optimise(self.before, fuses=fuses, journal=journal)
            journal.actions = lay(after, self._function.trial.slots, fuses, journal).actions
        return journal

    @property
    def source(self) -> list[str]:
        return [stretch.text for stretch in self._runner.stretches]

    def _facts(self) -> dict[str, Any]:
        known = {name: getattr(self, name) for name in ("notes", "peak_bytes", "elapsed_s", "backend")}
        return {"forms": self._runner.forms, **known}

    def __str__(self) -> str:
        return describe(self.actions, **self._facts())

    def _repr_html_(self) -> str:
        return as_html(self.actions, **self._facts())


def _by_numpy(results: list[Node], slots: Sequence[Slot]) -> Runner:
    return Runner(lay(results, slots, fuses=False), backend_of("numpy"))


def together_bytes(plans: Iterable[Plan]) -> int:
    """What plans hold together, the code that they share once."""
    code, own = dict[Any, int](), 0
    for plan in plans:
        code |= plan.code_bytes
        own += plan.held_bytes - sum(plan.code_bytes.values())
    return own + sum(code.values())
