"""What Python's own modules and C give anew at each call is seen, whatever name it was called by."""

import decimal
import importlib
import locale
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from decimal import getcontext as context

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.ones(2)
TI, ME = "ti", "me"
LOCK = threading.Lock()
ANEW = {
    "getattr": lambda: getattr(time, TI + ME)(),
    "getattr of random": lambda: getattr(random, "ran" + "dom")(),
    "getattr of numpy's": lambda: getattr(getattr(np, "ran" + "dom"), "no" + "rmal")(),
    "import": lambda: __import__(TI + ME).perf_counter(),
    "import_module": lambda: getattr(importlib.import_module(TI + ME), TI + ME)(),
    "modules": lambda: vars(sys.modules[TI + ME])[TI + ME](),
    "eval": lambda: eval("__import__('ti' + 'me').perf_counter()"),
    "subprocess": lambda: float(subprocess.run(["date", "+%N"], capture_output=True, check=True).stdout),
}


@each("word", [*ANEW])
def test_what_is_new_at_each_call_is_refused(word):
    with pytest.raises(tg.GraphError, match="compile: "):
        tg.compile(lambda x: tg.sum(x) * ANEW[word](), backend="numpy")(X)


def precision(k):
    decimal.getcontext().prec = 28 + k


def errors(k):
    np.seterr(under="warn" if k else "ignore")


def lock(k):
    LOCK.acquire() if k else LOCK.release() if LOCK.locked() else None


def printing(k):
    np.set_printoptions(precision=8 + k)


class Parent:
    k = 2.0


class Meta(type):
    m = 2.0


class Child(Parent, metaclass=Meta):
    pass


def parents(k):
    Parent.k = 2.0 + k


def metas(k):
    Meta.m = 2.0 + k


def bases(k):
    Child.__bases__ = (type("Parent", (), {"k": 2.0 + k}) if k else Parent,)


RECORD = np.array([(2.0,)], [("k", float)])[0]


def record(k):
    RECORD["k"] = 2.0 + k


def folder(k):
    (HERE / "one").write_text("") if k else (HERE / "one").unlink(missing_ok=True)


HERE = pathlib.Path(tempfile.mkdtemp())

LATER = {
    "of a parent": (lambda: Child.k, parents),
    "of another parent": (lambda: Child.k, bases),
    "of a metaclass": (lambda: Child.m, metas),
    "a record": (lambda: RECORD["k"], record),
    "a folder": (lambda: 1 + len([*HERE.iterdir()]), folder),
    "getcontext": (lambda: decimal.getcontext().prec, precision),
    "another name": (lambda: context().prec, precision),
    "geterr": (lambda: len(np.geterr()["under"]), errors),
    "locked": (lambda: 1 + LOCK.locked(), lock),
    "printoptions": (lambda: np.get_printoptions()["precision"], printing),
    "recursion": (lambda: sys.getrecursionlimit(), lambda k: sys.setrecursionlimit(1000 + k)),
}


@each_backend
@each("word", [*LATER])
def test_what_has_changed_since_is_told(word, backend):
    read, write = LATER[word]
    before = sys.getrecursionlimit()
    write(0)
    try:
        number = read()
        compiled = tg.compile(lambda x: x * read(), backend=backend)
        assert_near(compiled(X), X * number)
        write(1)
        with pytest.raises(tg.GraphError, match=r"has changed[\s\S]*pass it as an argument"):
            compiled(X)
    finally:
        write(0)
        sys.setrecursionlimit(before)


@each_backend
def test_what_gives_the_same_is_compiled(backend):
    compiled = tg.compile(lambda x: x * len(locale.getlocale()) * getattr(decimal, "MAX_PREC") ** 0, backend=backend)  # noqa: B009
    for k in range(1, 6):
        assert_near(compiled(k * X), 2.0 * k * X)
