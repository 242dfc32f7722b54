"""Parts of values: what of a container, an object, a buffer or a generator tells that it has changed, and what not."""

import array
import contextvars
import ctypes
import enum
import mmap
import random
import threading
import types

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.outside import parts
from tinygraph.outside.parts import ENDS, MIDDLE, OTHERS, SAMPLE, SIZE


def cell(*values):
    own = types.CellType()
    for value in values:
        own.cell_contents = value
    return own


class Slotted:
    __slots__ = ("a", "b")


class More(Slotted):
    __slots__ = "c"

    def method(self):
        return self.c


VARIABLE = contextvars.ContextVar("variable")


def test_short_containers_are_read_whole():
    assert parts.entries({"a": 1, 2: 3}) == {"a": 1, 2: 3}
    assert parts.entries([5, 6]) == {SIZE: 2, 0: 5, 1: 6} == parts.entries((5, 6)) and parts.entries([]) == {SIZE: 0}
    assert parts.entries(np.array([1, "x"], object)) == {SIZE: 2, 0: 1, 1: "x"}
    assert parts.entries(cell(4)) == {"": 4} and parts.entries(cell()) == {}
    assert parts.entries(VARIABLE) == {}
    token = VARIABLE.set(7)
    assert parts.entries(VARIABLE) == {"": 7}
    VARIABLE.reset(token)
    assert parts.entries({"a": 1, "b": 2}, frozenset(("b", "c"))) == {"b": 2}
    assert {*parts.entries(More)} == {"c", "method"}
    for size in (2 * ENDS, 2 * ENDS - 1):
        assert parts.entries(dict.fromkeys(range(size))) == dict.fromkeys(range(size))
        assert parts.entries([*range(size)])[size - 1] == size - 1 and OTHERS not in parts.entries([*range(size)])


@each("make", [list, lambda items: dict(enumerate(items)), tuple, lambda items: np.array(items, object)])
@each("size", [2 * ENDS + 1, 1000, 2 * MIDDLE + 1])
def test_of_long_ones_the_ends_the_length_and_a_digest_are_read(make, size):
    plain = [float(k) for k in range(size)]
    own = parts.entries(make(plain))
    assert own[SIZE] == size and len(own) == 2 * ENDS + 2 and own == parts.entries(make([*plain]))
    step = -(-size // MIDDLE)
    for at in (0, ENDS - 1, size - ENDS, size - 1, size // 2 // step * step):
        assert parts.entries(make([*plain[:at], -1.0, *plain[at + 1 :]])) != own, at
    assert parts.entries(make([*plain, 1.0])) != own
    objects = [object() for _ in range(size)]
    assert parts.entries(make(objects)) == parts.entries(make(objects))


def test_what_another_thread_changes_just_now_is_left_out(monkeypatch):
    def changing(owner, names):
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr(parts, "_entries", changing)
    assert parts.entries({"a": 1}) == {}


def test_attributes_and_slots():
    class Own:
        def __init__(self):
            self.a = 1

        def __getattribute__(self, name):
            raise AssertionError("nobody asks the user's own code")

    assert (
        parts.attributes_of(Own()) == {"a": 1}
        and parts.attributes_of(3) is None
        and parts.attributes_of(Slotted()) is None
    )
    local = threading.local()
    local.h = 2
    assert parts.attributes_of(local) == {"h": 2}
    one = More()
    one.a, one.c = 1, 3
    classes, members = parts.parts_of(More)
    assert classes == [More, Slotted] and [name for name, _ in members] == ["c", "a", "b"]
    assert parts.entries(parts.Slots(one, members)) == {"a": 1, "c": 3}


@each(
    "module, ours",
    [
        ("numpy", True),
        ("numpy.random", True),
        ("os.path", True),
        ("tinygraph.ops", True),
        ("__main__", True),
        ("torch", False),
        ("tests.outside", False),
        (None, False),
    ],
)
def test_whose_modules_are_ours(module, ours):
    if module != "__main__":
        assert parts.is_ours(module) is ours


@each(
    "a, b, same",
    [
        (1, 1, True),
        (1, True, False),
        (0.0, -0.0, False),
        (1, 1.0, False),
        (float("nan"), float("nan"), True),
        (0j, -0j, False),
        ("a", "a", True),
        (None, None, True),
    ],
)
def test_marks_of_plain_values(a, b, same):
    assert (parts.mark_of(a) == parts.mark_of(b)) is same


class Mode(enum.Enum):
    ONE = 1


@each(
    "x, kind",
    [
        (np.ones(2), "memory"),
        (bytearray(b"a"), "memory"),
        (memoryview(b"a"), "memory"),
        (array.array("d"), "memory"),
        (np.random.default_rng(), "generator"),
        (np.random.RandomState(), "generator"),
        (random.Random(), "generator"),
        (np.random.PCG64(), "generator"),
        (tg.constant(1.0), "one"),
        (tg.tanh, "one"),
        (ctypes.c_double(1.0), "memory"),
        (mmap.mmap(-1, 8), "memory"),
        (np.float64(1), "one"),
        (Mode.ONE, ""),
        (np.add, ""),
        ([], ""),
        (Slotted(), ""),
        (3, ""),
    ],
)
def test_kinds_of_values(x, kind):
    assert parts.kind_of(type(x)) == kind


def reads(x):
    LOG.append(x)
    LOG.extend([x])
    TABLE["a"] = x

    def inner():
        return OTHER.value

    return inner


LOG, TABLE, OTHER = [], {}, Slotted()


def test_names_of_a_function_and_those_that_it_does_more_with_than_append_to():
    code = reads.__code__
    assert {"LOG", "TABLE", "OTHER", "append", "extend", "value"} <= parts.names_of(code)
    nested = (lambda x: x in (("rate", ("deep", 1)), "near")).__code__
    assert {"rate", "deep", "near"} <= parts.names_of(nested)
    assert {"TABLE", "OTHER", "value"} <= parts.names_read(code) and "LOG" not in parts.names_read(code)

    def more(x):
        LOG.append(len(LOG))

    assert "LOG" in parts.names_read(more.__code__)


@each("size", [1, SAMPLE, 2 * SAMPLE - 1, 10 * SAMPLE])
def test_samples_of_memory(size):
    x = np.arange(float(size))
    step = max(1, size // SAMPLE)
    for at in (0, (size - 1) // step * step):
        other = x.copy()
        other[at] = -1
        assert parts.sample(other) != parts.sample(x)
    assert parts.sample(x) == parts.sample(x.copy()) != parts.sample(x.astype(np.float32))
    assert parts.sample(x) != parts.sample(x.reshape(1, -1)) and parts.sample(x[::-1]) == parts.sample(x[::-1])
    matrix = np.arange(12.0).reshape(3, 4)
    for view in (matrix.T, matrix[:, ::2], np.asfortranarray(matrix)):
        before = parts.sample(view)
        view[1, 1] += 1
        assert parts.sample(view) != before
    assert parts.sample(bytearray(b"ab")) == parts.sample(bytearray(b"ab")) != parts.sample(bytearray(b"ac"))
    assert parts.sample(np.array([object()])) == parts.sample(np.array([object()]))


@each(
    "make, draw",
    [
        (lambda: np.random.default_rng(1), lambda g: g.random()),
        (lambda: np.random.RandomState(1), lambda g: g.rand()),
        (lambda: random.Random(1), lambda g: g.random()),
        (lambda: np.random.PCG64(1), lambda g: g.random_raw()),
    ],
)
def test_a_generator_that_has_drawn_has_another_state(make, draw):
    one, other = make(), make()
    assert parts.state(one) == parts.state(other)
    draw(one)
    assert parts.state(one) != parts.state(other)
    draw(other)
    assert parts.state(one) == parts.state(other)
    assert parts.state(random.SystemRandom()) is None
