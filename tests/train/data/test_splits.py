"""Parts share nothing; a scaler knows the part that it was made from, and nothing else."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygraph as tg
from tests.ops.random_calls import quick

split, split_sequences, Standard = tg.train.split, tg.train.split_sequences, tg.train.Standard


@given(st.integers(24, 300), st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.5), (0.6, 0.2, 0.2), (1.0,)]), st.integers(0, 3))
@settings(quick, max_examples=120)
def test_parts_lie_one_after_the_other_with_the_gap_between_and_nothing_lost(N, shares, gap):
    parts = split(np.arange(N), shares, gap=gap)
    assert [len(p) for p in parts] == pytest.approx(np.array(shares) * (N - gap * (len(shares) - 1)), abs=1)
    assert parts[0][0] == 0 and parts[-1][-1] == N - 1
    for part, after in itertools.pairwise(parts):
        assert after[0] == part[-1] + gap + 1
    assert all((np.diff(p) == 1).all() for p in parts)


def test_no_window_over_a_border_shares_a_step_with_both_parts():
    length, horizon = 5, 3
    train, test = split(np.arange(60.0), (0.7, 0.3), gap=length + horizon - 1)
    data = [tg.train.Windows(part, length, horizon, 4) for part in (train, test)]
    steps = [{n for both in windows for n in np.concatenate(both).ravel()} for windows in data]
    assert not steps[0] & steps[1]
    for s in range(60 - length - horizon + 1):
        window = set(range(s, s + length + horizon))
        assert not (window & steps[0] and window & steps[1])


def test_parts_of_an_array_are_views_of_it():
    series = np.zeros((20, 2))
    assert all(np.shares_memory(part, series) for part in split(series))
    assert split(list(range(10)), (0.5, 0.5)) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]


@given(st.lists(st.integers(0, 9), min_size=30, max_size=80), st.integers(0, 5))
@settings(quick, max_examples=100)
def test_a_group_is_in_one_part_and_every_sequence_in_one(groups, seed):
    if len(set(groups)) < 8:
        return
    sequences = list(range(len(groups)))
    parts = split_sequences(sequences, np.array(groups) * 2, shares=(0.5, 0.25, 0.25), groups=groups, seed=seed)
    assert sorted(i for part, _ in parts for i in part) == sequences
    held = [{groups[i] for i in part} for part, _ in parts]
    assert not held[0] & held[1] and not held[0] & held[2] and not held[1] & held[2]
    assert all(targets.tolist() == [2 * groups[i] for i in part] for part, targets in parts)


def test_a_seed_deals_out_and_the_shares_are_kept():
    first, again, other = (split_sequences(list(range(100)), seed=s) for s in (1, 1, 2))
    assert first == again != other
    assert [len(part) for part in first] == [80, 10, 10]
    assert first[1] != list(range(80, 90))  # dealt out, not cut


def test_a_group_lies_where_the_middle_of_its_sequences_does():
    """Of two in the middle the first one counts: a pair between two single ones goes to the first half with both."""
    shares, groups = (0.5, 0.5), ["a", "b", "b", "c"]
    halves = [split_sequences([0, 1, 2, 3], shares=shares, groups=groups, seed=seed) for seed in range(20)]
    assert {len(part) for part, _ in halves} == {2, 3}


def test_a_scaler_gives_mean_0_and_deviation_1_and_comes_back():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3)) * [1, 10, 0] + [5, -100, 7]
    scaler = Standard(x)
    z = scaler(x)
    assert z.mean(axis=0) == pytest.approx(0, abs=1e-12) and z.std(axis=0) == pytest.approx([1, 1, 0])
    assert scaler.inverse(z) == pytest.approx(x)
    again = Standard.from_dict(json.loads(json.dumps(scaler.to_dict())))
    assert (again(x) == z).all()
    ragged = Standard([x[:20], x[20:]])
    assert ragged.mean == pytest.approx(x.mean(axis=0))
    for parts in ([x[:4], x[4:]], (x[:4],)):
        assert all(map(np.array_equal, ragged(parts), [z[:4], z[4:]][: len(parts)]))
        assert all(map(np.allclose, ragged.inverse(ragged(parts)), parts)) and len(ragged(parts)) == len(parts)
    assert np.array_equal(ragged(x[:2].tolist()), z[:2])
    assert scaler(x[:6].reshape(3, 2, 3).astype("f4")).dtype == np.float32
    one = Standard(x[:, 1])
    assert one(x[:, 1]).std() == pytest.approx(1) and one.mean.shape == ()


def test_a_scaler_takes_nodes_whose_gradients_go_through():
    scaler, x = Standard(np.array([1.0, 3.0, 8.0])), tg.parameter([2.0, 5.0])
    (g,) = tg.grad(tg.sum(scaler.inverse(scaler(x) * 2)), [x])
    assert g.value == pytest.approx([2, 2])
    assert scaler(x).value == pytest.approx((np.array([2.0, 5.0]) - 4) / np.std([1.0, 3.0, 8.0]))


def test_wrong_splits_and_scalers_are_told():
    wrong = {
        "split: shares add up to 1": lambda: split(np.arange(9), (0.5, 0.4)),
        "split: a part is empty": lambda: split(np.arange(9), (0.99, 0.01)),
        "(?s)split: a part is empty.*0 to be shared": lambda: split(np.arange(9), (0.5, 0.5), gap=20),
        "split: a text or a series": lambda: split(3),
        "split: gap is a whole": lambda: split(np.arange(9), gap=-1),
        "targets do not match": lambda: split_sequences([1, 2, 3], [1]),
        "groups do not match": lambda: split_sequences([1, 2, 3], groups=[1]),
        r"(?s)groups do not match.*got +1": lambda: split_sequences([1, 2, 3], shares=[1.0], groups="abc"),
        r"(?s)groups do not match.*got +6": lambda: split_sequences([1, 2, 3], groups=np.ones((3, 2))),
        "split_sequences: a part is empty": lambda: split_sequences([*range(10)], groups=[1] * 10),
        "finite": lambda: Standard([1.0, np.nan]),
        "(?s)finite.*none": lambda: Standard(np.zeros((0, 2))),
        "other features": lambda: Standard(np.ones((4, 2)))(np.ones((4, 3))),
        "no saved scaler": lambda: Standard.from_dict({}),
        "Standard: what is scaled are no array of numbers": lambda: Standard(np.ones(4))("ab"),
        r"(?s)Standard: what is scaled are no.*\(1, 2\)": lambda: Standard(np.ones((4, 2)))([[["a", "b"]]]),
    }
    for problem, call in wrong.items():
        with pytest.raises(tg.GraphError, match=problem):
            call()
