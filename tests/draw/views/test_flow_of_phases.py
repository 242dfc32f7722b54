"""Losses of an encoder and of its decoder have the same steps, but not the same time: a panel shows those of one."""

import re

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.recurrent import tanh_cell
from tests.draw.views.test_flow import texts

RNG = np.random.default_rng(0)
W = {name: RNG.normal(size=(4, n)) * 0.4 for name, n in (("A", 3), ("B", 4), ("C", 3), ("D", 4))}


def nets(count, later):
    """States of an encoder and a decoder that starts from its last one, and of both by numpy alone."""
    w = {name: tg.parameter(x, name) for name, x in W.items()}
    xs, zs = RNG.normal(size=(count, 3)), RNG.normal(size=(later, 3))
    hs, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), xs, np.zeros(4))
    ss, _ = tg.unroll(tanh_cell(w["C"], w["D"], "s"), zs, h)
    each, state = [], np.zeros(4)
    for x, a, b in [(x, "A", "B") for x in xs] + [(z, "C", "D") for z in zs]:
        state = np.tanh(W[a] @ x + W[b] @ state)
        each.append(state)
    return hs, h, ss, each


def spread(each, count, at, g):
    """Norms of the gradient g of one loss at state number ``at``, carried back through both loops by hand."""
    norms = {}
    for i in range(at, -1, -1):
        norms["encoder · h" if i < count else "decoder · s", i if i < count else i - count] = np.linalg.norm(g)
        g = W["B" if i < count else "D"].T @ ((1 - each[i] ** 2) * g)
    return norms


def tiles(picture):
    form = re.compile(r"‖∂ loss of (\w+) at (\d+) / ∂ (.+) at (\d+)‖ = (\S+)")
    matches = [m for m in (form.match(x.tip) for x in picture.tiles) if m]
    return {(m[1], int(m[2]), m[3], int(m[4])): float(m[5]) for m in matches}


@pytest.mark.parametrize("whole", [True, False], ids=["a penalty on all states", "on the last one"])
@pytest.mark.parametrize(("count", "later"), [(9, 9), (5, 3), (3, 10)])
def test_each_panel_shows_the_losses_of_one_phase(count, later, whole):
    hs, h, ss, each = nets(count, later)
    penalty = 0.5 * tg.sum(hs * hs) if whole else 0.5 * tg.sum(h * h)
    drawn = tg.draw(0.5 * tg.sum(ss * ss) + penalty, "flow").picture
    right = {}
    for t in range(later):
        for (heading, s), norm in spread(each, count, count + t, each[count + t]).items():
            right["decoder", t, heading, s] = norm
    for t in range(0 if whole else count - 1, count):
        for (heading, s), norm in spread(each, count, t, each[t]).items():
            right["encoder", t, heading, s] = norm
    assert tiles(drawn) == {key: pytest.approx(norm, rel=1e-3) for key, norm in right.items()}
    heads = ["encoder · h, losses of decoder", "decoder · s, losses of decoder", "encoder · h, losses of encoder"]
    assert {x for x in texts(drawn) if "losses of" in x} == set(heads)
    assert "each loss looks at many steps" not in texts(drawn)
    assert texts(drawn).count("fewer than 8 steps") == 2 * (count < 8) + (later < 8)


def test_a_penalty_on_the_encoder_takes_no_verdict_and_no_number_from_the_others():
    _, h, ss, _ = nets(9, 10)
    plain = tg.draw(tg.mean(ss * ss), "flow").text().split("\n\n")
    both = tg.draw(tg.mean(ss * ss) + 0.1 * tg.sum(h * h), "flow").text().split("\n\n")
    assert [x.replace(", losses of decoder", "") for x in both[:2]] == plain and len(both) == 3
    assert all(" a step, " in x for x in both)


def test_phases_of_which_no_loss_reaches_a_state_have_no_panel():
    w = {name: tg.parameter(x, name) for name, x in W.items()}
    hs, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), np.ones((4, 3)), np.zeros(4))
    ss, _ = tg.unroll(tanh_cell(w["C"], w["D"], "s"), np.ones((3, 3)), tg.stop_gradient(h))
    shown = tiles(tg.draw(tg.sum(ss) + tg.sum(hs), "flow").picture)
    assert {(phase, heading) for phase, _, heading, _ in shown} == {
        ("encoder", "encoder · h"),
        ("decoder", "decoder · s"),
    }
    zero = tg.draw(tg.sum(ss) + 0.0 * tg.sum(hs), "flow").text()
    assert "losses of" not in zero and "encoder · h: gradient exactly 0" in zero, "a loss without gradient is none"


def test_of_more_than_four_panels_the_first_are_shown_and_the_rest_is_told():
    def lstm(seed):
        return tg.cells.LSTM(3, 4, rng=seed)

    _, h = tg.unroll(lstm(0), np.ones((9, 2, 3), "f"))
    ys, _ = tg.unroll(lstm(1), np.ones((2, 2, 3), "f"), h)
    root = tg.mean(ys * ys) + tg.mean(h[0] * h[0])
    drawn = tg.draw(root, "flow").picture
    assert "the first 4 of 6 panels" in drawn.subtitle
    assert {x for x in texts(drawn) if "losses of" in x} == {
        f"{cell} · {name}, losses of decoder" for cell in ("encoder", "decoder") for name in "hc"
    }
    chinese = tg.draw(root, "flow", lang="zh")
    assert "编码器 · h，解码器的损失" in texts(chinese.picture) and "losses" not in chinese.text() + chinese.source


@pytest.mark.parametrize("count", [2, 9])
def test_panels_of_one_cell_are_called_alike(count):
    """Two loops by one cell are ``part 1`` and ``part 2``, over columns and as cells."""
    cell = tg.cells.GRU(3, 4, rng=0)
    hs, h = tg.unroll(cell, np.ones((count, 2, 3), "f"))
    ys, _ = tg.unroll(cell, np.ones((count, 2, 3), "f"), h)
    told = texts(tg.draw(tg.sum(ys) + tg.sum(hs), "flow").picture)
    assert {x for x in told if "losses of" in x} == {
        "part 1 · h, losses of part 2",
        "part 2 · h, losses of part 2",
        "part 1 · h, losses of part 1",
    }


@pytest.mark.parametrize("short, long", [(3, 5), (10, 100), (5, 70)])
def test_of_two_runs_each_has_the_losses_of_its_own_steps(short, long):
    w = {name: tg.parameter(x, name) for name, x in W.items()}
    runs = [tg.unroll(tanh_cell(w["A"], w["B"], "h"), RNG.normal(size=(n, 3)), np.zeros(4))[0] for n in (short, long)]
    drawn = tg.draw(tg.mean(runs[0] ** 2) + tg.mean(runs[1] ** 2), "flow").picture
    form = re.compile(r"‖∂ loss at (\d+) / ∂ (.+) at (\d+)‖ = (\S+)")
    seen = [(m[2], int(m[1]), float(m[4])) for x in drawn.tiles if (m := form.match(x.tip))]
    assert {t for name, t, _ in seen if "1" in name} == {*range(short)}
    assert max(t for name, t, _ in seen if "2" in name) == long - 1
    assert all(x for _, _, x in seen) and "gradient exactly 0" not in texts(drawn)
