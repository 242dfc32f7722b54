"""Numbers that were measured or decided: no run of the tests can tell whether 48 KiB is right and 49 is not.

Who changes one measures anew, writes the measurement down beside it, and the number here.
"""

import ast
from importlib import import_module
from pathlib import Path

from tests.each import each
from tests.house.sources import ROOT

MEASURED = {
    "passes": {"ROUNDS": 4, "LIGHT": 4096},
    "passes.fold_constants": {"LARGEST": 1 << 16},
    "passes.merge_equal": {"LARGEST": 64},
    "plan.held": {"PLAN_BYTES": 5 << 10, "NODE_BYTES": 880},
    "plan.memory": {"ALIGNMENT": 64},
    "plan.report": {"MOST_NAMES": 6},
    "run.by_numpy": {"CODE_BYTES": 3},
    "run.native.compiler": {"RECENT": 64, "ENGINE_BYTES": 48 << 10},
    "run.native.disk": {"BOUND": 64 << 20, "ABANDONED_S": 3600.0},
    "run.native.reduction": {"UNROLL": 4, "CHUNK": 4096, "BLOCK": 4096},
    "run.numpy_backend.backend": {"MOST_VIEWS": 200_000, "VIEW_BYTES": 120, "AXIS_BYTES": 16},
    "run.products.choose": {
        "BLOCK": 512,
        "DIRECT_MARGIN": 1.1,
        "BLAS_MARGIN": 1.25,
        "REFERENCE": (64, 512, 256),
        "WORTH_SHARING_US": 80.0,
        "PIECE_US": 25.0,
        "WORTH_PACKING": 128,
        "MEASURING_US": 150,
    },
    "run.products.dots": {"TOGETHER": 8},
    "run.products.gemm": {"LOOPS": 4},
    "run.products.numpy_forms": {"WORTH": 1.1, "NARROWEST": 64, "MEASURING_US": 300},
    "run.products.problem": {
        "MOST_ROWS": 96,
        "MOST_ALONG_K": 512,
        "MOST_BYTES": 2 << 20,
        "MOST_PROBLEMS": 4096,
        "MOST_STRIDE": 4096,
    },
    "run.products.sharing": {"LONG_NS": 100_000, "REST": 50, "MOST_CREDIT_NS": 20_000_000, "YIELD_NS": 5_000},
}


@each("name", MEASURED)
def test_what_was_measured_is_what_stands_there_with_its_reason(name):
    module = import_module(f"tinygraph.{name}")
    assert {word: getattr(module, word) for word in MEASURED[name]} == MEASURED[name]
    body = ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
    told = set()
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            told |= {x.id for x in ast.walk(node.targets[0]) if isinstance(x, ast.Name)}
    assert MEASURED[name].keys() <= told, "each has its reason in words after it"
    assert Path(module.__file__).is_relative_to(ROOT)
