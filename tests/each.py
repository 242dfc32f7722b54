"""One test over many cases: all of them are tried, and the failure names each that went wrong."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., Any]
Ids = Iterable[str] | Callable[[Any], Any] | None


def each(names: str, cases: Iterable[Any], ids: Ids = None, by: Callable[[Any], str] | None = None) -> Any:
    """As ``pytest.mark.parametrize``, but a loop within one test: an id costs more than what most cases do.

    Fixtures are the same for all cases. Above one another, as decorators, they are loops within loops. With ``by``
    there is one test for each group of cases that it names alike.
    """
    words = [name.strip() for name in names.split(",")]
    cases = list(cases)
    rows = [(case,) if len(words) == 1 else tuple(case) for case in cases]
    labelled = list(zip(rows, _labels(words, rows, ids), strict=True))
    if by is None:
        return lambda test: _loop(test, words, lambda _: labelled, [])
    groups: dict[str, list[Any]] = {}
    for case, row in zip(cases, labelled, strict=True):
        groups.setdefault(by(case), []).append(row)
    group = inspect.Parameter("group", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return lambda test: pytest.mark.parametrize("group", groups)(
        _loop(test, words, lambda fixtures: groups[fixtures.pop("group")], [group])
    )


def _loop(test: Test, words: list[str], rows: Callable[[Any], Any], more: list[inspect.Parameter]) -> Test:
    @functools.wraps(test, updated=())
    def tries_all(**fixtures: Any) -> None:
        failures, cases = [], rows(fixtures)
        assert cases, "no cases"
        for row, label in cases:
            try:
                test(**fixtures, **dict(zip(words, row, strict=True)))
            except (Exception, pytest.fail.Exception) as error:
                failures.append((label, error))
        if failures:
            raise _named(failures, len(cases))

    own = inspect.signature(test)
    rest = [parameter for name, parameter in own.parameters.items() if name not in words]
    tries_all.__signature__ = own.replace(parameters=[*more, *rest])  # type: ignore[attr-defined]
    tries_all.pytestmark = list(getattr(test, "pytestmark", []))  # type: ignore[attr-defined]
    return tries_all


def _labels(words: list[str], rows: list[tuple[Any, ...]], ids: Ids) -> list[str]:
    if ids is None or callable(ids):
        told = ids or _shown
        return [", ".join(f"{w}={told(value)}" for w, value in zip(words, row, strict=True)) for row in rows]
    return [f"{', '.join(words)}={label}" for label in ids]


def _shown(value: Any) -> str:
    return str(getattr(value, "__name__", value))


def _named(failures: list[tuple[str, BaseException]], count: int) -> BaseException:
    """The first failure, which tells of all."""
    told = [f"{len(failures)} of {count} cases failed:"]
    for label, error in failures:
        notes = [line for note in getattr(error, "__notes__", []) for line in note.splitlines()]
        first = str(error).strip().partition("\n")[0]
        told += [f"  {label}: {type(error).__name__}: {first}", *(f"    {note}" for note in notes)]
    first_error = failures[0][1]
    first_error.add_note("\n".join(told))
    return first_error
