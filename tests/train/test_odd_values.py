"""Odd values for what `tg.train` takes: each is refused in the words of its option, edges are taken."""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each
from tests.told import assert_refused
from tinygraph import train

X, IDS, NAN = np.ones((3, 4, 2)), np.zeros((3, 4), int), float("nan")


def accuracy(*arrays: Any, **options: Any) -> Any:
    return train.Running(train.accuracy).add(*arrays, **options)


WRONG: dict[str, tuple[Any, list[Any]]] = {
    "bucketed: padding is a share": (lambda x: train.bucketed(X, padding=x), [True, 1, 1.0, -0.1, "a", None, NAN, 1j]),
    "bucketed: an array has other steps or rows": (
        lambda x: train.bucketed(*x),
        [(np.ones(3),), (X, np.ones((3, 5))), (X, np.ones((2, 4))), (np.ones((0, 4, 2)),), (X, np.ones(3))],
    ),
    "bucketed: the lengths do not match": (
        lambda x: train.bucketed(X, lengths=x),
        [["a"] * 4, np.ones(4), [4, 1, 1, 1], [1, 1, 1, -1], [1, 1], [[1] * 4]],
    ),
    "one_cycle: rise is no share": (lambda x: train.one_cycle(1.0, steps=9, rise=x), [1, 1.0, 2.5]),
    "plateau: factor is no share": (lambda x: train.plateau(1.0, factor=x), [1, 1.0, 2.5]),
    "Adam: a beta is out of range": (
        lambda x: train.Adam(tg.parameter(1.0), betas=x),
        [0.9, (0.9,) * 3, (0.9, 1.0), (1, 0.5), (0.9, True), (-0.1, 0.9), "ab", np.array([0.9, 0.9]), (0.9, NAN)],
    ),
    "an optimizer's groups are no groups": (
        lambda x: train.Adam(tg.parameter(1.0), 0.1, groups=x),
        [[1], {1: {}}, {"*": 3}, "a", {"*": {}, 2: {}}, {"*": {}, "w": None}],
    ),
    "accuracy: arrays are missing or too many": (lambda x: accuracy(*x), [(IDS,), (IDS, IDS, IDS)]),
    "accuracy: lengths do not match": (
        lambda x: accuracy(*x[:2], lengths=x[2]),
        [(IDS, IDS, [1, 2]), (IDS, IDS, np.ones(4)), ([1, 2], [1, 2], [1, 2]), (IDS, IDS, 3)],
    ),
    "accuracy: a length is out of range": (
        lambda x: accuracy(IDS, IDS, lengths=x),
        [[4, 1, 1, 1], [0, 1, 2, 5], [-1, 1, 1, 1]],
    ),
    "accuracy: counted does not match": (
        lambda x: accuracy(IDS, IDS, counted=x),
        [1, True, IDS, np.ones(4, bool), np.ones((3, 4, 1), bool)],
    ),
    "accuracy: predictions and labels do not match": (
        lambda x: accuracy(*x),
        [(np.ones((3, 0)), [1, 2, 3]), ([1.0, 2], [1, 2]), ([1, 2], [1.0, 2]), (X, IDS[:2]), (X[0], IDS)],
    ),
    "accuracy: the scores hold a NaN": (lambda x: accuracy([[NAN, 1]] * 2, x), [[0, 0], [-1, 0]]),
    "confusion: no such id": (
        lambda x: train.Running(train.confusion).add(*x),
        [([-1, 2], [1, 2]), ([10**9, 2], [1, 2]), ([1], [10_000])],
    ),
}


@each("words", WRONG)
def test_what_is_no_value_of_an_option_is_refused_in_its_words(words: str) -> None:
    assert_refused(words, *WRONG[words])


def test_the_edges_are_taken() -> None:
    assert train.bucketed(X, padding=0)[0].shape == (3, 4, 2)
    for lengths in ([3, 0, 1, 2], [0] * 4, [3] * 4):
        assert train.bucketed(X, lengths=lengths)[1].tolist() == lengths
    assert train.bucketed(X[:, :0], lengths=np.zeros(0, int))[0].shape[1] == 0
    train.Adam(tg.parameter(1.0), betas=[0, 0.5])
    train.Adam(tg.parameter(1.0), groups={"*": {}, "0": {"weight_decay": 0.1}})
    assert accuracy([[NAN, 1], [0, 1]], [-1, 1]).value == 1.0
    assert accuracy(IDS, IDS, lengths=[0, 0, 3, 1]).count == 4 == accuracy(IDS, IDS, lengths=[1] * 4).count
    assert accuracy(IDS, IDS, lengths=[3, 3, 3, 3]).count == 12 and accuracy(IDS, IDS, lengths=[0, 0, 0, 1]).count == 1
    assert accuracy(X, IDS, counted=[True, False, True], lengths=[1, 2, 3, 3]).count == 6
    assert accuracy(IDS[:, :0], IDS[:, :0], lengths=np.zeros(0, int)).count == 0
    assert train.Running(train.confusion).add([0], [0]).value.tolist() == [[1]]
