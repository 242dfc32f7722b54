"""Odd values for the options of cells and wrappers: each is refused in the words of its option, or taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.told import assert_refused
from tinygraph import cells
from tinygraph.cells.base.sizes import LARGEST, whole

XS = np.ones((5, 2, 3), np.float32)
NAN = float("nan")


def gru(*sizes: int) -> Any:
    return cells.GRU(*(sizes or (3, 3)), rng=0)


def function(x: Any, state: Any) -> Any:
    return state, state


WRONG: dict[str, tuple[Any, list[Any]]] = {
    r"clip limits the inputs(?s:.*)a number above 0, or None\n  got ": (
        lambda x: cells.LSTM(3, 4, clip=x),
        ["a", NAN, 0, -1, 1j, True, np.ones(2)],
    ),
    r"sLSTM: heads must divide H\n  expected  a divisor of 4\n  got ": (
        lambda x: cells.sLSTM(3, 4, heads=x),
        [3, np.int64(3)],
    ),
    r"sLSTM: heads is a whole number\n  expected  an integer from 1\n  got ": (
        lambda x: cells.sLSTM(3, 4, heads=x),
        [2.0, "2", None, -2, 0, True],
    ),
    "Bidirectional: unknown merge": (lambda x: cells.Bidirectional(gru(), gru(), x), [None, ["sum"], 3, "max"]),
    "Bidirectional: the cells take inputs of different sizes": (lambda x: cells.Bidirectional(gru(), x), [gru(4, 3)]),
    "Linear: the last axis is not input_size": (lambda x: tg.Linear(3, 4)(x), [1.0, np.ones(2), np.ones((3, 1))]),
    "ClockworkRNN: periods are numbers of steps": (
        lambda x: cells.ClockworkRNN(3, 4, periods=x),
        ["ab", (1, "a"), (1, 2.0), (0, 1), (2, 2), (), (1, None), (3, 2)],
    ),
    r"LSTM: proj_size is a whole number\n  expected  an integer from 0\n  got  ": (
        lambda x: cells.LSTM(3, 4, proj_size=x),
        [-1, 2.0, "2", True],
    ),
    "there is no such initialiser": (lambda x: cells.GRU(3, 4, kernel_init=x), ["nothing", True, np.inf, None, 1j]),
    "an initialiser returned another shape, or no numbers": (
        lambda x: cells.GRU(3, 4, kernel_init=lambda rng, shape: np.full(shape if np.ndim(x) else 3, x)),
        [1.0, [["a"] * 3] * 12, [[1j] * 3] * 12],
    ),
    "Stack.of: kind makes the cells, so it is a class": (lambda x: cells.Stack.of(x, 3, 4, 2), [3, gru(), None]),
    r"Stack: the cells come in a list\n  expected  \[cell, ...\]": (cells.Stack, [3, "ab", None, gru()]),
    "Stack: a state is needed for each cell": (
        lambda x: cells.Stack([gru(), gru()])(XS[0], x),
        [XS[0], (XS[0],), [XS[0]] * 3],
    ),
    "Stack: cell 1 does not take what cell 0 gives": (lambda x: cells.Stack([gru(), x]), [gru(4, 3)]),
    "GRU has no gate": (lambda x: gru().gate(x), ["q", "", None]),
    "LMU: theta is a number of steps": (lambda x: cells.LMU(3, 4, theta=x), [NAN, np.inf, 0, 0.0, -1]),
    "QRNN: no such window or pooling": (lambda x: cells.QRNN(3, 4, **x), [{"window": "2"}, {"pooling": None}]),
    "LRU: the ring must lie within": (lambda x: cells.LRU(3, 4, r_min=x), [NAN, -0.1, 1.0, 2]),
    "RNN: input_size is a whole number": (lambda x: cells.RNN(x, 1), [LARGEST + 1, True, 0, 2.0, "3"]),
    "PhasedLSTM: r_on is not positive": (lambda x: cells.PhasedLSTM(3, 4, r_on=x), [NAN, np.inf, 0, -1, "1"]),
    "LSTM: bias is yes or no": (lambda x: cells.LSTM(3, 4, x), [2, None, "no", 0.5]),
    "Residual: input and output of the cell are not two arrays of one shape": (
        lambda x: cells.Residual(lambda y, state: (x, state))(XS[0], None),
        [(XS[0], XS[0]), XS[0][:1], XS],
    ),
    "Parallel: the cell is not known to be linear": (cells.Parallel, [gru(), function]),
    "two parameters have the name 'w.a.b'": (
        lambda x: Holder(x).named_state(),
        [{"a.b": tg.parameter(1.0), "a": {"b": tg.parameter(2.0)}}],
    ),
}

FLAGS: dict[str, Any] = {  # what has the option, and its name
    "GRU reset_after": cells.GRU,
    "GRU recurrent_bias": cells.GRU,
    "MGU recurrent_bias": cells.MGU,
    "LSTM peepholes": cells.LSTM,
    "LSTM coupled": cells.LSTM,
    "PhasedLSTM peephole": cells.PhasedLSTM,
    "minGRU log_space": cells.minGRU,
    "minLSTM log_space": cells.minLSTM,
    "RHN couple_carry": cells.RHN,
    "Jordan recurrent_bias": cells.Jordan,
    "LEM cell_bias": cells.LEM,
    "coRNN cell_bias": cells.coRNN,
    "SCRN context_bias": cells.SCRN,
    "Parallel compiled": lambda *sizes, **options: cells.Parallel(cells.minGRU(*sizes), **options),
    "Stack variational": lambda *sizes, **options: cells.Stack([gru()], **options),
    "Stack bidirectional": lambda *sizes, **options: cells.Stack.of(cells.GRU, *sizes, **options),
}
NUMBERS: dict[str, Any] = {  # what has the option, its name, and what it may be least
    "LEM dt 0": cells.LEM,
    "coRNN dt 0": cells.coRNN,
    "coRNN gamma": cells.coRNN,
    "coRNN epsilon": cells.coRNN,
    "UnICORNN dt 0": cells.UnICORNN,
    "UnICORNN alpha": cells.UnICORNN,
    "AntisymmetricRNN epsilon": cells.AntisymmetricRNN,
    "AntisymmetricRNN gamma": cells.AntisymmetricRNN,
    "GatedAntisymmetricRNN epsilon": cells.GatedAntisymmetricRNN,
    "GatedAntisymmetricRNN gamma": cells.GatedAntisymmetricRNN,
    "Jordan mu": cells.Jordan,
    "MiRU1 update_coefficient": cells.MiRU1,
    "MiRU2 update_coefficient": cells.MiRU2,
    "MiRU2 reset_coefficient": cells.MiRU2,
    "LayerNormLSTM epsilon 0": cells.LayerNormLSTM,
    "LayerNorm epsilon 0": lambda *sizes, **options: cells.LayerNorm(gru(), **options),
    "PhasedLSTM leak": cells.PhasedLSTM,
    "LSTM forget_bias": cells.LSTM,
    "RHN transform_bias": cells.RHN,
    "IRNN scale": cells.IRNN,
    "LRU max_phase 0": cells.LRU,
    "Embedding deviation 0": tg.Embedding,
}


class Holder(tg.Module):
    def __init__(self, w: Any) -> None:
        self.before, self.w = tg.parameter(3.0), w


@each("words", WRONG)
def test_what_is_no_value_of_an_option_is_refused_in_its_words(words: str) -> None:
    assert_refused(words, *WRONG[words])


@each("words", FLAGS)
def test_yes_or_no_is_refused_as_a_text_and_in_the_name_of_its_option(words: str) -> None:
    owner, name = words.split()
    told = f"{owner}: {name} is yes or no"
    assert_refused(told, lambda x: FLAGS[words](3, 4, **{name: x}), ["no", "False", 0.5, []])
    FLAGS[words](3, 4, **{name: False}), FLAGS[words](3, 4, **{name: 1})


@each("words", NUMBERS)
def test_a_number_of_an_equation_is_finite_when_the_cell_is_made(words: str) -> None:
    owner, name, *least = words.split()
    told = rf"{owner}: {name} is a number\n  expected  a finite number{' from 0' if least else ''}\n  got "
    assert_refused(told, lambda x: NUMBERS[words](3, 4, **{name: x}), [NAN, np.inf, "0.1", True, *[-1] * len(least)])
    for x in (1, np.float64(0.5), np.array(0.5), *(() if least else (-1.0,))):
        NUMBERS[words](3, 4, **{name: x})


def test_a_number_of_an_equation_widens_nothing_and_may_be_one_for_each_unit() -> None:
    for dt in (np.float64(0.25), np.full(4, 0.25, np.float32), tg.parameter(np.float32(0.25))):
        outputs = [tg.unroll(cells.LEM(3, 4, dt=x, rng=0), XS)[0] for x in (dt, 0.25)]
        assert outputs[0].dtype == np.float32
        np.testing.assert_array_equal(*[y.value for y in outputs])


def test_what_is_at_the_edge_or_of_another_kind_is_taken() -> None:
    assert whole("RNN", "size", LARGEST) == LARGEST and whole("RNN", "size", np.int64(1)) == 1
    assert cells.sLSTM(3, 4, heads=4).heads == 4 and cells.LSTM(3, 4, 1).bias_ih is not None
    assert cells.LRU(3, 4, r_min=0, r_max=1).hidden_size == 4
    assert cells.ClockworkRNN(3, 4, periods=[np.int64(1), 2]).periods == (1, 2)
    for cell in (cells.Bidirectional(gru(), function), cells.Bidirectional(function, gru())):
        assert isinstance(cell, tg.Module)
    assert len(cells.Stack([gru(), function, gru(7, 2)]).cells) == 3
    assert cells.GRU(3, 4, kernel_init=lambda rng, shape: np.ones(shape, bool)).weight_ih.value.all()


def test_gates_have_the_weights_of_their_cell_alone() -> None:
    gate = gru().gate("z")
    for name in ("weight_xx", "_cell_", "__len__", "gates", "hidden_size"):
        with pytest.raises(
            AttributeError, match=f"gate 'z' has no {name}; it has weight_ih, weight_hh, bias_ih, bias_hh"
        ):
            getattr(gate, name)
    assert cells.GRU(3, 4, False).gate("n").bias_hh is None


def test_states_of_whole_numbers_are_not_mixed() -> None:
    zoneout = cells.Zoneout(lambda x, state: (x, (state[0] + 1, state[1] + x)), 0.5)
    _, (count, total) = tg.unroll(zoneout, XS, (np.zeros(2, int), np.zeros((2, 3), np.float32)))
    assert count.value.tolist() == [5, 5] and count.dtype.kind == "i" and total.value.max() <= 5


def test_names_of_pytorch_that_fit_two_or_none_of_ours_are_told() -> None:
    """weight_ih_l0 is the weight of a cell alone, of layer 0 and, with _reverse, of the cell that goes back."""
    both = cells.Stack([cells.Bidirectional(gru(), gru()), cells.Bidirectional(gru(6, 2), gru(6, 2))])
    rng = np.random.default_rng(0)
    arrays = {}
    for k, layer in enumerate(both.cells):
        for end, cell in (("", layer.forward), ("_reverse", layer.backward)):
            arrays |= {f"{n}_l{k}{end}": rng.normal(size=p.shape).astype("f4") for n, p in cell.parameters().items()}
    both.load_state_dict(arrays)
    for name, array in arrays.items():
        weight, rest = name.rsplit("_l", 1)
        cell = getattr(both.cells[int(rest[0])], "backward" if rest[1:] else "forward")
        np.testing.assert_array_equal(cell.parameters()[weight].value, array)
    one = {f"{name}_l0": value for name, value in gru().state_dict().items()}
    tg.Recurrent(gru()).load_state_dict(one)
    for wrong in ("_l1", "_l0_reverse"):
        with pytest.raises(tg.GraphError, match=f"unexpected: weight_ih{wrong}"):
            gru().load_state_dict({name.replace("_l0", wrong): value for name, value in one.items()})
    with pytest.raises(tg.GraphError, match="unexpected: weight_ih_l0"):
        Holder([gru(), gru()]).load_state_dict(one)


def test_a_number_of_heads_of_numpy_is_a_number_of_heads():
    cell, same = (cells.sLSTM(3, 4, heads=heads, rng=0) for heads in (np.int64(2), 2))
    assert cell.weight_hh.shape == (16, 2) and type(cell.heads) is int
    np.testing.assert_array_equal(cell.weight_hh.value, same.weight_hh.value)


def test_an_unknown_option_is_told_all_that_there_are():
    options = r"input_size, hidden_size, bias, recurrent_bias, heads, forget_gate\b.*\brng, dtype"
    with pytest.raises(tg.GraphError, match=rf"sLSTM has no option head\n  expected  {options}") as told:
        cells.sLSTM(3, 4, head=2)
    assert "self" not in str(told.value)
