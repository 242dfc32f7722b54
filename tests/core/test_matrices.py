"""An np.matrix is refused wherever an array comes in: its * is a product of matrices, ours goes element by element."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend
from tests.each import each

M = np.ones((2, 2)).view(np.matrix)
USES = [
    lambda w: w * M,
    lambda w: M * w,
    lambda w: tg.parameter(M),
    lambda w: tg.constant(M) ** 2,
    lambda w: w[M > 0],
    lambda w: tg.unroll(lambda x, h: (h, h), np.ones((2, 2, 2)), M),
    lambda w: np.where(M > 0, w, 0.0),
]


@each("use", USES)
def test_it_is_refused(use):
    with pytest.raises(tg.GraphError, match=r"np\.matrix[\s\S]*np\.asarray\(m\)"):
        use(tg.parameter(np.eye(2)))


@each_backend
def test_as_an_argument_of_a_compiled_function(backend):
    with pytest.raises(tg.GraphError, match=r"np\.matrix[\s\S]*np\.asarray\(m\)"):
        tg.compile(lambda m: m * m, backend=backend)(M)
