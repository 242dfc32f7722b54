"""NumPy code runs as it is: whole forward passes, by `tg.recorded` and with `tinygraph.numpy`, eager and compiled."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
import tinygraph.numpy as tnp
from tests.draw.unmarked.running import told

from . import list_forms, passes

every_pass = pytest.mark.parametrize("fn", passes.PASSES, ids=lambda fn: fn.__name__)


def close(got: Any, right: Any) -> None:
    np.testing.assert_allclose(got, right, 1e-12, 1e-12)


def weights(fn: Any) -> list[tg.Parameter]:
    return [tg.parameter(w) for w in passes.PASSES[fn]]


def in_a_list(fn: Any) -> tuple[float, list[Any]]:
    """The value and the gradients of the list form."""
    ws = weights(fn)
    loss = getattr(list_forms, fn.__name__)(*ws)
    return loss.item(), [g.value for g in tg.grad(loss, ws)]


@every_pass
def test_recorded_it_gives_numpys_value_and_the_gradients_of_the_list_form(fn: Any) -> None:
    ws, (value, gradients) = weights(fn), in_a_list(fn)
    loss = tg.recorded(fn)(*ws)
    close(value, fn(*passes.PASSES[fn]))
    close(loss.item(), value)
    for g, right in zip(tg.grad(loss, ws), gradients, strict=True):
        close(g.value, right)
    loss.backward()
    for w, right in zip(ws, gradients, strict=True):
        close(w.grad, right)


@every_pass
@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_compiled_it_is_the_same(fn: Any, backend: str) -> None:
    if backend == "native":
        pytest.importorskip("llvmlite")
    ws, (value, gradients) = weights(fn), in_a_list(fn)
    step = tg.compile(tg.value_and_grad(lambda *ws: tg.recorded(fn)(*ws), ws), backend=backend)
    for _ in range(2):
        loss, got = step(*ws)
        close(loss, value)
        for g, right in zip(got, gradients, strict=True):
            close(g, right)


def test_with_our_numpy_in_the_file() -> None:
    source = Path(passes.__file__).read_text("utf-8").replace("import numpy as np", "import tinygraph.numpy as np")
    names: dict[str, Any] = {"__name__": "ours"}
    exec(source, names)
    assert names["np"] is tnp
    for fn in passes.PASSES:
        ws, (value, gradients) = weights(fn), in_a_list(fn)
        loss = names[fn.__name__](*ws)
        close(loss.item(), value)
        for g, right in zip(tg.grad(loss, ws), gradients, strict=True):
            close(g.value, right)


@every_pass
def test_a_second_run_begins_anew(fn: Any) -> None:
    ws, run = weights(fn), tg.recorded(fn)
    assert run(*ws).item() == run(*ws).item()


SQUARES = {"number_by_number"}
"""Passes whose loops over numbers within a step hide the time."""


@every_pass
def test_it_is_drawn_in_columns(fn: Any) -> None:
    """Each state is in the column of its step, although nobody marked the loop."""
    loss = tg.recorded(fn)(*weights(fn))
    states = [x.step for x in told(loss) if x.op is not None and x.op.name in ("tanh", "where") and x.step is not None]
    if fn.__name__ in SQUARES:
        assert not states
    else:
        assert {*states} == {*range(passes.T)} and len(states) % passes.T == 0
        columns = re.findall(r"t = (\d)", tg.draw(loss).text())
        assert {*columns} >= {str(t) for t in range(passes.T)}
