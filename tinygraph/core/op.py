"""An op: in one place what it needs, what it computes, and how its gradient is written."""

from __future__ import annotations

import inspect
import re
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy import ndarray

from .errors import GraphError, users_line
from .leaves import as_nodes
from .node import Node
from .nonfinite import watch_forward
from .scope import now
from .traced import Traced

value_of = attrgetter("_value")
"""The array of a node, without the detour of the property."""


class Spec(NamedTuple):
    """What is known of an array before it is computed: its shape and its dtype."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def ndim(self) -> int:
        return len(self.shape)


class Op:
    """A kind of computation. Subclass it, write `forward` and `backward`, and call an instance.

    ``forward(*inputs, **attributes)`` takes and gives arrays. Its arguments without a default
    are inputs of the graph; those with a default are settings (``axis=None``).
    ``backward(gz, z, *inputs, **attributes)`` gives one gradient per input (a single one need
    not be in a tuple; None where there is none), of that input's shape. It is written
    with operators and numpy functions: on arrays it computes, on nodes the same lines build
    the gradient's graph, so it can be drawn, compiled and differentiated again.
    A `backward` that has an argument ``wanted`` is told which inputs' gradients are asked for.

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
    arity: ClassVar[int] = 1
    """How many inputs `forward` takes, -1 where it takes any number."""
    settings: ClassVar[tuple[str, ...]] = ()
    _known: ClassVar[frozenset[str]] = frozenset()
    selective: ClassVar[bool] = False
    differentiable: ClassVar[bool] = True
    selects: ClassVar[bool] = False
    """The op picks one of the many values of its input, whose gradient rule is handed all picks at once."""

    def __init_subclass__(cls) -> None:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__.lstrip("_"))
        cls.name = cls.__dict__.get("name", words.lower())
        arguments = list(inspect.signature(cls.forward).parameters.values())[1:]
        inputs = [a for a in arguments if a.default is a.empty]
        cls.arity = -1 if any(a.kind is a.VAR_POSITIONAL for a in inputs) else len(inputs)
        cls.settings = tuple(a.name for a in arguments if a.default is not a.empty)
        cls._known = frozenset(cls.settings)
        cls.selective = "wanted" in inspect.signature(cls.backward).parameters

    def forward(self, *inputs: Any, **attributes: Any) -> Any:
        """Arrays in, one array out."""
        raise GraphError(f"{self.name} has no forward", fix=f"define {type(self).__name__}.forward(self, *inputs)")

    def backward(self, gz: Any, z: Any, *inputs: Any, **attributes: Any) -> Any:
        """The gradient that arrives, the result and the inputs in; one gradient per input out."""
        raise GraphError(
            f"{self.name} has no gradient",
            fix=f"define {type(self).__name__}.backward(self, gz, z, *inputs), or use tg.stop_gradient",
        )

    def infer(self, *specs: Spec, **attributes: Any) -> Spec:
        """Shape and dtype of the result; here by running `forward` on ones, subclasses know better."""
        z = np.asarray(self.forward(*(np.ones(s.shape, s.dtype) for s in specs), **attributes))
        return Spec(z.shape, z.dtype)

    def flops(self, *specs: Spec, **attributes: Any) -> int:
        """Floating-point operations of one forward call; one per element of the result unless said."""
        return self.infer(*specs, **attributes).size

    def __call__(self, *inputs: Any, name: str | None = None, **attributes: Any) -> Node:
        if len(inputs) != self.arity or (attributes and not attributes.keys() <= self._known):
            inputs, attributes = self.bind(inputs, attributes)
        if now.tracing:
            return self.trace(as_nodes(inputs), attributes, name)
        try:
            values = [*map(value_of, inputs)]
        except AttributeError:  # an array or a number among them
            inputs = as_nodes(inputs)
            values = [*map(value_of, inputs)]
        nodes: tuple[Node, ...] = inputs
        try:
            value = self.forward(*values, **attributes)
        except GraphError as error:
            raise self._place(error, name) from None
        except (ValueError, TypeError, IndexError, AttributeError) as error:
            raise self._explain(error, nodes, attributes, name) from error
        if type(value) is not ndarray:
            value = np.asarray(value)
        node = Node(self, nodes, attributes, value, name)
        if now.watching:
            watch_forward(node)
        return node

    def trace(self, nodes: tuple[Node, ...], attributes: dict[str, Any], name: str | None = None) -> Traced:
        """The node that a call would make, without its value."""
        try:
            spec = self.infer(*(Spec(x.shape, x.dtype) for x in nodes), **attributes)
        except GraphError as error:
            raise self._place(error, name) from None
        except (ValueError, TypeError, IndexError) as error:
            raise self._explain(error, nodes, attributes, name) from error
        return Traced(self, nodes, attributes, spec, name)

    def of(self, *inputs: Any, **attributes: Any) -> Any:
        """The op inside a gradient rule: arrays give an array, and a node among them gives a node."""
        for x in inputs:
            if isinstance(x, Node):
                return self(*inputs, **attributes)
        return self.forward(*inputs, **attributes)

    def bind(self, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Sort positional arguments into inputs and settings, as numpy's signatures allow both."""
        if self.arity >= 0:
            extra = inputs[self.arity :]
            if len(inputs) < self.arity or len(extra) > len(self.settings):
                raise GraphError(
                    f"{self.name}: wrong number of arguments",
                    expected=f"{self.arity} inputs{''.join(', ' + s for s in self.settings)}",
                    got=f"{len(inputs)} arguments",
                )
            inputs, attributes = inputs[: self.arity], dict(zip(self.settings, extra, strict=False)) | attributes
        unknown = attributes.keys() - set(self.settings)
        if unknown:
            raise GraphError(
                f"{self.name} has no setting {', '.join(sorted(unknown))}",
                expected=", ".join(self.settings) or "no settings",
            )
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
            return GraphError(
                f"{self._title(name)}: {stale.label()} belongs to a compiled function and has no value",
                got=users_line(),
                fix="return it from the function",
            )
        try:
            self.infer(*(Spec(x.shape, x.dtype) for x in nodes), **attributes)
        except GraphError as known:
            return self._place(known, name)
        except Exception:
            pass  # the first error is the one to report
        settings = "".join(f", {k}={v}" for k, v in attributes.items())
        got = ", ".join(f"{x.shape} {x.dtype}" for x in nodes)
        return GraphError(f"{self._title(name)}: {error}", got=f"{self.name}({got}{settings})")

    def __repr__(self) -> str:
        return f"<op {self.name}>"
