"""Numbers that were measured or decided stand with their reason: no run of the tests can tell why 48 KiB and not 49."""

import ast
from importlib import import_module
from pathlib import Path

from tests.each import each

MEASURED = {
    "passes": "ROUNDS LIGHT",
    "passes.fold_constants": "LARGEST",
    "passes.merge_equal": "LARGEST",
    "plan.held": "PLAN_BYTES NODE_BYTES",
    "plan.memory": "ALIGNMENT",
    "plan.report": "MOST_NAMES",
    "run.by_numpy": "CODE_BYTES",
    "run.native.compiler": "RECENT ENGINE_BYTES",
    "run.native.disk": "BOUND ABANDONED_S",
    "run.native.reduction": "UNROLL CHUNK BLOCK",
    "run.numpy_backend.backend": "MOST_VIEWS VIEW_BYTES AXIS_BYTES",
    "run.products.choose": "BLOCK DIRECT_MARGIN BLAS_MARGIN REFERENCE WORTH_SHARING_US PIECE_US WORTH_PACKING",
    "run.products.dots": "TOGETHER",
    "run.products.gemm": "LOOPS",
    "run.products.numpy_forms": "WORTH NARROWEST MEASURING_US",
    "run.products.problem": "MOST_ROWS MOST_ALONG_K MOST_BYTES MOST_PROBLEMS MOST_STRIDE",
    "run.products.sharing": "LONG_NS REST MOST_CREDIT_NS YIELD_NS",
}


@each("name", MEASURED)
def test_what_was_measured_has_its_reason_after_it(name):
    module = import_module(f"tinygraph.{name}")
    body = ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
    told = set()
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            told |= {x.id for x in ast.walk(node.targets[0]) if isinstance(x, ast.Name)}
    assert set(MEASURED[name].split()) <= told
