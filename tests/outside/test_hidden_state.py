"""What a compiled function reads by ways that are easy to overlook: imports, weak references, C, files, code."""

import ctypes
import enum
import io
import mmap
import sys
import types
import weakref

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0])
STRANGER = types.ModuleType("a_module_of_the_users")
STRANGER.k, STRANGER.table = 1.0, {"k": 1.0}
sys.modules["a_module_of_the_users"] = STRANGER
KEPT: list = []


class Holder:
    k = 1.0

    def scale(self):
        return self.k


class Mode(enum.Enum):
    ONE = 1
    LIST = [1.0]  # noqa: RUF012


class Tagged(np.ndarray):
    pass


class Hidden:
    """A list that is read by a property."""

    def __init__(self):
        self._items = [1.0]

    items = property(lambda self: self._items)


def imported(path):
    def read():
        from a_module_of_the_users import k

        return k

    return read, lambda k: setattr(STRANGER, "k", k)


def imported_under_another_name(path):
    def read():
        import a_module_of_the_users as settings

        return settings.table["k"]

    return read, lambda k: STRANGER.table.update(k=k)


def found_among_modules(path):
    return lambda: sys.modules["a_module_of_the_users"].k, lambda k: setattr(STRANGER, "k", k)


def named_by_a_text(path):
    return lambda: getattr(STRANGER, "k"), lambda k: setattr(STRANGER, "k", k)  # noqa: B009


def attribute_of_an_enum(path):
    Mode.ONE.k = 1.0
    return lambda: Mode.ONE.k, lambda k: setattr(Mode.ONE, "k", k)


def list_of_an_enum(path):
    Mode.LIST.value[0] = 1.0
    return lambda: Mode.LIST.value[0], lambda k: Mode.LIST.value.__setitem__(0, k)


def list_read_by_a_property(path):
    own = Hidden()
    return lambda: sum(own.items), lambda k: own._items.append(k)


def weak_reference(path):
    KEPT.append(Holder())
    weak = weakref.ref(KEPT[-1])
    return lambda: weak().k, lambda k: setattr(weak(), "k", k)


def weak_proxy(path):
    KEPT.append(Holder())
    weak = weakref.proxy(KEPT[-1])
    return lambda: weak.k, lambda k: setattr(weak, "k", k)


def weak_method(path):
    KEPT.append(Holder())
    weak = weakref.WeakMethod(KEPT[-1].scale)
    return lambda: weak()(), lambda k: setattr(KEPT[-1], "k", k)


def weak_values(path):
    KEPT.append(Holder())
    weak = weakref.WeakValueDictionary(a=KEPT[-1])
    return lambda: weak["a"].k, lambda k: setattr(KEPT[-1], "k", k)


def number_of_c(path):
    number = ctypes.c_double(1.0)
    return lambda: number.value, lambda k: setattr(number, "value", k)


def mapped_file(path):
    memory = mmap.mmap(-1, 8)
    memory[:1] = b"\1"
    return lambda: float(memory[0]), lambda k: memory.__setitem__(0, int(k))


def text_in_memory(path):
    text = io.StringIO("1.0")

    def write(k):
        text.seek(0)
        text.write(str(k))

    return lambda: float(text.getvalue()), write


def file(path):
    path.write_text("1.0")
    return lambda: float(path.read_text()), lambda k: path.write_text(str(k))


def array_in_a_file(path):
    np.save(path, 1.0)
    return lambda: np.load(path).item(), lambda k: np.save(path, k)


def array_of_a_class(path):
    array = np.ones(2).view(Tagged)
    array.k = 1.0
    return lambda: array.k, lambda k: setattr(array, "k", k)


def function_of_numpys(path):
    settings = [1.0]
    ufunc = np.frompyfunc(lambda x: x * settings[0], 1, 1)
    return lambda: float(ufunc(1.0)), lambda k: settings.__setitem__(0, k)


def code(path):
    def scale():
        return 1.0

    def other():
        return 3.0

    return lambda: scale(), lambda k: setattr(scale, "__code__", other.__code__)


def tensor_of_pytorch(path):
    torch = pytest.importorskip("torch")
    tensor = torch.ones((), dtype=torch.float64)
    return lambda: tensor.item(), lambda k: tensor.fill_(k)


WAYS = [
    imported,
    imported_under_another_name,
    found_among_modules,
    named_by_a_text,
    attribute_of_an_enum,
    list_of_an_enum,
    list_read_by_a_property,
    weak_reference,
    weak_proxy,
    weak_method,
    weak_values,
    number_of_c,
    mapped_file,
    text_in_memory,
    array_in_a_file,
    file,
    array_of_a_class,
    function_of_numpys,
    code,
    tensor_of_pytorch,
]


@each_backend
@each("way", WAYS)
def test_what_has_changed_is_told_at_the_next_look(way, backend, tmp_path):
    STRANGER.k = STRANGER.table["k"] = 1.0
    read, write = way(tmp_path / "one.npy")
    compiled = tg.compile(lambda x: x * read(), backend=backend)
    assert_near(compiled(X), X * 1.0)
    write(3.0)
    with pytest.raises(tg.GraphError, match="reaches by itself has changed"):
        compiled(X)


@each_backend
@each("way", WAYS[:-2])
def test_what_a_call_changes_is_refused(way, backend, tmp_path):
    STRANGER.k = STRANGER.table["k"] = 1.0
    read, write = way(tmp_path / "one.npy")

    def fn(x):
        y = x * read()
        write(read() + 1.0)
        return y

    with pytest.raises(tg.GraphError, match=r"function changes|another graph|has changed"):
        tg.compile(fn, backend=backend)(X)
        pytest.fail("the state was not seen")


@each_backend
def test_a_stream_that_is_read_on_is_refused(backend):
    stream = io.BytesIO(bytes(range(1, 100)))
    with pytest.raises(tg.GraphError, match="another graph"):
        tg.compile(lambda x: x * stream.read(1)[0], backend=backend)(X)


@each_backend
def test_a_log_is_no_state_though_it_is_written_outside_too(backend):
    class Model:
        def __init__(self):
            self.losses = []

        def step(self, x):
            return x * 2

    model = Model()
    compiled = tg.compile(model.step, backend=backend)
    for _ in range(6):
        assert_near(compiled(X), X * 2)
        model.losses.append(1.0)


@each_backend
def test_the_type_of_a_number_is_that_of_a_float(backend):
    compiled = tg.compile(lambda x, k: x * 2 if type(k) is float else x, backend=backend)
    for k in (0.5, 0.25):
        assert_near(compiled(X, k), X * 2)


@each_backend
def test_zeros_of_either_sign_have_code_of_their_own(backend):
    for zero in (-0.0, 0.0):
        y = tg.compile(lambda x, zero=zero: np.clip(x, None, zero), backend=backend)(np.ones(2))
        assert np.signbit(y).tolist() == [np.signbit(zero)] * 2
