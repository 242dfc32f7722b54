"""Code that catches the error of a value that is not known while it is compiled would go on another way for ever."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

X = np.array([2.0, 3.0])
W = tg.parameter(X, "W")


def asking(question):
    def fn(x):
        try:
            known = question(x)
        except Exception:
            return x
        return x * 2 if known else x

    return fn


def in_a_cell(x):
    return tg.unroll(lambda x, h: (asking(lambda x: x[0] > 0)(x), h), tg.stack([x, x]), 0.0)[0]


QUESTIONS = {
    "float": asking(lambda x: float(x[0])),
    "bool": asking(lambda x: bool(x[0] > 0)),
    "value": asking(lambda x: x.value.sum() > 0),
    "any": asking(lambda x: np.any(x > 0)),
    "parameter": asking(lambda x: W.value[0]),
    "in a cell": in_a_cell,
}


@each_backend
@each("word", [*QUESTIONS])
def test_it_is_refused_though_it_is_caught(word, backend):
    compiled = tg.compile(QUESTIONS[word], backend=backend)
    for _ in range(2):
        with pytest.raises(tg.GraphError, match=r"while (the|a) function is compiled"):
            compiled(X)
    assert tg.compile(lambda x: x * 2, backend=backend)(X).tolist() == [4.0, 6.0]
