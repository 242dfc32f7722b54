"""numpy's functions that write into arrays, for nodes: values as numpy's, gradients by differences, errors named."""

from __future__ import annotations

import functools
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

P = np.random.default_rng(3).uniform(0.5, 2.0, (3, 4))
MASK = P > 1.2
KEYS: list[Any] = [
    1,
    -1,
    slice(1, None),
    slice(None, None, -2),
    ...,
    (slice(None), 2),
    (slice(None), slice(1, 3)),
    (1, 2),
    (..., 0),
    ([0, 0, 2],),
    ([0, 0, 2], [1, 1, 3]),
    (slice(None), [0, 0, 3]),
    (np.array([[0, 1], [1, 1]]), 2),
    MASK,
    np.array([True, False, True]),
]


def at(ufunc: Any, key: Any, value: Any) -> Any:
    def run(p: Any) -> Any:
        z = np.array(p) * 1.0
        ufunc.at(z, key, value(z[key], p))
        return z

    return run


VALUES: list[Any] = [
    lambda old, p: old * p[0, 0],
    lambda old, p: p[1, 1],
    lambda old, p: 2.5,
    lambda old, p: np.tanh(old)[..., :1] if np.ndim(old) else np.tanh(old),
]


def is_right(run: Any, sloped: bool = True) -> None:
    ours = tg.recorded(run)(tg.parameter(P))
    np.testing.assert_allclose(ours.value, run(P), rtol=1e-13)
    if sloped:
        tg.check.gradients(lambda q: tg.recorded(run)(q), [P], order=1)


@each("key", KEYS)
@each("k", range(len(VALUES)))
def test_adding_at_places_is_adding_it_up(key: Any, k: int) -> None:
    is_right(at(np.add, key, VALUES[k]), sloped=k in (0, 3))
    is_right(at(np.subtract, key, VALUES[k]), sloped=False)


def test_other_functions_and_plain_arrays_are_refused_by_name() -> None:
    for ufunc, make in ((np.multiply, lambda p: p * 1.0), (np.add, lambda p: np.asarray(PLAIN))):
        run = functools.partial(lambda ufunc, make, p: ufunc.at(make(p), 0, p[0]), ufunc, make)
        fix = r"np\.copy\(a\)" if ufunc is np.add else r"a\[i\] = np\.multiply\(a\[i\], v\)"
        with pytest.raises(tg.MutationError, match=rf"np\.{ufunc.__name__}\.at is not supported on nodes(?s:.*){fix}"):
            tg.recorded(run)(tg.parameter(P))


def writer(write: Any) -> Any:
    def run(p: Any) -> Any:
        z = np.array(p) * 1.0
        write(z, p)
        return z

    return run


WRITERS: dict[str, Any] = {
    "copyto": lambda z, p: np.copyto(z, p * 2.0),
    "copyto of a row": lambda z, p: np.copyto(z, p[1] * 2.0),
    "copyto of a number": lambda z, p: np.copyto(z, 3.0),
    "copyto where": lambda z, p: np.copyto(z, p * p, where=MASK),
    "copyto where a row": lambda z, p: np.copyto(z, p[0], where=np.array([True, False, True, False])),
    "putmask": lambda z, p: np.putmask(z, MASK, p * 3.0),
    "putmask of a number": lambda z, p: np.putmask(z, MASK, 5.0),
    "putmask of a row": lambda z, p: np.putmask(z, MASK, p[0]),
    "putmask of a list": lambda z, p: np.putmask(z, MASK, [p[0, 0], 2.0, p[1, 1]]),
    "putmask of too many": lambda z, p: np.putmask(z, MASK.ravel(), np.concatenate([p, p * 2.0])),
    "place": lambda z, p: np.place(z, MASK, p.ravel()[:2]),
    "place by a mask in a row": lambda z, p: np.place(z, MASK.ravel(), p[0]),
    "place of as many": lambda z, p: np.place(z, MASK, (p * 2.0)[MASK]),
    "put": lambda z, p: np.put(z, [0, 5, -1], p[:, 1]),
    "put of fewer": lambda z, p: np.put(z, [[0, 5], [7, -12]], p[0, :3] * 2.0),
    "put of one": lambda z, p: np.put(z, 11, p[0, 0] ** 2),
    "put of the last and the first": lambda z, p: np.put(z, [-12, 11], [p[0, 0], p[1, 1]]),
    "put beyond the ends": lambda z, p: np.put(z, [-40, 3, 50], p[0, :3], mode="clip"),
    "put around the ends": lambda z, p: np.put(z, [-40, 3, 50], p[0, :3], mode="wrap"),
    "fill_diagonal": lambda z, p: np.fill_diagonal(z, p[0, 1]),
    "fill_diagonal of several": lambda z, p: np.fill_diagonal(z[:3, :3], p[0, :3]),
    "fill_diagonal of too many": lambda z, p: np.fill_diagonal(z, p),
    "fill_diagonal of too few": lambda z, p: np.fill_diagonal(z, [p[0, 0], 2.0]),
    "fill_diagonal of a tall one": lambda z, p: np.fill_diagonal(np.reshape(z, (6, 2)), p[0]),
    "fill_diagonal around": lambda z, p: np.fill_diagonal(np.reshape(z, (6, 2)), p[0], wrap=True),
    "fill_diagonal of a stack": lambda z, p: np.fill_diagonal(np.reshape(z, (3, 2, 2))[:2], p[0, 0]),
    "put_along_axis None": lambda z, p: np.put_along_axis(z, np.array([3, 11, 5]), p[0, :3] * 4.0, None),
    "put_along_axis 0": lambda z, p: np.put_along_axis(z, np.array([[2, 0, 1, 1]]), p[:1] * 4.0, 0),
    "put_along_axis 1": lambda z, p: np.put_along_axis(z, np.array([[3], [0], [2]]), p[:, :1] * 4.0, 1),
    "put_along_axis -1": lambda z, p: np.put_along_axis(z, np.array([[3, 1], [0, 2], [2, 0]]), p[:, 1:3] * 4.0, -1),
    "fill": lambda z, p: z.fill(p[0, 0] * p[1, 1]) if isinstance(z, tg.Node) else z.fill((p[0, 0] * p[1, 1]).item()),
}


@each("name", list(WRITERS))
def test_a_writer_of_numpys_writes_as_numpy_does(name: str) -> None:
    is_right(writer(WRITERS[name]))


PLAIN = np.zeros((3, 4))


@each(
    "name",
    [
        name
        for name in WRITERS
        if not name.startswith("fill") and name not in ("putmask of a number", "copyto of a number")
    ],
)
def test_into_a_plain_array_no_node_is_written(name: str) -> None:
    """It has no graph: nobody would ever see the gradient."""
    with pytest.raises(tg.MutationError, match=r"(?s)(into|in) a plain (ndarray|array).*test_numpy_writers\.py"):
        WRITERS[name](PLAIN, tg.parameter(P))
    assert not PLAIN.any()


@each(
    "write, words",
    [
        (lambda z, p: np.putmask(z, MASK[0], p[0]), r"np\.putmask: cannot reshape"),
        (lambda z, p: np.place(z, MASK[0], p[0]), r"np\.place: cannot reshape"),
        (lambda z, p: np.place(z, MASK, []), "there is no value to write"),
        (lambda z, p: np.put(z, [12], p[0, 0]), r"np\.put: index 12 is out of bounds(?s:.*)size 12"),
        (lambda z, p: np.put(z, [-13], p[0, 0]), r"np\.put: index -13 is out of bounds"),
        (lambda z, p: np.put(z, [0], p[0, 0], mode="turn"), r"np\.put: clipmode"),
        (lambda z, p: np.fill_diagonal(z[0], 1.0), r"np\.fill_diagonal: array must be at least 2-d"),
        (lambda z, p: np.fill_diagonal(np.reshape(z, (3, 2, 2)), 1.0), r"np\.fill_diagonal: All dimensions"),
        (
            lambda z, p: np.put_along_axis(z, np.array([3, 11, 5]), p[0, :2], None),
            r"np\.put_along_axis(?s:.*)broadcast",
        ),
        (lambda z, p: np.copyto(z, p[:, :3]), "the value does not fit"),
    ],
)
def test_what_numpy_would_not_write_so_is_refused(write: Any, words: str) -> None:
    with pytest.raises(tg.GraphError, match=words):
        tg.recorded(writer(write))(tg.parameter(P))


METHODS: dict[str, Any] = {
    "sort": lambda z: z.sort(),
    "sort of columns": lambda z: z.sort(axis=0, kind="stable"),
    "sort of a view": lambda z: z[1].sort(),
    "partition": lambda z: z.partition(1),
    "put": lambda z: z.put([0, -1, 5], [9.0, z[0, 1] * 2]),
}


@each("name", METHODS)
def test_methods_that_change_an_array_in_place(name: str) -> None:
    def run(p: Any) -> Any:
        z = np.array(p) * np.array([1.0, -2.0, 0.5, 3.0])
        earlier = z * 1.0
        METHODS[name](z)
        if name == "partition":
            z = np.sort(z)  # of the other places numpy promises nothing
        return z * np.arange(12.0).reshape(3, 4) + earlier

    is_right(run)


def test_methods_that_change_an_array_in_place_are_refused_where_nobody_records() -> None:
    code = "import numpy as np, tinygraph as tg\nx = tg.parameter(np.ones((2, 3))) * 1.0\n"
    code += "for change in (lambda: x.sort(), lambda: x.put(0, 1.0)):\n    try:\n        change()\n"
    code += "    except tg.MutationError as error:\n        assert 'tg.recorded' in str(error), error\n"
    code += "    else:\n        raise AssertionError\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
