"""One test over many cases: all of them are tried, and the failure names each that went wrong."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest

Test = Callable[..., None]
Ids = Iterable[str] | Callable[[Any], Any] | None


def each(names: str, cases: Iterable[Any], ids: Ids = None) -> Callable[[Test], Test]:
    """As ``pytest.mark.parametrize``, but a loop within one test: thousands of ids cost more than what they try.

    Fixtures are the same for all cases. Above one another, as decorators, they are loops within loops.
    """
    words = [name.strip() for name in names.split(",")]
    rows = [(case,) if len(words) == 1 else tuple(case) for case in cases]
    labels = _labels(words, rows, ids)

    def loop(test: Test) -> Test:
        @functools.wraps(test, updated=())
        def tries_all(**fixtures: Any) -> None:
            failures = []
            for row, label in zip(rows, labels, strict=True):
                try:
                    test(**fixtures, **dict(zip(words, row, strict=True)))
                except (Exception, pytest.fail.Exception) as error:
                    failures.append((label, error))
            if failures:
                raise _named(failures, len(rows))

        signature = inspect.signature(test)
        rest = [p for name, p in signature.parameters.items() if name not in words]
        tries_all.__signature__ = signature.replace(parameters=rest)  # type: ignore[attr-defined]
        tries_all.pytestmark = list(getattr(test, "pytestmark", []))  # type: ignore[attr-defined]
        return tries_all

    assert rows, "no cases"
    return loop


def _labels(words: list[str], rows: list[tuple[Any, ...]], ids: Ids) -> list[str]:
    if ids is None or callable(ids):
        told = ids or _shown
        return [", ".join(f"{w}={told(value)}" for w, value in zip(words, row, strict=True)) for row in rows]
    labels = [f"{', '.join(words)}={label}" for label in ids]
    assert len(labels) == len(rows)
    return labels


def _shown(value: Any) -> str:
    return str(getattr(value, "__name__", None) or value)


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
