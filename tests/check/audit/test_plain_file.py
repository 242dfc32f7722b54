"""Of a script only what is wanted runs, in order; and arguments of calls are told by name, order and number."""

from __future__ import annotations

import builtins
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.check.audit.calls import Listed, call

plain_file = sys.modules.get("tinygraph.check.audit.plain_file") or __import__(
    "tinygraph.check.audit.plain_file", fromlist=["PlainFile"]
)

SCRIPT = """
import math as m, os.path
from os import sep as separator
a, [b, *c] = 1, [2, 3, 4]
total: int = 0
total += a + 10
params = {}
params["W"] = b
box = type("Box", (), {})()
box.size = a
box.inner = [0]
box.inner[0] = 5
unneeded = 1 / 0
try:
    import nowhere_at_all
except ImportError:
    pass
try:
    a = 99
except ValueError:
    pass
for k in range(3):
    a = 100
if True:
    a = 101
print("ran")
text = open(__file__).read()
written = open(__file__, "a")
asked = input("?")
left = exit(3)
later = asked


def f():
    return a, b, c, total, params, box, m.pi, separator, os.path


async def g():
    return 1


class K:
    size = total


def h():
    return text[:1], written, later, left
"""

left_open = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def plain(folder: Path, *wanted: str, text: str = SCRIPT, **more: Any) -> Any:
    file = folder / "script.py"
    file.write_text(text, encoding="utf-8")
    return plain_file.PlainFile(file, [*wanted], more.pop("instead", {}), **more)


def test_what_is_needed_runs_in_order_and_nothing_else(tmp_path: Path, capsys: Any) -> None:
    one = plain(tmp_path, "f", "K", "g")
    a, b, c, total, params, box, pi, separator, path = one.module.f()
    assert (a, b, c, total, params) == (1, 2, [3, 4], 11, {"W": 2})
    assert (box.size, box.inner, round(pi, 2), one.module.K.size) == (1, [5], 3.14, 11)
    assert separator and path and one.left_out == [] and capsys.readouterr().out == ""
    for name in ("unneeded", "text", "written", "asked", "nowhere_at_all"):
        assert not hasattr(one.module, name)
    assert one.module.f.__code__.co_firstlineno == SCRIPT.splitlines().index("def f():") + 1
    assert one.path == (tmp_path / "script.py").resolve() and one.module.__file__ == str(one.path)


@left_open
def test_what_does_not_run_is_said_and_another_value_taken(tmp_path: Path) -> None:
    before = SCRIPT
    one = plain(tmp_path, "h", instead={"asked": "yes", "nobody": 1})
    told = one.left_out
    assert [row.split(":")[0].partition(", ")[2] for row in told] == ["written", "asked", "left"]
    assert "files are not written in an audit" in told[0] and "PermissionError" in told[0] and "instead" not in told[0]
    assert told[1].endswith("; instead asked = yes") and "nobody is asked" in told[1]
    assert f"line {SCRIPT.splitlines().index('left = exit(3)') + 1}, left: left out (SystemExit: 3)" == told[2]
    assert one.module.later == "yes" and one.module.text == before
    assert (tmp_path / "script.py").read_text(encoding="utf-8") == before


def test_where_no_clock_can_interrupt_a_script_it_runs_all_the_same(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.delattr(signal, "SIGALRM", raising=False)
    assert plain(tmp_path, "f").module.f()[0] == 1


@left_open
def test_what_is_welcome_is_taken_if_it_is_there(tmp_path: Path) -> None:
    assert hasattr(plain(tmp_path, "f", welcome=["text", "absent"]).module, "text")


@each(
    "mode, allowed", [("r", True), ("rb", True), ("w", False), ("a", False), ("x", False), ("r+", False), ("wb", False)]
)
def test_files_are_read_alone(mode: str, allowed: bool, tmp_path: Path) -> None:
    one = plain(tmp_path, "f", text=f"def f():\n    return open({str(tmp_path / 'script.py')!r}, {mode!r})\n")
    if allowed:
        one.module.f().close()
    else:
        with pytest.raises(PermissionError):
            one.module.f()
    assert builtins.open is open


@each(
    "text, words",
    [
        ("x = 1\ndef k(): pass", "script.py has no f(?s:.*)k"),
        ("x = 1", "has no f(?s:.*)none"),
        ("print 'a'", "script.py, line 1(?s:.*)Python 3(?s:.*)lib2to3"),
        ("def f(:", r"script.py, line 1"),
        ("if 1:\n    def f(): pass", "has no f"),
    ],
)
def test_what_cannot_be_taken_is_said(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(tg.GraphError, match=words):
        plain(tmp_path, "f", text=text)
    with pytest.raises(tg.GraphError, match=r"absent\.py cannot be read"):
        plain_file.PlainFile(tmp_path / "absent.py", ["f"], {})


def test_the_alarm_is_as_before(tmp_path: Path, monkeypatch: Any) -> None:
    def own(*_: Any) -> None:
        raise AssertionError

    before = signal.signal(signal.SIGALRM, own)
    try:
        monkeypatch.setattr(plain_file, "LONGEST", 0.05)
        one = plain(tmp_path, "f", text="import time\nx = time.sleep(5)\ny = 3\ndef f(): return x, y\n")
        assert one.left_out == ["line 2, x: left out (TooLongError: it takes more than 0.05 s)"] and one.module.y == 3
        assert signal.getsignal(signal.SIGALRM) is own and signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    finally:
        signal.signal(signal.SIGALRM, before)


P, A = {"w": 1, "v": 2}, {"x": 3, "y": 4}
g_first, g_second = 10, 20


def reads_globals(x: Any) -> Any:
    return g_first, g_second, x


@each(
    "function, whole, arguments, kept, due",
    [
        (lambda w, v, x, y: (w, v, x, y), P, A, (), (1, 2, 3, 4)),
        (lambda y, v, x, w: (y, v, x, w), P, A, (), (4, 2, 3, 1)),
        (lambda w, x: (w, x), {"w": 1}, A, (), (1, 3)),
        (lambda w, a, b: (w, a, b), {"w": 1}, A, (), (1, 3, 4)),
        (lambda w, a, y: (w, a, y), {"w": 1}, A, (), (1, 3, 4)),
        (lambda w, a, b: (w, a, b), {"w": 1}, (5, 6), (), (1, 5, 6)),
        (lambda w, hs: (w, hs), {"w": 1}, {}, (7,), (1, 7)),
        (lambda w, hs, x: (w, hs, x), {"w": 1}, A, (7,), (1, 7, 3)),
        (lambda w, a, hs: (w, a, hs), {"w": 1}, (5,), (7,), (1, 5, 7)),
        (lambda params, x, y: (params, x, y), P, A, (), (P, 3, 4)),
        (lambda params, a, b: (params, a, b), P, (5, 6), (), (P, 5, 6)),
        (lambda params, x: (params, x), {"w": 1}, {"x": 3}, (), ({"w": 1}, 3)),
        (lambda params, a: (params, a), {"w": 1}, (5,), (), ({"w": 1}, 5)),
        (lambda w, v, lr: (w, v, lr), P, (), (0.5,), (1, 2, 0.5)),
        (lambda w, v, lr=0.1, Eta=9: (w, v, lr, Eta), P, (), (), (1, 2, 1.0, 1.0)),
        (lambda w, v, k=0.1: (w, v, k), P, (), (), (1, 2, 0.1)),
        (lambda w, v, *, x: (w, v, x), P, A, (), (1, 2, 3)),
        (lambda w, *more, y=0, **rest: (w, more, y, rest), P, A, (), (1, (), 4, {"v": 2, "x": 3})),
        (lambda **all_of_it: all_of_it, P, A, (), {"w": 1, "v": 2, "x": 3, "y": 4}),
        (lambda a, b, x: (a, b, x), [1, 2], {"x": 3}, (), (1, 2, 3)),
        (lambda a, b, c: (a, b, c), [1, 2], (5,), (), (1, 2, 5)),
        (lambda weights, x: (weights, x), [1, 2, 5], A, (), ([1, 2, 5], 3)),
        (lambda w, v, /, x: (w, v, x), P, A, (), (1, 2, 3)),
        (reads_globals, {"g_first": 1, "g_second": 2}, A, (), (1, 2, 3)),
        (max, [3, 4], (), (), 4),
    ],
)
def test_a_call_gets_what_its_arguments_ask_for(function: Any, whole: Any, arguments: Any, kept: Any, due: Any) -> None:
    if function is max:  # its signature is nobody's
        with pytest.raises(ValueError):
            call(function, whole, arguments, kept)
        return
    for _ in range(2):
        assert call(function, whole, arguments, kept) == due
    assert (g_first, g_second) == (10, 20)


def test_globals_come_back_after_an_error() -> None:
    def raises() -> None:
        assert g_first == 1
        raise KeyError

    with pytest.raises(KeyError):
        call(raises, {"g_first": 1}, {})
    assert g_first == 10


@each(
    "function, whole, arguments, words",
    [
        (lambda w, a, b: 0, {"w": 1}, (5,), "takes a, b, and there is no value for b"),
        (lambda w, a: 0, {"w": 1}, {}, "takes a, and there is no value for a"),
        (lambda w: 0, P, {}, "does not take v, and its file has no such name"),
        (lambda x, q: 0, P, {"x": 1, "z": np.ones(2), "u": 3}, "takes q"),
    ],
)
def test_what_has_no_value_is_told(function: Any, whole: Any, arguments: Any, words: str) -> None:
    if "takes q" in words:
        assert call(function, {"reads_globals": 1}, {"x": 1, "z": 2}) == 0
        return
    with pytest.raises(tg.GraphError, match=words):
        call(function, whole, arguments)


def test_parameters_of_a_list_have_numbers() -> None:
    assert dict(Listed([5, 6])) == {"parameters[0]": 5, "parameters[1]": 6} and Listed([5]).whole == [5]
