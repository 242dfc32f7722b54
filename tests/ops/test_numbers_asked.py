"""Where plain numbers are asked for: the message says what to write there, by who asks and by the line."""

from __future__ import annotations

import math
import random
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.random import choice

import tinygraph as tg
from tests.each import each

w = tg.parameter([0.2, 0.3, 0.5], "w")
p, x, loss = w * 1.0, tg.tanh(w), tg.sum(w * w)
rng, numbers, rows, indices = np.random.default_rng(0), np.zeros(3), np.zeros((2, 3)), [0, 0]


def store(array, key, value):
    array[key] = value


STACK, VALUE, ITEM = "join them with np.stack", "x.value", "x.item()"
ASKED = {
    "the mean of random numbers": (lambda: np.random.normal(x), "mean + scale * rng.normal(size=x.shape)"),
    "the mean of a generator's": (lambda: rng.normal(loc=x), "mean + scale * rng.normal(size=x.shape)"),
    "a generator's bounds": (lambda: rng.uniform(0, x), "low + (high - low) * rng.random(x.shape)"),
    "a row": (lambda: store(rows, 0, x), STACK),
    "a slice": (lambda: store(numbers, slice(None), x), STACK),
    "asarray": (lambda: np.asarray(x, float), VALUE),
    "array": (lambda: np.array(x, dtype=np.float32), VALUE),
    "math.exp": (lambda: math.exp(loss), "np.exp(x) for math.exp(x)"),
    "math.sqrt": (lambda: math.sqrt(loss), "np.exp(x) for math.exp(x)"),
    "math in a line that stores": (lambda: {}.update(a=[math.log(loss)]), "np.exp(x) for math.exp(x)"),
    "float": (lambda: float(loss), f"{ITEM}  # a number, which carries no gradient; in files that tg.recorded runs"),
    "float in %": (lambda: "loss %f" % float(loss), ITEM),  # noqa: UP031
    "float of a %": (lambda: float(loss % 2.0), ITEM),
    "% in a list": (lambda: ["%d" % 1, math.exp(loss)], "np.exp(x) for math.exp(x)"),  # noqa: UP031
    "int": (lambda: int(loss), "int(x.item())"),
    "range": (lambda: range(loss), "int(x.item())"),
    "an index": (lambda: indices[loss], "int(x.item())"),
    "format": (lambda: f"{x:.3f}", "x.value.round(3)"),
}


@each("name", ASKED)
def test_the_message_says_what_to_write_there(name):
    ask, fix = ASKED[name]
    with pytest.raises(tg.GraphError) as caught:
        ask()
    message = str(caught.value)
    assert fix in message[message.index("  fix") :] and (fix == STACK) == (STACK in message)


@each("ask", [lambda: bool(x > 0), lambda: 1 if x > 0 else 2, lambda: not x > 0, lambda: max(x, p), lambda: x in [p]])
def test_the_truth_of_an_array_names_any_all_and_where(ask):
    with pytest.raises(tg.GraphError, match=r"neither true nor false") as caught:
        ask()
    assert all(
        word in str(caught.value) for word in ("np.any(x)", "np.all(x)", "tg.where(mask, a, b)", Path(__file__).name)
    )


def test_a_number_that_is_shown_loses_no_gradient():
    text = "%d: %.3f" % (3, loss)  # noqa: UP031
    assert text == f"3: {loss.item():.3f}" and "%s" % loss == str(loss)  # noqa: UP031
    text = "%d" % loss  # noqa: UP031
    assert text == "0"
    text = "%s %5.1f"
    text %= ("loss", loss)
    assert text == "loss   0.4"
    with pytest.raises((tg.GraphError, TypeError)):
        "%f" % x  # noqa: UP031
    with pytest.raises(tg.GraphError, match="while the function is compiled"):
        tg.compile(lambda y: "%f" % y)(np.array(1.5))  # noqa: UP031


chances = x / np.sum(x)
DRAWS = {
    "np.random.choice": lambda p: np.random.choice(3, 9, p=p),
    "of a function by name": lambda p: choice(["a", "b", "c"], p=p),
    "of few numbers": lambda p: np.random.choice(3, 9, p=[p[0], p[1], p[2]]),
    "np.random.multinomial": lambda p: np.random.multinomial(9, p),
    "RandomState.binomial": lambda p: np.random.RandomState(3).binomial(9, p),
    "Generator.choice": lambda p: np.random.default_rng(3).choice(3, 9, p=p),
    "Generator.multinomial": lambda p: np.random.default_rng(3).multinomial(9, p),
    "random.choices": lambda p: random.choices(range(3), weights=p, k=9),
    "random.choices by sums": lambda p: random.choices("abc", cum_weights=np.cumsum(p), k=9),
    "Generator.poisson": lambda p: np.random.default_rng(3).poisson(p * 5),
}


@each("name", DRAWS)
def test_a_draw_reads_its_chances_as_numbers(name):
    """A whole number does not change when its chance changes a little, so no gradient is lost."""
    results = []
    for p in (chances, chances.value):
        np.random.seed(3)
        random.seed(3)
        results.append(DRAWS[name](p))
    np.testing.assert_array_equal(*results)
    with pytest.raises(tg.GraphError):
        tg.compile(DRAWS[name])(chances)


def test_an_assertion_of_numpys_reads_numbers():
    np.testing.assert_allclose(x, x.value)
    np.testing.assert_array_equal([x, x], [x.value, x.value])
    with pytest.raises(AssertionError, match="Mismatched elements: 3 / 3"):
        np.testing.assert_allclose(x, x.value + 1)
    with pytest.raises(tg.GraphError, match="while the function is compiled"):
        tg.compile(lambda y: np.testing.assert_allclose(y, y * 2))(x)


def test_what_loses_no_gradient_is_a_number():
    c = tg.constant(2.7)
    assert (int(c), float(c), "%d %.1f" % (c, c), math.floor(c)) == (2, 2.7, "2 2.7", 2)  # noqa: UP031
    assert int(tg.argmax(x)) == 2 and range(tg.argmax(x)) == range(2) and f"{loss:.2f}" == "0.38"
    with pytest.raises(tg.GraphError, match="no value while the function is compiled"):
        tg.compile(lambda y: int(y))(np.array(1.5))


def test_one_number_in_a_plain_array_ends_in_numpys_words_after_ours():
    """numpy puts its own ValueError in the place of whatever `__float__` raises; ours is shown as its cause."""
    with pytest.raises(ValueError, match="sequence") as caught:
        numbers[0] = loss
    assert isinstance(caught.value.__cause__, tg.GraphError) and STACK in str(caught.value.__cause__)


def test_a_package_that_takes_numbers_alone_is_named(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages" / "matplotlib"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("import numpy as np\ndef image(a, *args): return np.array(a, *args)\n")
    (folder / "bars.py").write_text("import numpy as np\ndef bars(a): return np.broadcast_arrays(a, a)\n")
    monkeypatch.syspath_prepend(folder.parent)
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    bars, image = __import__("matplotlib.bars").bars.bars, __import__("matplotlib").image
    for ask in (lambda: image(x), lambda: image(x, float)):
        with pytest.raises(tg.GraphError, match=r"x\.value  # matplotlib takes numbers alone"):
            ask()
    assert image(tg.constant([1.0])).tolist() == [1.0] and image(x.value).tolist() == x.value.tolist()
    assert np.array([loss, loss]).dtype == object  # a list of nodes of one's own stays one
    if np.broadcast_arrays not in tg.ops.numpy_speaks.FUNCTIONS:
        with pytest.raises(tg.GraphError, match=r"x\.value  # matplotlib takes numbers alone"):
            bars(x)
    for name in ("matplotlib", "matplotlib.bars"):
        sys.modules.pop(name)


def test_matplotlib_itself():
    pytest.importorskip("matplotlib").use("Agg")
    import matplotlib.pyplot as plt

    for draw in (lambda: plt.imshow(tg.reshape(x, (1, 3))), lambda: plt.scatter([1, 2, 3], x)):
        with pytest.raises(tg.GraphError, match=r"x\.value  # matplotlib takes numbers alone"):
            draw()
    (line,) = plt.plot(x)  # asks for to_numpy
    assert line.get_ydata().tolist() == x.value.tolist()
    plt.close("all")


@each(
    "call, name",
    [
        (lambda: np.linalg.svd(x[None]), "np.linalg.svd"),
        (lambda: np.fft.fft(x), "np.fft.fft"),
        (lambda: np.linalg.tensorsolve(x[None], x), "np.linalg.tensorsolve"),
        (lambda: np.unwrap(x), "np.unwrap"),
    ],
    ids=lambda case: case if isinstance(case, str) else "",
)
def test_a_function_is_called_by_its_whole_name(call, name):
    with pytest.raises(tg.GraphError) as caught:
        call()
    assert str(caught.value).startswith(f"{name} is not supported on nodes")


def half(x, h):
    return h * 0.5 + x, h


def unpacked(x, state):
    h, c = state
    return h, (h, c)


def product(x, h):
    return np.tanh(x + h @ np.eye(3)), h


@each("cell", [half, unpacked, product])
def test_a_cell_that_stumbles_over_the_state_that_nobody_passed_says_so(cell):
    with pytest.raises(tg.GraphError, match=r"the cell got the state None") as caught:
        tg.unroll(cell, np.ones((4, 2, 3)))
    assert "tg.unroll(cell, xs, state)" in str(caught.value) and Path(__file__).name in str(caught.value)


def test_other_errors_of_a_cell_stay_as_they_are():
    def fails(x, h):
        raise KeyError("mine")

    for state, notes in ((None, 1), (np.zeros(3), 0)):
        with pytest.raises(KeyError, match="mine") as caught:
            tg.unroll(fails, np.ones((4, 3)), state)
        assert len(getattr(caught.value, "__notes__", [])) == notes
    assert tg.unroll(lambda x, h: (x, h), np.ones((4, 3)))[1] is None
    with pytest.raises(TypeError, match="NoneType") as caught:
        tg.unroll(lambda x, h: (x + len(None), h), np.ones((4, 3)), np.zeros(3))
    assert not isinstance(caught.value, tg.GraphError)
    with pytest.raises(tg.GraphError, match=r"def cell\(x, state\)"):
        tg.unroll(lambda x: x, np.ones((4, 3)))


def test_a_line_of_pythons_own_modules_is_not_the_users():
    with pytest.raises(tg.GraphError) as caught:
        statistics.fmean([w[0], 1.0])
    assert Path(__file__).name in str(caught.value) and "statistics.py" not in str(caught.value)


def test_a_write_into_a_plain_array_is_told_where_arrays_may_be_written(tmp_path):
    code = "import numpy as np, tinygraph as tg\nw, a = tg.parameter(np.ones(3)), np.zeros((2, 3)) * 1.0\n"
    code += "def write():\n    b = a * 2\n    b[0] = w\n"
    for call, words in (("write()", "tg.recorded"), ("tg.recorded(write)()", "np.copy(a)")):
        told = f"try:\n    {call}\nexcept tg.MutationError as error:\n    assert {words!r} in str(error), error\n"
        source = code + told + "else:\n    raise AssertionError\n"
        path = tmp_path / "article.py"
        path.write_text(source, encoding="utf-8")
        subprocess.run([sys.executable, str(path)], check=True, timeout=120)
