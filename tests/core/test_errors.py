"""What a message shows: values in a bounded way, no hidden characters, and no error of a user's in place of its own."""

import collections
import sys
import types

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.core.errors import GraphError, called, line_at, line_of, plain, refusing, shown

MANY = [0] * 300_000
LONG = np.zeros(300_000)
X = tg.parameter(np.ones((2, 3)))


class Rude:
    def __repr__(self):
        raise RuntimeError("no")


class Wordy:
    def __repr__(self):
        return "w" * 1_000_000


@each(
    "value, text",
    [
        (None, "None"),
        ("a'b", '"a\'b"'),
        (1.5, "1.5"),
        ([1, "a", None], "[1, 'a', None]"),
        ((1,), "(1,)"),
        ((), "()"),
        ({}, "{}"),
        ({"a": [1]}, "{'a': [1]}"),
        (range(3), "range(0, 3)"),
        ([1] * 9, "[1, 1, 1, 1, 1, 1, …]"),
        ([[[[[1]]]]], "[[[[…]]]]"),
        ({k: k for k in range(9)}, "{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, …}"),
        (np.array([[1, 2], [3, 4]]), "array([[1, 2], [3, 4]])"),
        (np.zeros((3, 40), "f4"), "array (3, 40) float32"),
        (np.array([None]), "array (1,) object"),
        (np.float32(2.5), repr(np.float32(2.5))),
        (bytearray(99), "a bytearray of length 99"),
        (collections.deque(MANY[:1000]), "a deque of length 1000"),
        (Rude(), "a Rude"),
        (10**6000, "a int"),
        (MANY, "[0, 0, 0, 0, 0, 0, …]"),
        (tuple(MANY[:8]), "(0, 0, 0, 0, 0, 0, …)"),
        (LONG, "array (300000,) float64"),
        ("x" * 1000, "'" + "x" * 118 + "…"),
        (Wordy(), "w" * 119 + "…"),
        (np.arange(20), " ".join(repr(np.arange(20)).split())),
        (np.arange(21), "array (21,) int64"),
        ([1] * 6, "[1, 1, 1, 1, 1, 1]"),
        (bytearray(50), repr(bytearray(50))[:119] + "…"),
        (bytearray(51), "a bytearray of length 51"),
        ([[[[1]]], {1: (2,)}], "[[[[…]]], {1: (2,)}]"),
        ("a\u202eb\x1bc", "'a\\u202eb\\x1bc'"),
    ],
    ids=lambda value: str(type(value)),
)
def test_a_value_is_shown_by_its_start(value, text):
    assert shown(value) == text


def test_a_set_is_shown_without_sorting_it():
    assert shown({"a"}) == "{'a'}" and len(shown(set(range(1000)))) < 40 and shown(set()) == "set()"


def test_a_list_in_itself_is_shown():
    own = [1]
    own.append(own)
    assert shown(own) == "[1, [1, [1, […]]]]"


SAID = {
    "a\u202eb": "a\ufffdb",
    "a\x1b[1m": "a\ufffd[1m",
    "a\tb\nc": "a b c",
    "a\u200bb": "a\ufffdb",
    "日本": "日本",
    "a\xa0b": "a b",
}


@each("text, said", [*SAID.items(), (3, "3")])
def test_hidden_characters_are_marked(text, said):
    assert plain(text) == said


def test_a_text_is_cut():
    assert plain("abcd", 4) == "abcd" and plain("abcde", 4) == "abc…"


def test_a_message_keeps_its_lines_and_shows_nothing_hidden_in_any():
    error = GraphError("two\nlines\u202e", expected="a\nb", got="\x1b[2J", fix="")
    assert str(error) == "two\nlines\ufffd\n  expected  a b\n  got       \ufffd[2J"
    assert [*map(len, str(GraphError("p" * 9999, got="g" * 9999)).splitlines())] == [1500, 1500]
    assert str(GraphError("none", got=None, expected=3)) == "none\n  expected  3\n  got       None"


@each(
    "wrong",
    [
        lambda: tg.reshape(X, MANY),
        lambda: X.reshape(MANY),
        lambda: tg.sum(X, axis=MANY),
        lambda: tg.sum(X, axis=tuple(MANY)),
        lambda: tg.transpose(X, axes=MANY),
        lambda: tg.take(X, [0], axis=LONG),
        lambda: tg.broadcast_to(X, MANY),
        lambda: tg.clip(X, MANY, 1),
        lambda: tg.softmax(X, axis=LONG),
        lambda: tg.astype(X, LONG),
        lambda: np.expand_dims(X, tuple(MANY)),
        lambda: tg.split(X, 2, axis=MANY),
        lambda: tg.parameter(1.0, name=MANY),
        lambda: tg.noise(MANY, (2,)),
        lambda: tg.noise(np.zeros, LONG),
        lambda: tg.unroll(tg.cells.RNN(3, 4), np.ones((2, 2, 3)), window=MANY),
        lambda: tg.unroll(MANY, np.ones((2, 2, 3))),
        lambda: tg.unroll(tg.cells.RNN(3, 4), np.ones((2, 2, 3)), axis=LONG),
        lambda: tg.Feedback(MANY),
        lambda: tg.cells.GRU(3, MANY),
        lambda: tg.cells.GRU(LONG, 4),
        lambda: tg.cells.GRU(3, 4, rng=[*MANY[:1000], None]),
        lambda: tg.cells.GRU(3, 4, dtype=tuple(MANY)),
        lambda: tg.cells.GRU(3, 4, kernel_init=MANY),
        lambda: tg.cells.RNN(3, 4, nonlinearity=MANY),
        lambda: tg.cells.Stack(LONG),
        lambda: tg.cells.Zoneout(tg.cells.RNN(3, 4), LONG),
        lambda: tg.cells.GRU(3, 4).gate(MANY),
        lambda: tg.compile(MANY),
        lambda: tg.compile(tg.tanh, MANY),
        lambda: tg.compile(lambda x: x, memory=LONG),
        lambda: tg.draw(X, MANY),
        lambda: tg.draw(X, level=LONG),
        lambda: tg.draw(X, max_nodes=MANY),
        lambda: tg.draw(X).save(MANY),
        lambda: tg.train.SGD([X], LONG),
        lambda: tg.train.Adam([X], betas=MANY),
        lambda: tg.train.clip_by_norm([np.ones(2)], MANY),
        lambda: tg.train.save("x", MANY),
        lambda: tg.nonfinite(MANY).__enter__(),
        lambda: tg.step(MANY).__enter__(),
        lambda: tg.scope(LONG).__enter__(),
    ],
    ids=[str(k) for k in range(42)],
)
def test_very_many_numbers_make_a_short_message(wrong):
    with pytest.raises(tg.GraphError) as error:
        wrong()
    assert len(str(error.value)) < 1000


def test_what_a_users_function_raises_stays():
    def broken(*_):
        return {}["no such key"]

    def broken_in_numpy(*_):
        return np.zeros(3).reshape(2, 2)

    for fn, kind in ((broken, KeyError), (broken_in_numpy, ValueError)):
        for call in (
            lambda fn=fn: tg.unroll(fn, np.ones((2, 3)), np.zeros(3)),
            lambda fn=fn: tg.compile(fn)(np.ones(2)),
            lambda fn=fn: tg.vjp(fn, np.ones(2)),
            lambda fn=fn: tg.value_and_grad(fn, X)(X),
            lambda fn=fn: tg.check.gradients(fn, [np.ones(2)]),
            lambda fn=fn: tg.cells.Stack([fn])(np.ones(3), (np.ones(3),)),
            lambda fn=fn: tg.cells.Residual(fn)(np.ones(3), np.ones(3)),
            lambda fn=fn: tg.cells.GRU(3, 4, kernel_init=fn),
        ):
            with pytest.raises(kind) as error:
                call()
            assert not isinstance(error.value, tg.GraphError)


def test_the_net_names_the_call_and_its_arguments():
    @refusing
    def spread(x, times=1):
        return x * times

    with pytest.raises(TypeError):  # a function of the test's: not of the library
        spread([1], times="a")
    with pytest.raises(tg.GraphError, match=r"^linear_scan: [\s\S]*got       0.5, \(1.0, 2.0\), 0.0"):
        tg.linear_scan(0.5, (1.0, 2.0), 0.0)


def test_a_long_line_of_source_is_cut(tmp_path):
    (tmp_path / "long.py").write_text("x = [" + "1, " * 1000 + "]\ny = 2\n")
    line = line_at(str(tmp_path / "long.py"), 1)
    assert line.startswith(f"{tmp_path / 'long.py'}:1: x = [1, 1,") and line.endswith(" ...")
    assert len(line.partition(":1: ")[2]) == 120
    assert line_at(str(tmp_path / "long.py"), 2).endswith(":2: y = 2")


def test_the_line_of_an_error_is_the_innermost_of_the_users():
    def broken():
        return tg.matmul(X, np.ones((7, 7)))  # here

    with pytest.raises(tg.GraphError) as error:
        broken()
    assert line_of(error.value).endswith("return tg.matmul(X, np.ones((7, 7)))  # here")


def test_a_cell_of_a_notebook_is_called_by_its_number(monkeypatch, tmp_path):
    """IPython keeps cells as files with numbers for names, and knows which cell each is."""
    (tmp_path / "3236660205.py").write_text("h = x @ W\n")
    cell = str(tmp_path / "3236660205.py")
    naming = types.SimpleNamespace(format_code_name={cell: ("Cell", "In[3]")}.get)
    for shell, name in (
        (types.SimpleNamespace(compile=naming), "In[3]"),
        (types.SimpleNamespace(), cell),
        (None, cell),
    ):
        monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda shell=shell: shell))
        assert line_at(cell, 1) == f"{name}:1: h = x @ W"
        assert called("by_hand.py") == "by_hand.py"


def test_what_to_write_for_plain_numbers_names_a_package_only_if_one_asks() -> None:
    x = tg.parameter([1.0, 2.0]) * 2.0
    for ask in (lambda: np.array(x, float), lambda: np.fft.fft(x)):
        with pytest.raises(tg.GraphError) as caught:
            ask()
        text = str(caught.value)
        assert "takes numbers alone" not in text and ".py" not in text.partition("fix ")[2]
