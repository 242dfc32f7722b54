"""Cells whose state is unusual: none, nested, delayed, unused, of another shape, dtype or rank."""

from __future__ import annotations

import numpy as np

import tinygraph as tg

from .cells import B, H, I, T, loss_of, weights_of

CASES = {}


def case(make):
    CASES[make.__name__] = make
    return make


def step_of(w, x, h):
    return tg.tanh(x @ w["x"] + h @ w["h"])


def plain(draw):
    return weights_of(draw, x=(I, H), h=(H, H))


@case
def delay_lines(draw):
    w = plain(draw)

    def cell(x, state):
        a, b, c = state
        new = tg.tanh(x @ w["x"] + c @ w["h"])
        return new + b, (new, a, b)

    return lambda xs, a, b: tg.unroll(cell, xs, (a, b, a * b)), w, (draw(T, B, I), draw(B, H), draw(B, H))


@case
def states_that_change_places(draw):
    w = plain(draw)

    def cell(x, state):
        a, b = state
        return a, (b, a)

    return lambda xs, a, b: tg.unroll(cell, xs, (a, b @ w["h"])), w, (draw(T, B, I), draw(B, H), draw(B, H))


@case
def states_that_need_each_other(draw):
    w = plain(draw)

    def cell(x, state):
        a, b, c = state
        return None, (tg.tanh(a @ w["h"] + c), tg.tanh(a + b @ w["h"]), tg.sum(a * b, axis=0, keepdims=True) + c * 0.1)

    return (lambda xs, a, b: tg.unroll(cell, xs, (a, b, a[:1]))[1]), w, (draw(T, B, I), draw(B, H), draw(B, H))


@case
def a_state_read_after_the_next_is_known(draw):
    w = plain(draw)

    def cell(x, h):
        new = tg.tanh(h * 0.5 + x @ w["x"])
        return None, tg.where(tg.max(new, axis=1, keepdims=True) > 0.5, new, h * 0.9) + tg.tanh(new @ w["h"]) * h

    return (lambda xs, h: tg.unroll(cell, xs, h)[1]), w, (draw(T, B, I), draw(B, H))


@case
def a_state_turned_over(draw):
    w = weights_of(draw, x=(I, B), h=(H, H))

    def cell(x, h):
        return None, (h.T + x @ w["x"][:, :1] * 0.1)[::-1] * 0.9

    return (lambda xs, h: tg.unroll(cell, xs, h)[1]), w, (draw(T, H, I), draw(H, H))


@case
def state_not_used(draw):
    w = plain(draw)
    return (lambda xs, h: tg.unroll(lambda x, h: (x @ w["x"], x @ w["x"]), xs, h)), w, (draw(T, B, I), draw(B, H))


@case
def state_returned_unchanged(draw):
    w = plain(draw)
    return (lambda xs, h: tg.unroll(lambda x, h: (step_of(w, x, h), h), xs, h)), w, (draw(T, B, I), draw(B, H))


@case
def new_state_is_the_input(draw):
    w = plain(draw)
    return (lambda xs, x0: tg.unroll(lambda x, s: ((x * s) @ w["x"], x), xs, x0)), w, (draw(T, B, I), draw(B, I))


@case
def state_made_by_the_cell(draw):
    w = plain(draw)

    def cell(x, h):
        h = x @ w["x"] if h is None else step_of(w, x, h)
        return h, h

    return lambda xs: tg.unroll(cell, xs), w, (draw(T, B, I),)


@case
def state_made_by_the_cell_backwards_in_chunks(draw):
    w = plain(draw)

    def cell(x, state):
        h, n = (tg.constant(np.zeros((B, H))), tg.sum(x)) if state is None else state
        h = step_of(w, x, h)
        return {"h": h, "n": n}, (h, n * 0.5)

    return lambda xs: tg.unroll(cell, xs, reverse=True, truncate=2), w, (draw(T, B, I),)


@case
def no_state_at_all(draw):
    w = plain(draw)
    return (lambda xs: tg.unroll(lambda x, s: (tg.tanh(x @ w["x"]), None), xs)[0]), w, (draw(T, B, I),)


@case
def no_state_but_an_empty_tuple(draw):
    w = plain(draw)
    return (lambda xs: tg.unroll(lambda x, s: (tg.exp(x) @ w["x"], ()), xs, ())), w, (draw(T, B, I),)


@case
def one_number_as_state(draw):
    w = {"a": tg.parameter(draw(), "a")}

    def cell(x, s):
        s = tg.tanh(w["a"] * s + x)
        return s, s

    return lambda xs, s: tg.unroll(cell, xs, s), w, (draw(T), draw())


@case
def vectors_without_a_batch(draw):
    w = weights_of(draw, U=(H, I), W=(H, H), v=(H,))

    def cell(x, h):
        h = tg.tanh(w["U"] @ x + np.dot(w["W"], h))
        return w["v"] @ h, h

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, I), draw(H))


@case
def first_state_that_broadcasts(draw):
    w = plain(draw)

    def cell(x, h):
        h = step_of(w, x, h)
        return h, h

    return lambda xs, h: tg.unroll(cell, xs, h), w, (draw(T, B, I), draw(1, H))


@case
def first_state_is_the_number_zero(draw):
    w = plain(draw)

    def cell(x, h):
        h = tg.tanh(x @ w["x"] + h)
        return h, h

    return lambda xs: tg.unroll(cell, xs, 0.0), w, (draw(T, B, I),)


@case
def a_count_and_a_mask_in_the_state(draw):
    w = plain(draw)

    def cell(x, state):
        h, n, seen = state["h"], state["n"], state["seen"]
        h = tg.where(seen, step_of(w, x, h), h)
        return h / (n + 1), {"h": h, "n": n + 1, "seen": h > 0}

    return (
        (lambda xs, h: tg.unroll(cell, xs, {"h": h, "n": np.array(0), "seen": np.ones((B, H), bool)})),
        w,
        (draw(T, B, I), draw(B, H)),
    )


@case
def weights_as_state(draw):
    """Fast weights: a matrix in the state, of rank 3."""
    w = plain(draw)

    def cell(x, state):
        h, fast = state
        h = tg.tanh(x @ w["x"] + tg.einsum("bh,bhk->bk", h, fast))
        fast = 0.9 * fast + 0.1 * h[:, :, None] * h[:, None, :]
        return h, (h, fast)

    return (lambda xs, h: tg.unroll(cell, xs, (h, np.zeros((B, H, H), h.dtype)))), w, (draw(T, B, I), draw(B, H))


@case
def one_state_twice(draw):
    w = plain(draw)

    def cell(x, state):
        h = step_of(w, x, state[0] + state[1])
        return (h, h), (h, h)

    return lambda xs, h: tg.unroll(cell, xs, (h, h)), w, (draw(T, B, I), draw(B, H))


@case
def a_running_minimum(draw):
    w = plain(draw)

    def cell(x, low):
        low = tg.minimum(x @ w["x"], low)
        return tg.max(low, axis=1), low

    return lambda xs, h: loss_of(tg.unroll(cell, xs, h)[0]), w, (draw(T, B, I), draw(B, H))
