"""The watch for the first NaN or infinity."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.nonfinite import look_at


def test_forward_names_op_node_step_scope_and_ranges():
    x = tg.parameter([0.5, 800.0], name="x")
    with pytest.raises(tg.NonFiniteError) as caught, tg.nonfinite("raise"), tg.scope("cell"), tg.step(3):
        tg.exp(x, name="gate") * 2.0
    text = str(caught.value)
    parts = ("exp 'gate' at step 3", "1 infinity", "parameter 'x'", "[0.5, 800]", "scope cell")
    assert all(part in text for part in parts)


def test_the_first_one_is_named_not_what_follows():
    with pytest.raises(tg.NonFiniteError, match=r"^log"), tg.nonfinite("raise"):
        tg.tanh(tg.log(tg.constant([-1.0])) + 1.0)


def test_backward_is_watched_on_both_roads():
    class Bad(tg.Op):
        def forward(self, x):
            return x * 1

        def backward(self, gz, z, x):
            return gz * np.nan

    x = tg.parameter([1.0, 2.0], name="x")
    with tg.nonfinite("raise"):
        with tg.step(5):
            y = Bad()(tg.tanh(x))
        for call in (tg.sum(y).backward, lambda: tg.grad(tg.sum(y), x)):
            with pytest.raises(tg.NonFiniteError, match=r"gradient.*(tanh|of bad) at step 5.*2 NaN"):
                call()
    assert x.grad is None


def test_off_by_default_and_restored_after_an_error():
    x = tg.constant([-1.0])
    with np.errstate(invalid="ignore"):
        assert np.isnan(tg.log(x).value[0])
        with pytest.raises(tg.NonFiniteError), tg.nonfinite("raise"):
            tg.log(x)
        assert np.isnan(tg.log(x).value[0])
        with tg.nonfinite("raise"):
            with tg.nonfinite("allow"):
                assert np.isnan(tg.log(x).value[0])
            with pytest.raises(tg.NonFiniteError):
                tg.log(x)


def test_finite_numbers_pass_and_integers_too():
    with tg.nonfinite("raise"):
        w = tg.parameter([1.0, 2.0])
        tg.sum(tg.take(w, np.array([0, 1, 1]))).backward()
    assert w.grad.tolist() == [1.0, 2.0]


def test_unknown_mode():
    with pytest.raises(tg.GraphError, match="unknown mode"), tg.nonfinite("warn"):
        pass


@pytest.mark.parametrize("mode", ["raise", "allow"])
def test_inside_a_compiled_function_it_is_refused(mode):
    def fn(x):
        with tg.nonfinite(mode):
            return tg.log(x)

    compiled = tg.compile(fn, backend="numpy")
    with pytest.raises(tg.GraphError, match="no effect inside of a compiled function"):
        compiled(np.ones(2))


def told(call):
    with pytest.raises(tg.NonFiniteError) as caught, tg.nonfinite("raise"):
        call()
    return str(caught.value).splitlines()


def test_each_kind_is_counted():
    x = tg.constant([0.0, -1.0, -2.0, 1.0], "x")
    assert told(lambda: tg.log(x))[0].endswith("the result holds 2 NaN and 1 infinity")
    assert told(lambda: tg.log(x[:1]))[0].endswith("the result holds 1 infinity")
    assert told(lambda: tg.log(x[1:]))[0].endswith("the result holds 2 NaN")


def test_ranges_of_inputs_that_are_empty_or_whole_numbers():
    got = told(lambda: tg.concatenate([np.zeros(0), tg.constant([np.inf, 1.0]), np.arange(3)]))[2]
    assert "(0,) empty; " in got and "(2,) in [1, inf]; " in got and "(3,) in [0, 2]" in got


def test_what_a_gradient_computes_is_told_as_its_nodes():
    x = tg.parameter([0.0, 4.0], "x")
    y = tg.sum(tg.sqrt(x))
    head, _, got, _ = told(lambda: tg.grad(y, x))
    assert "in the gradient of sqrt" in head and "1 infinity" in head and "test_nonfinite.py" in got
    assert "in the gradient of" not in told(lambda: tg.log(x * 0.0))[0]


def test_integers_and_booleans_are_finite():
    with tg.nonfinite("raise"):
        x = tg.constant([1, 2]) * 3
        assert (tg.where(x > 3, x, 0)).value.tolist() == [0, 6]


def test_within_the_watch_numpy_does_not_warn_and_outside_its_settings_stay():
    x = tg.constant([1000.0])
    with np.errstate(over="raise"):
        told(lambda: tg.exp(x))
        with pytest.raises(FloatingPointError), tg.nonfinite("allow"):
            np.exp(x.value)
        with pytest.raises(FloatingPointError):
            np.exp(x.value)


def test_rows_of_padding_do_not_count_and_from_the_next_step_on_all_do():
    bad = tg.constant([[1.0, np.nan, 1.0], [2.0, 3.0, 4.0]])
    rows = np.array([False, True])
    with tg.nonfinite("raise"):
        with tg.scope("cell"), tg.step(4):
            look_at(rows)
            y = bad * 2.0
            assert (y.step, y.scope, y.origin) == (4, "cell", None)
            with pytest.raises(tg.NonFiniteError, match="multiply at step 4"):
                tg.constant(bad.value[::-1]) * 2.0
        for mark, real in (((False, False), False), ((True, True), True)):
            with tg.step(5):
                look_at(np.array(mark))
                assert tells(lambda: bad * 2.0) is real
        for real in (False, True):  # one for all rows
            with tg.step(6):
                look_at(np.array(real))
                assert tells(lambda: bad * 2.0) is real
        with tg.step(7):
            assert tells(lambda: bad * 2.0)
        look_at(rows)  # without a step it looks at all
        assert tells(lambda: bad * 2.0)


def tells(call):
    try:
        call()
    except tg.NonFiniteError:
        return True
    return False
