"""Regions of an array: which places an index of ints and slices selects, and whether two of them overlap."""

from __future__ import annotations

from typing import Any

Region = tuple["int | range", ...]
"""For each axis the place or the places that are selected; an int takes the axis away."""


def region_of(index: tuple[Any, ...], shape: tuple[int, ...]) -> Region:
    """The region of an index without arrays, which fits the shape; new axes are left out.

    Example:
        >>> from tinygraph.recording.region import region_of
        >>> region_of((-1, ..., slice(0, 2)), (5, 3, 4))
        (4, range(0, 3), range(0, 2))
    """
    if ... in index or None in index:
        parts = [part for part in index if part is not None]
        spread = parts.index(...) if ... in parts else len(parts)
        missing = len(shape) - sum(part is not ... for part in parts)
        index = (*parts[:spread], *(ALL,) * missing, *parts[spread + 1 :])
    elif len(index) < len(shape):
        index = (*index, *(ALL,) * (len(shape) - len(index)))
    if len(index) > len(shape):
        raise IndexError(f"{len(index)} indices for {len(shape)} axes")
    return tuple([_along(part, size) for part, size in zip(index, shape, strict=True)])


ALL = slice(None)


def _along(part: Any, size: int) -> int | range:
    if isinstance(part, slice):
        return range(size) if part == ALL else range(*part.indices(size))
    at = int(part)
    if not -size <= at < size:
        raise IndexError(f"index {at} is out of bounds for an axis of size {size}")
    return at % size


def shape_of(region: Region) -> tuple[int, ...]:
    """The shape of what the region selects."""
    return tuple([len(part) for part in region if type(part) is range])


def lane_of(region: Region, shape: tuple[int, ...]) -> int | None:
    """The axis in which the region is one place, if it is all of the others: 0 for ``h[t]``."""
    lane = None
    for k, part in enumerate(region):
        if type(part) is int:
            if lane is not None:
                return None
            lane = k
        elif part != range(shape[k]):
            return None
    return lane


def places(part: int | range) -> range:
    return part if isinstance(part, range) else range(part, part + 1)


def overlap(a: Region, b: Region) -> bool:
    """Whether the two regions of one array share a place."""
    for p, q in zip(a, b, strict=True):
        if p != q if type(p) is type(q) is int else not _meet(places(p), places(q)):
            return False
    return True


def _meet(p: range, q: range) -> bool:
    if p.step == q.step == 1:
        return max(p.start, q.start) < min(p.stop, q.stop)
    return not {*p}.isdisjoint(q)


def is_whole(region: Region, shape: tuple[int, ...]) -> bool:
    """Whether the region is the array with its axes as they are."""
    return all(part == range(size) for part, size in zip(region, shape, strict=True))


def tiled(regions: list[Region], shape: tuple[int, ...]) -> int | None:
    """The axis along which the regions, which do not overlap, are all of the array, as in stack or concatenate."""
    for axis in range(len(shape)):
        others = [region[:axis] + region[axis + 1 :] for region in regions]
        if all(is_whole(part, shape[:axis] + shape[axis + 1 :]) for part in others):
            parts = [region[axis] for region in regions]
            kinds = {*map(type, parts)}
            steps = all(part.step == 1 for part in parts if isinstance(part, range))
            total = sum(len(places(part)) for part in parts)
            return axis if len(kinds) == 1 and steps and total == shape[axis] else None
    return None
