"""Every table that knows ops by name knows all of them, or lists here those that it leaves out."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.op import Spec
from tinygraph.loops import lifting
from tinygraph.ops import numpy_speaks
from tinygraph.ops.broadcasting import Elementwise
from tinygraph.passes.decompose import RULES as DECOMPOSED
from tinygraph.plan.actions import Repeat
from tinygraph.plan.schedule import FUSABLE
from tinygraph.run.backends import backend_of
from tinygraph.run.native import instructions
from tinygraph.run.numpy_backend import chain

from .case import Case
from .test_every_op import CASES
from .vocabulary import ELEMENTWISE, NAMES, OPS

STAYS_IN_THE_LOOP: set[str] = set()
"""Ops that cannot be taken over all steps at once."""

DONE_BY_FORWARD = {"erf", "erfc", "round"}
"""Element-wise ops that the numpy backend does by their ``forward``, which makes an array at each call."""

CALLED = {
    *("add_at", "entry", "excess", "last_written", "onehot_like", "scatter"),
    *("ties", "within", "write", "write_at", "cholesky", "det", "inv", "slogdet", "solve"),
    *("prod", "cumprod", "leading", "sorting"),
}
"""Ops that native plans call in numpy, whatever their shapes; `excess` for the `entry` within."""

NOT_BY_NUMPYS_NAME = {
    "argmax": "np.argmax of a node is a plain number, unless it is traced",
    "broadcast_to": "np.broadcast_to is a view, which shows later writes",
    "copy": "np.copy gives the node itself where nobody can write to it",
    "put": "np.put writes in place",
    "reshape": "np.reshape has the setting order, too",
    "split": "np.split's second argument has another name",
    "where": "np.where of a condition alone is a question",
}
"""Ops that numpy's function of the same name does not stand for."""


def test_an_op_is_taken_over_all_steps_or_known_to_stay_in_the_loop() -> None:
    without = {name for name, op in OPS.items() if op not in lifting.RULES and not isinstance(op, Elementwise)}
    assert without == STAYS_IN_THE_LOOP, "give it a rule in loops/lifting.py, or list it above"
    assert lifting.RULES.keys() <= {*OPS.values()}


def test_an_elementwise_op_fuses() -> None:
    assert {op.name for op in FUSABLE} == {op.name for op in ELEMENTWISE.values()} | {"astype"}


def test_what_fuses_has_native_instructions() -> None:
    copies = {"copy", "stop_gradient"}
    assert {op.name for op in FUSABLE} | copies == instructions.NAMES, "give it a rule in run/native/instructions.py"


def test_what_fuses_has_a_numpy_call() -> None:
    known = chain.UFUNCS.keys() | chain.FORMS.keys() | (chain.COPIES - {"copy", "broadcast_to", "stop_gradient"})
    assert {op.name for op in FUSABLE} - known == DONE_BY_FORWARD, "give it a call in chain.py"
    assert known <= {op.name for op in FUSABLE}


def actions_of(case: Case, backend: str) -> list[Any]:
    """The actions of a compiled call of the case, those within loops too."""
    step = tg.compile(lambda *xs: case.op(*xs, **case.attributes), backend=backend)
    step(*case.arrays(np.float32))
    todo, actions = [*step.plan.actions], []
    while todo:
        action = todo.pop()
        actions.append(action)
        todo += action.actions if isinstance(action, Repeat) else []
    return actions


def test_an_op_is_native_or_known_to_be_called_in_numpy() -> None:
    pytest.importorskip("llvmlite")
    can_run, _ = backend_of("native").load()
    native = {case.name for case in CASES if all(map(can_run, actions_of(case, "native")))}
    assert {case.name for case in CASES} - native == CALLED, "list it above"
    assert {op.name for op in DECOMPOSED} - native <= {"excess"}


def test_an_op_with_a_name_of_numpys_is_reached_by_it() -> None:
    reached = {*numpy_speaks.UFUNCS.values(), *numpy_speaks.FUNCTIONS.values()}
    left_out = {name for name in NAMES if hasattr(np, name) and getattr(tg.ops, name) not in reached}
    assert left_out == NOT_BY_NUMPYS_NAME.keys()


def test_numpys_function_of_an_ops_name_means_the_same_on_a_node() -> None:
    """Called with nothing but its input: the op's defaults are numpy's."""
    for case in CASES:
        function = getattr(np, case.name, None)
        if function is None or case.name in NOT_BY_NUMPYS_NAME or len(case.inputs) != 1 or not case.inputs[0].size:
            continue
        try:
            expected = function(case.inputs[0])
        except (TypeError, ValueError):
            continue  # numpy wants more arguments
        np.testing.assert_allclose(function(tg.parameter(case.inputs[0])).value, expected, 1e-12, err_msg=case.id)


def _defaults(method: Any) -> dict[str, Any]:
    return {p.name: p.default for p in inspect.signature(method).parameters.values() if p.default is not p.empty}


def test_what_is_not_passed_is_the_same_to_all_methods_of_an_op() -> None:
    """A setting that the call leaves out has one default, be it computed, inferred or differentiated."""
    for name, op in OPS.items():
        own = _defaults(op.forward)
        for method in (op.infer, op.backward, op.flops):
            told = {setting: x for setting, x in _defaults(method).items() if setting in own}
            assert all(type(x) is type(own[k]) and x == own[k] for k, x in told.items()), f"{name}.{method.__name__}"


MOVES = {
    *("astype", "broadcast_to", "concatenate", "copy", "getitem", "pick", "put", "reshape", "stack", "stop_gradient"),
    *("swapaxes", "take", "transpose", "within", "write", "write_at"),
}
"""Ops that move numbers and compute none."""
READS_ALL = {"argmax", "logsumexp", "max", "mean", "min", "prod", "sum", "sum_to"}
"""Ops that do one thing to each number that they read; most others to each that they give."""
BY_MATRIX = {"cholesky", "det", "inv", "slogdet", "solve"}


def test_the_work_that_is_told_of_an_op() -> None:
    for case in CASES:
        specs = [Spec(x.shape, x.dtype) for x in case.arrays(np.float64)]
        z = case.op.infer(*specs, **case.attributes)
        work = case.op.flops(*specs, **case.attributes)
        if case.name in MOVES:
            assert work == 0, case.id
        elif case.name in READS_ALL:
            assert work == specs[0].size, case.id
        elif case.name in BY_MATRIX:
            assert work == 2 * specs[0].size * specs[0].shape[-1], case.id
        elif case.name == "matmul":
            assert work == 2 * z.size * specs[0].shape[-1], case.id
        elif case.name == "softmax_cross_entropy":
            assert work == 4 * specs[0].size, case.id
        elif case.name != "einsum":
            assert work == z.size, case.id


@pytest.mark.parametrize(
    ("subscripts", "shapes", "work"),
    [
        ("ij,jk->ik", [(2, 3), (3, 5)], 2 * 2 * 3 * 5),
        ("ij->j", [(4, 7)], 28),
        ("bij,bjk,k->bi", [(6, 2, 3), (6, 3, 5), (5,)], 3 * 6 * 2 * 3 * 5),
        ("i...,i...", [(3, 2), (1, 2)], 2 * 3 * 2),
        ("aa,a->a", [(4, 4), (1,)], 2 * 4),
    ],
)
def test_the_work_of_einsum_is_that_of_its_loops(subscripts: str, shapes: Any, work: int) -> None:
    """A product, or a sum, for each operand, at each place that the letters count."""
    assert tg.ops.einsum.flops(*(Spec(s, np.dtype(float)) for s in shapes), subscripts=subscripts) == work


WITHOUT_GRADIENT = {
    *("ceil", "floor", "floor_divide", "rint", "round", "sign", "trunc"),  # constant between their jumps
    *("equal", "greater", "greater_equal", "less", "less_equal", "not_equal"),
    *("argmax", "last_written", "leading", "one_hot", "onehot_like", "sorting", "ties"),  # places
    "stop_gradient",
}


def test_ops_without_a_gradient_are_jumps_questions_and_places() -> None:
    assert {name for name, op in OPS.items() if not op.differentiable} == WITHOUT_GRADIENT
