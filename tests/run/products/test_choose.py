"""The choice among the kernels: by least time over all steps, measured once, BLAS only where it comes near."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from tinygraph.run.native import product_block
from tinygraph.run.products import blas, choose, sharing
from tinygraph.run.products import problem as problems
from tinygraph.run.products.choose import Kernel, Problem

from . import native


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What was measured before and after a test with made-up times is not kept; scripts of examples leave BLAS out."""
    monkeypatch.delenv("TINYGRAPH_BLAS", raising=False)
    for kept in (choose._chosen, choose.measured, choose.competitive_blas):
        kept.cache_clear()
    yield
    monkeypatch.undo()
    for kept in (choose._chosen, choose.measured, choose.competitive_blas):
        kept.cache_clear()


WEIGHT = Problem(4, (5, 64, 32), (32, 1), (64, 1), 64, (False, True))


def timed_as(run_us: dict[str, float], pack_us: float) -> object:
    """In place of measuring: times by name."""

    def timed(problem: Problem, kernels: list[Kernel]) -> list[Kernel]:
        return [
            replace(kernel, run_us=run_us[kernel.name], pack_us=pack_us if kernel.pack else 0.0) for kernel in kernels
        ]

    return timed


@pytest.mark.parametrize("shape", [(5, 64, 32), (1, 7, 3), (6, 1, 9)])
@pytest.mark.parametrize("packable", [(False, False), (False, True), (True, False)])
def test_only_what_stays_over_the_steps_is_packed_before_them(
    shape: tuple[int, int, int], packable: tuple[bool, bool]
) -> None:
    _, n, k = shape
    kernels = choose._own_kernels(Problem(8, shape, (k, 1), (n, 1), n, packable))
    assert kernels and all(kernel.run for kernel in kernels)
    for kernel in kernels:
        assert (kernel.pack != 0) == kernel.name.startswith("packed")
        assert (kernel.scratch_bytes > 0) == (not kernel.name.startswith(("direct", "dots")))
    weight = packable[0 if kernels[0].name.endswith("_swapped") else 1]
    assert any(kernel.pack for kernel in kernels) == weight


def test_packing_must_be_paid_back_by_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "competitive_blas", lambda size: [])
    monkeypatch.setattr(choose, "_timed", timed_as({"direct": 2.0, "packed": 1.0}, pack_us=4.5))
    assert choose.choose(WEIGHT, steps=4).name == "direct"
    assert choose.choose(WEIGHT, steps=5).name == "packed"


def test_one_row_reads_a_weight_along_k_where_it_is_whatever_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """``W @ x`` and ``x @ W.T``: the choice depends on no measured time, so that a resumed run has the same bits."""
    monkeypatch.setattr(choose, "competitive_blas", lambda size: [])
    for packed_us in (0.1, 9.0):

        def timed(problem: Problem, kernels: list[Kernel], packed_us: float = packed_us) -> list[Kernel]:
            return [replace(k, run_us=packed_us if k.pack else 1.0) for k in kernels]

        monkeypatch.setattr(choose, "_timed", timed)
        for packable in ((False, False), (True, True)):
            row = Problem(4, (1, 64, 32), (32, 1), (1, 32), 64, packable)
            column = Problem(4, (64, 1, 32), (32, 1), (1, 1), 1, packable)
            assert choose.choose(row, steps=35).name == "dots" and choose.choose(column).name == "dots_swapped"
            assert choose.choose(row, steps=500).name == ("packed" if packable[1] else "dots")
            assert choose.choose(replace(row, shape=(2, 64, 32))).name in ("packed", "blocks")
        for kept in (choose._chosen, choose.measured):
            kept.cache_clear()


def test_a_product_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, original = [], choose._timed
    monkeypatch.setattr(
        choose, "_timed", lambda problem, kernels: measured.append(problem) or original(problem, kernels)
    )
    monkeypatch.setattr(choose, "competitive_blas", lambda size: [])
    for steps in (1, 7, 7, 50):
        choose.choose(WEIGHT, steps)
    assert measured == [WEIGHT]
    choose.choose(replace(WEIGHT, shape=(6, 64, 32)))
    assert len(measured) == 2


def test_more_rows_are_measured_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    measured, original = [], choose._timed
    monkeypatch.setattr(
        choose, "_timed", lambda problem, kernels: measured.append(problem) or original(problem, kernels)
    )
    monkeypatch.setattr(choose, "competitive_blas", lambda size: [])
    times = [choose.choose(replace(WEIGHT, shape=(rows, 64, 32))).run_us for rows in (1000, 2000, 31000)]
    assert [problem.shape for problem in measured] == [(96, 64, 32)]
    np.testing.assert_allclose(times, np.array([1000, 2000, 31000]) * times[0] / 1000)


def test_what_is_measured_is_no_larger_and_lies_the_same_way() -> None:
    for problem in (
        Problem(4, (20, 2600, 650), (650, 1), (1, 650), 2600),
        Problem(8, (3000, 2048, 4096), (1, 3000), (2048, 1), 2048),
    ):
        smaller = problems.bounded(problem)
        _, n, k = smaller.shape
        assert k * n * problem.size <= problems.MOST_BYTES
        assert smaller.b in ((n, 1), (1, k)) and smaller.b.index(1) == problem.b.index(1)
        assert smaller.a == problem.a
        assert problems.bounded(smaller) == smaller
    assert problems.bounded(WEIGHT) is WEIGHT


def test_of_many_rows_direct_must_be_clearly_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "competitive_blas", lambda size: [])
    many = replace(WEIGHT, shape=(500, 64, 32), packable=(False, False))
    few = replace(many, shape=(90, 64, 32))
    monkeypatch.setattr(choose, "_timed", timed_as({"direct": 1.0, "blocks": 1.05}, pack_us=0.0))
    assert choose.choose(many).name == "blocks" and choose.choose(few).name == "direct"
    for kept in (choose._chosen, choose.measured):
        kept.cache_clear()
    monkeypatch.setattr(choose, "_timed", timed_as({"direct": 1.0, "blocks": 1.15}, pack_us=0.0))
    assert choose.choose(many).name == "direct"


def test_the_bounds_of_packing_in_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row reads a weight along K packed from 128 steps on; packing is spread over at most 1,024 steps."""
    monkeypatch.setattr(choose, "competitive_blas", lambda size: [])
    monkeypatch.setattr(choose, "_timed", timed_as({"direct": 2.0, "packed": 1.0, "dots": 9.0}, pack_us=1.0))
    row = Problem(4, (1, 64, 32), (32, 1), (1, 32), 64, (False, True))
    assert [choose.choose(row, steps).name for steps in (127, 128)] == ["dots", "packed"]
    for pack_us, name in ((1023.5, "packed"), (1024.5, "direct")):
        for kept in (choose._chosen, choose.measured):
            kept.cache_clear()
        monkeypatch.setattr(choose, "_timed", timed_as({"direct": 2.0, "packed": 1.0}, pack_us=pack_us))
        assert choose.choose(WEIGHT, steps=9000).name == name
    flat = [Problem(4, (rows, 64, 900), (900, 1), (64, 1), 64, (False, True)) for rows in (7, 6)]
    blocks = [kernel.free[1] for problem in flat for kernel in choose._own_kernels(problem)]
    assert blocks == [512, 512, 900, 900], "up to six rows, which one tile holds, K is not cut"


def test_the_pieces_of_a_shared_product_in_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shared from 80 us on, in pieces of about 25 us, but so many that every thread gets one."""
    monkeypatch.setattr(choose, "can_share", lambda: True)
    monkeypatch.setattr(choose.sharing, "team", lambda threads: np.zeros(sharing.TEAM_SIZE, np.int64))
    panel = choose.element_of(4).vectors * choose.element_of(4).lanes

    def panels(columns: int, run_us: float, threads: int) -> int:
        problem = Problem(4, (40, columns, 64), (64, 1), (columns, 1), columns, (False, True))
        (packed,) = [kernel for kernel in choose._own_kernels(problem) if kernel.name == "packed"]
        kernel = choose._shared(replace(packed, run_us=run_us), problem, threads)
        if kernel.threads == 1:
            return 0
        run, piece, per_column, per_thread, team = kernel.free[sharing.RUN - product_block.FREE :]
        assert (run, per_column, per_thread, kernel.scratch_bytes) == (packed.run, 64 * 4, 0, packed.scratch_bytes)
        assert kernel.run == sharing.compiled().address("share") and team and piece % panel == 0
        return piece // panel

    assert panels(320 * panel, 4000.0, 2) == 2 and panels(320 * panel, 80.0, 2) == 100
    assert panels(320 * panel, 79.9, 2) == 0 == panels(panel, 80.0, 2) and panels(panel + 1, 80.0, 2) == 1
    assert panels(320 * panel, 1e6, 2) == 1 and panels(16 * panel + 1, 80.0, 8) == 3


def test_a_blas_far_behind_is_not_tried_and_the_others_not_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    library = blas.Blas("made up", {4: 1, 8: 1}, 64, "")
    monkeypatch.setattr(blas, "bundled", lambda package: library)
    monkeypatch.setattr(blas, "libraries", lambda: [library, library])
    monkeypatch.setattr(choose, "_timed", timed_as({"direct": 2.0, "packed": 1.0, "made up": 1.3}, pack_us=1.0))
    assert choose.competitive_blas(4) == []
    choose.competitive_blas.cache_clear()
    monkeypatch.setattr(choose, "_timed", timed_as({"direct": 2.0, "packed": 1.0, "made up": 1.2}, pack_us=1.0))
    assert choose.competitive_blas(4) == [library, library]


def test_a_faster_blas_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    library = blas.Blas("made up", {4: 4321, 8: 1}, 64, "")
    monkeypatch.setattr(choose, "competitive_blas", lambda size: [library])
    monkeypatch.setattr(choose, "_timed", timed_as({"direct": 2.0, "packed": 1.0, "made up": 0.9}, pack_us=0.0))
    kernel = choose.choose(WEIGHT, steps=9)
    assert kernel.name == "made up" and kernel.free[0] == 4321 and kernel.pack == 0


def test_no_blas_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("bundled", "system"):
        monkeypatch.setattr(blas, name, lambda *package: None)
    monkeypatch.setattr(blas, "mkl", lambda: None)
    assert choose.competitive_blas(4) == [] and blas.libraries() == []
    a, b = native.matrix(5, 32, np.float32, "rows", 1), native.matrix(32, 64, np.float32, "rows", 2)
    out = native.walled(5, 64, 0, np.float32)
    native.run(choose.choose(native.problem(a, b, out), steps=3), a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 100, 30), (40, 50, 60), (300, 20, 700), (30, 1, 40), (0, 3, 4), (2, 3, 0)])
@pytest.mark.parametrize("lies", ["rows", "columns"])
@pytest.mark.parametrize("packable", [(False, True), (True, False), (False, False)])
def test_what_is_chosen_is_right(shape: tuple[int, int, int], lies: str, packable: tuple[bool, bool]) -> None:
    m, n, k = shape
    a, b = native.matrix(m, k, np.float64, lies, 1), native.matrix(k, n, np.float64, lies, 2)
    out = native.walled(m, n, 0, np.float64)
    kernel = choose.choose(native.problem(a, b, out, packable), steps=10)
    native.run(kernel, a, b, out)
    np.testing.assert_allclose(out, a @ b, rtol=1e-10, atol=1e-12)
    assert not kernel.pack or any(packable)


def test_a_choice_says_what_it_is() -> None:
    kernel = choose.choose(WEIGHT, steps=9)
    assert kernel.run_us > 0 and kernel.gflops == pytest.approx(2 * 5 * 64 * 32 / kernel.run_us / 1e3)
    assert str(kernel).split()[0] == kernel.name and "GFLOP/s" in str(kernel)


def test_installing_sets_nothing_else() -> None:
    block = np.full(product_block.SIZE, -5, np.int64)
    Kernel("x", run=11, pack=12, free=(0, 256), scratch_bytes=64).install(block, scratch=640)
    expected = np.full(product_block.SIZE, -5, np.int64)
    expected[[product_block.RUN, product_block.PACK, product_block.FREE, product_block.FREE + 1]] = [11, 12, 640, 256]
    np.testing.assert_array_equal(block, expected)


def test_a_form_in_words_names_the_time_and_who_shares_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel("packed", 1, 0, (), 0, run_us=12.345, gflops=67.89)
    assert str(kernel) == "packed 12.3 us 67.9 GFLOP/s"
    assert str(replace(kernel, threads=2)) == "packed 12.3 us 67.9 GFLOP/s, shared by 2 threads"
    monkeypatch.setattr(choose, "can_share", lambda: True)
    large = Problem(4, (64, 640, 512), (512, 1), (640, 1), 640, (False, True))
    (packed,) = [k for k in choose.candidates(large) if k.name == "packed"]
    for run_us, threads, shares in (
        (choose.WORTH_SHARING_US, 2, True),
        (choose.WORTH_SHARING_US, 3, True),
        (choose.WORTH_SHARING_US, 1, False),
        (choose.WORTH_SHARING_US - 0.1, 2, False),
    ):
        words = str(choose._shared(replace(packed, run_us=run_us, gflops=1.0), large, threads))
        assert words.endswith(f", shared by {threads} threads") is shares, words
        assert shares or "shared" not in words


def test_a_plan_says_which_products_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where two threads may be used, a product that takes long says so in the plan's table; a short one does not."""
    import tinygraph as tg

    monkeypatch.setattr(choose, "competitive_blas", lambda size: [])
    monkeypatch.setattr(choose, "can_share", lambda: True)
    monkeypatch.setattr(choose, "allowed_threads", lambda: 2)
    monkeypatch.setattr(choose, "_timed", lambda problem, kernels: [replace(k, run_us=500.0) for k in kernels])
    step = tg.compile(lambda x, w: x @ w, "native")
    x, w = np.ones((64, 512), np.float32), np.ones((512, 640), np.float32)
    np.testing.assert_allclose(step(x, w), 512.0)
    assert "shared by 2 threads" in str(step.plan)
    choose._chosen.cache_clear()
    monkeypatch.setattr(choose, "allowed_threads", lambda: 1)
    alone = tg.compile(lambda x, w: x @ w, "native")
    alone(x, w)
    assert "packed" in str(alone.plan) or "direct" in str(alone.plan) or "blocks" in str(alone.plan)
    assert "shared" not in str(alone.plan)


@pytest.mark.parametrize(
    "shape", [(5, 64, 32), (1, 700, 100), (40, 50, 60), (300, 20, 700), (5, 33, 1300), (30, 1, 40)]
)
@pytest.mark.parametrize("lies", ["rows", "columns"])
@pytest.mark.parametrize("packable", [(True, True), (False, False)])
def test_without_blas_every_choice_gives_the_same_bits(
    shape: tuple[int, int, int], lies: str, packable: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGRAPH_BLAS", "0")
    m, n, k = shape
    a, b = native.matrix(m, k, np.float32, lies, 1), native.matrix(k, n, np.float32, lies, 2)
    out = native.walled(m, n, 0, np.float32)
    kernels = choose.candidates(native.problem(a, b, out, packable))
    results = []
    for kernel in kernels:
        native.run(kernel, a, b, out)
        results.append(out.copy())
    assert kernels and all(np.array_equal(result, results[0]) for result in results), [k.name for k in kernels]
