"""Leaves of a graph: parameters, which are trained, and constants; conversion of arrays to nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from .checks import as_array, text
from .errors import GraphError, refusing, shown, users_line
from .frozen import frozen, read_only
from .node import NO_ATTRIBUTES, Node
from .scope import next_serial, now, refused
from .together import Change, set_together
from .trail import leave_trail

switches = SimpleNamespace(latest=0)
"""When it was last set of any parameter whether it is trained."""


class Parameter(Node):
    """A leaf to be trained; its ``value`` may be set to an array of the same shape and dtype, which is copied.

    The array that ``value`` returns is read-only: write ``w.value = w.value - 0.1 * w.grad``, or change a copy of it
    and set that. After the value was set, `tg.grad` refuses graphs computed before: they hold values of the old
    parameter.
    """

    __slots__ = ("_trained", "changed", "home")
    kind = "parameter"

    @refusing
    def __init__(self, value: np.ndarray, name: str | None, trained: bool = True) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, value, name)
        self.changed = self.serial
        self.home = ""  # the class of the cell that holds it, by which pictures call the cell
        self._trained = trained

    @property
    def value(self) -> np.ndarray:
        if now.tracing:
            error = GraphError(
                f"the value of {self.label()} was read while a function is compiled, so later changes would be lost",
                got=users_line(),
                fix="use the parameter itself, which is read at each call",
            )
            raise refused(error)
        return read_only(self._value)

    @value.setter
    def value(self, value: Any) -> None:
        if now.tracing:
            problem = f"the value of {self.label()} was set while a function is compiled"
            raise GraphError(problem, got=users_line(), fix="return the new value, and set it after the call")
        array = array_of(value)
        if array.shape != self.shape or array.dtype != self.dtype:
            problem, got = f"the new value of {self.label()} has another shape or dtype", f"{array.shape} {array.dtype}"
            fix = "make a new tg.parameter, or cast the array with .astype"
            raise GraphError(problem, expected=f"{self.shape} {self.dtype}", got=got, fix=fix)
        self._value = frozen(array)
        self.changed = next_serial()

    @property
    def trained(self) -> bool:
        """Whether it is trained; see `buffer` and ``freeze``. It may be set."""
        if now.door is not None:
            now.door.trained.setdefault(self, self._trained)
        return self._trained

    @trained.setter
    def trained(self, trained: bool) -> None:
        set_together(switched([self], trained))

    def __reduce__(self) -> Any:
        return _restored, (Parameter, self._value, self.name, self._grad, self._trained, self.home)


def switched(parameters: Sequence[Parameter], trained: bool) -> list[Change]:
    """The changes by which parameters are trained from now on, or are not."""
    if now.door is not None:
        now.door.trained = {**dict.fromkeys(parameters), **now.door.trained}
    return [*[(p, "_trained", trained) for p in parameters], (switches, "latest", next_serial())]


class Constant(Node):
    """A leaf that is not trained: data, labels, numbers."""

    __slots__ = ()
    kind = "constant"

    def __init__(self, value: np.ndarray, name: str | None = None) -> None:
        super().__init__(None, (), NO_ATTRIBUTES, value, name)

    def __reduce__(self) -> Any:
        return _restored, (Constant, self._value, self.name, self._grad)


def _restored(
    leaf: type, array: np.ndarray, name: str | None, grad: np.ndarray | None, trained: bool = True, home: str = ""
) -> Any:
    """A leaf from its copy or its pickle, with a serial number of its own, as other nodes may have the old one."""
    node: Any = leaf(frozen(array), name) if leaf is Constant else leaf(frozen(array), name, trained)
    node._grad = grad
    if home:
        node.home = home
    return node


@refusing
def parameter(value: Any, name: str | None = None) -> Parameter:
    """Makes a leaf to be trained from a copy of ``value``, with its shape and floating dtype.

    Args:
        value: array-like of any shape, of float32 or float64.
        name: shown in messages, reports and pictures.

    Raises:
        GraphError: ``value`` does not hold real floating-point numbers.

    Example:
        >>> import tinygraph as tg
        >>> tg.parameter([[0.5, -0.5]], name="W").shape
        (1, 2)
    """
    name = None if name is None else text("parameter", "its name", name)
    array = array_of(value).copy()
    if array.dtype.kind != "f":
        problem = f"parameter{f' {shown(name)}' if name else ''} needs floating-point numbers"
        got = f"{array.dtype} array of shape {array.shape}"
        fix = "pass value.astype(np.float64), or tg.constant for data and labels"
        raise GraphError(problem, expected="a float32 or float64 array", got=got, fix=fix)
    return Parameter(array, name)


@refusing
def buffer(value: Any, name: str | None = None) -> Parameter:
    """Makes a parameter that is not trained: state of a cell that is saved with it, such as a fixed random weight.

    A module's ``state_dict`` has it, its ``parameters()`` has not, and `backward` leaves its ``.grad`` alone. Its value
    may be set, and compiled functions read it at each call.

    Args:
        value: array-like of any shape, of float32 or float64.
        name: shown in messages, reports and pictures.

    Raises:
        GraphError: ``value`` does not hold real floating-point numbers.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> class Reservoir(tg.Module):
        ...     def __init__(self):
        ...         self.weight_hh, self.weight_out = tg.buffer(np.eye(2)), tg.parameter(np.ones(2))
        >>> list(Reservoir().parameters()), list(Reservoir().state_dict())
        (['weight_out'], ['weight_hh', 'weight_out'])
    """
    node = parameter(value, name)
    node._trained = False
    return node


@refusing
def constant(value: Any, name: str | None = None) -> Constant:
    """Makes a leaf that is not trained, such as data, from a copy of ``value``, with its shape and numpy dtype.

    Raises:
        GraphError: ``value`` is not an array of numbers or booleans.

    Example:
        >>> import tinygraph as tg
        >>> tg.constant([1, 2, 3]).dtype.kind
        'i'
    """
    return leave_trail(Constant(_kept(value), None if name is None else text("constant", "its name", name)))


def array_of(value: Any) -> np.ndarray:
    """The numbers of an array-like value or a node.

    Raises:
        GraphError: it is no array of real numbers or booleans, or a masked one.
    """
    if isinstance(value, (list, tuple)) and any(isinstance(x, Node) for x in value):
        problem, got = "a list of nodes came where an array is needed", f"{len(value)} in a {type(value).__name__}"
        raise GraphError(problem, got=f"{got}; {users_line()}", fix="join them with tg.stack or np.stack")
    array = value.value if isinstance(value, Node) else as_array(value)
    if value is None:
        fix = "pass an array; the state before the first step of tg.unroll is its argument state="
        raise GraphError("None came where an array is needed", got=users_line(), fix=fix)
    if array.dtype.kind not in "fiub":
        got = f"{type(value).__name__} of dtype {array.dtype}"
        fix = "pass rows of equal length; tg.stack joins a list of nodes"
        if array.dtype.kind == "c":
            fix = "compute with z.real and z.imag, an array each"
        raise GraphError("a leaf needs an array of real numbers or booleans", got=got, fix=fix)
    return array


_NEW = (list, tuple, int, float, np.generic)
"""Types of which ``np.asarray`` makes an array that nobody else has."""


def _kept(value: Any) -> np.ndarray:
    """The array of ``value`` as it is now, whatever its owner writes to it later."""
    array = array_of(value)
    kept = array if isinstance(value, _NEW) else frozen(array)
    if now.door is not None and not isinstance(value, Node):
        return now.door.array(value, kept)
    return kept


def as_nodes(values: tuple[Any, ...]) -> tuple[Node, ...]:
    """Converts arrays and numbers to constants; nodes stay.

    As in numpy, a Python number takes the dtype of the others: float32 times 2.0 stays float32.
    """
    for v in values:
        if not isinstance(v, Node):
            break
    else:
        return values
    nodes = [v if isinstance(v, Node) or type(v) in WEAK else Constant(_kept(v)) for v in values]
    strong = [v.dtype for v in nodes if isinstance(v, Node)]
    if len(strong) < len(nodes):
        nodes = [v if isinstance(v, Node) else WEAK[type(v)](v, strong) for v in nodes]
    return tuple(nodes)


def _weak(number: float, others: list[np.dtype]) -> Node:
    try:
        if others and type(number) is not bool:
            return Constant(np.asarray(number, dtype=np.result_type(*others, number)))
        return Constant(array_of(number))
    except OverflowError:
        raise GraphError("an integer is too large for an array", got=shown(number), fix="write it as a float") from None


WEAK: dict[type, Callable[[Any, list[np.dtype]], Node]] = {int: _weak, float: _weak, bool: _weak}
"""Maps the types of Python numbers to a function of the number and the other inputs' dtypes, which makes its leaf."""


def node_of(value: Any) -> Node:
    """A node as it is; of an array or a number a constant."""
    (node,) = as_nodes((value,))
    return node
