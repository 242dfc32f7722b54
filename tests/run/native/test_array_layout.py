"""Native code reads numpy's arrays where this version of numpy has their data; of another it takes none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygraph as tg

pytest.importorskip("llvmlite")
from tinygraph.run import by_native


def test_arrays_of_another_layout_are_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(by_native, "HEAD", by_native.HEAD + 8)
    by_native._check_head.cache_clear()
    try:
        with pytest.raises(tg.GraphError, match=rf"cannot read the arrays[\s\S]*{np.__version__}[\s\S]*numpy"):
            tg.compile(lambda x: tg.tanh(x) * 2.0, backend="native")(np.ones(7))
        with pytest.raises(tg.GraphError, match="cannot read the arrays"):
            tg.compile(lambda x: tg.tanh(x) * 2.0, backend="native")(np.ones(7))
    finally:
        by_native._check_head.cache_clear()
    monkeypatch.undo()
    compiled = tg.compile(lambda x: tg.tanh(x) * 2.0, backend="native")(np.ones(7))
    np.testing.assert_allclose(compiled, np.tanh(np.ones(7)) * 2, 1e-14)
