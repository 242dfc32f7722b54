"""docs/numpy.md says of every name what came out when it was tried, and nothing came out wrong."""

from __future__ import annotations

from typing import Any

import pytest

import tinygraph as tg
from tinygraph.ops.numpy_speaks import FUNCTIONS, UFUNCS

from . import numpy_table

pytest.importorskip("llvmlite")
AGAIN = "what numpy's names do on nodes has changed: python -m tests.ops.numpy_table --write"


def test_the_page_is_what_came_out() -> None:
    assert numpy_table.PAGE.read_text(encoding="utf-8") == numpy_table.page(), AGAIN


def test_no_name_is_silently_wrong() -> None:
    table = [row for group in numpy_table.rows().values() for row in group]
    assert len(table) > 200 and len({row.name for row in table}) == len(table)
    assert [row for row in table if numpy_table.WRONG in "".join(row[2:])] == []


def test_every_name_that_nodes_take_is_on_the_page() -> None:
    listed = {name.rpartition(".")[2] for group in numpy_table.GROUPS.values() for name in group}
    known = {function.__name__ for function in [*FUNCTIONS, *UFUNCS]}
    assert known - listed == numpy_table.WRITE, "add it to numpy_forms.py"


def test_the_ruler_measures(monkeypatch: Any) -> None:
    """A wrong value, a wrong gradient and a wrong gradient of the gradient are seen."""
    tanh = type(tg.ops.tanh)
    tried, wrong = numpy_table.tried.__wrapped__, numpy_table.WRONG
    assert tried("np.tanh(x)") == (numpy_table.RIGHT, numpy_table.RIGHT)
    assert tried("np.sign(x)") == (numpy_table.RIGHT, numpy_table.ZERO)
    with monkeypatch.context() as m:
        m.setattr(tanh, "forward", lambda self, x: x * 1.001)
        assert tried("np.tanh(x)")[0] == wrong
    with monkeypatch.context() as m:
        m.setattr(tanh, "backward", lambda self, gz, z, x: gz * (1 - z))
        assert tried("np.tanh(x)")[1] == wrong
    with monkeypatch.context() as m:
        m.setattr(tanh, "backward", lambda self, gz, z, x: gz * tg.stop_gradient.of(1 - z * z))
        assert tried("np.tanh(x)")[1] == wrong
