"""Arguments that are no arrays: what may change is refused, what is a part of the key is told apart exactly."""

import dataclasses
import decimal
import enum
import functools
import inspect
import math
import pathlib

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each
from tinygraph.outside.keys import named, parameter_names

X = np.array([1.0, 2.0])


class Config:
    scale = 2.0


class Hashable:
    def __init__(self, scale):
        self.scale = scale

    def __hash__(self):
        return 1

    def __eq__(self, other):
        return True


@dataclasses.dataclass
class Thawed:
    scale: float = 2.0


@dataclasses.dataclass(unsafe_hash=True)
class HashedThawed:
    scale: float = 2.0


@dataclasses.dataclass(frozen=True)
class Frozen:
    scale: float = 2.0
    more: tuple = ()


@dataclasses.dataclass(frozen=True)
class WithArray:
    scale: np.ndarray


class Mode(enum.Enum):
    TWICE = 2


CHANGING = [Config(), Hashable(2.0), Thawed(), HashedThawed(), WithArray(X), Frozen(2.0, ([],)),
            Frozen(2.0, (Config(),)), {1, 2}, bytearray(b"a"), iter([1]), np.random.default_rng(0),
            np.random.RandomState(0), (1, Config()), {"a": Config()}, [Thawed()]]  # fmt: skip


@each_backend
@each("argument", CHANGING)
def test_an_object_that_may_change_is_refused(argument, backend):
    compiled = tg.compile(lambda x, c: x * 2, backend=backend)
    for _ in range(2):
        with pytest.raises(tg.GraphError, match=r"argument[\s\S]*(dataclass|noise)"):
            compiled(X, argument)


def test_a_generator_is_sent_to_noise():
    with pytest.raises(tg.GraphError, match=r"tg\.noise"):
        tg.compile(lambda x, rng: x, backend="numpy")(X, np.random.default_rng(0))


def function(x):
    return x


PLAIN = [None, "text", 1, True, 1j, b"b", ..., Mode.TWICE, Frozen(), (1, "a"), {"k": 1}, np.float32, np.dtype("f4"),
         slice(0, 1), range(3), frozenset({1, 2}), len, np.tanh, tg.tanh, function, functools.partial(function, 1),
         math, object(), decimal.Decimal(1), pathlib.PurePath("a"), tg.parameter(X), tg.cells.RNN(2, 2, rng=0),
         X.mean, Config, Config().__init__]  # fmt: skip


@each_backend
@each("argument", PLAIN)
def test_plain_values_functions_cells_and_parameters_are_passed_as_they_are(argument, backend):
    seen = []

    def fn(x, c):
        seen.append(c)
        return x * 2

    compiled = tg.compile(fn, backend=backend)
    for _ in range(4):
        assert_near(compiled(X, argument), 2 * X)
    assert len(seen) == 1 and (seen[0] is argument or seen[0] == argument)


def test_a_signature_that_numpy_keeps_on_its_function_is_not_looked_at_again() -> None:
    inspect.signature(np.cosh)  # from here on np.cosh has it
    traces = []
    compiled = tg.compile(lambda x, c: traces.append(1) or x * 2)
    for _ in range(4):
        compiled(X, np.cosh)
    assert len(traces) == 1


SAME = [(0, False, 0.0), (1, True, 1.0), (0.0, -0.0), ((0.0,), (-0.0,)), ({0: 1}, {False: 1}), (1j * 0, -(1j * 0)),
        (Frozen(0.0), Frozen(-0.0)), (Frozen(1), Frozen(1.0), Frozen(True)), (frozenset({1}), frozenset({True})),
        (Frozen(2, (0.0,)), Frozen(2, (-0.0,))), ([1], (1,)), (slice(0, 1), slice(False, 1)),
        (decimal.Decimal("0"), decimal.Decimal("-0")), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]  # fmt: skip


@each_backend
@each("values", SAME)
def test_values_that_python_calls_equal_are_told_apart(values, backend):
    compiled = tg.compile(lambda x, c: x + len(repr(c)), backend=backend)
    for c in (*values, *values):
        assert_near(compiled(X, c), X + len(repr(c)))


@each_backend
def test_the_order_of_keys_matters(backend):
    compiled = tg.compile(lambda d: next(iter(d.values())) - d["b"], backend=backend)
    assert_near(compiled({"a": X, "b": 3 * X}), -2 * X)
    assert_near(compiled({"b": 3 * X, "a": X}), 0 * X)


@each_backend
def test_a_frozen_dataclass_is_known_by_its_content(backend):
    compiled = tg.compile(lambda x, c: x * c.scale, backend=backend)
    for scale in (2.0, 3.0, 2.0):
        assert_near(compiled(X, Frozen(scale)), scale * X)
    assert len(compiled._plans) == 2


@each_backend
def test_what_an_object_with_functions_holds_is_looked_at(backend):
    """A cell or a function among the arguments is known by identity; its state counts as reached by the function."""

    class Cell:
        scale = 2.0

        def __call__(self, x, h):
            return x * self.scale, h

    cell = Cell()
    compiled = tg.compile(lambda x, c: tg.unroll(c, tg.stack([x, x]), 0.0)[0][0], backend=backend)
    assert_near(compiled(X, cell), 2 * X)
    cell.scale = 3.0
    with pytest.raises(tg.GraphError, match=r"scale"):
        compiled(X, cell)
    assert_near(compiled(X, Cell()), 2 * X)


@each_backend
def test_arrays_of_any_order_in_memory_and_nodes_are_told_apart_by_shape_and_dtype(backend):
    """Columns of a matrix, transposes, scalars of numpy and nodes count as arrays, of their shapes."""
    compiled = tg.compile(lambda x, y: x * x.shape[0] + y, backend=backend)
    whole = np.arange(24.0).reshape(2, 3, 4)
    odd = [whole[:, :, 1], whole.T, whole.T[1:], whole[:, :, 1].astype(np.float32).T]
    for make in (lambda a: a, tg.constant, np.asfortranarray):
        for x in odd:
            for y in (x.dtype.type(0.5), tg.constant(np.ones(x.shape[-1], x.dtype))):
                right = np.asarray(x) * x.shape[0] + (1.0 if isinstance(y, tg.Node) else 0.5)
                assert_near(compiled(make(x), y), right)
    assert len(compiled._plans) == 2 * len(odd)


class Rows(list):
    """A list with something beside its items."""

    def __init__(self, items, scale):
        super().__init__(items)
        self.scale = scale


class Pair(tuple):
    """A tuple of a class of its own."""


@each_backend
def test_what_a_list_of_a_class_of_its_own_holds_beside_its_items_is_told_apart(backend):
    compiled = tg.compile(lambda rows: rows[0] * len(rows) + type(rows).__name__.count("P"), backend=backend)
    for rows in (Rows([X], 2.0), Rows([X], 3.0), Rows([X], 2.0)):
        assert_near(compiled(rows), X)
    assert len(compiled._plans) == 2
    assert_near(compiled([X]), X)
    assert_near(compiled(Pair((X, X))), 2 * X + 1)
    assert_near(compiled((X, X)), 2 * X)
    assert len(compiled._plans) == 5
    with pytest.raises(tg.GraphError, match="may change unnoticed"):
        compiled(Rows([X], Config()))


OWN = {str: "a", int: 3, float: 2.0, bytes: b"a", complex: 1j, tuple: (1, 2), list: [1], dict: {}, frozenset: {1}}


@each("kind", [*OWN])
def test_attributes_of_a_value_of_a_class_of_its_own_are_read_at_each_call(kind):
    classes = [type("Own", (kind,), {})]
    classes += [type("Slotted", (kind,), {"__slots__": ("k",)})] if kind in (str, float, list, dict, frozenset) else []
    for cls in classes:
        compiled, one = tg.compile(lambda x, c: x * c.k, backend="numpy"), cls(OWN[kind])
        for k in (1.0, 2.0, 3.0):
            new, one.k = cls(OWN[kind]), k
            new.k = k + 1
            assert_near(compiled(X, one), X * k)
            assert_near(compiled(X, new), X * (k + 1))
        one.k = Config()
        with pytest.raises(tg.GraphError, match="may change unnoticed"):
            compiled(X, one)


@each("wrong, dtype", [(X * 1j, "complex128"), (np.array(["a"]), "<U1"), (np.array([X, None], object), "object")])
def test_an_array_of_anything_but_real_numbers_is_refused(wrong, dtype):
    for argument in (wrong, [wrong], {"a": wrong}, wrong[::-1]):
        with pytest.raises(
            tg.GraphError, match=f"must be an array of real numbers or booleans\n  got       dtype {dtype}"
        ):
            tg.compile(lambda x: X, backend="numpy")(argument)


def test_arguments_without_known_names_are_counted():
    def by_name(x, lr, *more, **rest):
        return x

    args = (X, 0.5, 1.5, [2.5, X])
    assert [*named(by_name, args, {"d": {"e": 3.5}})] == [
        "x",
        "lr",
        "argument 3",
        "argument 4[0]",
        "argument 4[1]",
        "d['e']",
    ]
    assert [*named(by_name, (X, X), {})] == ["argument 1", "argument 2"]
    assert parameter_names(by_name) == ["x", "lr"] and parameter_names(dict.update) == parameter_names(3) == []
    assert [*named(dict.update, (0.5, X), {})] == ["argument 1", "argument 2"]
