"""`tg.Op`, the base class of ops: forward, backward, shape inference and the call that makes a node."""

from __future__ import annotations

import inspect
import re
import sys
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy import ndarray

from .checks import text
from .errors import UNFIT, GraphError, OptionError, kind_of, plain, shown, users_line
from .frozen import MUTABLE, frozen_settings, guard
from .kept_state import alike, as_used, contents
from .leaves import as_nodes
from .node import Node
from .nonfinite import watch_forward
from .options import option
from .scope import now
from .traced import Traced
from .trail import leave_trail
from .widening import note

value_of = attrgetter("_value")
"""The array of a node, faster than its property."""
_OURS = __name__.partition(".")[0] + "."


class Spec(NamedTuple):
    """The shape and the dtype of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def ndim(self) -> int:
        return len(self.shape)


class Op:
    """The base class of ops. Subclass it, define `forward` and `backward`, and call an instance with nodes or arrays.

    ``forward(*inputs, **attributes)`` takes arrays and returns an array. Its arguments without a default are inputs
    of the graph; those with a default are settings, such as ``axis=None``.

    ``backward(gz, z, *inputs, **attributes)`` takes the gradient ``gz`` with respect to the result ``z``. It returns
    one gradient for each input, of that input's shape, or None where there is none; a single gradient need not be in
    a tuple. Write it with operators and numpy functions: on arrays it computes numbers, and on nodes the same lines
    build the graph of the gradient, so gradients can be drawn, compiled and differentiated again. If it has an
    argument ``wanted``, that says for each input whether its gradient is needed.

    The arrays that both get are read-only: write ``gz = gz * 2``, not ``gz *= 2``. The arrays that they return are
    copied, so they may be buffers that the next call fills again. What an instance keeps on ``self`` for `backward` is
    that of the call: arrays, and lists and dicts that `forward` uses, are copied; of an array above 1 MiB, and of what
    methods of another object keep there, a gradient is refused after it was written to.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> class Cube(tg.Op):
        ...     def forward(self, x):
        ...         return x * x * x
        ...     def backward(self, gz, z, x):
        ...         return gz * 3 * x * x
        >>> cube = Cube()
        >>> x = tg.parameter(2.0)
        >>> tg.grad(tg.grad(cube(x), x), x).item()
        12.0
    """

    name: str = "op"
    arity: ClassVar[int]
    """The number of inputs of `forward`; -1 for any number."""
    settings: ClassVar[tuple[str, ...]] = ()
    _known: ClassVar[frozenset[str]] = frozenset()
    selective: ClassVar[bool]
    differentiable: ClassVar[bool] = True
    selects: ClassVar[bool] = False
    """Whether the op selects one of a loop's values; `backward` of the loop gets the gradients of all selections."""
    keeps_state: ClassVar[bool] = False
    """Whether instances may keep values that their gradient needs: ops of the user's alone."""
    _copied: ClassVar[frozenset[type]] = MUTABLE
    """Types of settings that are copied, because their owner may change them later."""

    def __init_subclass__(cls) -> None:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__.lstrip("_"))
        cls.name = cls.__dict__.get("name", words.lower())
        arguments = list(inspect.signature(cls.forward).parameters.values())[1:]
        inputs = [a for a in arguments if a.default is a.empty]
        cls.arity = -1 if any(a.kind is a.VAR_POSITIONAL for a in inputs) else len(inputs)
        cls.settings = tuple(a.name for a in arguments if a.default is not a.empty)
        cls._known = frozenset(cls.settings)
        cls.selective = "wanted" in inspect.signature(cls.backward).parameters
        if not cls.__module__.startswith(_OURS):
            guard(cls)
            cls._copied = MUTABLE | {tuple}

    def forward(self, *inputs: Any, **attributes: Any) -> Any:
        """Takes arrays, returns one array."""
        raise GraphError(f"{self.name} has no forward", fix=f"define {type(self).__name__}.forward(self, *inputs)")

    def backward(self, gz: Any, z: Any, *inputs: Any, **attributes: Any) -> Any:
        """Takes the gradient that arrives, the result and the inputs; returns one gradient for each input."""
        fix = f"define {type(self).__name__}.backward(self, gz, z, *inputs), or use tg.stop_gradient"
        raise GraphError(f"{self.name} has no gradient", fix=fix)

    def infer(self, *specs: Spec, **attributes: Any) -> Spec:
        """The shape and dtype of the result; by default from running `forward` on arrays of ones."""
        z = np.asarray(self.forward(*(np.ones(s.shape, s.dtype) for s in specs), **attributes))
        return Spec(z.shape, z.dtype)

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        """Floating-point operations of one forward call; by default one for each element of the result."""
        return self.infer(*specs, **attributes).size

    def __call__(self, *inputs: Any, name: str | None = None, **attributes: Any) -> Node:
        if attributes or len(inputs) != self.arity:
            inputs, attributes = self._arguments(inputs, attributes)
        if name is not None:
            text(self.name, "name", name)
        plain = now.plain
        if plain is not True:
            recorder, read = plain or now.recorder, None
            if recorder is not None and recorder.session.stand_ins:
                inputs = recorder.read(read := as_nodes(inputs))
            if not plain and now.tracing:
                traced = self.trace(as_nodes(inputs), attributes, name, read)
                return traced if next(now.due, None) is self else leave_trail(traced, self)
        try:
            value = self._computed(inputs, attributes)
        except UNFIT as error:
            inputs, value = self._computed_of_nodes(error, inputs, attributes, name)
        if type(value) is not ndarray:
            value = np.asarray(value)
        node = Node(as_used(self) if self.keeps_state else self, inputs, attributes, value, name)
        if next(now.due, None) is not self:
            leave_trail(node, self)
        if plain is not True:
            if recorder is not None:
                recorder.made(node, read or inputs)
            if not plain and now.watching:
                watch_forward(node)
        return node

    def _arguments(self, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Inputs and settings, as nobody can change them later."""
        if len(inputs) != self.arity or not attributes.keys() <= self._known:
            inputs, attributes = self.bind(inputs, attributes)
        if now.door is not None:
            attributes = {key: now.door.setting(value) for key, value in attributes.items()}
        else:
            copied = self._copied
            for value in attributes.values():
                if type(value) in copied:
                    return inputs, frozen_settings(attributes)
        return inputs, attributes

    def _computed(self, nodes: tuple[Node, ...], attributes: dict[str, Any]) -> Any:
        """What `forward` gives. A call of one or two arguments takes a third of the time of one with a star."""
        if attributes or not 0 < len(nodes) < 3:
            return self.forward(*map(value_of, nodes), **attributes)
        if len(nodes) == 1:
            return self.forward(nodes[0]._value)
        x, y = nodes
        return self.forward(x._value, y._value)

    def _computed_of_nodes(
        self, error: Exception, inputs: tuple[Any, ...], attributes: dict[str, Any], name: str | None
    ) -> tuple[tuple[Node, ...], Any]:
        """The inputs as nodes, as an array or a number was among them, and the value; else raises the error."""
        nodes = as_nodes(inputs)
        try:
            if nodes is inputs:
                raise error
            return nodes, self._computed(nodes, attributes)
        except GraphError as refusal:
            raise self._place(refusal, name) from None
        except UNFIT as reason:
            if reason is not error:
                reason.__context__ = None  # that an array has no value is nobody's concern
            raise self._explain(reason, nodes, attributes, name) from reason

    def trace(
        self,
        nodes: tuple[Node, ...],
        attributes: dict[str, Any],
        name: str | None = None,
        read: tuple[Node, ...] | None = None,
    ) -> Traced:
        """The node that a call makes, without its value; ``read`` are the arrays of a recorder that it reads."""
        before = contents(self) if self.keeps_state else None
        try:
            spec = self.infer(*(Spec(x.shape, x.dtype) for x in nodes), **attributes)
        except GraphError as error:
            raise self._place(error, name) from None
        except UNFIT as error:
            raise self._explain(error, nodes, attributes, name) from error
        if before is not None:
            self._check_kept(before, name)
        node = Traced(self, nodes, attributes, spec, name)
        if now.recorder is not None:
            now.recorder.made(node, read or nodes)
        if now.widenings is not None:
            note(node)
        return node

    def _check_kept(self, before: dict[str, Any], name: str | None) -> None:
        changed = [key for key, parts in contents(self).items() if not alike(parts, before.get(key, ()))]
        if changed:
            problem = f"{self._title(name)}: forward sets self.{changed[0]}, which a compiled function would not follow"
            raise GraphError(problem, got=users_line(), fix="compute it in backward from z and the inputs")

    def of(self, *inputs: Any, **attributes: Any) -> Any:
        """The op inside `backward`: returns an array for arrays, and a node if one of the inputs is a node."""
        for x in inputs:
            if isinstance(x, Node):
                return self(*inputs, **attributes)
        return self.forward(*inputs, **attributes)

    def bind(self, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Splits positional arguments into inputs and settings, so that ``tg.sum(x, 0)`` is ``tg.sum(x, axis=0)``."""
        if self.arity >= 0:
            extra = inputs[self.arity :]
            if len(inputs) < self.arity or len(extra) > len(self.settings):
                expected = f"{self.arity} inputs{''.join(', ' + s for s in self.settings)}"
                got = f"{len(inputs)} arguments"
                raise GraphError(f"{self.name}: wrong number of arguments", expected=expected, got=got)
            inputs, attributes = inputs[: self.arity], dict(zip(self.settings, extra, strict=False)) | attributes
        unknown = attributes.keys() - set(self.settings)
        if unknown:
            expected = ", ".join(self.settings) or "no settings"
            problem = f"{self.name} has no setting {', '.join(sorted(unknown))}"
            raise OptionError(problem, expected=expected, fix=option(unknown - {"mode"}, self.settings))
        return inputs, attributes

    def _title(self, name: str | None) -> str:
        at = now.place[0]
        return self.name + (f" '{name}'" if name else "") + ("" if at is None else f" at step {at}")

    def _place(self, error: GraphError, name: str | None) -> GraphError:
        text = str(error)
        return type(error)(text.replace(self.name, self._title(name), 1) if text.startswith(self.name) else text)

    def _explain(
        self, error: Exception, nodes: tuple[Node, ...], attributes: dict[str, Any], name: str | None
    ) -> GraphError:
        stale = next((x for x in nodes if isinstance(x, Traced)), None)
        if stale is not None and not now.tracing:
            problem = f"{self._title(name)}: {stale.label()} belongs to a compiled function and has no value"
            return GraphError(problem, got=users_line(), fix="return it from the function")
        try:
            self.infer(*(Spec(x.shape, x.dtype) for x in nodes), **attributes)
        except GraphError as refusal:
            return self._place(refusal, name)
        except Exception:
            pass  # `error` is the one to report
        settings = "".join(f", {k}={shown(v)}" for k, v in attributes.items())
        got = ", ".join(f"{x.shape} {x.dtype}" for x in nodes)
        return kind_of(error)(f"{self._title(name)}: {error}", got=f"{self.name}({got}{settings})")

    def __reduce_ex__(self, protocol: Any) -> str | tuple[Any, ...]:
        """One of this library's ops stays itself when it is copied: passes and backends know it by identity."""
        names = [name for name, op in vars(sys.modules[self.__module__]).items() if op is self]
        return names[0] if names and self.__module__.startswith(_OURS) else super().__reduce_ex__(protocol)

    def __repr__(self) -> str:
        return f"<op {plain(self.name, 80)}>"
