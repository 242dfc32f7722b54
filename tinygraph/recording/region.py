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
    parts = [part for part in index if part is not None]
    missing = len(shape) - sum(part is not ... for part in parts)
    spread = next((k for k, part in enumerate(parts) if part is ...), len(parts))
    parts[spread : spread + 1] = [slice(None)] * missing
    return tuple([_along(part, size) for part, size in zip(parts, shape, strict=True)])


def _along(part: Any, size: int) -> int | range:
    return range(*part.indices(size)) if isinstance(part, slice) else int(part) % size


def _places(part: int | range) -> range:
    return part if isinstance(part, range) else range(part, part + 1)


def overlap(a: Region, b: Region) -> bool:
    """Whether the two regions of one array share a place."""
    return all(_meet(_places(p), _places(q)) for p, q in zip(a, b, strict=True))


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
            total = sum(len(_places(part)) for part in parts)
            return axis if len(kinds) == 1 and steps and total == shape[axis] else None
    return None


def first(part: int | range) -> int:
    return part if isinstance(part, int) else part.start
