"""Regions and pieces against numpy itself: which places an index selects, what overlaps, what tiles, who lies where."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.recording.pieces import Pieces
from tinygraph.recording.region import is_whole, lane_of, overlap, region_of, shape_of, tiled
from tinygraph.recording.region import places as all_places

SHAPES = [(5,), (3, 4), (2, 3, 4), (1, 4), (0, 3), ()]


def part(draw: random.Random, size: int) -> Any:
    if size and draw.random() < 0.5:
        return draw.randrange(-size, size)
    ends = [None, *range(-size - 1, size + 2)]
    return slice(draw.choice(ends), draw.choice(ends), draw.choice([None, None, 1, 2, -1, 3, -2]))


def index_for(draw: random.Random, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """An index of ints and slices, perhaps with dots and new axes."""
    count = draw.randrange(len(shape) + 1)
    if draw.random() < 0.3:
        behind = draw.randrange(count + 1)
        front = [part(draw, n) for n in shape[: count - behind]]
        back = [part(draw, n) for n in shape[len(shape) - behind :]]
        own = [*front, ..., *back]
    else:
        own = [part(draw, n) for n in shape[:count]]
    for _ in range(draw.choice([0, 0, 0, 1, 2])):
        own.insert(draw.randrange(len(own) + 1), None)
    return tuple(own)


def places(index: tuple[Any, ...], shape: tuple[int, ...]) -> list[int]:
    whole = np.arange(int(np.prod(shape))).reshape(shape)
    return np.ravel(whole[index]).tolist()


def by_region(region: Any, shape: tuple[int, ...]) -> list[int]:
    """The same places by nested loops over the region."""
    own = [[0]]
    for axis, at in enumerate(region):
        stride = int(np.prod(shape[axis + 1 :]))
        own = [[p + k * stride for p in row for k in ([at] if isinstance(at, int) else at)] for row in own]
    return own[0]


@each("shape", SHAPES)
def test_a_region_is_what_numpy_selects(shape: tuple[int, ...]) -> None:
    draw = random.Random(str(shape))
    whole = np.zeros(shape)
    for _ in range(300):
        index = index_for(draw, shape)
        region = region_of(index, shape)
        assert by_region(region, shape) == places(index, shape), index
        bare = tuple([x for x in index if x is not None])
        assert shape_of(region) == whole[bare].shape
        selected = {*places(index, shape)}
        in_order = whole[bare].shape == shape and places(index, shape) == [*range(whole.size)]
        assert is_whole(region, shape) == in_order or not whole.size
        lane = lane_of(region, shape)
        if lane is not None:
            at = region[lane]
            assert isinstance(at, int) and np.take(
                np.arange(whole.size).reshape(shape), at, lane
            ).ravel().tolist() == by_region(region, shape)
        else:
            ints = [k for k, x in enumerate(region) if isinstance(x, int)]
            assert len(ints) != 1 or any(
                x != range(n) for k, (x, n) in enumerate(zip(region, shape, strict=True)) if k not in ints
            )
        other = region_of(index_for(draw, shape), shape)
        assert overlap(region, other) == overlap(other, region) == bool(selected & {*by_region(other, shape)})


@each(
    "index, shape",
    [((3,), (3,)), ((-4,), (3,)), ((0, 0), (3,)), ((..., 0, 0), (3,)), ((None, 5), (3,)), ((0, 7), (2, 7))],
)
def test_what_numpy_has_no_place_for_is_an_index_error(index: Any, shape: Any) -> None:
    with pytest.raises(IndexError):
        np.zeros(shape)[index]
    with pytest.raises(IndexError, match=r"out of bounds|indices for"):
        region_of(index, shape)


def test_regions_that_are_all_of_an_array_have_an_axis() -> None:
    def axis(shape: tuple[int, ...], *indices: Any) -> int | None:
        return tiled([region_of(i if isinstance(i, tuple) else (i,), shape) for i in indices], shape)

    every = slice(None)
    assert axis((3, 2), 0, 1, 2) == 0 and axis((3, 2), 2, 0, 1) == 0 and axis((3, 2), (every, 0), (every, 1)) == 1
    assert axis((3, 2), slice(0, 1), slice(1, 3)) == 0 and axis((3, 2), (every, slice(1, 2)), (every, slice(0, 1))) == 1
    assert axis((3, 2), 0, 1) is None and axis((3, 2), slice(0, 2)) is None
    assert axis((3, 2), 0, slice(1, 3)) is None  # stack or concatenate
    assert axis((3, 2), slice(0, 3, 2), slice(1, 2)) is None and axis((3, 2), slice(None, None, -1)) is None
    assert axis((3, 2), (0, 0), (every, 1)) is None and axis((3, 2), (0, 0)) is None
    assert all_places(4) == range(4, 5) and all_places(range(2, 5)) == range(2, 5)


@each("seed", range(40))
def test_pieces_are_where_they_were_put(seed: int) -> None:
    """Against a model that keeps for each number the last node that was written over it."""
    draw = random.Random(seed)
    shape = draw.choice([(4, 3), (3, 4, 2), (5,)])
    pieces, model = Pieces(), dict[Any, Any]()
    lanes_alone = seed % 3 == 0
    for k in range(12):
        index = (draw.randrange(shape[0]),) if lanes_alone else index_for(draw, shape)
        region = region_of(index, shape)
        own = {*by_region(region, shape)}
        if not own:
            continue
        lane, node = lane_of(region, shape), tg.constant(float(k))
        met = pieces.met_by(region, lane)
        due = {r for r, _ in model.items() if own & {*by_region(r, shape)}}
        assert {pieces.region(place) for place in met} == due
        for place in met:
            del pieces.nodes[place]
        for r in due:
            del model[r]
        pieces.put(region, lane, node)
        model[region] = node
        for r, there in model.items():
            assert pieces.at(r) is there
        assert len(pieces.nodes) == len(model)
    assert pieces.at(region_of((slice(1, 2),), shape)) is model.get(region_of((slice(1, 2),), shape))
    if lanes_alone:
        assert pieces.lane == 0
        for (at, *rest), node in model.items():
            for key in (at, (at,), (at, slice(None)) if len(shape) > 1 else at):
                told = pieces.along(key)
                assert (
                    told is not None and told[1] == at and pieces.nodes[at] is node and pieces.region(at) == (at, *rest)
                )
        for key in (
            -1,
            slice(0, 1),
            (0, slice(0, 1)),
            (0, 0),
            (slice(None),),
            (0,) + (slice(None),) * len(shape),
            np.int64(0),
            (),
        ):
            assert pieces.along(key) is None, key
    one, new = next(iter(model.values())), tg.constant(99.0)
    pieces.exchange(one, new)
    assert one not in pieces.nodes.values() and new in pieces.nodes.values()
