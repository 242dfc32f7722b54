"""Passes that strangers wrote run as they are, with right values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.bench.strangers import REFUSED, RIGHT, passes
from tests.each import each

from . import strangers

COMPILED = (
    *("elman_on_a_wave", "bahdanau", "captioning_rnn", "class_with_buffers", "ctc", "hidden_markov_by_logs"),
    *("peepholes_with_masks", "modules_by_keyword", "puts_and_copies", "ring_buffer_by_modulo"),
)
FILES = (".evenings", ".lectures", ".projects", ".scripts")
IMPORTED = [fn for fn in strangers.PASSES if fn.__module__.endswith(FILES)]
ASKS_FOR_NUMBERS = ("layers_by_list_comprehension", "gradients_by_their_own_hand", "wrapped_arrays")


@each("fn", [*strangers.PASSES], ids=lambda fn: fn.__name__)
def test_every_pass_of_a_stranger_is_right_as_it_is(fn: Any) -> None:
    assert passes(fn) == (RIGHT, "")


def test_they_are_many_and_in_many_styles() -> None:
    assert len(strangers.PASSES) >= 150 and len({fn.__module__ for fn in strangers.PASSES}) >= 13


@each("fn", [fn for fn in IMPORTED if fn.__name__ != "numbers_in_lists_of_lists"], ids=lambda fn: fn.__name__)
def test_with_our_numpy_imported_in_their_file_they_are_right_too(fn: Any) -> None:
    """float(x) and math.sqrt(x) are refused there, and .tolist() is numbers: these are Python's own."""
    outcome, why = passes(fn, imported=True)
    if fn.__name__ in ASKS_FOR_NUMBERS:
        assert outcome == REFUSED and "would lose its gradient" in why
    else:
        assert (outcome, why) == (RIGHT, "")


@each("name", COMPILED)
def test_compiled_they_are_right_too(name: str) -> None:
    (fn,) = [fn for fn in strangers.PASSES if fn.__name__ == name]
    assert passes(fn, compiled=True) == (RIGHT, "")


def test_the_ruler_measures() -> None:
    """A lost gradient, a wrong value and a refusal are seen."""

    @strangers.weights(w=3)
    def loses(p: Any) -> Any:
        w = p["w"]
        return np.sum(w * (w.value if isinstance(w, tg.Node) else w))

    @strangers.weights(w=3)
    def differs(p: Any) -> Any:
        return np.sum(p["w"]) + isinstance(p["w"], tg.Node)

    @strangers.weights(w=3)
    def refused(p: Any) -> Any:
        return np.sum(np.linalg.svd(np.outer(p["w"], p["w"]))[1])

    try:
        assert [passes(fn)[0] for fn in (loses, differs, refused)] == ["WRONG", "WRONG", REFUSED]
    finally:
        for fn in (loses, differs, refused):
            del strangers.PASSES[fn]


@each("name", ["min_char_rnn", "beam_search", "diagonal_scan", "fixed_point_by_repetition", "best_path_of_a_chain"])
def test_compiled_what_asks_for_values_is_refused_with_a_fix(name: str) -> None:
    """There are none to print, to choose by or to compare while a function is compiled."""
    (fn,) = [fn for fn in strangers.PASSES if fn.__name__ == name]
    assert passes(fn, compiled=True)[0] == REFUSED
