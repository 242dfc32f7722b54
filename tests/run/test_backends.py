"""The rows of backends: found by name, refused by name with the fix, loaded late; what one cannot do numpy does."""

import subprocess
import sys

import numpy as np
import pytest

import tinygraph as tg
from tests.house.sources import ROOT
from tinygraph.plan.actions import Elementwise
from tinygraph.run import backends
from tinygraph.run.backends import BACKENDS, Backend, backend_of
from tinygraph.run.by_numpy import NumpyStretch


def test_auto_is_the_first_row_that_is_installed(monkeypatch):
    assert backend_of("auto").name in BACKENDS
    monkeypatch.setattr(backends, "find_spec", lambda package: None)
    assert backend_of("auto").name == "numpy"


def test_an_unknown_backend_names_the_known_ones():
    with pytest.raises(tg.GraphError) as error:
        tg.compile(lambda x: x, backend="cuda")
    assert "'auto', 'native', 'numpy'" in str(error.value) and "'cuda'" in str(error.value)


def test_numba_is_refused_with_the_new_name():
    with pytest.raises(tg.GraphError, match="backend='native'"):
        tg.compile(lambda x: x, backend="numba")


def test_a_backend_that_is_not_installed_says_what_to_install(monkeypatch):
    monkeypatch.setattr(backends, "find_spec", lambda package: None)
    for backend, package, extra in (("native", "llvmlite", "fast"), ("jax", "jax", "jax")):
        with pytest.raises(tg.GraphError, match=rf"pip install {package} \(the extra {extra}\)"):
            tg.compile(lambda x: x, backend=backend)


def test_native_code_is_loaded_when_it_is_first_needed():
    code = (
        "import sys, numpy as np, tinygraph as tg; f = tg.compile(lambda x: x + 1, backend='numpy'); f(np.ones(2));"
        "print([name for name in sys.modules if name.startswith('tinygraph.run.native') or name == 'llvmlite'])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout == "[]\n"


def test_a_new_backend_is_a_row_and_numpy_does_what_it_cannot(monkeypatch):
    stretches = []

    def recording(actions, memory):
        stretches.append(actions)
        return NumpyStretch(actions, memory)

    def parts():
        return lambda action: isinstance(action, Elementwise), recording

    monkeypatch.setitem(BACKENDS, "recording", Backend("recording", fuses=True, needs="", load=parts))
    w = tg.parameter(np.eye(3) * 2)
    step = tg.compile(lambda x: np.tanh(np.tanh(x) @ w) * 0.5, backend="recording")
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(step(x), np.tanh(np.tanh(x) @ w.value) * 0.5, rtol=1e-14)
    assert step.plan.backend == "recording" and len(step.plan.source) == 3
    assert len(stretches) == 2 and all(isinstance(a, Elementwise) for actions in stretches for a in actions)
