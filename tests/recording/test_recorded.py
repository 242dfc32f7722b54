"""`tg.recorded`: whose ``np`` is ours, for how long, in which thread; what is refused, by line."""

from __future__ import annotations

import functools
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import numpy as numpy_by_another_name
import pytest
from numpy import copy as np_copy
from numpy import zeros

import tinygraph as tg
from tinygraph.core.trail import trail_of
from tinygraph.recording.recorded import recording

X = np.random.default_rng(0).normal(size=(4, 3))


def forward(w: Any) -> Any:
    h = np.zeros((4, 3))
    for t in range(4):
        h[t] = np.tanh(X[t] * w + h[t - 1])
    return h


def right(w: np.ndarray) -> np.ndarray:
    return forward(w)


def weight() -> tg.Parameter:
    return tg.parameter([0.5, -1.0, 2.0], name="w")


def is_right(h: Any, w: tg.Parameter) -> None:
    np.testing.assert_allclose(h.value, right(w.value), 1e-14)
    step = 1e-6 * np.array([1.0, -2.0, 0.5])
    slope = (right(w.value + step).sum() - right(w.value - step).sum()) / 2
    np.testing.assert_allclose((tg.grad(tg.sum(h), w).value * step).sum(), slope, 1e-6)


def test_a_function_of_a_file_that_imports_numpy() -> None:
    w = weight()
    is_right(tg.recorded(forward)(w), w)
    assert isinstance(forward(np.ones(3)), np.ndarray) and np.zeros is numpy_by_another_name.zeros


def test_as_a_decorator_twice_and_around_each_other() -> None:
    w = weight()
    is_right(tg.recorded(tg.recorded(forward))(w), w)

    @tg.recorded
    def outer(w: Any) -> Any:
        return tg.recorded(forward)(w)

    is_right(outer(w), w)


def by_names(w: Any) -> Any:
    h, x = zeros((4, 3)), np_copy(X)
    for t in range(4):
        h[t] = numpy_by_another_name.tanh(x[t] * w + h[t - 1])
    return h


def test_functions_that_were_imported_by_name() -> None:
    w = weight()
    is_right(tg.recorded(by_names)(w), w)
    assert type(zeros(2)) is np.ndarray


class Net:
    def __init__(self, w: Any) -> None:
        self.w, self.h = w, np.zeros(3)

    def step(self, x: Any) -> Any:
        self.h = np.tanh(x * self.w + self.h)
        return self.h

    def forward(self) -> Any:
        out = np.zeros((4, 3))
        for t in range(4):
            out[t] = self.step(X[t])
        return out

    __call__ = forward


@pytest.mark.parametrize("form", ["method", "object", "partial", "closure"])
def test_methods_objects_partials_and_closures(form: str) -> None:
    w = weight()
    net = Net(w)

    def inner() -> Any:
        return forward(w)

    forms: dict[str, Any] = {"method": net.forward, "object": net, "partial": functools.partial(forward, w)}
    is_right(tg.recorded(forms.get(form, inner))(), w)


def test_numpy_that_is_known_around_the_function_alone() -> None:
    names: dict[str, Any] = {"X": X}
    exec(
        "def outer():\n    import numpy as np\n    def forward(w):\n        h = np.zeros((4, 3))\n"
        "        for t in range(4):\n            h[t] = np.tanh(X[t] * w + h[t - 1])\n        return h\n"
        "    return forward\nforward = outer()",
        names,
    )
    w = weight()
    is_right(tg.recorded(names["forward"])(w), w)
    assert type(names["forward"](np.ones(3))) is np.ndarray


def test_after_an_error_numpy_is_back() -> None:
    def wrong() -> None:
        assert np.zeros is not zeros
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        tg.recorded(wrong)()
    assert type(np.zeros(2)) is np.ndarray and np.__name__ == "numpy" and sys.modules["numpy"] is np


def test_other_threads_have_plain_numpy_meanwhile() -> None:
    inside, done, kinds = threading.Event(), threading.Event(), list[type]()

    def waits() -> None:
        assert isinstance(np.zeros(2), tg.Node)
        inside.set()
        done.wait(10)

    thread = threading.Thread(target=tg.recorded(waits))
    thread.start()
    inside.wait(10)
    kinds.append(type(np.zeros(2)))
    done.set()
    thread.join()
    assert kinds == [np.ndarray]


def test_compiled_inside_and_outside() -> None:
    w = weight()
    for f in (tg.compile(tg.recorded(forward)), tg.recorded(tg.compile(forward))):
        np.testing.assert_allclose(f(w), right(w.value), 1e-14)
    step = tg.compile(tg.value_and_grad(lambda: tg.sum(tg.recorded(forward)(w)), w))
    np.testing.assert_allclose(step()[1], tg.grad(tg.sum(tg.recorded(forward)(w)), w).value, 1e-12)


def parameter_changed(w: Any) -> None:
    w -= 0.1


def plain_array(w: Any) -> None:
    PLAIN[:] = w


PLAIN = np.ones(3)
ALSO = PLAIN  # of what has one name alone nobody can see that it is exchanged


@pytest.mark.parametrize("fn", [parameter_changed, plain_array])
def test_what_cannot_be_right_is_refused_by_line(fn: Any) -> None:
    w = weight()
    before = w.value.copy()
    with pytest.raises(tg.MutationError, match=r"test_recorded\.py:\d+"):
        tg.recorded(fn)(w)
    assert (w.value == before).all() and PLAIN.tolist() == [1.0] * 3


@pytest.mark.parametrize("write", ["z[0] = 1.0", "z *= 2.0", "np.add(z, z, out=z)", "z **= 2"])
def test_elsewhere_a_write_is_refused_and_the_ways_are_offered(write: str) -> None:
    z = tg.parameter([1.0, 2.0]) * 2.0
    with pytest.raises(tg.MutationError, match=r"tinygraph\.numpy.*tg\.recorded"):
        exec(write, {"np": np}, {"z": z, "a": np.zeros(2)})
    assert z.value.tolist() == [2.0, 4.0]


@pytest.mark.parametrize("fn", [np.tanh, 3, None, "forward"])
def test_what_has_no_python_code_is_refused(fn: Any) -> None:
    with pytest.raises(tg.GraphError, match="recorded"):
        tg.recorded(fn)


def test_a_file_that_says_so_may_write_and_its_neighbour_may_not(tmp_path) -> None:
    (tmp_path / "ours.py").write_text(
        "import tinygraph.numpy as np\ndef f(w):\n    z = w * 2\n    z[0] = 1.0\n    return z\n", "utf-8"
    )
    (tmp_path / "theirs.py").write_text(
        "import numpy as np\ndef f(w):\n    z = w * 2\n    z[0] = 1.0\n    return z\n", "utf-8"
    )
    code = (
        "import ours, theirs, tinygraph as tg\nw = tg.parameter([1.0, 2.0])\nprint(ours.f(w).value)\n"
        "try: theirs.f(w)\nexcept tg.MutationError as error: print('refused', 'theirs.py:4' in str(error))\n"
    )
    assert _printed(code, tmp_path) == ["[1. 4.]", "refused True"]


def test_what_was_made_before_the_recording_is_refused() -> None:
    """Who has read it is not known."""
    z = tg.parameter([1.0, 2.0]) * 2.0
    y = z * z
    with pytest.raises(tg.MutationError, match="outside"):
        tg.recorded(lambda a: a.__setitem__(0, 9.0))(z)
    assert z.value.tolist() == [2.0, 4.0] and y.value.tolist() == [4.0, 16.0]


def test_each_node_knows_the_users_line_where_that_is_asked_for() -> None:
    w = tg.parameter([[1.0, 2.0]])
    for follows in (True, False):
        with recording(follows=follows):
            z: Any = np.var(np.tile(w, 3))
        codes = [{code for code, _ in trail_of(x)} for x in tg.core.graph.ancestors([z]) if x.op is not None]
        here = sys._getframe().f_code
        assert len(codes) > 5 and all(here in found for found in codes) is follows


def _printed(code: str, folder: Any) -> list[str]:
    run, settings = [sys.executable, "-c", code], {"PYTHONPATH": f"{folder}:{':'.join(sys.path)}"}
    return subprocess.run(run, capture_output=True, text=True, env=settings, check=True).stdout.splitlines()
