"""Wrong calls of what goes around cells, each with one clear error; names; training and not."""

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import each_backend

GRU = tg.cells.GRU
XS = np.ones((4, 2, 3), np.float32)


def through(x, s):
    return x, s


def both(x, s):
    return (x, x), s


def gru(seed=0, inputs=3, hidden=3):
    return GRU(inputs, hidden, rng=seed)


@pytest.mark.parametrize(
    "call, problem",
    [
        (lambda: tg.cells.Stack([]), "there is no cell"),
        (lambda: tg.cells.Stack([gru(hidden=4), gru()]), "cell 1 does not take what cell 0 gives"),
        (lambda: tg.cells.Stack([gru(), gru()], dropout=1.0), "Stack: the rate"),
        (lambda: tg.cells.Stack.of(GRU, 3, 4, num_layers=1.5), "num_layers"),
        (lambda: tg.cells.Bidirectional(gru(), gru(), "concat"), "unknown merge"),
        (lambda: tg.cells.Zoneout(gru(), -0.1), "Zoneout: the rate"),
        (lambda: tg.cells.Zoneout(gru(), True), "Zoneout: the rate"),
        (lambda: tg.cells.LayerNorm(lambda x, h: (h, h)), "size of the cell's output is not known"),
        (lambda: tg.unroll(tg.cells.Residual(gru(hidden=4)), XS), r"\(4, 2, 3\) and \(4, 2, 4\)"),
        (lambda: tg.unroll(tg.cells.Residual(both), {"a": XS}, np.zeros(2)), "dict and"),
        (lambda: tg.unroll(tg.cells.Residual(through), {"a": XS}, np.zeros(2)), "dict and dict"),
        (
            lambda: tg.unroll(tg.cells.Bidirectional(gru(hidden=5), gru(hidden=1), "sum"), XS),
            "outputs are not two arrays",
        ),
        (lambda: tg.cells.Bidirectional(gru(), gru(inputs=4)), "inputs of different sizes"),
        (lambda: tg.cells.Bidirectional(gru(), gru(), ["sum"]), "unknown merge"),
        (lambda: tg.cells.LayerNorm(gru(), output_size=-1), "output_size is a whole number"),
        (lambda: tg.cells.LayerNorm(gru(), dtype=int), "LayerNorm: the dtype"),
        (lambda: tg.unroll(tg.cells.LayerNorm(gru(), output_size=1), XS), "LayerNorm: the cell's output"),
        (lambda: tg.unroll(tg.cells.LayerNorm(lambda x, s: ((x, x), s), 3), XS, np.zeros(2)), "LayerNorm: the cell's"),
        (lambda: tg.unroll(tg.cells.Parallel(tg.cells.LRU(3, 4)), {"a": XS}), "Parallel: the inputs are one array"),
        (lambda: tg.cells.Parallel(gru()), "not known to be linear"),
        (lambda: tg.unroll(tg.cells.Stack([both, gru()], 0.5), XS, (0.0, np.zeros(3))), "dropout needs one array"),
        (lambda: tg.cells.Stack(gru()), "in a list"),
        (lambda: tg.cells.Stack(None), "in a list"),
        (lambda: tg.cells.Stack("lstm"), "in a list"),
        (lambda: tg.cells.Stack.of("lstm", 3, 4), "kind makes the cells"),
        (lambda: tg.cells.Stack.of(gru(), 3, 4), "kind makes the cells"),
        (lambda: tg.cells.Stack.of(GRU, 3, 4, batch_first=True), r"(?s)batch_first.*axis=1"),
        (lambda: tg.cells.Stack.of(GRU, 3, 4, biass=True, sigma=2), r"biass=True, sigma=2"),
        (lambda: tg.cells.Stack([gru()]).initial_state("2"), "batch_size"),
        (lambda: gru().initial_state(-2), "batch_size"),
        (lambda: gru().initial_state(2.0), "batch_size"),
        (lambda: tg.unroll(tg.cells.Bidirectional(gru(), gru()), XS, feedback=lambda y: y[..., :3]), "one step alone"),
        (lambda: tg.unroll(tg.cells.Zoneout(tg.cells.Bidirectional(gru(), gru()), 0.1), XS), "one step alone"),
        (
            lambda: tg.unroll(tg.cells.Bidirectional(gru(), gru()), XS, np.zeros((2, 3))),
            "state has the wrong structure",
        ),
        (lambda: tg.unroll(tg.cells.Stack([gru(), gru()]), XS, np.zeros((2, 3))), "state has the wrong structure"),
        (lambda: tg.unroll(tg.cells.Zoneout(tg.cells.LSTM(3, 3), (0.1,)), XS), "a rate is needed for each"),
        (lambda: tg.unroll(tg.cells.Zoneout(gru(), (0.1, 0.2)), XS), "a rate is needed for each"),
        (lambda: tg.unroll(tg.cells.Zoneout(lambda x, s: (x, x), 0.1), XS), "more or fewer states"),
        (lambda: setattr(tg.cells.Zoneout(gru(), 0.1), "p", 1.0), "Zoneout: the rate"),
        (lambda: setattr(tg.cells.Stack([gru()]), "dropout", -1), "Stack: the rate"),
        (lambda: tg.Recurrent(gru(), truncate=0), "^Recurrent: invalid truncate"),
        (lambda: tg.Recurrent(gru(), window="x"), "^Recurrent: unknown window"),
        (lambda: tg.Recurrent(gru(), window="sliding"), "^Recurrent: a sliding window needs truncate"),
        (lambda: tg.Recurrent(gru(), axis="t"), "^Recurrent: invalid time axis"),
        (lambda: tg.Recurrent(gru(), reverse="no"), "^Recurrent: reverse is yes or no"),
        (lambda: tg.Recurrent(gru(), zero_output=None), "^Recurrent: zero_output is yes or no"),
        (
            lambda: tg.cells.Bidirectional(gru(), gru(), "concat"),
            "^Bidirectional: unknown merge\n  expected  concatenate",
        ),
        (lambda: tg.Dropout(0.5)(np.arange(3)), "^Dropout needs floating-point numbers\n  got       dtype.'int64"),
        (lambda: tg.cells.GRU(3, 4, clip=-1.0), r"clip limits the inputs of activations to \[-clip, clip\]"),
        (lambda: tg.cells.GRU(3, 4, clip=True), "clip limits the inputs"),
        (lambda: tg.cells.GRU(3, 4, gate_order="rz"), "^GRU: gate_order must contain each gate once"),
        (lambda: tg.cells.LSTM(3, 4, gate_order="iifo"), "^LSTM: gate_order must contain each gate once"),
        (lambda: tg.cells.LSTM(3, 4, gate_order=4), "^LSTM: gate_order must contain each gate once"),
        (lambda: tg.cells.ClockworkRNN(3, 4, periods=(1, 1)), "^ClockworkRNN: periods are numbers of steps, in rising"),
        (lambda: tg.cells.ClockworkRNN(3, 4, periods=()), "^ClockworkRNN: periods are numbers of steps, in rising"),
        (lambda: tg.cells.ClockworkRNN(3, 4, periods=(0, 1)), "^ClockworkRNN: periods are numbers of steps, in rising"),
        (lambda: tg.cells.ClockworkRNN(3, 4, periods=(1, 2.5)), "^ClockworkRNN: periods are numbers of steps"),
        (lambda: tg.cells.LRU(3, 4, r_min=0.5, r_max=0.5), "^LRU: the ring must lie within the unit circle"),
        (lambda: tg.cells.LRU(3, 4, r_min=-0.1), "^LRU: the ring must lie within the unit circle"),
        (lambda: tg.cells.LRU(3, 4, r_max=1.1), "^LRU: the ring must lie within the unit circle"),
        (
            lambda: tg.cells.QRNN(3, 4, window=3),
            "^QRNN: no such window or pooling\n  expected  window 1 or 2, pooling f",
        ),
        (lambda: tg.cells.QRNN(3, 4, window=0), "^QRNN: no such window or pooling"),
        (lambda: tg.cells.QRNN(3, 4, pooling="of"), "^QRNN: no such window or pooling"),
        (
            lambda: tg.cells.sLSTM(3, 4, heads=3),
            "^sLSTM: heads must divide H\n  expected  a divisor of 4\n  got       3",
        ),
        (lambda: tg.cells.sLSTM(3, 4, heads=0), "^sLSTM: heads is a whole number"),
        (lambda: tg.cells.sLSTM(3, 4, heads=True), "^sLSTM: heads is a whole number"),
        (lambda: tg.cells.sLSTM(3, 4, heads=np.int64(3)), "^sLSTM: heads must divide H"),
        (lambda: tg.cells.sLSTM(3, 4, forget_gate="tanh"), "^sLSTM: no such forget gate"),
        (lambda: tg.unroll(tg.Recurrent(gru()), XS), "a layer is not a cell"),
        (lambda: tg.Recurrent(lambda x, h: (h, h)).load_state_dict({"w": 1.0}), "unexpected: w"),
    ],
)
def test_wrong_calls_are_named(call, problem):
    with pytest.raises(tg.GraphError, match=problem):
        call()


WRAPPERS = {
    "Recurrent": tg.Recurrent,
    "Residual": tg.cells.Residual,
    "Zoneout": lambda cell: tg.cells.Zoneout(cell, 0.1),
    "LayerNorm": lambda cell: tg.cells.LayerNorm(cell, 3),
    "Parallel": tg.cells.Parallel,
    "Stack: cell 1": lambda cell: tg.cells.Stack([gru(), cell]),
    "Bidirectional": lambda cell: tg.cells.Bidirectional(gru(), cell),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(
    "wrong, problem",
    [
        (GRU, r"(?s)is not a cell.*GRU\(input_size"),
        ("lstm", "(?s)is not a cell.*'lstm'"),
        (None, "is not a cell"),
        (lambda x: x, "is not a cell"),
        (tg.Recurrent(gru()), "a layer is not a cell"),
    ],
)
def test_what_is_no_cell_is_refused_when_it_is_handed_in(wrapper, wrong, problem):
    with pytest.raises(tg.GraphError, match=problem) as caught:
        WRAPPERS[wrapper](wrong)
    assert str(caught.value).startswith(wrapper)


def test_parameters_are_called_what_parameters_calls_them():
    layer = tg.Recurrent(tg.cells.Stack([tg.cells.Bidirectional(gru(1), gru(2)), tg.cells.Residual(gru(3, 6, 6))]))
    named = layer.parameters()
    assert [x.name for x in named.values()] == list(named)
    assert next(iter(named)) == "cells.0.forward.weight_ih" and list(named)[-1] == "cells.1.cell.bias_hh"


def test_a_cell_used_twice_is_one():
    cell = gru()
    both = tg.cells.Bidirectional(cell, cell)
    assert list(both.parameters()) == [f"forward.{n}" for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    both.load_state_dict(gru(5).state_dict() and {f"forward.{n}": a for n, a in gru(5).state_dict().items()})
    assert (cell.weight_ih.value == gru(5).weight_ih.value).all()


def test_functions_are_cells_everywhere():
    def leaky(x, h):
        h = 0.5 * h + x
        return h, h

    cell = tg.cells.Stack([tg.cells.Residual(leaky), tg.cells.Zoneout(leaky, 0.2, rng=0).eval()])
    outputs, (a, b) = tg.Recurrent(cell)(np.ones((3, 2)), (np.zeros(2), np.zeros(2)))
    first = np.array([1.0, 1.5, 1.75]) + 1.0
    h, seen = 0.0, []
    for x in first:
        h = 0.2 * h + 0.8 * (0.5 * h + x)
        seen.append(h)
    np.testing.assert_allclose(outputs.value[:, 0], seen, rtol=1e-14)
    assert cell.initial_state(2) == (None, None) and a.value[0] == 1.75 and b.value[0] == seen[-1]


def test_training_reaches_all_within():
    inner = tg.cells.Stack([gru(), gru()], dropout=0.3)
    layer = tg.Recurrent(tg.cells.Bidirectional(inner, tg.cells.Zoneout(gru(), 0.1)))
    assert layer.eval() is layer and not inner.training and not layer.cell.backward.training
    assert layer.train().cell.forward.training


def test_a_stack_step_by_step_is_the_stack_over_time():
    stack = tg.cells.Stack([gru(0), gru(1)], dropout=0.5).eval()
    outputs, last = tg.unroll(stack, XS)
    state = stack.initial_state(2)
    for t in range(len(XS)):
        y, state = stack(XS[t], state)
        np.testing.assert_allclose(y.value, outputs.value[t], rtol=1e-6)
    np.testing.assert_allclose(state[1].value, last[1].value, rtol=1e-6)


def test_a_variational_mask_under_feedback_is_one_for_the_sequence():
    stack = tg.cells.Stack([lambda x, s: (x, s), lambda x, s: (x, s)], dropout=0.5, variational=True, rng=0)
    outputs, _ = tg.unroll(stack, np.ones((4, 1, 20)), ((), ()), feedback=lambda y: y * 0 + 1)
    assert (outputs.value == outputs.value[:1]).all() and {*np.unique(outputs.value)} == {0.0, 2.0}
    stack.variational = False
    outputs, _ = tg.unroll(stack, np.ones((4, 1, 20)), ((), ()), feedback=lambda y: y * 0 + 1)
    assert not (outputs.value == outputs.value[:1]).all()


class Plain:
    """A cell of no class of ours, which knows the layer that it is in."""

    def __init__(self):
        self.w, self.parts, self.unused = tg.parameter(np.full(3, 0.5)), {"v": [tg.parameter(np.ones(3))]}, None
        self.around = None

    def __call__(self, x, h):
        h = tg.tanh(self.w * x + self.parts["v"][0] * h)
        return h, h

    def step(self, x, h):
        return self(x, h)


def with_attribute():
    def cell(x, h):
        return cell.w * x, h

    cell.w = tg.parameter(np.ones(3))
    return cell


@pytest.mark.parametrize(
    "make, names",
    [
        (lambda: tg.Recurrent(Plain()), ["w", "parts.v.0"]),
        (lambda: tg.Recurrent(Plain().step), ["w", "parts.v.0"]),
        (lambda: tg.Recurrent(with_attribute()), ["w"]),
        (lambda: tg.cells.Residual(Plain()), ["cell.w", "cell.parts.v.0"]),
        (lambda: tg.cells.Stack([with_attribute(), Plain()]), ["cells.0.w", "cells.1.w", "cells.1.parts.v.0"]),
        (lambda: tg.Recurrent(lambda x, h: (h, h)), []),
    ],
)
def test_parameters_of_any_class_are_found_named_and_loaded(make, names):
    layer = make()
    found = layer.parameters()
    assert list(found) == [x.name for x in found.values()] == names
    layer.load_state_dict({name: np.full(x.shape, 7.0) for name, x in found.items()})
    assert all((x.value == 7).all() for x in found.values())


def test_cells_that_know_what_is_around_them():
    cell = Plain()
    cell.around = tg.Recurrent(tg.cells.Residual(cell))
    assert list(cell.around.parameters()) == ["cell.w", "cell.parts.v.0"]
    stack = tg.cells.Stack([gru(), gru()], dropout=0.5)
    assert [x.name for x in stack.parameters().values()] == list(stack.parameters())


@each_backend
def test_rates_may_be_set_at_any_time(backend):
    """The next call goes by them, compiled or not; what was compiled without a mask stays without."""
    x, zeros = np.ones((4, 5000)), np.zeros(5000)
    cell, deep = tg.cells.Zoneout(lambda x, s: (x, x), 0.2, rng=1), tg.cells.Stack([through, through], 0.2, rng=1)
    held = tg.compile(lambda x: tg.unroll(cell, x[:1], zeros)[1], backend)
    dropped = tg.compile(lambda x: tg.unroll(deep, x, (zeros, zeros))[0], backend)
    for rate in (0.2, 0.7, 0.0, 0.4):
        cell.p, deep.dropout = rate, rate
        assert (held(x) == 0).mean() == pytest.approx(rate, abs=0.04)
        assert (tg.unroll(cell, x[:1], zeros)[1].value == 0).mean() == pytest.approx(rate, abs=0.04)
        for y in (dropped(x), tg.unroll(deep, x, (zeros, zeros))[0].value):
            assert (y == 0).mean() == pytest.approx(rate, abs=0.02)
            np.testing.assert_allclose(y[y != 0], 1 / (1 - rate), rtol=1e-15)
    cell.p = [0.9]
    assert (held(x) == 0).mean() == pytest.approx(0.9, abs=0.04)
    np.testing.assert_allclose((cell.eval(), held(x))[1], 0.1)
    cell.train().p = deep.dropout = 0
    plain = tg.compile(lambda x: tg.unroll(deep, tg.unroll(cell, x, zeros)[0], (zeros, zeros))[0], backend)
    for rate in (0, 0.5):
        cell.p = deep.dropout = rate
        np.testing.assert_array_equal(plain(x), x)
