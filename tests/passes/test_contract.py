"""Einstein sums as products: the numbers, which sums become products, and which are let be."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.core.graph import ancestors
from tinygraph.core.op import Spec
from tinygraph.core.traced import Slot, Tracing
from tinygraph.passes import Rules, contract

from .evaluation import evaluate

SIZES = dict(zip("abcdef", (2, 3, 4, 1, 5, 6), strict=True))
PRODUCTS = ["ab,bc->ac", "ab,cb->ac", "ba,bc->ca", "abc,abd->acd", "abc,adc->abd", "cab,bad->dca", "ab,b->a", "b,ab->a",
            "ab,ab->a", "ab,ab->", "a,a->", "abc,c->ab", "abcd,bd->ca", "...b,bc->...c"]  # fmt: skip
OUTER = ["a,b->ab", "abe,c->ac", "ab,ab->ab", "a,ab->ba"]
OTHERS = ["aa,ab->b", "ab,bc,cd->ad", "ab->ba"]


def operands(subscripts):
    terms = subscripts.split("->")[0].replace("...", "ef").split(",")
    return [np.random.default_rng(0).normal(size=[SIZES[c] for c in term]) for term in terms]


def contracted(subscripts):
    arrays = operands(subscripts)
    with Tracing():
        slots = [Slot(Spec(a.shape, a.dtype)) for a in arrays]
        rules = Rules(contract)
        (result,) = rules.run([tg.einsum(subscripts, *slots)])
    return result, dict(zip(slots, arrays, strict=True)), rules.changed


def names(result):
    return [n.op.name for n in ancestors([result]) if n.op is not None]


@pytest.mark.parametrize("subscripts", PRODUCTS + OUTER)
def test_the_numbers_are_those_of_einsum(subscripts):
    result, values, changed = contracted(subscripts)
    expected = np.einsum(subscripts, *values.values())
    (got,) = evaluate([result], values)
    assert changed and got.shape == expected.shape
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-13)
    assert "einsum" not in names(result)
    assert ("matmul" in names(result)) == (subscripts in PRODUCTS)


@pytest.mark.parametrize("subscripts", OTHERS)
def test_other_sums_are_let_be(subscripts):
    result, values, changed = contracted(subscripts)
    assert not changed and names(result) == ["einsum"]
    np.testing.assert_allclose(evaluate([result], values)[0], np.einsum(subscripts, *values.values()), rtol=1e-13)


def test_sizes_that_einsum_would_repeat_and_integers_are_let_be():
    with Tracing():
        one = [Slot(Spec((2, 1), np.dtype(float))), Slot(Spec((3, 4), np.dtype(float)))]
        whole = [Slot(Spec((2, 3), np.dtype(int))), Slot(Spec((3, 4), np.dtype(int)))]
        for slots in (one, whole):
            rules = Rules(contract)
            rules.run([tg.einsum("ab,bc->ac", *slots)])
            assert not rules.changed


@pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4"), ("i8", "f8"), ("i8", "i8")])
def test_operands_of_two_dtypes_and_integers_are_let_be(dtypes):
    """A product of the planner's has one floating dtype."""
    with Tracing():
        x, y = (Slot(Spec((2, 2), np.dtype(d))) for d in dtypes)
        assert contract(tg.einsum("ab,bc->ac", x, y)) is None
