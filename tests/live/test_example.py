"""What a live page reads of its example and targets: shapes, ids, texts, which steps count; and what it refuses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tests.told import told
from tinygraph.live.example import example_of, goal_of

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(5, 3))
IDS = np.array([2, 0, 1, 2, 1])
LETTERS = tg.train.Characters("abc")


@each(
    "inputs, array",
    [
        (ROWS, ROWS),
        (ROWS[:, None], ROWS),
        (ROWS.astype(np.float32), ROWS),
        (ROWS.tolist(), ROWS),
        (tg.constant(ROWS), ROWS),
        (ROWS[:, :1], ROWS[:, :1]),
        (ROWS > 0, (ROWS > 0).astype(float)),
        (IDS, IDS),
        (IDS.tolist(), IDS),
        (IDS[:, None], IDS),
        (IDS.astype(np.uint8), IDS),
        (np.arange(10).reshape(5, 2), np.arange(10.0).reshape(5, 2)),
        (ROWS[:2], ROWS[:2]),
    ],
)
def test_a_sequence_in_any_form_is_one_row_or_id_a_step(inputs: Any, array: np.ndarray) -> None:
    told = example_of(inputs, None, None)
    np.testing.assert_allclose(told.inputs, array, rtol=1e-6)
    assert told.inputs.dtype == (np.int64 if array.ndim == 1 else np.float64)
    assert (told.state, told.tokens, told.words, told.rows) == (None, None, "", 0)
    assert [x.shape for x in told.steps] == [array.shape[1:]] * len(array)
    paired = example_of((inputs, "a state"), None, None)
    assert paired.state == "a state" and np.array_equal(paired.inputs, told.inputs)


def test_ids_enter_a_cell_as_rows_of_the_identity() -> None:
    told = example_of(IDS, None, 4)
    assert told.rows == 4 and np.array_equal(told.steps, np.eye(4)[IDS])
    told = example_of("cab", LETTERS, len(LETTERS.tokens))
    ids = LETTERS.encode("cab")
    assert told.rows == len(LETTERS.tokens) and np.array_equal(told.steps, np.eye(told.rows)[ids])
    assert told.tokens == list(LETTERS.tokens) and told.words == "" and np.array_equal(told.inputs, ids)
    assert example_of("cab", LETTERS, None).rows == 0
    for lower in (False, True):
        assert example_of("a b", tg.train.Words("a b", lower=lower), None).words == ("lower" if lower else "words")


FAR = len(LETTERS.tokens)


@each(
    "inputs, vocabulary, width, words, lines",
    [
        ("abc", None, None, "a text needs a vocabulary", "gf"),
        (IDS, "abc", None, "this is no vocabulary", "egf"),
        (RNG.normal(size=(5, 2, 3)), None, None, "a page shows one sequence", "egf"),
        (ROWS[:1], None, None, "too short", "eg"),
        (IDS[:1], None, None, "too short", "eg"),
        (ROWS[0], None, None, "is no sequence", "eg"),
        (np.float64(3), None, None, "is no sequence", "eg"),
        ([[1], [2, 3]], None, None, "is no array", "g"),
        (["a", "b"], None, None, "no finite numbers", "g"),
        (ROWS * np.inf, None, None, "no finite numbers", "g"),
        ([-1, 0], None, None, "no such id", "eg"),
        ([0, 4], None, 4, "no such id", "eg"),
        ([0, FAR], LETTERS, None, "no such id", "eg"),
        (ROWS, None, 4, "does not fit the cell", "egf"),
        ("abc", LETTERS, FAR + 1, "does not fit the cell", "egf"),
    ],
)
def test_what_is_no_example(inputs: Any, vocabulary: Any, width: int | None, words: str, lines: str) -> None:
    with pytest.raises(tg.GraphError, match=re.escape(words)) as refusal:
        example_of(inputs, vocabulary, width)
    assert told(refusal.value) == lines


def test_ids_without_a_bound_may_be_of_any_size() -> None:
    assert example_of([0, 10**6], None, None).inputs.tolist() == [0, 10**6]
    assert example_of([0, 3], None, 4).rows == 4 and example_of([0, FAR - 1], LETTERS, None).inputs.size == 2


EXAMPLE = example_of(ROWS, None, None)
GIVEN = RNG.normal(size=(5, 2))


@each(
    "targets, last, full, counts",
    [
        (None, False, np.zeros((5, 2)), [1] * 5),
        (None, True, np.zeros((5, 2)), [0, 0, 0, 0, 1]),
        (GIVEN, False, GIVEN, [1] * 5),
        (GIVEN[:, None], False, GIVEN, [1] * 5),
        (GIVEN.astype(np.float32), False, GIVEN, [1] * 5),
        (GIVEN[0], True, np.r_[np.zeros((4, 2)), GIVEN[:1]], [0, 0, 0, 0, 1]),
        (GIVEN > 0, False, (GIVEN > 0).astype(float), [1] * 5),
    ],
)
def test_numbers_are_targets_of_each_step_or_of_the_last(
    targets: Any, last: bool, full: np.ndarray, counts: list[int]
) -> None:
    goal = goal_of(EXAMPLE, targets, 2, last, False)
    np.testing.assert_allclose(goal.targets, full, rtol=1e-6)
    assert goal.counts == counts and not goal.labels and not goal.follows
    assert all(x.dtype == np.float64 and x.shape == (2,) for x in goal.targets)


@each(
    "targets, last, ids, counts",
    [
        ([1, 0, 2, 1, 0], False, [1, 0, 2, 1, 0], [1] * 5),
        ([-1, 0, -1, 1, 2], False, [0, 0, 0, 1, 2], [0, 1, 0, 1, 1]),
        ([[1]] * 5, False, [1] * 5, [1] * 5),
        ([2], True, [0, 0, 0, 0, 2], [0, 0, 0, 0, 1]),
        (2, True, [0, 0, 0, 0, 2], [0, 0, 0, 0, 1]),
    ],
)
def test_labels_count_where_they_are_not_minus_one(targets: Any, last: bool, ids: list[int], counts: list[int]) -> None:
    goal = goal_of(EXAMPLE, targets, 3, last, False)
    assert [int(x) for x in goal.targets] == ids and goal.counts == counts and goal.labels and not goal.follows
    assert all(x.shape == () for x in goal.targets)


def test_of_a_text_the_next_token_is_expected() -> None:
    text = example_of("cabac", LETTERS, None)
    ids = LETTERS.encode("cabac")
    goal = goal_of(text, None, FAR, False, False)
    assert (
        [int(x) for x in goal.targets] == [*ids[1:], 0]
        and goal.counts == [1, 1, 1, 1, 0]
        and goal.labels
        and goal.follows
    )
    for width, last in ((FAR + 1, False), (FAR, True)):
        goal = goal_of(text, None, width, last, False)
        assert not goal.follows and not goal.labels and np.array_equal(goal.targets, np.zeros((5, width)))
    assert not goal_of(example_of(IDS, None, None), None, 3, False, False).follows, "ids without tokens"


def test_a_loss_of_ones_own_takes_targets_of_other_sizes() -> None:
    other = RNG.normal(size=(5, 4))
    np.testing.assert_allclose(goal_of(EXAMPLE, other, 2, False, True).targets, other)
    np.testing.assert_allclose(goal_of(EXAMPLE, other[0], 2, True, True).targets[-1], other[0])
    assert [int(x) for x in goal_of(EXAMPLE, [7, 7, 7, 7, 7], 2, False, True).targets] == [7] * 5, (
        "no label is too large"
    )


@each(
    "targets, last, words, lines",
    [
        (GIVEN[:4], False, "one for each of the 5 steps", "eg"),
        (GIVEN[:, :1], False, "do not fit", "eg"),
        (GIVEN, True, "one for the last step", "eg"),
        ([1, 2], False, "do not fit", "eg"),
        ([], False, "do not fit", "eg"),
        (np.zeros((0, 2)), True, "do not fit", "eg"),
        ([0, 0, 3, 0, 0], False, "no such label", "eg"),
        ([-1] * 5, False, "no target counts", "e"),
        ([-1], True, "no target counts", "e"),
        (["a"] * 5, False, "no finite numbers", "g"),
    ],
)
def test_what_is_no_target(targets: Any, last: bool, words: str, lines: str) -> None:
    with pytest.raises(tg.GraphError, match=words) as refusal:
        goal_of(EXAMPLE, targets, 3 if words == "no such label" else 2, last, False)
    assert told(refusal.value) == lines
    for own in ([GIVEN[:4].ravel()[:7], False], [np.zeros(0), True]):
        with pytest.raises(tg.GraphError, match="do not fit"):
            goal_of(EXAMPLE, own[0], 2, own[1], True)
