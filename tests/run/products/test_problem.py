"""Problems of matrix products: what an action asks, the steps around it, the memory that is measured with."""

from __future__ import annotations

import math

import numpy as np

from tests.each import each
from tinygraph.plan.actions import Buffer, Product, Repeat, View
from tinygraph.run.products import problem as problems
from tinygraph.run.products.problem import Problem, bounded, extent, memory, problem_of, product_flops, steps_around


def view(shape: tuple[int, int], strides: tuple[int, int], dtype: type = np.float32) -> View:
    return View(Buffer("scratch", 1000, np.dtype(dtype)), 0, shape, strides)


def product(fixed: tuple[bool, bool] = (False, True)) -> Product:
    return Product(view((5, 7), (1, 9)), view((7, 3), (4, 1)), view((5, 3), (11, 1)), fixed)


def test_a_problem_is_what_the_action_says() -> None:
    assert problem_of(product(), True) == Problem(4, (5, 3, 7), (1, 9), (4, 1), 11, (False, True))
    assert problem_of(product((True, False)), True).packable == (True, False)
    assert problem_of(product(), False).packable == (False, False), "packed at each call, nothing is gained"
    assert Problem(8, (1, 1, 1), (1, 1), (1, 1), 1).packable == (False, False)


def test_the_steps_of_the_innermost_loop_count() -> None:
    outside, outer, inner, after = (product() for _ in range(4))
    within = Repeat(4, 1, (inner,))
    actions = [outside, Repeat(6, 0, (outer, within, after)), Repeat(3, 0, ())]
    assert steps_around(actions) == {outer: 6, inner: 4, after: 6}
    assert steps_around([within]) == {inner: 4}


@each("shape, strides", [((3, 4), (4, 1)), ((3, 4), (1, 3)), ((2, 3), (-3, 1)), ((1, 1), (9, 9)), ((0, 3), (3, 1))])
def test_the_extent_reaches_from_the_first_to_the_last_element(
    shape: tuple[int, int], strides: tuple[int, int]
) -> None:
    places = [i * strides[0] + j * strides[1] for i in range(max(shape[0], 1)) for j in range(max(shape[1], 1))]
    assert extent(shape, strides) == max(places) - min(places) + 1


@each("size", [1, 4, 8])
@each("count", [0, 1, 17, 1000])
def test_memory_is_aligned_ones(size: int, count: int) -> None:
    array = memory(size, count)
    assert array.shape == (count,) and array.itemsize == size and (array == 1).all()
    assert not count or array.ctypes.data % 64 == 0


def test_flops_of_an_empty_product_are_none_to_divide_by() -> None:
    assert product_flops(Problem(4, (5, 3, 7), (7, 1), (3, 1), 3)) == 2 * 5 * 3 * 7
    assert product_flops(Problem(4, (5, 0, 7), (7, 1), (1, 1), 1)) == 2 * 5 * 7


WIDE = problems.MOST_STRIDE


@each(
    "a, expected",
    [((1, 3000), (1, 3000)), ((700, 1), (700, 1)), ((WIDE, 1), (WIDE, 1)), ((WIDE + 1, 1), None), ((2, 5), None)],
)
def test_an_operand_is_measured_as_it_lies_unless_it_is_far_apart(
    a: tuple[int, int], expected: tuple[int, int] | None
) -> None:
    problem = Problem(4, (2 * problems.MOST_ROWS, 64, 700), a, (1, 700), 64)
    smaller = bounded(problem)
    rows, columns, along = smaller.shape
    assert (rows, columns) == (problems.MOST_ROWS, 64) and along == min(700, problems.MOST_ALONG_K)
    assert smaller.a == (expected or (along, 1)) and smaller.b == (1, along) and smaller.out_m == columns


def test_the_rows_of_one_column_are_all_measured() -> None:
    one = Problem(4, (2 * problems.MOST_ROWS, 1, 30), (30, 1), (1, 1), 1)
    assert bounded(one) is one
    few = Problem(4, (problems.MOST_ROWS, 64, 30), (30, 1), (64, 1), 64)
    assert bounded(few) is few


def test_the_bounds_of_what_is_measured() -> None:
    """96 rows, 512 along K then, a weight of 2 MiB but at least 64 columns, strides of a up to 4,096."""

    def measured(shape: tuple[int, int, int], a: tuple[int, int] = (1, 5), size: int = 4) -> Problem:
        return bounded(Problem(size, shape, a, (shape[1], 1), shape[1]))

    assert measured((97, 64, 513)).shape == (96, 64, 512) and measured((96, 64, 513)).shape == (96, 64, 513)
    assert measured((4, 1024, 512)).shape == (4, 1024, 512) and measured((4, 1024, 513)).shape == (4, 512, 513)
    assert measured((4, 1024, 256), size=8).shape == (4, 1024, 256) != measured((4, 1024, 257), size=8).shape
    assert measured((4, 64, 1 << 20)).shape[1] == 64 and measured((4, 65, 1 << 20)).shape[1] == 32
    assert measured((97, 64, 7), (4096, 1)).a == (4096, 1) and measured((97, 64, 7), (4097, 1)).a == (7, 1)


@each("size", [4, 8])
def test_columns_are_halved_until_the_weight_fits(size: int) -> None:
    n, k = 4096, 2 * problems.MOST_BYTES // (size * 4096) + 1
    smaller = bounded(Problem(size, (4, n, k), (k, 1), (n, 1), n))
    columns = smaller.shape[1]
    assert smaller.shape[0] == 4 and smaller.shape[2] == k and math.log2(columns) % 1 == 0
    assert columns * k * size <= problems.MOST_BYTES < 2 * columns * k * size
    assert smaller.out_m == smaller.b[0] == columns and smaller.b[1] == 1
    narrow = Problem(size, (4, 64, problems.MOST_BYTES), (1, 4), (1, 1), 64)
    assert bounded(narrow).shape == narrow.shape
