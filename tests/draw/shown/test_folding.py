"""What gets a box of its own, and what folds into another."""

import numpy as np

import tinygraph as tg
from tests.draw.networks import word_rnn
from tinygraph.draw.shown.folding import Chip, Inline, Link, fold


def test_parameters_are_chips_counted_by_the_boxes_that_use_them():
    folded = fold([word_rnn(3)])
    assert {folded.names[x]: n for x, n in folded.uses.items()} == {"U": 3, "W": 3, "V": 3}
    assert not any(isinstance(x, tg.Parameter) for x in folded.nodes)


def test_a_transposed_parameter_is_one_chip_and_a_parameter_without_a_name_is_numbered():
    w = tg.parameter(np.ones((2, 3)))
    y = tg.constant(np.ones((4, 3))) @ w.T
    folded = fold([y])
    chip = folded.operands[y][1]
    assert isinstance(chip, Chip) and chip.parameter is w and chip.text == "θ1.T"
    assert [x.op for x in folded.nodes[:-1]] == [None]


def test_long_dotted_names_say_their_last_part_in_chips_and_all_in_the_table():
    def texts(*names):
        a, b = (tg.parameter(np.ones((2, 2)), name) for name in names)
        y = a.T @ b
        folded = fold([y])
        return [chip.text for chip in folded.operands[y]], list(folded.names.values())

    assert texts("encoder.W", "decoder.W") == (["encoder.W.T", "decoder.W"], ["encoder.W", "decoder.W"])
    long = ["cells.0.forward.weight_hh", "cells.0.bias"]
    assert texts(*long) == (["weight_hh.T", "bias"], long)


def test_unnamed_numbers_fold_and_named_ones_do_not():
    x = tg.constant([1.0, 2.0])
    y = x * 0.5
    named = x * tg.constant(0.5, name="rate")
    assert fold([y]).operands[y][1] == Inline("0.5", False)
    assert len(fold([named]).nodes) == 3


def test_a_cut_is_an_arrow_and_no_box():
    h = tg.tanh(tg.constant([1.0]))
    y = tg.exp(tg.stop_gradient(h))
    folded = fold([y])
    (link,) = folded.arrows[y]
    assert link.cut and link.source is h and len(folded.nodes) == 3
    assert fold([tg.stop_gradient(h)]).arrows, "a root is drawn whatever it is"


def test_a_chain_of_sums_outside_of_time_is_one_box():
    terms = [tg.exp(tg.constant([float(i)])) for i in range(4)]
    total = sum(terms)
    folded = fold([total])
    assert [x.source for x in folded.operands[total] if isinstance(x, Link)] and len(folded.nodes) == 9
    assert [x.source.serial for x in folded.arrows[total]] == [x.serial for x in terms]


def test_a_sum_that_two_use_stays_a_box():
    a, b, c = (tg.exp(tg.constant([float(i)])) for i in range(3))
    inner = a + b
    folded = fold([(inner + c) * inner])
    assert any(x is inner for x in folded.nodes)


def test_slices_of_data_given_for_all_steps_stand_for_themselves():
    xs = tg.constant(np.zeros((3, 2)), name="X")
    with tg.step(1):
        x = xs[1]
    folded = fold([tg.tanh(x)])
    assert [type(p) for p in folded.operands[x]] == [Inline] and not any(n is xs for n in folded.nodes)
