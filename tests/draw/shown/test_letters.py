"""Boxes are called as the author of a cell calls what they compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.draw.shown.letters import letters
from tinygraph.draw.unmarked.steps import marked

TOLD = """
LSTM: i f g o c h; GRU: r z n h; RNN: h; IRNN: h; SigmoidRNN: h; AntisymmetricRNN: h;
GatedAntisymmetricRNN: z n h; ATR: p q i f h; BR: a c n h; NBR: a c n h; CFN: θ η n h; ClockworkRNN: n h;
DSGU: q z o h; SGU: q z o h; FastGRNN: z n ζ ν h; FastRNN: n α β h; IndRNN: z h; IntersectionRNN: d r g k y h;
JANET: f i n c; Jordan: h y s; LEM: z c y h; LMU: u m h; LRU: γ λ_re λ_im re im y; LayerNormLSTM: i f g o c h;
LiGRU: z n h; LightRU: f n h; MCLSTM: f i o m n c y v; MGU: f n h; MUT1: z r n h; MUT2: z r n h; MUT3: z r n h;
MiRU1: r n h; MiRU2: n h; MinimalRNN: z u h; MultiplicativeLSTM: m i f n o c h; NAS: c h;
OriginalLSTM: i n o c h; PeepholeLSTM: i f n o c h; PhasedLSTM: φ k i f g o c h; QRNN: z f i h; RAN: i f c h;
RHN: h t s; ResLSTM: i f n o c h; SCRN: c q y; SGRN: f h; STAR: k n h; TGRU: f o h; TLSTM: f o h y; TRNN: f h;
UGRNN: g n h; UnICORNN: c h; WMCLSTM: i f n o c h; coRNN: c h; minGRU: z n h; minLSTM: f i n h;
sLSTM: i f z o m c n h; tauGRU: u z g a h
"""
PAPERS = dict(x.strip().split(": ") for x in TOLD.split(";"))


def written(*roots: Any) -> dict[int | None, set[str]]:
    new = marked(list(roots), ancestors(roots))
    nodes = ancestors([new[x] for x in roots])
    out: dict[int | None, set[str]] = {}
    for x, letter in letters(nodes).items():
        out.setdefault(x.step, set()).add(letter)
    return out


def cell_of(kind: Any) -> Any:
    return kind(4, 4, rng=0)


def kinds() -> dict[str, Any]:
    classes = [x for x in vars(tg.cells).values() if isinstance(x, type) and issubclass(x, tg.cells.Cell)]
    return {x.__name__: x for x in classes if x is not tg.cells.Cell and "__call__" in dir(x)}


def test_every_cell_has_a_row_here() -> None:
    assert kinds().keys() == PAPERS.keys()


@each("name", PAPERS)
def test_every_cell_has_its_papers_letters_at_every_step(name: str) -> None:
    cell = cell_of(kinds()[name])
    y, _ = tg.unroll(cell, np.ones((4, 2, 4), np.float32), cell.initial_state(2))
    told = written(y)
    assert all(set(PAPERS[name].split()) <= told[t] for t in range(3))
    assert told[None] & {f"{x}₀" for x in PAPERS[name].split()}


def test_the_gate_of_a_letter_is_that_of_its_equation() -> None:
    """The node called f is sigmoid of the forget gate's rows, whatever the order of the rows is."""
    cell = tg.cells.LSTM(3, 4, gate_order="ogif", rng=0, dtype=np.float64)
    x, h, c = np.ones((2, 3)), np.full((2, 4), 0.3), np.full((2, 4), -0.2)
    y, _ = cell(x, (h, c))
    z = x @ cell.weight_ih.value.T + h @ cell.weight_hh.value.T + cell.bias_ih.value + cell.bias_hh.value
    o, g, i, f = np.split(z, 4, axis=1)
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    known = {letter: x.value for x, letter in letters(ancestors([y])).items()}
    right = {"f": sigmoid(f), "i": sigmoid(i), "g": np.tanh(g), "o": sigmoid(o)}
    right["c"] = right["f"] * c + right["i"] * right["g"]
    right["h"] = right["o"] * np.tanh(right["c"])
    for letter, value in right.items():
        np.testing.assert_allclose(known[letter], value, atol=1e-12)


class Leaky(tg.cells.Cell):
    def __init__(self, size: int) -> None:
        super().__init__(size, size, rng=0)
        self.U = self.weight(size, size)

    def opened(self, z: Any) -> Any:
        return tg.sigmoid(z)

    def __call__(self, x: Any, h: Any) -> Any:
        f, i = self.opened(x @ self.U.T), self.opened(h)
        h = f * h + (i * x if self.training else x)
        return h, h


def test_a_users_own_cell_in_layers_in_both_directions() -> None:
    cell = Leaky(4)
    for whole in (cell, tg.cells.Stack([Leaky(4), cell]), tg.cells.Bidirectional(cell, Leaky(4))):
        y, _ = tg.unroll(whole, np.ones((3, 2, 4), np.float32))
        told = written(y)
        assert all(told[t] == {"f", "i", "h"} for t in range(3))


def by_hand(steps: range) -> Any:
    w = weights(W=(4, 4), U=(4, 4))
    h: Any = np.zeros(4)
    for t in steps:
        with tg.step(t):
            f = 1 / (1 + np.exp(-(w["W"] @ h)))
            h = f * h + (1 - f) * np.tanh(w["U"] @ h)
    return h


def unmarked() -> Any:
    w = weights(W=(4, 4), U=(4, 4))
    h: Any = np.zeros(4)
    for _ in range(4):
        f = 1 / (1 + np.exp(-(w["W"] @ h)))
        h = f * h + (1 - f) * np.tanh(w["U"] @ h)
    return h


@each("steps", [range(4), range(1, 5), range(3, -1, -1), range(4, 0, -1)])
def test_a_loop_by_hand_from_0_or_1_or_down(steps: range) -> None:
    tg.unroll(tg.cells.RNN(4, 4, rng=0), np.ones((3, 4), np.float32), reverse=True)  # another loop before
    told = written(by_hand(steps))
    assert all(told[t] >= {"f", "h"} for t in steps)


def test_a_loop_by_hand_without_steps() -> None:
    told = written(unmarked())
    assert all(told[t] >= {"f", "h"} for t in range(4))


def test_dicts_attributes_and_what_a_line_unpacks() -> None:
    w = weights(W=(6, 4))

    class Keep:
        h: Any = np.zeros((2, 3))

    keep, hs = Keep(), {-1: np.zeros((2, 3))}
    for t in range(3):
        with tg.step(t):
            z = np.ones((2, 6)) @ w["W"] @ np.ones((4, 6))
            a, b = tg.split(z, 2, axis=1)
            r, s = (tg.sigmoid(x) for x in (a, b))
            keep.h = r * keep.h
            hs[t] = tg.tanh(s * hs[t - 1])
    told = written(keep.h, hs[2])
    assert told[1] == {"z", "a", "b", "r", "s", "h", "hs[t]"}


def test_a_reused_name_is_that_of_the_last_line_and_lists_have_none() -> None:
    w = weights(W=(4, 4))
    with tg.step(0):
        h = w["W"] @ np.ones(4)
        h = h + 1.0
        h = tg.tanh(h)
        parts = tg.split(h, 2)
        y = parts[0] * parts[1]
    known = letters(ancestors([y]))
    assert [x.op.name for x, letter in known.items() if letter == "h" and x.op] == ["tanh"]
    assert "parts" not in known.values() and known[y] == "y"


def test_a_callers_name_goes_before_that_of_a_local_that_is_returned() -> None:
    def gate(z: Any) -> Any:
        a = tg.sigmoid(z)
        return a  # noqa: RET504

    x = tg.constant(np.ones(3))
    f, i = gate(x), gate(-x)
    y = f * i + gate(2 * x)
    known = letters(ancestors([y]))
    assert known[f] == "f" and known[i] == "i" and known[y] == "y"
    assert list(known.values()).count("a") == 1


def test_a_name_that_the_user_gave_wins() -> None:
    with tg.step(0):
        f = tg.sigmoid(tg.constant(np.ones(2), name="x"), name="forget")
    assert "forget = σ" in tg.draw(f).text() or "forget = sigmoid" in tg.draw(f).text()


def test_steps_that_differ_from_the_first_are_named_by_what_they_compute() -> None:
    w = weights(U=(4, 4), W=(4, 4))
    h: Any = None
    for t in range(4):
        with tg.step(t):
            z = w["U"] @ np.full(4, 0.1 * t)
            h = tg.tanh(z if h is None else z + w["W"] @ h)
    told = written(h)
    assert told[0] == {"z", "h"} and all("z" in told[t] for t in range(4))


def test_what_padding_keeps_has_the_letters_of_its_cell() -> None:
    y, _ = tg.unroll(tg.cells.RNN(4, 4, rng=0), np.ones((3, 2, 4), np.float32), lengths=[3, 1])
    assert all("h" in written(y)[t] for t in range(3))


def test_a_compiled_function_too() -> None:
    def loss(xs: Any) -> Any:
        y, _ = tg.unroll(Leaky(4), xs)
        return tg.sum(y)

    compiled = tg.compile(loss)
    compiled(np.ones((3, 2, 4), np.float32))
    text = tg.draw(compiled, "compiled").text()
    assert "f = sigmoid" in text and "i = sigmoid" in text and "h = +" in text


def test_no_trail_is_left_by_the_steps_after_the_second() -> None:
    y, _ = tg.unroll(tg.cells.LSTM(3, 4, rng=0), np.ones((5, 2, 3), np.float32))
    longest = {t: max(len(x._place) for x in ancestors([y]) if x.step == t and x.op) for t in range(5)}
    assert longest[0] == longest[1] > 3 and longest[2] == longest[3] == longest[4] == 3


@pytest.mark.parametrize("source", ["f = tg.sigmoid(x)", "f = 1; f = tg.sigmoid(x)"])
def test_code_whose_source_nobody_has_is_drawn_without_names(source: str) -> None:
    scope: dict[str, Any] = {"tg": tg, "x": tg.constant(np.ones(2), name="x")}
    exec(source, scope)
    assert "sigmoid" in tg.draw(scope["f"]).text()


@pytest.mark.parametrize("first", [0, 1])
def test_what_a_later_step_alone_computes_has_the_name_of_its_line(first: int) -> None:
    w = weights(U=(4, 4), W=(4, 4), V=(2, 4))
    h: Any = tg.constant(np.zeros(4), name="h0")
    y: Any = None
    for t in range(first, first + 6):
        with tg.step(t):
            if t > first:
                z = tg.sigmoid(w["W"] @ h)
            h = tg.tanh(w["U"] @ np.full(4, 0.1 * t) + w["W"] @ h)
            if t > first:
                h = z * h
            if t == first + 5:
                y = w["V"] @ h
                d = tg.exp(y)
    told = written(d)
    assert [sorted(told[t]) for t in range(first, first + 6)] == [["h"], *[["h", "z"]] * 4, ["d", "h", "y", "z"]]


def test_a_state_says_its_step_where_it_is_made_and_read() -> None:
    y, _ = tg.unroll(lambda x, h: ((h := tg.tanh(x + h)) * 2.0, h), np.ones((3, 2, 4)), np.zeros((2, 4)))
    texts = [" ".join(p.text for p in b.title) for b in tg.draw(y, level="op").picture.boxes]
    assert texts.count("hₜ * 2") == 3 and texts.count("hₜ = tanh(x₁ + hₜ₋₁)") == 1


def test_the_one_input_of_a_network_without_time_is_x_and_of_several_none_has_a_letter():
    def lines(*inputs: np.ndarray) -> list[str]:
        root = np.tanh(tg.parameter(np.ones((3, 2)), "W"))
        for x in inputs:
            root = tg.constant(x) @ root
        return [line.strip() for line in tg.draw(root).text().splitlines()]

    assert "x   4×3" in lines(np.ones((4, 3)))
    assert not [line for line in lines(np.ones((4, 3)), np.ones((5, 4))) if line.startswith("x ")]


@each("fn", [np.var, np.std, np.linalg.norm, np.cov, np.trapezoid, np.median, np.average])
@each("place", [lambda: tg.step(0), lambda: tg.scope("a")], ids=["step", "scope"])
def test_of_a_function_of_many_ops_its_result_alone_has_the_name(fn: Any, place: Any) -> None:
    """Its first ops know who called the line, the last ones are too deep for that, or the other way round."""
    with place():
        z = weights(W=(3, 3))["W"] @ np.arange(3.0)
        v = fn(z)
        y = tg.exp(v)
    assert [x for x, letter in letters(ancestors([y])).items() if letter == "v"] == [v]


@each("count", [1, 3, 4])
def test_of_more_than_three_arrays_each_row_is_one_of_data(count: int) -> None:
    arrays, h = [tg.constant(np.ones((3, 2)) * k) for k in range(count)], tg.constant(np.ones(2), name="h0")
    w = weights(W=(2, 2))["W"]
    for t in range(3):
        with tg.step(t):
            h = tg.tanh(w @ h + sum(x[t] for x in arrays))
    titles = [" ".join(p.text for p in b.title) for b in tg.draw(h, level="op", max_nodes=None).picture.boxes]
    told = {"".join(c for c in x if c not in "₀₁₂") for x in titles} & {
        "x",
        "x′",
        "x″",
        "data[0]",
        "data[1]",
        "data[2]",
    }
    assert told == ({"data[0]", "data[1]", "data[2]"} if count > 3 else {"x", "x′", "x″"} if count > 1 else {"x"})


def test_what_a_function_goes_on_with_deeper_than_anybody_knows_has_not_its_lines_name() -> None:
    """A library whose first op is made near the user's line, and whose result is made far away from it."""
    source = "def a(z): return b(z * 2.0)\ndef b(z): return c(z)\ndef c(z): return z + 1.0\n"
    library: dict[str, Any] = {}
    exec(compile(source, str(Path(np.__file__).with_name("no_file.py")), "exec"), library)
    z = tg.parameter(np.ones(2), "W") * np.ones(2)
    v = library["a"](z)
    y = tg.exp(v)
    told = letters(ancestors([y]))
    assert {letter for x, letter in told.items() if x.op} == {"z", "y"} and v not in told
