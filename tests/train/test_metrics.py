"""Figures against plain loops; sums over batches give those of all at once; padding does not count."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

train = tg.train
RNG = np.random.default_rng(4)
T, B, V = 5, 4, 3
LENGTHS = np.array([5, 2, 0, 4])
LABELS, SCORES = RNG.integers(0, V, (T, B)), RNG.normal(size=(T, B, V))
Y, GOAL, BASE = RNG.normal(size=(3, T, B, 2))
LOSSES = RNG.random((T, B)) * 3
REAL = [(t, b) for b in range(B) for t in range(LENGTHS[b])]


def plainly(name):
    """The figure of the real steps, by plain loops."""
    pairs = [(int(np.argmax(SCORES[p])), int(LABELS[p])) for p in REAL]
    if name == "accuracy":
        return sum(a == b for a, b in pairs) / len(pairs)
    if name == "confusion":
        return [[pairs.count((guess, truth)) for guess in range(V)] for truth in range(V)]
    mean = sum(LOSSES[p] for p in REAL) / len(REAL)
    if name == "perplexity":
        return math.exp(mean)
    if name == "bits_per_character":
        return mean / math.log(2)
    own = [(Y[p][k] - GOAL[p][k], BASE[p][k] - GOAL[p][k]) for p in REAL for k in range(2)]
    if name == "mae":
        return sum(abs(d) for d, _ in own) / len(own)
    squares = sum(d * d for d, _ in own)
    return math.sqrt(squares / len(own)) if name == "rmse" else 1 - squares / sum(d * d for _, d in own)


ARRAYS = {
    "accuracy": (SCORES, LABELS),
    "confusion": (SCORES, LABELS),
    "perplexity": (LOSSES,),
    "bits_per_character": (LOSSES,),
    "mae": (Y, GOAL),
    "rmse": (Y, GOAL),
    "skill": (Y, GOAL, BASE),
}


def spoilt(array):
    """The same with a NaN, or another id, in the padding."""
    copy = array.copy()
    for b, n in enumerate(LENGTHS):
        copy[n:, b] = np.nan if copy.dtype.kind == "f" else 2
    return copy


@each("name", ARRAYS)
def test_a_figure_is_that_of_the_real_steps(name):
    figure, arrays = getattr(train, name), [spoilt(a) for a in ARRAYS[name]]
    due = pytest.approx(np.array(plainly(name)))
    assert figure(*arrays, lengths=LENGTHS) == due
    real = np.arange(T)[:, None] < LENGTHS
    assert figure(*arrays, counted=real) == due
    assert figure(*map(tg.constant, arrays), lengths=LENGTHS, counted=real) == due


@each("name", ARRAYS)
def test_batches_of_other_sizes_add_up_to_all_at_once(name):
    running = train.Running(getattr(train, name))
    for columns in ([0], [1, 3], [2]):
        running.add(*(a[:, columns] for a in ARRAYS[name]), lengths=LENGTHS[columns])
    assert running.value == pytest.approx(np.array(plainly(name)))
    assert running.count == len(REAL) * (2 if name in ("mae", "rmse", "skill") else 1)


@each("axes", [1, 2, 3])
@each("lengths", [None, LENGTHS])
def test_what_is_counted_may_have_fewer_axes_than_the_targets(axes, lengths):
    counted = np.random.default_rng(axes).random((T, B, 2)[:axes]) < 0.6
    kept = [p for p in np.ndindex(T, B, 2) if counted[p[:axes]] and (lengths is None or p[0] < lengths[p[1]])]
    due = sum(abs(Y[p] - GOAL[p]) for p in kept) / len(kept)
    assert train.mae(Y, GOAL, lengths=lengths, counted=counted) == pytest.approx(due)


def test_labels_below_0_and_ids_as_predictions():
    assert train.accuracy([1, 2, 0], [1, -1, 1]) == 0.5
    matrix = train.Running(train.confusion).add([0], [0]).add([2, 1], [0, 2])
    assert matrix.value.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    matrix.value[0, 0] = 9
    assert matrix.value[0, 0] == 1
    assert matrix.add([1], [1]).add([0], [0]).value.tolist() == [[2, 0, 1], [0, 1, 0], [0, 1, 0]]


def test_skill_of_a_perfect_baseline_and_of_its_mean():
    t = RNG.normal(size=20)
    y = t + RNG.normal(size=20) * 0.1
    assert train.skill(y, t, t.mean()) == pytest.approx(1 - ((y - t) ** 2).mean() / t.var())
    assert train.skill(t, t, t) == 0 and train.skill(y, t, t) == -math.inf


def test_large_sums_of_small_numbers_are_exact_enough():
    losses = np.full(3_000_000, 0.1, np.float32)
    assert train.bits_per_character(losses) == pytest.approx(float(np.float32(0.1)) / math.log(2), rel=1e-12)
    assert train.rmse(np.full(5, 3e4, np.float16), np.full(5, -3e4, np.float16)) == pytest.approx(6e4, rel=1e-3)


def test_wrong_arguments_are_told():
    wrong = {
        "accuracy: predictions and labels do not match": lambda: train.accuracy([0.5, 0.5], [0, 1]),
        "confusion: predictions and labels do not match": lambda: train.confusion(SCORES, LABELS[0]),
        "accuracy: nothing counts": lambda: train.accuracy([1], [-1]),
        "confusion: no such id": lambda: train.confusion([-1], [1]),
        "mae: predictions and targets differ in shape": lambda: train.mae(np.ones((3, 1)), np.ones(3)),
        "lengths do not match": lambda: train.perplexity(LOSSES, lengths=[1, 2]),
        "counted does not match": lambda: train.perplexity(LOSSES, counted=[1, 0]),
        "accuracy: counted does not match": lambda: train.accuracy(SCORES, LABELS, counted=np.ones((T, B, V), bool)),
        "mae: counted does not match": lambda: train.mae(Y, GOAL, counted=np.array(True)),
        r"(?s)confusion: no such id.*0 to 9999.*0 to 10000": lambda: train.confusion([0], [10_000]),
        "no figure": lambda: train.Running(np.mean),
        "missing or too many": lambda: train.Running(train.skill).add(Y, GOAL),
    }
    for problem, call in wrong.items():
        with pytest.raises(tg.GraphError, match=problem):
            call()


def cross_entropies(lengths=None):
    """Logits with a column that counts nowhere; the mean of those that count and its gradient, by a plain loop."""
    targets = LABELS.copy()
    targets[1, 0] = targets[:, 3] = -1
    counts = [p for p in np.ndindex(T, B) if targets[p] >= 0 and (lengths is None or p[0] < lengths[p[1]])]
    loss, gradient = 0.0, np.zeros_like(SCORES)
    for p in counts:
        odds = np.exp(SCORES[p]) / np.exp(SCORES[p]).sum()
        loss -= math.log(odds[targets[p]]) / len(counts)
        gradient[p] = (odds - np.eye(V)[targets[p]]) / len(counts)
    return targets, loss, gradient


@each_backend
@each("lengths", [None, LENGTHS])
def test_the_mean_cross_entropy_is_that_of_the_targets_that_count(backend, lengths):
    targets, loss, gradient = cross_entropies(lengths)

    def both(logits, targets):
        mean = train.mean_cross_entropy(logits, targets, lengths=lengths)
        return mean, *tg.grad(mean, [logits])

    logits = tg.parameter(SCORES)
    assert_near([y.value for y in both(logits, targets)], [np.array(loss), gradient], 1e-12)
    assert_near([*tg.compile(both, backend=backend)(SCORES, targets)], [np.array(loss), gradient], 1e-12)


def test_where_nothing_counts_the_mean_is_0_and_float32_stays():
    logits = tg.parameter(SCORES.astype("f4"))
    mean = train.mean_cross_entropy(logits, np.full((T, B), -1))
    (g,) = tg.grad(mean, [logits])
    assert mean.value == 0 and mean.dtype == np.float32 and not g.value.any() and g.dtype == np.float32
    for wrong in (np.full((T, B), V), np.full((T, 1), 1), np.ones((T, B))):
        with pytest.raises(tg.GraphError):
            train.mean_cross_entropy(logits, wrong)


def test_lengths_out_of_range_are_refused():
    y, losses = np.zeros((3, 2)), np.ones((3, 2))
    for lengths in ([4, 1], [-1, 2]):
        for figure in (lambda n: tg.train.mae(y, y, lengths=n), lambda n: tg.train.perplexity(losses, lengths=n)):
            with pytest.raises(tg.GraphError, match="a length is out of range"):
                figure(lengths)
    assert tg.train.mae(y, y + 1.0, lengths=[3, 0]) == 1.0


def test_the_perplexity_of_a_huge_loss_is_infinite():
    assert tg.train.perplexity(np.array([1e4])) == np.inf


@each("figure", [tg.train.accuracy, tg.train.confusion])
def test_a_nan_predicts_nothing_and_is_told_where_it_counts(figure):
    scores = np.array([[[0.0, 1.0]], [[np.nan, 1.0]]])
    with pytest.raises(tg.GraphError, match="the scores hold a NaN"):
        figure(scores, [[1], [0]])
    for options in ({"labels": [[1], [-1]]}, {"labels": [[1], [0]], "lengths": [1]}):
        assert np.array_equal(figure(scores, **options), figure(scores[:1], [[1]]))
