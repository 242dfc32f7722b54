"""What ``import tinygraph`` costs: numpy and graphviz alone, and little time."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest

import tinygraph as tg

from .sources import ROOT

OPTIONAL = {"tqdm", "matplotlib", "safetensors", "numba", "llvmlite", "jax", "jaxlib", "onnx", "torch", "scipy",
            "onnxruntime", "graphviz_pure", "hypothesis", "pytest"}  # fmt: skip


def fresh(code: str) -> Any:
    """What a fresh interpreter prints as JSON."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_loads_numpy_and_graphviz_alone_and_cells_and_views_when_they_are_asked_for() -> None:
    before, after, first, then, at_the_end = fresh(
        "import json, sys, numpy; names = lambda: sorted({m.split('.')[0] for m in sys.modules}); before = names();"
        "import tinygraph as tg; after = names(); parts = ('cells', 'draw.views', 'export');"
        "loaded = lambda: [p for p in parts if 'tinygraph.' + p in sys.modules]; first = loaded();"
        "tg.cells.RNN; tg.draw(tg.constant(1.0)); tg.export;"
        "print(json.dumps([before, after, first, loaded(), names()]))"
    )
    new = set(after) - set(before) - sys.stdlib_module_names
    assert "tinygraph" in new
    assert new <= {"tinygraph", "graphviz"}
    assert not set(at_the_end) & (OPTIONAL - {"graphviz_pure"})
    assert first == [] and then == ["cells", "draw.views", "export"]


@pytest.mark.slow
def test_import_is_quick() -> None:
    code = "import time, numpy; start = time.perf_counter(); import tinygraph; print(time.perf_counter() - start)"
    assert min(fresh(code) for _ in range(5)) < 0.2


def test_the_distribution_is_what_was_agreed() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = told["project"]
    assert project["name"] == "tinygraph-rnn" and project["requires-python"] == ">=3.11"
    assert sorted(need.split(">")[0] for need in project["dependencies"]) == ["graphviz", "numpy"]
    extras = {"train", "render", "fast", "data", "jax", "onnx", "docs", "notebooks", "all", "dev"}
    assert extras == project["optional-dependencies"].keys()
    assert told["tool"]["hatch"]["build"]["targets"]["wheel"] == {"packages": ["tinygraph"]}
    assert (ROOT / "tinygraph" / "py.typed").exists()
    first, *ignored = told["tool"]["pytest"]["ini_options"]["filterwarnings"]
    assert first == "error" and all("os.fork" in rule for rule in ignored), "warnings are errors, but JAX's at a fork"


def test_the_namespace_holds_public_names_alone() -> None:
    assert dir(tg) == sorted(tg.__all__)
    rooms = {"cells", "check", "export", "ops", "train"}
    assert {name for name in dir(tg) if inspect.ismodule(getattr(tg, name))} == rooms
    assert not {*tg.ops.FOR_GRADIENTS} & {*dir(tg)} and not hasattr(tg, "quotient")
    assert {*tg.ops.__all__} <= {*dir(tg)}
