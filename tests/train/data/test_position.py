"""A position goes on bit for bit, in another process too, from any batch; one of other data is refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg

RNG = np.random.default_rng(3)
TEXT = RNG.integers(0, 9, 101)
LENGTHS = RNG.integers(1, 12, 23)


def sequences():
    return [np.full((n, 2), float(n)) * np.arange(1, n + 1)[:, None] for n in LENGTHS]


MAKERS = {
    "stream": lambda: tg.train.Stream(TEXT, 4, 6, separator=3),
    "documents": lambda: tg.train.Stream(TEXT, 3, 7, documents=[0, 20, 71]),
    "ragged": lambda: tg.train.Ragged(sequences(), 4, np.arange(23), seed=5),
    "windows": lambda: tg.train.Windows(np.sqrt(np.arange(50.0)), 6, 2, 8, seed=2),
}


def digest(batch):
    return hashlib.sha256(b"".join(a.tobytes() + str((a.shape, a.dtype)).encode() for a in batch)).hexdigest()


def on_from(data, count):
    """The digests of the next ``count`` batches, over the ends of epochs."""
    digests = []
    while len(digests) < count:
        for batch in data:
            digests.append(digest(batch))
            if len(digests) == count:
                break
    return digests


@pytest.mark.parametrize("name", MAKERS)
def test_from_every_position_the_same_batches_follow(name):
    data = MAKERS[name]()
    total = 3 * len(data)
    digests, positions = [], [data.position]
    while len(digests) < total:
        for batch in data:
            digests.append(digest(batch))
            positions.append(json.loads(json.dumps(data.position)))
    assert [(p["epoch"], p["batch"]) for p in positions] == [divmod(k, len(data)) for k in range(total + 1)]
    for k, position in enumerate(positions[:-1]):
        other = MAKERS[name]()
        other.position = position
        assert other.position == position
        assert on_from(other, min(5, total - k)) == digests[k : k + 5]


def test_a_for_that_was_left_goes_on_and_the_next_one_is_the_next_epoch():
    data = MAKERS["windows"]()
    for k, _ in enumerate(data):
        if k == 1:
            break
    assert len(list(data)) == len(data) - 2
    assert data.position["epoch"] == 1 and data.position["batch"] == 0
    assert len(list(data)) == len(data)


def test_nothing_global_is_drawn_or_changed():
    before = str(np.random.get_state())
    first = on_from(MAKERS["ragged"](), 12)
    np.random.seed(9)
    seeded = str(np.random.get_state())
    assert on_from(MAKERS["ragged"](), 12) == first
    assert str(np.random.get_state()) == seeded != before


IN_ANOTHER_PROCESS = """
import json, sys
from tests.train.data.test_position import MAKERS, on_from
for name, position in json.load(sys.stdin).items():
    data = MAKERS[name]()
    data.position = position
    print(name, *on_from(data, 9))
"""


def test_another_process_goes_on_in_the_middle_of_an_epoch():
    positions, due = {}, []
    for name, make in MAKERS.items():
        data = make()
        on_from(data, len(data) + 2)
        positions[name] = data.position
        due.append(" ".join([name, *on_from(data, 9)]))
    root = Path(__file__).parents[3]
    run = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_PROCESS],
        input=json.dumps(positions),
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert run.stdout.splitlines() == due, run.stderr


def test_a_position_of_other_data_is_told_and_changes_nothing():
    series = np.sqrt(np.arange(50.0))
    data = tg.train.Windows(series, 6, 2, 8, seed=2)
    next(iter(data))
    before = data.position
    changed = series.copy()
    changed[25] = 0
    others = {
        "seed": tg.train.Windows(series, 6, 2, 8, seed=3),
        "batch": tg.train.Windows(series, 6, 2, 7, seed=2),
        "checksum": tg.train.Windows(series[1:], 6, 2, 8, seed=2),
        "horizon": tg.train.Windows(series, 6, 1, 8, seed=2),
        "data": MAKERS["stream"](),
    }
    for word, other in others.items():
        with pytest.raises(tg.GraphError, match=rf"position belongs to other data: .*{word}"):
            data.position = other.position
    with pytest.raises(tg.GraphError, match="checksum"):
        data.position = tg.train.Windows(changed, 6, 2, 8, seed=2).position
    for wrong in (None, 3, {}, {"epoch": 1}, {**before, "more": 1}):
        with pytest.raises(tg.GraphError, match="no position"):
            data.position = wrong
    for key, value in (("batch", len(data)), ("batch", -1), ("epoch", 1.5), ("epoch", None)):
        with pytest.raises(tg.GraphError, match="position"):
            data.position = {**before, key: value}
    assert data.position == before


def other_streams():
    one = {"tokens": TEXT, "batch": 3, "steps": 7, "documents": [0, 20, 71], "separator": 2}
    changed = np.where(np.arange(101) == 50, 8 - TEXT, TEXT)
    words = {"batch": 4, "steps": 6, "documents": [0, 21, 71], "separator": 3}
    cases = {word: tg.train.Stream(**{**one, word: value}) for word, value in words.items()}
    cases["checksum"] = tg.train.Stream(**{**one, "tokens": changed})
    return tg.train.Stream(**one), cases | {"documents": tg.train.Stream(**{**one, "documents": None})}


def other_sequences():
    own, labels = sequences(), np.arange(23)
    cases = {
        "batch": tg.train.Ragged(own, 5, labels, seed=5),
        "seed": tg.train.Ragged(own, 4, labels, seed=6),
        "shuffle": tg.train.Ragged(own, 4, labels, seed=5, shuffle=False),
        "sequences": tg.train.Ragged([*own, own[0]], 4, np.arange(24), seed=5),
        "buckets": tg.train.Ragged(own, 4, labels, seed=5, padding=0.9),
        "checksum": tg.train.Ragged([x + (k == 11) for k, x in enumerate(own)], 4, labels, seed=5),
    }
    return MAKERS["ragged"](), cases


@pytest.mark.parametrize("make", [other_streams, other_sequences])
def test_whatever_tells_data_apart_is_in_its_position(make):
    data, others = make()
    data.position = make()[0].position
    for word, other in others.items():
        assert other.position["of"][word] != data.position["of"][word]
        for one, position in ((data, other.position), (other, data.position)):
            with pytest.raises(tg.GraphError, match=rf"position belongs to other data: .*\b{word}\b"):
                one.position = position
