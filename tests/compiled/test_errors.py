"""What cannot be compiled says so at the first call, with the user's line and what to write; nothing stays broken."""

import inspect
import re

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.scope import now

from .comparing import assert_near, each_backend

X, XS, H0 = np.ones((2, 3)), np.ones((5, 2, 3)), np.zeros((2, 3))
W = tg.parameter(np.full((3, 3), 0.1), "W")


def python_if(x):
    return x if tg.sum(x) > 0 else -x


def python_while(x):
    while tg.max(x) > 1:
        x = x * 0.5
    return x


def python_float(x):
    return x * float(tg.sum(x))


def python_int(x):
    return x * int(tg.sum(x))


def item(x):
    return x * tg.sum(x).item()


def as_array(x):
    return x + np.asarray(x * 2, float)


def numpy_function_without_an_op(x):
    return np.fft.fft(x * 2)


def value_of_a_node(x):
    return x - (x * 2).value


def value_of_a_parameter(x):
    return x @ W.value


def value_of_an_argument(x):
    return x - x.value.mean()


def formatted(x):
    return x, f"{tg.sum(x):.3f}"


def index_into_a_list(x):
    return [1, 2][tg.argmax(x)]


def range_of_a_value(x):
    return [x for _ in range(tg.argmax(x))]


def any_of_it(x):
    return any(x[0] > 2)


def inside_a_cell(x):
    def cell(x, h):
        h = tg.tanh(x + h)
        if tg.sum(h) > 0:
            h = -h
        return h, h

    return tg.unroll(cell, tg.stack([x, x]), H0)[0]


READERS = [python_if, python_while, python_float, python_int, item, as_array, value_of_a_node, value_of_a_parameter,
           value_of_an_argument, formatted, index_into_a_list, range_of_a_value, any_of_it, inside_a_cell,
           numpy_function_without_an_op]  # fmt: skip


def line_within(fn, message):
    """Whether the message names a line of ``fn``, of a file of tests."""
    lines, first = inspect.getsourcelines(fn)
    found = [int(n) for n in re.findall(r"test_\w+\.py\D{0,10}(\d+)", message)]
    return any(first <= n < first + len(lines) for n in found)


def assert_nothing_stays(backend):
    """Ops compute again, a graph can be differentiated, other functions compile."""
    assert not now.tracing and now.place == (None, "", None)
    w = tg.parameter(X)
    loss = tg.sum(tg.square(w) * 2)
    loss.backward()
    assert loss.item() == 12.0 and np.array_equal(w.grad, 4 * X)
    assert_near(tg.compile(lambda x: x @ W, backend=backend)(X), X @ W.value)


@each_backend
@pytest.mark.parametrize("fn", READERS, ids=lambda f: f.__name__)
def test_values_used_by_python_are_refused(fn, backend):
    compiled = tg.compile(fn, backend=backend)
    for _ in range(2):
        with pytest.raises(tg.GraphError) as caught:
            compiled(X)
        message = str(caught.value)
        assert line_within(fn, message), message
        assert "fix" in message or "write" in message or "use " in message, message
    assert_nothing_stays(backend)


@pytest.mark.parametrize(
    "fn, word",
    [
        (python_if, "tg.where"),
        (python_while, "unroll"),
        (value_of_a_node, "stop_gradient"),
        (value_of_a_parameter, "parameter itself"),
        (as_array, "np.stack"),
        (any_of_it, "tg.where"),
    ],
    ids=lambda f: getattr(f, "__name__", f),
)
def test_the_fix_is_named(fn, word):
    with pytest.raises(tg.GraphError, match=re.escape(word)):
        tg.compile(fn, backend="numpy")(X)


@each_backend
def test_backward_inside_is_refused(backend):
    def fn(x):
        loss = tg.sum(x @ W)
        loss.backward()
        return loss

    with pytest.raises(tg.GraphError, match=r"tg\.value_and_grad") as caught:
        tg.compile(fn, backend=backend)(X)
    assert line_within(fn, str(caught.value)) and W.grad is None
    assert_nothing_stays(backend)


@each_backend
@pytest.mark.parametrize("mode", ["raise", "allow"])
def test_nonfinite_inside_is_refused(mode, backend):
    def fn(x):
        with tg.nonfinite(mode):
            return tg.log(x)

    with pytest.raises(tg.GraphError, match="nonfinite"):
        tg.compile(fn, backend=backend)(X)
    assert_nothing_stays(backend)


@each_backend
def test_nonfinite_around_a_compiled_function_does_not_disturb_it(backend):
    compiled = tg.compile(lambda x: tg.log(x), backend=backend)
    with tg.nonfinite("raise"):
        assert_near(compiled(X * 2), np.log(X * 2))
    assert_nothing_stays(backend)


@each_backend
def test_setting_a_parameter_inside_is_refused(backend):
    p = tg.parameter(np.ones(3))

    def fn(x):
        p.value = np.zeros(3)
        return x + p

    with pytest.raises(tg.GraphError):
        tg.compile(fn, backend=backend)(X)
    assert p.value.all()
    assert_nothing_stays(backend)


@each_backend
def test_an_exception_of_the_users_passes_through(backend):
    def fn(x):
        with tg.step(3), tg.scope("layer"):
            tg.exp(x)
            raise KeyError("mine")

    compiled = tg.compile(fn, backend=backend)
    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            compiled(X)
        assert_nothing_stays(backend)


@each_backend
def test_an_exception_within_a_cell_passes_through(backend):
    def cell(x, h):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        tg.compile(lambda xs: tg.unroll(cell, xs, H0), backend=backend)(XS)
    assert_nothing_stays(backend)


@each_backend
def test_shapes_that_do_not_fit_give_the_ops_error_and_the_function_still_works(backend):
    def cell(x, h):
        h = tg.tanh(x @ W + h)
        return h, h

    compiled = tg.compile(lambda xs: tg.unroll(cell, xs, H0)[0], backend=backend)
    expected = compiled(XS)
    for wrong in (np.ones((5, 2, 4)), np.ones((5, 7, 3)), np.ones((0, 2, 3)), np.float64(1.0)):
        with pytest.raises(tg.GraphError) as caught:
            compiled(wrong)
        assert "matmul" in str(caught.value) or "add" in str(caught.value) or "steps" in str(caught.value)
    assert_near(compiled(XS), expected, 0.0)
    assert_nothing_stays(backend)


@pytest.mark.parametrize("argument", ["text of its own", None, 2, object()], ids=["text", "none", "number", "object"])
def test_arguments_that_are_no_arrays_are_plain_values(argument):
    assert_near(tg.compile(lambda x, a: x if a is argument else -x, backend="numpy")(X, argument), X)


@pytest.mark.parametrize("argument", [{1, 2}, bytearray(b"a")], ids=["set", "bytearray"])
def test_arguments_that_cannot_be_told_apart_are_refused(argument):
    with pytest.raises(tg.GraphError, match="argument"):
        tg.compile(lambda x, a: x, backend="numpy")(X, argument)


@pytest.mark.parametrize("argument", [np.array(["a"]), np.array([1j]), np.array([None])])
def test_arrays_of_no_real_numbers_are_refused(argument):
    with pytest.raises(tg.GraphError):
        tg.compile(lambda x: x, backend="numpy")(argument)


@each_backend
def test_results_that_are_no_nodes_or_numbers_are_refused(backend):
    for result in ("text", object(), {1, 2}):
        with pytest.raises(tg.GraphError):
            tg.compile(lambda x, r=result: (x, r), backend=backend)(X)
        assert_nothing_stays(backend)


@each_backend
def test_ops_errors_at_trace_time_name_op_and_shapes(backend):
    with pytest.raises(tg.GraphError, match=r"matmul[\s\S]*\(2, 3\)"):
        tg.compile(lambda x: x @ x, backend=backend)(X)
    assert_nothing_stays(backend)


def test_unknown_backends_are_refused():
    with pytest.raises(tg.GraphError, match="backend"):
        tg.compile(lambda x: x, backend="cuda")


def test_there_is_no_plan_before_the_first_call():
    with pytest.raises(tg.GraphError, match="call"):
        _ = tg.compile(lambda x: x).plan


@each_backend
def test_a_compiled_function_inside_of_another(backend):
    """It is traced along, or refused; it never bakes its numbers in."""
    inner = tg.compile(lambda x: x @ W, backend=backend)
    outer = tg.compile(lambda x: tg.tanh(inner(x)), backend=backend)
    try:
        got = outer(X)
    except tg.GraphError:
        pass
    else:
        assert_near(got, np.tanh(X @ W.value))
    assert_nothing_stays(backend)


@each_backend
def test_an_index_outside_of_a_table_names_the_op(backend):
    table = tg.parameter(np.ones((3, 2)))
    compiled = tg.compile(lambda ids: tg.take(table, ids, axis=0), backend=backend)
    assert_near(compiled(np.array([0, 2])), np.ones((2, 2)))
    with pytest.raises(tg.GraphError, match=r"take: .*3"):
        compiled(np.array([0, 3]))
    gradient = tg.compile(lambda ids: tg.grad(tg.sum(tg.take(table, ids, axis=0)), table), backend=backend)
    with pytest.raises(tg.GraphError, match=r"add_at: .*3"):
        gradient(np.array([0, 3]))
