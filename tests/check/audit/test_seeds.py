"""The passes of the seeds: wrong as they stand, right with exactly the marked lines mended, no mark idle."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tests.each import each

from .passes import loaded
from .plant import gradients
from .running import Numbers, Run, differences, relative, run_of
from .seeds import ALL_SEEDS, SEEDS, Seed

WRONG_LINES = {"000": 6, "001": 3, "001 as printed": 4, "002": 0, "003b": 3, "004": 4}
K = 2
"""Cells before that 004 means to look at."""


def due(seed: Seed, module: ModuleType) -> Numbers:
    run = run_of(seed, module)
    return truncated(seed, module, run) if seed.name == "004" else differences(run)


def truncated(seed: Seed, module: ModuleType, run: Run) -> Numbers:
    """Each step's loss, by differences of the last cells alone; the state before them stays as it is."""
    words, targets = seed.call(module)[0][3].values()
    W, U = run.numbers["W"], run.numbers["U"]
    states = [np.zeros((W.shape[0], 1))]
    for x in words:
        states.append(np.tanh(U @ x + W @ states[-1]))

    def cells(at: Numbers, t: int) -> float:
        first = max(0, t - K)
        h = states[first]
        for x in words[first : t + 1]:
            h = np.tanh(at["U"] @ x + at["W"] @ h)
        z = at["V"] @ h
        return float(np.log(np.sum(np.exp(z))) - np.sum(targets[t] * z))

    return differences(Run(run.numbers, lambda at: sum(cells(at, t) for t in range(len(words))), run.gradients))


@each("seed", ALL_SEEDS, ids=[seed.name for seed in ALL_SEEDS])
def test_a_seed_is_right_once_all_is_mended(seed: Seed) -> None:
    own = gradients(seed, seed.right())
    right = due(seed, loaded(seed.file))
    assert own is not None
    errors = {name: relative(own[name], right[name]) for name in right}
    assert max(errors.values()) < 1e-7, errors


@each("seed", ALL_SEEDS, ids=[seed.name for seed in ALL_SEEDS])
def test_every_marked_line_is_wrong_by_itself(seed: Seed) -> None:
    lines = seed.text.splitlines()
    mended = seed.right().splitlines()
    assert len(seed.wrong) == WRONG_LINES[seed.name]
    right = gradients(seed, seed.right())
    assert right is not None
    for n in seed.wrong:
        assert lines[n - 1] != mended[n - 1]
        own = gradients(seed, "\n".join([*mended[: n - 1], lines[n - 1], *mended[n:]]))
        assert own is not None
        assert max(relative(own[name], right[name]) for name in right) > 1e-3, n


def test_no_seed_is_forgotten() -> None:
    assert SEEDS.keys() == WRONG_LINES.keys()
