"""Tokens that are refused, and the whole text of each refusal."""

from __future__ import annotations

import numpy as np

from .refused import LOSS, STEPS, Refusals, drawn, of_two_parts, timeless

SOME = 'tokens={1: "the"} gives a text to some steps alone'
OF_TOKENS: Refusals = {
    "tokens": (
        drawn(LOSS, tokens=["a"]),
        "draw: the number of tokens differs from the number of time steps",
        "a list of 3 texts, one per step, or a dict from step to text",
        "1 text",
        SOME,
    ),
    "tokens without time": (
        drawn(timeless(), tokens=["a"]),
        "draw: the number of tokens differs from the number of time steps",
        "a list of 0 texts, one per step, or a dict from step to text",
        "1 text",
        STEPS,
    ),
    "tokens of two parts": (
        drawn(of_two_parts(), "rolled", tokens=["a", "b", "c", "d"]),
        "draw: the number of tokens differs from the number of time steps",
        "a list of 3 texts, one per step, or of 5, one per column, or a dict from step to text",
        "4 texts",
        SOME.replace("1", "0"),
    ),
    "tokens of a batch": (
        drawn(LOSS, tokens=np.array([["a", "b"]] * 3)),
        "draw: tokens holds lists, not texts",
        "a text for each step",
        "3 of them, such as array(['a', 'b'], dtype='<U1')",
        "pass the texts of one sequence: those of a batch differ",
    ),
    "a word for tokens": (
        drawn(LOSS, tokens="abc"),
        "draw: the number of tokens differs from the number of time steps",
        "a list of 3 texts, one per step, or a dict from step to text",
        "str",
        SOME,
    ),
    "a token's step": (
        drawn(LOSS, tokens={9: "a"}),
        "draw: tokens has a key 9 that is no time step of the graph",
        "steps from 1 to 3",
        "9",
        "pass a dict from step to text, or a list with one text per step",
    ),
    "a token without steps": (
        drawn(timeless(), tokens={9: "a"}),
        "draw: tokens has a key 9 that is no time step of the graph",
        "no step",
        "9",
        "pass a dict from step to text, or a list with one text per step",
    ),
}
