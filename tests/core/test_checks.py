"""Checks at the door: what each kind of argument may be, at the edges too, and what the message says."""

import math
from fractions import Fraction

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core import checks


@each("value, right", [(True, True), (False, False), (1, True), (0, False), (np.bool_(True), True)])
def test_flags(value, right):
    assert checks.flag("f", "deep", value) is right


@each("value", [2, -1, 1.0, None, "yes", [], np.array(True), NotImplemented])
def test_no_flags(value):
    with pytest.raises(tg.GraphError, match=r"f: deep is yes or no\n  expected  True or False\n  got       "):
        checks.flag("f", "deep", value)


@each("value", [1, 0.5, 5e-324, np.float32(2), np.int8(3), np.array(4.0), Fraction(1, 3), 1.7e308])
def test_positive_numbers(value):
    number = checks.positive("f", "rate", value)
    assert type(number) is float and number == float(value)


@each("value", [0, -0.0, -1, math.nan, math.inf, "1", None, True, 1j, [1.0], np.ones(1), np.array("a")])
def test_no_positive_numbers(value):
    with pytest.raises(tg.GraphError, match=r"f: rate is not positive\n  expected  a finite number above 0"):
        checks.positive("f", "rate", value)


def test_infinity_is_taken_where_it_means_no_limit():
    assert checks.positive("f", "rate", math.inf, math.inf) == math.inf
    with pytest.raises(tg.GraphError, match="expected  a number above 0"):
        checks.positive("f", "rate", 0, math.inf)


@each("value, least", [(0, 0), (3, 3), (np.int64(4), 0), (10**30, 0), (np.array(2), 1), (tg.constant(2), 1)])
def test_integers(value, least):
    number = checks.integer("f", "t", value, least)
    assert type(number) is int and number >= least


@each("value, least", [(-1, 0), (2, 3), (1.0, 0), (True, 0), ("1", 0), (None, 0), (np.array([1]), 0), (math.nan, 0)])
def test_no_integers(value, least):
    with pytest.raises(tg.GraphError, match=f"f: t is a whole number\n  expected  an integer from {least}\n"):
        checks.integer("f", "t", value, least)


def test_names_texts_and_functions():
    assert checks.one_of("no such way", "a", {"a": 1, "b": 2}) == "a" and checks.text("f", "n", "x") == "x"
    assert checks.function("f", len) is len
    for wrong in ("c", None, ["a"], np.ones(2), b"a"):
        with pytest.raises(tg.GraphError, match="no such way\n  expected  'a' or 'b'\n  got"):
            checks.one_of("no such way", wrong, ("a", "b"))
    for wrong in (3, None, b"a"):
        with pytest.raises(tg.GraphError, match="f: n is a text"):
            checks.text("f", "n", wrong)
        with pytest.raises(tg.GraphError, match="f needs a function"):
            checks.function("f", wrong)


def test_dtypes():
    for dtype in ("f4", float, np.int8, bool, np.dtype("u2"), "float16"):
        assert checks.real("f", dtype) == np.dtype(dtype) and isinstance(checks.real("f", dtype), np.dtype)
    for wrong, told in (
        (complex, "dtype complex128"),
        (object, "dtype object"),
        ("U3", "dtype <U3"),
        ("M8[s]", "datetime64"),
    ):
        with pytest.raises(
            tg.GraphError, match=f"f: nodes hold real numbers or booleans\n  got       .*{told}.*\n  fix "
        ):
            checks.real("f", wrong)
    for wrong, got in (("no dtype", "'no dtype'"), (3, "3"), ({"a": 1}, r"\{'a': 1\}")):
        with pytest.raises(tg.GraphError, match=f"^f: .*\n  got       {got}$"):
            checks.real("f", wrong)


@each(
    "wrong, told",
    [
        (lambda x: tg.unroll(tg.cells.RNN(3, 4), x, reverse="yes"), "unroll: reverse is yes or no"),
        (lambda x: tg.unroll(tg.cells.RNN(3, 4), x, zero_output=None), "unroll: zero_output is yes or no"),
        (lambda x: tg.noise(np.zeros, (2,), once=3), "noise: once is yes or no"),
        (lambda x: tg.grad(tg.sum(tg.parameter(1.0)), tg.parameter(1.0), strict="no"), "grad: strict is yes or no"),
        (lambda x: tg.cells.RNN(3, 4).load_state_dict({}, strict="no"), "RNN: strict is yes or no"),
        (lambda x: tg.cells.RNN(3, 4).train("no"), "RNN: training is yes or no"),
        (lambda x: tg.cells.RNN(3, 4, bias="no"), "RNN: bias is yes or no"),
        (lambda x: tg.cells.RNN(2**31, 4), "RNN: input_size is a whole number"),
        (lambda x: tg.cells.RNN(3, 4, kernel_init=math.nan), "there is no such initialiser"),
        (lambda x: tg.cells.RNN(3, 4, kernel_init=True), "there is no such initialiser"),
        (lambda x: tg.cells.RNN(3, 4, kernel_init=lambda *_: np.ones((4, 3)) * 1j), "an initialiser returned"),
        (lambda x: tg.cells.LRU(3, 4, output_size=2.0), "LRU: output_size is a whole number"),
        (lambda x: tg.cells.LRU(3, 4, max_phase=(1.0, 2.0)), "LRU: "),
        (lambda x: tg.compile(3), "compile needs a function"),
        (lambda x: tg.compile(lambda x: x, "numpy")(), r"compile: .*missing 1 required positional argument"),
        (lambda x: tg.value_and_grad(3, tg.parameter(1.0)), "value_and_grad needs a function"),
        (lambda x: tg.vjp(lambda x: 3.0, x), "vjp: the function must return one node"),
        (lambda x: tg.hvp(None, (x,), (x,)), "hvp needs a function"),
        (lambda x: tg.zero_grad([x]), "zero_grad needs nodes"),
        (lambda x: tg.check.gradients(tg.tanh, [x], order=0), "check.gradients: order is a whole number"),
        (lambda x: tg.check.gradients(tg.tanh, [x], order=11), "each order takes"),
        (lambda x: tg.check.gradients(tg.tanh, [x], tolerance=-1), "check.gradients: tolerance is not positive"),
        (lambda x: tg.train.clip_by_norm([np.arange(3)], 1.0), "a gradient holds floating-point numbers"),
        (lambda x: tg.train.SGD([tg.parameter(1.0)], math.nan), "SGD: learning_rate is not positive"),
        (lambda x: setattr(tg.train.SGD([tg.parameter(1.0)], 1.0), "learning_rate", "a"), "learning_rate is not posi"),
        (lambda x: tg.train.Adam([tg.parameter(1.0)], betas=(0.9,)), "Adam: a beta is out of range"),
        (lambda x: tg.draw(tg.constant(1.0), b"flow"), "shapes of inputs are for a net"),
        (lambda x: tg.draw(tg.constant(1.0)).save(3), "save: "),
        (lambda x: tg.draw(tg.constant(1.0)).pipe("gif?"), "pipe knows no format"),
        (lambda x: tg.train.save("x", {"a": np.ones(2)}, {"b": 1.5}), "save: "),
        (lambda x: np.squeeze(tg.constant(x), axis="a"), "np.squeeze: "),
        (lambda x: tg.split(tg.constant(x), "a", axis=0), "getitem: "),
        (lambda x: tg.constant(x)[[[1], [1, 2]]], "a leaf needs an array"),
    ],
    ids=[str(k) for k in range(33)],
)
def test_each_door_says_what_it_takes(wrong, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tg.GraphError, match=told):
        wrong(np.ones((2, 2, 3)))


def test_a_complex_number_is_told_what_to_compute_with():
    for call in (lambda: tg.parameter([1.0]) * 1j, lambda: tg.constant(np.ones(2) + 1j), lambda: tg.tanh(1j)):
        with pytest.raises(tg.GraphError, match=r"array of real numbers[\s\S]*complex128\n  fix .*z\.real and z\.imag"):
            call()
