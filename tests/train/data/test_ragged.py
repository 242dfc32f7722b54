"""Ragged batches: every sequence once, little padding, few shapes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.each import each
from tests.ops.random_calls import quick
from tinygraph.train.data.buckets import buckets

Ragged = tg.train.Ragged
RNG = np.random.default_rng(7)
VOWELS = np.clip(RNG.normal(15.5, 3.6, 270).round().astype(int), 7, 29)
"""Lengths like JapaneseVowels': 270 sequences of 7 to 29 steps."""
DIGITS = np.clip(RNG.gamma(12, 3.5, 2500).round().astype(int), 10, 93)
"""Lengths like spoken digits'."""


def numbered(lengths, width=2):
    """Sequences whose every number tells sequence, step and feature."""
    return [100.0 * i + np.arange(n)[:, None] + np.arange(width) / 10 for i, n in enumerate(lengths)]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.integers(1, 12), st.booleans(), st.integers(0, 3))
@settings(quick, max_examples=120)
def test_every_sequence_comes_once_an_epoch_whole_and_with_its_target(lengths, B, shuffle, seed):
    sequences = numbered(lengths)
    data = Ragged(sequences, B, np.arange(len(lengths)) * 3, shuffle=shuffle, seed=seed)
    for _ in range(2):
        batches = list(data)
        assert len(batches) == len(data)
        assert {x.shape[:2] for x, _, _ in batches} == set(data.shapes)
        seen = []
        for x, y, n in batches:
            assert x.shape[1] <= B and n.max() <= len(x)
            for b in range(x.shape[1]):
                seen.append(int(y[b]) // 3)
                assert (x[: n[b], b] == sequences[seen[-1]]).all() and not x[n[b] :, b].any()
                assert n[b] == lengths[seen[-1]]
        assert sorted(seen) == list(range(len(lengths)))
        padded = sum(x.shape[0] * x.shape[1] for x, _, _ in batches)
        assert data.padding == pytest.approx(1 - sum(lengths) / padded)


@each("lengths", [VOWELS, DIGITS, RNG.integers(7, 30, 270)], ids=["vowels", "digits", "even"])
@each("B", [8, 16, 32])
def test_less_than_a_tenth_of_the_work_is_padding_and_few_shapes_come(lengths, B):
    data = Ragged(numbered(lengths), B, np.zeros(len(lengths), int))
    assert data.padding < 0.1
    assert len(data.shapes) <= 8
    work = sum(x.shape[0] * x.shape[1] for x, _, _ in data)
    assert (work - lengths.sum()) / work < 0.1


def least_work(lengths, rows, count):
    """The least steps of ``count`` buckets, by trying all borders between batches."""
    ordered = sorted(lengths)
    inner = list(range(len(ordered), 0, -rows))[:0:-1]
    works = []
    for borders in itertools.combinations(inner, count - 1):
        edges = [0, *borders, len(ordered)]
        works.append(sum((j - i) * ordered[j - 1] for i, j in itertools.pairwise(edges)))
    return min(works)


@given(st.lists(st.integers(1, 25), min_size=2, max_size=18), st.integers(1, 4), st.sampled_from([0.0, 0.05, 0.1, 0.3]))
@settings(quick, max_examples=50)
def test_the_borders_are_the_best_and_the_buckets_the_fewest(lengths, rows, share):
    chosen = buckets(np.array(lengths), rows, share)
    most = -(-len(lengths) // rows)
    work = sum(b.steps * (b.stop - b.start) for b in chosen)
    assert work == least_work(lengths, rows, len(chosen))
    finest = least_work(lengths, rows, most)
    for fewer in range(1, len(chosen)):
        assert least_work(lengths, rows, fewer) > max(finest, sum(lengths) / (1 - share)) - 1e-9
    assert work <= max(finest, sum(lengths) / (1 - share)) + 1e-9


def test_targets_of_each_step_are_padded_so_that_they_do_not_count():
    sequences, labels = numbered([3, 1]), [[5, 6, 7], [8]]
    ((x, y, n),) = Ragged(sequences, 2, labels, shuffle=False, padding=0.9)
    assert y.tolist() == [[5, 8], [6, -1], [7, -1]] and n.tolist() == [3, 1] and x.shape == (3, 2, 2)
    ((_, y, _),) = Ragged(sequences, 2, [np.ones((3, 4)), np.ones((1, 4))], shuffle=False, padding=0.9)
    assert y.shape == (3, 2, 4) and y[1:, 1].sum() == 0


def test_ids_without_targets_are_continued():
    ((x, y, n),) = Ragged([[1, 2, 3], [4, 5]], 2, shuffle=False, padding=0.9)
    assert x.tolist() == [[1, 4], [2, 0]] and y.tolist() == [[2, 5], [3, -1]] and n.tolist() == [2, 1]


def test_an_order_that_is_not_shuffled_is_the_same_in_all_epochs_and_a_shuffled_one_is_not():
    plain, mixed = (Ragged(numbered(VOWELS), 16, np.arange(270), shuffle=s) for s in (False, True))
    assert [y.tolist() for _, y, _ in plain] == [y.tolist() for _, y, _ in plain]
    first, second = ([y.tolist() for _, y, _ in mixed] for _ in range(2))
    assert first != second
    together = [{frozenset(p) for y in epoch for p in itertools.combinations(y, 2)} for epoch in (first, second)]
    assert len(together[0] & together[1]) < 0.7 * len(together[0])  # other sequences come together, too


def test_equal_lengths_on_both_sides_of_a_border_change_sides():
    lengths = np.array([2] * 3 + [6] * 6 + [9] * 3)
    data = Ragged(numbered(lengths), 4, np.arange(12), padding=0.25)
    assert data.shapes == [(6, 4), (9, 4)]
    above = set()
    for _ in range(8):
        above |= {int(i) for x, y, n in data if len(x) == 9 for i in y if lengths[i] == 6}
    assert len(above) > 1


def test_wrong_sequences_are_told():
    ones = numbered([2, 3])
    wrong = {
        "no list of arrays": lambda: Ragged([], 2, []),
        "sequence 1 is not like the first": lambda: Ragged([np.ones((2, 3)), np.ones((2, 4))], 2, [0, 1]),
        "sequence 1 has no step": lambda: Ragged([np.ones((2, 3)), np.ones((0, 3))], 2, [0, 1]),
        "numbers of a step need an axis": lambda: Ragged([np.ones(2), np.ones(3)], 2, [0, 1]),
        "targets are needed": lambda: Ragged(ones, 2),
        "(?s)do not match.*2 targets, one a sequence": lambda: Ragged(ones, 2, [1, 2, 3]),
        "(?s)do not match.*number 1 has 2": lambda: Ragged(ones, 2, [[1, 2], [1, 2]]),
        "padding is a share": lambda: Ragged(ones, 2, [0, 1], padding=1.0),
        "an id is below 0": lambda: Ragged([[1, -2]], 2),
    }
    for problem, call in wrong.items():
        with pytest.raises(tg.GraphError, match=problem):
            call()


def test_borders_are_looked_for_among_four_hundred_places():
    """Without padding each length is a bucket of its own, as far as there are borders."""
    assert [len(buckets(np.arange(n) + 1, 1, 0.0)) for n in (399, 400, 401, 800, 801)] == [399, 400, 201, 400, 267]
