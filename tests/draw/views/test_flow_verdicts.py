"""What the flow view says of vanishing and exploding, against gradients and factors computed another way."""

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights
from tests.draw.recurrent import attention, encoder_decoder, tanh_cell
from tests.draw.views.test_flow import norms, texts
from tinygraph.core.graph import ancestors
from tinygraph.draw.norms.states import states
from tinygraph.draw.shown.folding import fold


def both_ways(steps, layers=2, kind=None, seed=0):
    """A stack of bidirectional layers with a loss at each step: the mean, and the loss of each step alone."""
    cell = tg.cells.Stack.of(kind or tg.cells.GRU, 3, 4, num_layers=layers, bidirectional=True, rng=seed)
    xs = np.random.default_rng(seed).normal(size=(steps, 2, 3))
    ys, _ = tg.unroll(cell, xs)
    each = [tg.mean(ys[t] * ys[t]) / steps for t in range(steps)]
    return tg.mean(ys * ys), each


def factor(norms_at, rows, side):
    """The geometric mean over all losses of the change from one step away to the farthest, by numpy."""
    logs, steps = [], []
    for t in rows:
        line = {(t - s) * side: n for (a, s), n in norms_at.items() if a == t and (t - s) * side >= 1}
        if len(line) > 1:
            logs.append(np.log(line[max(line)]) - np.log(line[min(line)]))
            steps.append(max(line) - min(line))
    return np.exp(np.sum(logs) / np.sum(steps))


@pytest.mark.parametrize(("layers", "kind"), [(2, tg.cells.GRU), (3, tg.cells.RNN), (2, tg.cells.LSTM)])
def test_both_sides_of_a_bidirectional_stack(layers, kind):
    """The issue's network said "exploding x 1.2 a step" where the gradient vanishes on either side."""
    root, each = both_ways(20, layers, kind)
    picture = tg.draw(root, "flow").picture
    told = texts(picture)
    assert not any(word in x for x in told for word in ("exploding", "growing"))
    found, heads = norms(picture), []
    for state in states(fold([root]), [root])[:4]:
        nodes = [x for held in state.at.values() for x in held]
        at = {}
        for t, loss in enumerate(each):
            for x, g in zip(nodes, tg.grad(loss, nodes), strict=True):
                at[t, x.step] = np.linalg.norm(g.value)
        for t, s in at:
            assert found.get((state.heading, t, s), 0.0) == pytest.approx(at[t, s], rel=1e-3), (state.heading, t, s)
        reached = {key: n for key, n in at.items() if n}
        sides = [side for side in (1, -1) if any((t - s) * side > 0 for t, s in reached)]
        for side in sides:
            number = f"× {factor(reached, range(20), side):#.2g} a step"
            name = f"t {'>' if side > 0 else '<'} s " if len(sides) > 1 else ""
            heads.append(f"{name}vanishing: {number}")
    for head in heads:
        assert any(x.startswith(head) for x in told), (head, told)
    assert len(heads) > 4 and any(x.startswith("t < s vanishing") for x in told)


def test_where_a_loss_looks_at_many_steps_there_is_no_verdict():
    """Attention has no step at which the loss at t enters; the decoder's own state has."""
    for network in (attention(12, 9), looking_within()):
        told = texts(tg.draw(network, "flow").picture)
        assert "no verdict" in told and "each loss looks at many steps" in told
        assert sum("a step" in x for x in told) == 1
        assert sum(x.startswith("median by steps") for x in told) == 1


def looking_within():
    """A layer that reads the layer below at its step, and looks at all of its steps as well."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 4), D=(4, 8))
    states_below, _ = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((10, 3)), np.zeros(4))

    def cell(x, s):
        seen = tg.softmax(states_below @ s, axis=0) @ states_below
        s = tg.tanh(w["C"] @ x + w["D"] @ tg.concatenate([s, seen]))
        return s, s

    return tg.mean(tg.unroll(cell, states_below, np.zeros(4))[0])


@pytest.mark.parametrize("reverse", [False, True])
def test_an_encoders_steps_are_counted_from_where_the_decoder_starts(reverse):
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    xs = np.random.default_rng(1).normal(size=(10, 3))
    _, h = tg.unroll(tanh_cell(w["A"], w["B"], "h"), xs, np.zeros(4), reverse=reverse)
    root = tg.mean(tg.unroll(tanh_cell(w["C"], w["D"], "s"), xs[:3], h)[0])
    told = texts(tg.draw(root, "flow").picture)
    at = {(x.step, t): x for t in [0] for x in ancestors([root]) if x.name == "h"}
    first, last = [int(not reverse) * 8 + reverse, 0 if not reverse else 9]
    norm = {s: [np.linalg.norm(v) for v in _of_each_loss(root, at[s, 0])] for s in (first, last)}
    change = np.exp(np.mean(np.log(norm[last]) - np.log(norm[first])) / 8)
    assert any(x.endswith(f": × {change:#.2g} a step") for x in told)
    assert f"median by steps from t = {0 if reverse else 9}" in told


def _of_each_loss(root, state):
    """The gradients of the three outputs of which the root is the mean."""
    stack = root.inputs[0]
    for t in range(3):
        seed = np.zeros(stack.shape)
        seed[t] = 1 / stack.size
        yield tg.grad(stack, [state], seed)[0].value


def test_few_steps_have_no_verdict():
    for root in (encoder_decoder(5, 3), both_ways(5)[0]):
        told = texts(tg.draw(root, "flow").picture)
        assert not any("a step" in x for x in told) and any("fewer than 8 steps" in x for x in told)


def test_there_is_no_verdict_where_the_norms_fall_and_rise_again():
    """The two ends alone would say that they are steady."""
    for between, said in ((20.0, "less"), (0.3, "more")):
        scales = np.array([1.0] * 3 + [between] * 5 + [1 / between] * 5 + [1.0] * 3)
        w, h = tg.parameter(np.ones((1, 1)), "w"), tg.constant(np.full((1, 1), 0.1), "h0")
        for t, scale in enumerate(scales):
            with tg.step(t):
                h = (h @ w) * scale + 0.01
        back = np.cumprod(scales[:0:-1])  # dh_T / dh_s for s = T - 1, ..., 0, but for the factor 2 h_T
        most = max(back.min() ** -1 * min(back[0], back[-1]), back.max() / max(back[0], back[-1]))
        (line,) = [x for x in tg.draw(tg.sum(h**2), "flow").text().splitlines() if "no verdict" in x]
        number = float(line.partition("no verdict, ")[2].partition("-fold")[0])
        assert number == pytest.approx(most, rel=0.01) and line.endswith(f"-fold {said} between")
    assert "× 0" in tg.draw(both_ways(20)[0], "flow").text(), "norms that fall all the way have one"
