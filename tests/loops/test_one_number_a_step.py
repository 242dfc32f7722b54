"""A step of one number: numpy lets an axis 0 or -1 be named that is not there, and beside the steps there is one."""

import numpy as np

import tinygraph as tg
from tests.arrays import assert_close
from tests.compiled.comparing import each_backend
from tests.each import each

XS = np.array([0.5, -1.0, 2.0, 0.25])
USES = {
    "sum": (lambda x, axis: tg.sum(x, axis=axis), lambda x: x),
    "max": (lambda x, axis: tg.max(x, axis=axis), lambda x: x),
    "min": (lambda x, axis: tg.min(x, axis=axis), lambda x: x),
    "logsumexp": (lambda x, axis: tg.logsumexp(x, axis=axis), lambda x: x),
    "softmax": (lambda x, axis: tg.softmax(x, axis=axis), np.ones_like),
    "log_softmax": (lambda x, axis: tg.log_softmax(x, axis=axis), np.zeros_like),
    "argmax": (lambda x, axis: tg.argmax(x, axis=axis), lambda x: np.zeros(len(x), int)),
    "take": (lambda x, axis: tg.take(x, np.array(0), axis=axis), lambda x: x),
}


@each_backend
@each("axis", [0, -1])
@each("name", USES)
def test_an_axis_of_a_single_number_is_that_number(backend, name, axis):
    call, right = USES[name]

    def fn(xs):
        return tg.unroll(lambda x, h: (call(x * 2.0, axis), h + x), xs, np.array(0.0))[0]

    assert_close(fn(XS).value, right(XS * 2), 1e-12, 1e-12)
    assert_close(tg.compile(fn, backend=backend)(XS), right(XS * 2), 1e-12, 1e-12)
