"""A result may be written to the array of an argument of its size, whichever: nothing is read there afterwards."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.structure import leaves

from .in_c import Library, pointer

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(2, 4, 4))
U = tg.parameter(RNG.normal(size=(4, 4)), "U")
FUNCTIONS: dict[str, Any] = {
    "in place": lambda a, b: (a + 1.0, b * 2.0),
    "backwards": lambda a, b: (a[::-1] * 2.0, a[:, ::-1] + b),
    "turned": lambda a, b: (a.T + b, b.T),
    "as it is": lambda a, b: (b, a),
    "turned as it is": lambda a, b: (a.T, b[::-1]),
    "product": lambda a, b: (a @ U, b @ a),
    "read later": lambda a, b: (np.tanh(b), np.tanh(a) + b @ U, a - b),
    "rows": lambda a, b: (a - np.mean(a, axis=0), b / np.sum(np.abs(b), axis=1, keepdims=True)),
    "shifted": lambda a, b: (np.concatenate([a[1:], b[:1]]), np.concatenate([b[:, -1:], a[:, :-1]], axis=1)),
    "sums": lambda a, b: (np.cumsum(a, axis=0), np.cumsum(b[::-1], axis=1)),
    "sorted": lambda a, b: (np.sort(a, axis=0), np.sort(b, axis=1)),
    "loop": lambda a, b: tg.unroll(lambda x, h: (h, np.tanh(h @ U + x)), a, b[0])[0] + b,
}
FLAT: dict[str, Any] = {
    "of other shapes": lambda a, b: (a.reshape(2, 8)[::-1], b.reshape(-1)[::2], (a * b).reshape(16))
}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_whichever_result_is_written_over_whichever_argument(tmp_path: Path) -> None:
    library, names = Library(tmp_path, double=True), {}
    for k, (text, fn) in enumerate((FUNCTIONS | FLAT).items()):
        names[f"x_f{k}"] = text, fn
    library.add("x", {n[2:]: fn for n, (_, fn) in names.items()}, dict.fromkeys((n[2:] for n in names), (A, B)))
    assert not library.problems, library.problems
    library.build()
    for name, (text, fn) in names.items():
        due = [y.value for y in leaves(fn(tg.constant(A), tg.constant(B)))]
        for over in itertools.product((None, 0, 1), repeat=len(due)):
            taken = [k for k in over if k is not None]
            if len(taken) == len({*taken}) and all(k is None or y.size == 16 for k, y in zip(over, due, strict=True)):
                own = [A.copy(), B.copy()]
                places = [np.empty(y.size) if k is None else own[k] for k, y in zip(over, due, strict=True)]
                assert not getattr(library.shared, name)(*map(pointer, own), *map(pointer, places))
                for got, y in zip(places, due, strict=True):
                    np.testing.assert_allclose(got.reshape(y.shape), y, 1e-12, 1e-13, err_msg=f"{text} {over}")
