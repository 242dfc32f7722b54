"""A node: one value of a graph, the op that computed it, and the op's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import UNFIT, GraphError, MutationError, plain, shown, users_line
from .frozen import read_only
from .markup import table
from .missing import ElementCount
from .scope import next_serial, now

if TYPE_CHECKING:
    from .op import Op

NO_ATTRIBUTES: dict[str, Any] = {}


class Node:
    """One value of a graph: a leaf (`tg.parameter`, `tg.constant`) or the result of an op.

    A node does not change, except for the ``value`` of a parameter, which may be set, and ``grad``.
    ``x + y``, ``x @ w``, ``x[...]``, ``np.tanh(x)`` and the like make new nodes.

    Attributes:
        op: the `Op` that computed it; None for a leaf.
        inputs: the inputs of the op, a tuple of nodes.
        attributes: the op's settings (``axis``, ``keepdims``, ...), a read-only dict.
        value: numpy array of shape ``shape`` and dtype ``dtype``; it is read-only.
        name: the user's name for it, or None.
        step: its time step (`tg.step`), or None.
        scope: its cell or layer (`tg.scope`), a path such as ``"encoder/layer0"``.
        origin: for a node of a gradient, the forward node that is differentiated; else None.
        grad: array of shape ``shape``, filled by `backward`; None before.
        serial: a number that grows with each new node, so inputs have smaller ones than results.

    Example:
        >>> import tinygraph as tg
        >>> w = tg.parameter([1.0, 2.0], name="w")
        >>> tg.sum(w * w)
        <sum () float64: 5.>
    """

    __slots__ = (
        *("__weakref__", "_attributes", "_dtype", "_grad", "_inputs", "_op", "_place", "_record", "_shape", "_value"),
        *("name", "serial"),
    )  # those of traced nodes too, so that an array can become one when a traced node is written into it

    def __init__(
        self, op: Op | None, inputs: tuple[Node, ...], attributes: dict[str, Any], value: np.ndarray, name: str | None
    ) -> None:
        self._op = op
        self._inputs = inputs
        self._attributes = attributes
        self._value = value
        self._place = now.place
        self.name = name
        self._grad: np.ndarray | None = None
        self._record: Any = None
        self.serial = next_serial()

    @property
    def op(self) -> Op | None:
        return self._op

    @property
    def inputs(self) -> tuple[Node, ...]:
        return self._inputs

    @property
    def attributes(self) -> Mapping[str, Any]:
        return MappingProxyType(self._attributes)

    @property
    def step(self) -> int | None:
        step = self._place[0]
        return step if step or step is None else int(step)

    @property
    def scope(self) -> str:
        return self._place[1]

    @property
    def origin(self) -> Node | None:
        return self._place[2]

    @property
    def value(self) -> np.ndarray:
        if self._record is not None:
            self._record.owned = False  # the next write is into a copy
        return read_only(self._value)

    @value.setter
    def value(self, value: Any) -> None:
        problem = f"the value of {self.label()} was set, but only a parameter's value can be set"
        raise MutationError(problem, got=users_line(), fix="make a new node from the new value")

    @property
    def grad(self) -> np.ndarray | None:
        if now.tracing and self.kind == "parameter":
            problem = f".grad of {self.label()} was read while a function is compiled, so later changes would be lost"
            raise GraphError(problem, got=users_line(), fix="pass it as an argument, or compute it there by tg.grad")
        return self._grad

    @grad.setter
    def grad(self, gradient: np.ndarray | None) -> None:
        if now.tracing and self.kind == "parameter":
            problem = f".grad of {self.label()} was set while a function is compiled"
            raise GraphError(problem, got=users_line(), fix="return the gradient, and set it after the call")
        self._grad = gradient

    @property
    def shape(self) -> tuple[int, ...]:
        return self._value.shape

    @property
    def dtype(self) -> np.dtype:
        return self._value.dtype

    @property
    def ndim(self) -> int:
        return self._value.ndim

    @property
    def size(self) -> int:
        return ElementCount(self._value.size)

    def item(self, *index: Any) -> Any:
        """The value of a node of one element, or the element at ``index``, as a Python number without gradient.

        In a file that is recorded (`tg.recorded`), where code does not know of nodes, it is a node, and keeps it.

        Raises:
            GraphError: the node has more elements, or none, and no index says which; there is no such element.
        """
        if now.recorder is not None and now.recorder.keeps_numbers(self):
            return now.recorder.number(self, index)
        value = self.value
        if index:
            try:
                return value.item(*index)
            except UNFIT as error:
                raise GraphError(f"item of {self.label()}: {error}", got=f"{self.shape}, {shown(index)}") from None
        if value.size != 1:
            fix = "index it first, or compare with np.any, np.all, np.where"
            raise GraphError(f"{self.label()} is not one number", expected="one element", got=str(self.shape), fix=fix)
        return value.item()

    def label(self) -> str:
        """The node's description in messages: ``matmul 'h_proj' at step 3``."""
        kind = self.kind if self._op is None else plain(self._op.name, 80)
        named = f" '{plain(self.name, 80)}'" if self.name else ""
        return f"{kind}{named}" + ("" if self.step is None else f" at step {self.step}")

    kind = "node"

    def _told(self) -> str:
        return np.array2string(self._value, threshold=20, prefix=" " * 7)

    def __repr__(self) -> str:
        return f"<{self.label()} {self.shape} {self.dtype}: {self._told()}>"

    def _repr_html_(self) -> str:
        return table(("node", "shape", "dtype", "value"), [(self.label(), self.shape, self.dtype, self._told())])

    def __format__(self, spec: str) -> str:
        try:
            if spec and self.size != 1:
                problem, fix = f"{self.label()} is not one number", "x.value.round(3)  # or one element of it"
                raise GraphError(problem, expected="one element", got=str(self.shape), fix=fix)
            return format(self.item(), spec) if spec else repr(self)
        except UNFIT as error:
            if isinstance(error, GraphError):
                raise
            raise GraphError(f"{self.label()} is not written so: {error}", got=shown(spec)) from None

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        if self.size != 1:
            problem = f"{self.label()} of shape {self.shape} is neither true nor false"
            fix = "np.any(x) or np.all(x) of the mask for `if`; tg.where(mask, a, b) to choose element by element"
            raise GraphError(problem, expected="one element", got=users_line(), fix=fix)
        return bool(self.item())

    def __index__(self) -> int:
        value = self.value
        if value.ndim or value.dtype.kind not in "iu":
            problem, fix = f"{self.label()} is not one integer, so it is no index", "int(x.item())  # a number"
            raise MutationError(problem, got=f"{self.shape} {self.dtype}; {users_line()}", fix=fix)
        return int(value)

    def __copy__(self) -> Node:
        """The same node as another object: it keeps its inputs, and so its gradient."""
        if self._record is not None:
            self._record.owned = False  # as of `value`: both have this memory
        twin = object.__new__(type(self))
        for slot in (s for cls in type(self).__mro__ for s in getattr(cls, "__slots__", ()) if s != "__weakref__"):
            if hasattr(self, slot):
                setattr(twin, slot, getattr(self, slot))
        twin._record = None
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Within `tg.recorded`, a copy that keeps its gradient; elsewhere leaves alone are copied."""
        if now.recorder is not None and now.recorder.anywhere and self.kind != "parameter":
            return now.recorder.copied(self)
        if not isinstance(memo, dict):
            raise GraphError("deepcopy: the memo is a dict of what is copied already", got=type(memo).__name__)
        make, parts = self.__reduce__()
        return make(*deepcopy(parts, memo))

    def __reduce__(self) -> Any:
        """Refuses deepcopy and pickle: the copy would depend on copies of the parameters, and have no gradient."""
        problem = f"{self.label()} cannot be deep-copied or pickled: its copy would lose its gradient"
        fix = "copy or pickle parameters and cells; for the numbers alone, keep node.value"
        raise MutationError(problem, fix=fix)

    __hash__ = object.__hash__

    if TYPE_CHECKING:
        # ops/operators.py and engine/grad.py set these, so that core/ needs no op; type checkers read them here.
        T: Node
        _shape: tuple[int, ...]
        _dtype: np.dtype

        def __add__(self, other: Any) -> Node: ...
        def __radd__(self, other: Any) -> Node: ...
        def __sub__(self, other: Any) -> Node: ...
        def __rsub__(self, other: Any) -> Node: ...
        def __mul__(self, other: Any) -> Node: ...
        def __rmul__(self, other: Any) -> Node: ...
        def __truediv__(self, other: Any) -> Node: ...
        def __rtruediv__(self, other: Any) -> Node: ...
        def __pow__(self, other: Any) -> Node: ...
        def __rpow__(self, other: Any) -> Node: ...
        def __matmul__(self, other: Any) -> Node: ...
        def __rmatmul__(self, other: Any) -> Node: ...
        def __gt__(self, other: Any) -> Node: ...
        def __ge__(self, other: Any) -> Node: ...
        def __lt__(self, other: Any) -> Node: ...
        def __le__(self, other: Any) -> Node: ...
        def __eq__(self, other: Any) -> Node: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Node: ...  # type: ignore[override]
        def __neg__(self) -> Node: ...
        def __len__(self) -> int: ...
        def __float__(self) -> float: ...
        def __getitem__(self, key: Any) -> Node: ...
        def __setitem__(self, key: Any, value: Any) -> None: ...
        def fill(self, value: Any) -> None: ...
        def sum(self, axis: Any = None, keepdims: bool = False) -> Node: ...
        def mean(self, axis: Any = None, keepdims: bool = False) -> Node: ...
        def max(self, axis: Any = None, keepdims: bool = False) -> Node: ...
        def min(self, axis: Any = None, keepdims: bool = False) -> Node: ...
        def argmax(self, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any: ...
        def reshape(self, *shape: Any) -> Node: ...
        def transpose(self, *axes: Any) -> Node: ...
        def swapaxes(self, axis1: int, axis2: int) -> Node: ...
        def astype(self, dtype: Any) -> Node: ...
        def ravel(self) -> Node: ...
        def backward(self, gy: Any = None) -> None: ...

        def dot(self, b: Any) -> Node: ...
        def flatten(self, order: Any = "C") -> Node: ...
        def squeeze(self, axis: Any = None) -> Node: ...
        def clip(self, min: Any = None, max: Any = None) -> Node: ...
        def take(self, indices: Any, axis: int | None = None) -> Node: ...
        def repeat(self, repeats: Any, axis: int | None = None) -> Node: ...
        def std(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, **more: Any) -> Node: ...
        def var(self, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, **more: Any) -> Node: ...
        def prod(self, axis: Any = None, dtype: Any = None, out: Any = None, **more: Any) -> Node: ...
        def cumsum(self, axis: Any = None, dtype: Any = None) -> Node: ...
        def cumprod(self, axis: Any = None, dtype: Any = None) -> Node: ...
        def round(self, decimals: int = 0) -> Node: ...
        def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node: ...
        def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Node: ...
        def all(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any: ...
        def any(self, axis: Any = None, out: Any = None, keepdims: bool = False) -> Any: ...
        def argmin(self, axis: Any = None, out: Any = None, *, keepdims: bool = False) -> Any: ...
        def argsort(self, axis: Any = -1, kind: Any = None) -> Any: ...
        def nonzero(self) -> tuple[np.ndarray, ...]: ...
        def tolist(self) -> Any: ...
        def numpy(self) -> np.ndarray: ...
        def detach(self) -> Node: ...
        def clone(self) -> Node: ...
        def cpu(self) -> Node: ...
