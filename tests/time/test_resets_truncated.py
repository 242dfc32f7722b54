"""Rows that start anew, in chunks: gradients reach to the start of the chunk or of the sequence, whichever is later."""

from __future__ import annotations

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tinygraph.core.structure import leaves

from .test_resets import LENGTHS, RESET, XS, B, Learned, T, fresh


def numbers(structure):
    return [np.asarray(getattr(y, "value", y)) for y in leaves(structure)]


def chunk_by_chunk(cell, x, size, reverse):
    """Each chunk is an unroll of its own; a row that begins where a chunk does has its first state, not cut."""
    starts, state, parts = list(range(0, T, size)), cell.initial_state(B), {}
    for n in starts:
        steps = slice(max(0, T - n - size), T - n) if reverse else slice(n, min(T, n + size))
        reset = RESET[steps].copy()
        anew = np.zeros(B, bool) if not n else RESET[steps.stop] if reverse else reset[0].copy()
        state = tg.where(anew[:, None], cell.initial_state(B), tg.stop_gradient(state) if n else state)
        reset[0] &= not n or reverse
        parts[n], state = tg.unroll(cell, x[steps], state, reset=reset, reverse=reverse)
    return tg.concatenate([parts[n] for n in starts][:: -1 if reverse else 1]), state


@each_backend
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("size", [2, 3, 4])  # in row 0 documents begin at 0, 4, 5, in row 1 at 3, in row 2 at 8
def test_chunks_count_from_the_first_step_and_cut_no_first_state(size, reverse, backend):
    cell, x = fresh(Learned), tg.parameter(XS)
    parameters = [*cell.parameters().values()]
    y, last = chunk_by_chunk(cell, x, size, reverse)
    due = numbers((y, last, tg.grad(tg.sum(y * y) + tg.sum(last * last), [x, *parameters])))

    def run(x, reset):
        y, last = tg.unroll(cell, x, reset=reset, truncate=size, reverse=reverse)
        return y, last, tg.grad(tg.sum(y * y) + tg.sum(last * last), [x, *parameters])

    assert_near(numbers(run(x, RESET)), due)
    assert_near(numbers(tg.compile(run, backend=backend)(XS, RESET)), due)


@each_backend
def test_backwards_within_lengths_each_row_is_as_by_itself(backend):
    cell, x = fresh(Learned), tg.parameter(XS)
    parameters = [*cell.parameters().values()]
    settings = {"reverse": True, "truncate": 2}

    def batch(x, reset):
        y, last = tg.unroll(cell, x, reset=reset, lengths=LENGTHS, **settings)
        return y, last, tg.grad(tg.sum(y * y), [x, *parameters])

    rows = [tg.unroll(cell, x[:n, b : b + 1], reset=RESET[:n, b : b + 1], **settings) for b, n in enumerate(LENGTHS)]
    due = tg.grad(sum(tg.sum(y * y) for y, _ in rows), [x, *parameters])
    for result in (batch(x, RESET), tg.compile(batch, backend=backend)(XS, RESET)):
        y, last, *gradients = numbers(result)
        for b, n in enumerate(LENGTHS):
            assert_near(y[:n, b], rows[b][0].value[:, 0])
        assert_near(last, np.concatenate([s.value for _, s in rows]))
        assert_near(gradients, numbers(due))
