"""Files that the recorded function's own file knows, or its arguments, take part: their np.zeros may hold nodes."""

from __future__ import annotations

import functools
import importlib
import math
import os
import sys
from typing import Any, cast

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.recording import exchanged

X = np.random.default_rng(0).normal(size=(4, 3))

DEEP = """
import numpy as np
from math import exp

def states(xs, w):
    out = np.zeros((len(xs), 3))
    for t, x in enumerate(xs):
        out[t] = np.tanh(x * w + out[t - 1])
    return out

def gate(z):
    return 1 / (1 + exp(-z))
"""
MIDDLE = "import {deep}\n\nclass Net:\n    def run(self, xs, w):\n        return {deep}.states(xs, w)\n"
BY_NAME = "from {deep} import gate, states\n\ndef forward(xs, w):\n    return states(xs, w) * gate(w[0])\n"
BY_MODULE = "import {middle} as m\n\ndef forward(xs, w):\n    return m.Net().run(xs, w)\n"
BY_ARGUMENT = "def forward(xs, w, net):\n    return net.run(xs, w)\n"
BY_ATTRIBUTE = "def forward(xs, w, holder):\n    return holder.inner.run(xs, w)\n"


@pytest.fixture
def files(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Writes modules of these names and imports them."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(**sources: str) -> list[Any]:
        names = {key: f"{key}_{tmp_path.name}".replace("-", "_") for key in sources}
        for key, source in sources.items():
            (tmp_path / f"{names[key]}.py").write_text(source.format(**names) if "{" in source else source, "utf-8")
        modules = [importlib.import_module(name) for name in names.values()]
        for name in names.values():
            monkeypatch.delitem(sys.modules, name, raising=False)
            monkeypatch.setitem(sys.modules, name, next(m for m in modules if m.__name__ == name))
        return modules

    return write


class Holder:
    def __init__(self, inner: Any) -> None:
        self.inner = inner


def is_right(forward: Any, deep: Any, *more: Any) -> None:
    w = np.array([0.5, -1.0, 2.0])
    h, right = tg.recorded(forward)(X, tg.parameter(w), *more), forward(X, w, *more)
    np.testing.assert_allclose(h.value, right, 1e-13)
    tg.check.gradients(lambda v: tg.recorded(forward)(X, v, *more), [w], order=1)
    assert deep.np is np and type(deep.np.zeros(2)) is np.ndarray and "float" not in vars(deep)


def test_functions_that_were_imported_by_name(files: Any) -> None:
    deep, top = files(deep=DEEP, top=BY_NAME)
    is_right(top.forward, deep)


def test_a_class_of_a_module_that_imports_another(files: Any) -> None:
    deep, _, top = files(deep=DEEP, middle=MIDDLE, top=BY_MODULE)
    is_right(top.forward, deep)


def test_the_class_of_an_argument_and_of_what_it_holds(files: Any) -> None:
    deep, middle, first, second = files(deep=DEEP, middle=MIDDLE, first=BY_ARGUMENT, second=BY_ATTRIBUTE)
    is_right(first.forward, deep, middle.Net())
    is_right(second.forward, deep, Holder(middle.Net()))


def test_what_only_the_closure_knows(files: Any) -> None:
    (deep,) = files(deep=DEEP)
    states = deep.states
    is_right(lambda xs, w: states(xs, w), deep)


def test_a_bound_method_and_a_partial_that_a_file_or_a_closure_has(files: Any) -> None:
    deep, middle, top = files(
        deep=DEEP, middle=MIDDLE, top="def forward(xs, w, *more):\n    return run(xs, w, *more)\n"
    )
    run, part = middle.Net().run, functools.partial(deep.states, X)
    is_right(lambda xs, w: run(xs, w), deep)
    is_right(lambda xs, w: part(w), deep)
    top.run = middle.Net().run
    is_right(top.forward, deep)


def test_a_method_whose_base_class_is_elsewhere(files: Any) -> None:
    deep, middle = files(deep=DEEP, middle=MIDDLE)
    net = type("Derived", (middle.Net,), {"__module__": __name__})()
    is_right(lambda xs, w: net.run(xs, w), deep)
    is_right(net.run, deep)


def test_names_in_which_source_text_was_run() -> None:
    names: dict[str, Any] = {}
    exec(DEEP + "\nclass Net:\n    def run(self, xs, w):\n        return states(xs, w)\n", names)

    def forward(w: Any) -> Any:
        return names["states"](X, w)

    def by_a_class(w: Any) -> Any:
        return net.run(X, w)

    net, w = names["Net"](), tg.parameter(np.ones(3))
    for fn in (forward, by_a_class, functools.partial(names["states"], X), names["Net"]().run):
        z = tg.recorded(fn)(*([X] if fn.__class__ is type(net.run) else []), w)
        np.testing.assert_allclose(z.value, names["states"](X, np.ones(3)), 1e-13)


def test_a_function_in_a_decorator_of_another_file(files: Any) -> None:
    (deep,) = files(deep=DEEP)

    @functools.wraps(deep.states)
    def logged(*args: Any) -> Any:
        return deep_states(*args)

    deep_states = logged.__wrapped__
    is_right(lambda xs, w: logged(xs, w), deep)


def test_installed_packages_and_pythons_own_modules_are_left_alone() -> None:
    kept = {
        name: dict(vars(module)) for name, module in sys.modules.items() if name in ("statistics", "pytest", "random")
    }

    def look() -> None:
        for name, before in kept.items():
            assert all(vars(sys.modules[name]).get(key) is x for key, x in before.items())

    tg.recorded(look)()


LIBRARIES: dict[str, tuple[str, str | None]] = {
    "a package that is installed": ("strange_one", "/opt/me/venv/lib/site-packages/strange_one/__init__.py"),
    "one of the system": ("strange_two", "/usr/lib/python3/dist-packages/strange_two.py"),
    "one beside Python's own": ("strange_three", os.path.join(os.path.dirname(os.__file__), "strange_three.py")),
    "one of Python's without a file": ("itertools", None),
    "ours": ("tinygraph.own", "/somewhere/tinygraph/own.py"),
    "ours without a file": ("tinygraph.own_too", None),
}
USERS: dict[str, tuple[str, str | None]] = {
    "a file of the user's": ("mine", "/opt/me/mine.py"),
    "a notebook": ("mine_too", None),
}


@each("kind", LIBRARIES | USERS)
def test_files_of_libraries_are_none_of_the_users(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, path = (LIBRARIES | USERS)[kind]
    monkeypatch.setattr(exchanged, "_KNOWN", {"builtins", "numpy", "math"})
    names = {"__name__": name, "__builtins__": __builtins__, "np": np} | ({"__file__": path} if path else {})
    exec("def of_it(x): return np.tanh(x)", names)
    here = {"__name__": "start", "__builtins__": __builtins__, "of_it": names["of_it"]}
    exec("def begin(x): return of_it(x)", here)
    files = [id(f) for f, _ in exchanged.files_of(cast(Any, here["begin"]))]
    assert (id(names) in files) == (kind in USERS) and id(here) in files


def test_after_an_error_all_files_are_as_before(files: Any) -> None:
    deep, top = files(deep=DEEP, top=BY_NAME)
    before = dict(vars(deep)), dict(vars(top))
    with pytest.raises((TypeError, ValueError)):
        tg.recorded(top.forward)(X, "no array")
    assert (dict(vars(deep)), dict(vars(top))) == before


def test_a_file_that_is_not_known_is_refused_by_line(files: Any) -> None:
    (deep,) = files(deep=DEEP)

    def forward(w: Any) -> Any:
        return sys.modules[deep_name].states(X, w)

    deep_name = deep.__name__
    with pytest.raises(tg.MutationError, match=r"(?s)deep_.*out\[t\].*tg\.recorded|np\.stack"):
        tg.recorded(forward)(tg.parameter(np.ones(3)))


def test_numpy_of_a_file_has_numpys_names_while_it_is_recorded() -> None:
    """And no more files are remembered than so many."""
    seen = []
    names: dict[str, Any] = {"__name__": "a_file", "__builtins__": __builtins__, "seen": seen}
    source = "import numpy as np, math\ndef f(x):\n    seen.append((np, dir(np), np.r_.axis, np.c_.axis, math.pi))\n"
    exec(source + "    return np.zeros(2) + x", names)
    tg.recorded(names["f"])(tg.parameter(1.0))
    ((module, words, *others),) = seen
    assert module is not np and words == dir(np) and others == [0, -1, math.pi] and names["np"] is np


def test_so_many_files_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanged, "_known_files", {})
    monkeypatch.setattr(exchanged, "MOST_KNOWN", 4)
    sizes = []
    for k in range(12):
        names: dict[str, Any] = {"__name__": f"file_{k}", "__builtins__": __builtins__}
        exec("import numpy as np\ndef f(x):\n    h = np.zeros(2)\n    h[0] = x\n    return h", names)
        assert tg.recorded(names["f"])(tg.parameter(2.0)).value.tolist() == [2, 0]
        sizes.append(len(exchanged._known_files))
    assert max(sizes) == 5 and min(sizes) <= 2, sizes


SCIPY = {
    "": "",
    "of another kind": "gamma = 1\n",
    "of numpy": "import numpy as np\ndef softmax(x, axis=None): raise TypeError\nlog_softmax = logsumexp = softmax\n",
}


@pytest.mark.parametrize("kind", SCIPY)
def test_a_scipy_that_is_loaded_and_whose_special_is_not(kind: str, tmp_path: Any, monkeypatch: Any) -> None:
    """It is loaded at its first use; another module of that name is left alone."""
    (tmp_path / "scipy").mkdir()
    (tmp_path / "scipy" / "__init__.py").write_text("")
    if kind:
        (tmp_path / "scipy" / "special.py").write_text(SCIPY[kind])
    monkeypatch.setattr(exchanged, "_ours", {**exchanged._ours})
    monkeypatch.setattr(exchanged, "_known_files", {})
    for name in {"scipy", "scipy.special", *(name for name in sys.modules if name.startswith("scipy."))}:
        monkeypatch.setitem(sys.modules, name, None)  # which is undone afterwards, also where there was none
        del sys.modules[name]
    monkeypatch.syspath_prepend(tmp_path)
    scipy = importlib.import_module("scipy")
    names: dict[str, Any] = {"__name__": "a_file", "__builtins__": __builtins__, "scipy": scipy}
    exec("def f(x): return scipy.special.softmax(x)", names)
    if kind == "of numpy":
        np.testing.assert_allclose(tg.recorded(names["f"])(tg.parameter([0.0, 0.0])).value, [0.5, 0.5])
    else:
        with pytest.raises(AttributeError):
            tg.recorded(names["f"])(tg.parameter([0.0, 0.0]))
    assert names["scipy"] is scipy
