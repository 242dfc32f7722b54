"""What actions read and write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...plan.actions import Buffer, Elementwise, Product, Reduction, Repeat, View
from ...plan.memory import views_of


def flat(actions: Iterable[Any]) -> Iterator[Any]:
    """All actions, those within loops too."""
    for action in actions:
        if isinstance(action, Repeat):
            yield from flat(action.actions)
        else:
            yield action


def written(action: Any) -> list[View]:
    """The views that an action writes."""
    if isinstance(action, Elementwise):
        return [*(v for _, v in action.stores), *(v for _, _, v in action.reduces)]
    return [action.out]


def read(action: Any) -> list[View]:
    """The views that an action reads."""
    if isinstance(action, Elementwise):
        return [*action.loads]
    if isinstance(action, Product):
        return [action.a, action.b]
    return [action.x] if isinstance(action, Reduction) else [*action.inputs]


def buffers(actions: Iterable[Any]) -> dict[Buffer, None]:
    """The buffers that actions use, in the order of their first use."""
    return {view.buffer: None for action in flat(actions) for view in views_of(action)}
