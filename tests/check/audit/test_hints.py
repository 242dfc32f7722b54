"""Hints: no fault that has a name is without one, and what has nothing to do with what is due has none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.each import each
from tinygraph.check.audit.activations import slopes
from tinygraph.check.audit.book import Book
from tinygraph.check.audit.hints import has_hint
from tinygraph.check.audit.right import Thing

rng = np.random.default_rng(9)
DUE, OTHER, TERM = rng.normal(size=(3, 7))
H = rng.uniform(0.2, 0.9, 7)
WRITTEN: Any = SimpleNamespace(
    book=Book([Thing("value", "t", None, ("t",), TERM)]),
    right=SimpleNamespace(factors=lambda size: np.array([1 - H, H]) if size == 7 else np.zeros((0, size))),
)


class Part:
    """A node of a statement, or one that it reads."""

    def __init__(self, *inputs: Part) -> None:
        self.inputs = inputs


def hint(
    *pairs: tuple[Any, Any], factors: bool = True, near: Any = (), reads: Any = None, computes: bool = True
) -> bool:
    """Whether there is one in a run whose parts made one thing each, where another was due; they read ``reads``."""
    source = Part()
    parts = [Part(*([source] if reads is not None else [])) for _ in pairs]
    made = {part: np.asarray(a) for part, (a, _) in zip(parts, pairs, strict=True)} | {source: np.asarray(reads)}
    arrays = [np.asarray(v) for v in near]
    shapes = {v.shape: [[f.ravel() for f in slopes(u)] for u in arrays if u.shape == v.shape] for v in arrays}
    run: Any = SimpleNamespace(
        needs={part: np.asarray(due) for part, (_, due) in zip(parts, pairs, strict=True)},
        made=made,
        near=arrays,
        slopes={shape: np.array(forms) for shape, forms in shapes.items()},
        computes=lambda x: computes,
    )
    return has_hint(WRITTEN, run, factors)


SIGMOID, TANH = slopes(H)[1], slopes(H)[0]


@each(
    "made, more, yes",
    [
        (-DUE, {}, True),
        (3 * DUE, {}, True),
        (DUE - TERM, {}, True),
        (DUE + 2 * TERM, {}, True),
        (DUE - 1, {}, True),
        (DUE + 1, {}, True),
        (DUE - H**2, {"near": [H]}, True),
        (DUE - H**2, {}, False),
        (DUE - H**2, {"near": [H[:6]]}, False),
        (DUE - OTHER, {}, False),
        (DUE - 2, {}, False),
        (DUE / H, {}, True),
        (DUE / (1 - H), {}, True),
        (DUE / H, {"factors": False}, False),
        (DUE / H**2, {}, False),
        (DUE * (DUE > 0) + OTHER * (DUE < 0), {"factors": False}, False),
        (DUE / TANH * SIGMOID, {"near": [H], "factors": False}, True),
        (DUE / SIGMOID * TANH, {"near": [H], "factors": False}, True),
        (DUE / TANH * SIGMOID, {"near": [OTHER], "factors": False}, False),
        (DUE / TANH * SIGMOID, {"near": [OTHER, H], "factors": False}, True),
        (DUE / TANH * SIGMOID, {"factors": False}, False),
        (0 * DUE, {}, True),
        (OTHER, {}, False),
        (OTHER, {"reads": DUE}, True),
        (OTHER, {"reads": DUE, "computes": False}, False),
        (OTHER, {"reads": TERM}, False),
    ],
)
def test_what_may_be_a_fault_with_a_name_has_a_hint(made: Any, more: dict[str, Any], yes: bool) -> None:
    assert hint((made, DUE), **more) is yes
    assert hint((OTHER, DUE[::-1] * 1.1), (made, DUE), **more) is yes, "one part of several is enough"
    column = {name: [np.reshape(v, (-1, 1)) for v in x] if name == "near" else x for name, x in more.items()}
    if "reads" not in more:
        assert hint((made[:, None], DUE[:, None]), **column) is yes


def test_a_number_stands_for_an_array_of_it_and_of_one_number_nothing_is_told() -> None:
    assert hint((np.array(0.5), 3 * np.ones(7))) and not hint((np.array(0.5), OTHER))
    assert not hint((np.array(2.0), np.array(-2.0)))
    assert hint((np.array(0.0), np.array(-2.0))) and hint((OTHER, 0 * DUE))


def test_a_hint_may_be_off_by_rounding_and_by_no_more() -> None:
    noise = rng.choice([-1.0, 1.0], 7)
    for made in (-DUE, DUE - 1, DUE / H):
        assert hint((made * (1 + 1e-8 * noise), DUE)) and not hint((made * (1 + 1e-6 * noise), DUE), factors=False)
