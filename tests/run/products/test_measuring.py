"""How long kernels and forms are measured: often enough to be least of many, briefly enough for a first call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from tests.each import each
from tinygraph.run.products import choose, numpy_forms
from tinygraph.run.products.numpy_forms import NumpyForm
from tinygraph.run.products.problem import Problem, memory

WEIGHT = Problem(4, (16, 128, 32), (32, 1), (128, 1), 128, (False, True))


def clock(*times: int) -> Any:
    """In place of the time in nanoseconds."""
    return iter(times).__next__


@each("module", [choose, numpy_forms])
def test_a_time_is_that_between_before_and_after(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    arguments = (ran.append,) if module is numpy_forms else (lambda *given: ran.append(given), [1, 2, 3, 4], 5, 60)
    call = (lambda: ran.append(()),) if module is numpy_forms else arguments
    monkeypatch.setattr(module, "perf_counter_ns", clock(7000, 9500))
    assert module._elapsed_us(*call) == 2.5
    assert ran == ([()] if module is numpy_forms else [(1, 2, 3, 4, 5, 60)])


def test_no_time_is_none_to_divide_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "perf_counter_ns", clock(7000, 7000))
    assert choose._elapsed_us(lambda *given: None, [1, 2, 3, 4], 5, 60) == 0.001


@each(
    "first, rounds",
    [
        (0.001, [64, 64, 64]),  # at most 64 times
        (1.0, [50, 50, 50]),  # 150 us together
        (25.0, [2, 2, 2]),
        (26.0, [1, 1]),  # at least twice
        (1e6, [1, 1]),
    ],
)
def test_a_kernel_runs_in_rounds_of_as_many_calls_as_fit(
    first: float, rounds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """150 us in three rounds, after a call that tells how many fit; the least mean counts, and the first does not."""
    asked: list[int] = []

    def elapsed(repeat: Any, addresses: list[int], function: int, times: int) -> float:
        assert (repeat, addresses, function) == ("repeat", [1, 2, 3, 4], 77)
        asked.append(times)
        return first if len(asked) == 1 else {2: 30.0, 3: 20.0, 4: 25.0}[len(asked)] * times

    monkeypatch.setattr(choose, "_repeater", lambda size: "repeat")
    monkeypatch.setattr(choose, "_elapsed_us", elapsed)
    assert choose._microseconds(4, [1, 2, 3, 4], 77) == 20.0
    assert asked == [1, *rounds]


@each("times", [[9.0, 1.0, 290.0], [200.0, 100.0], [150.0, 149.0, 2.0], [5.0, *[1.0] * 11, 0.5], [400.0, 300.0, 0.1]])
def test_a_form_runs_until_300_us_or_twelve_times(times: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter(times)
    monkeypatch.setattr(numpy_forms, "_elapsed_us", lambda run: next(told))
    count = next(n for n in range(2, 13) if n == 12 or sum(times[:n]) >= 300)
    assert numpy_forms._least_us(lambda: None) == min(times[:count])
    assert len([*told]) == len(times) - count


@each("panels", [0, 1, 2])
def test_a_form_in_numpy_is_packed_and_multiplied_as_the_plan_will(
    panels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([3.0, 2.0] if panels else [2.0])

    def least(run: Any) -> float:
        run()
        return next(times)

    monkeypatch.setattr(numpy_forms, "_least_us", least)
    a, b = np.arange(32.0).reshape(4, 8), np.arange(48.0).reshape(8, 6)
    out = np.zeros((4, 6))
    problem = Problem(8, (4, 6, 8), (8, 1), (6, 1), 6, (False, True))
    form = numpy_forms._timed(NumpyForm(panels), problem, a, b, out)
    np.testing.assert_array_equal(out, np.einsum("mk,kn->mn", a, b))
    assert (form.panels, form.run_us, form.pack_us) == (panels, 2.0, 3.0 if panels else 0.0)
    assert form.gflops == 2 * 4 * 6 * 8 / 2.0 / 1e3 and [*times] == []


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The functions that `choose` measures, in order; each takes a microsecond more than the one before."""
    measured: list[int] = []
    monkeypatch.setattr(
        choose, "_microseconds", lambda size, addresses, function: measured.append(function) or float(len(measured))
    )
    yield measured


def test_a_kernel_is_packed_before_it_runs(calls: list[int]) -> None:
    kernels = choose._own_kernels(WEIGHT)
    assert [kernel.name for kernel in kernels] == ["direct", "packed"]
    direct, packed = choose._timed(WEIGHT, kernels)
    assert calls == [kernels[0].run, kernels[1].pack, kernels[1].run]
    assert (direct.pack_us, direct.run_us, packed.pack_us, packed.run_us) == (0.0, 1.0, 2.0, 3.0)
    assert packed.gflops == 2 * 16 * 128 * 32 / 3.0 / 1e3
    empty = Problem(4, (0, 128, 32), (32, 1), (128, 1), 128)
    assert choose._timed(empty, kernels) == kernels[:1] and len(calls) == 3


def test_what_is_measured_is_as_large_as_the_product(monkeypatch: pytest.MonkeyPatch, calls: list[int]) -> None:
    """a (16, 32) with rows 40 apart, b (32, 128) along K, out with rows 130 apart; and the scratch of the largest."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(choose, "memory", lambda size, count: asked.append((size, count)) or memory(size, count))
    problem = Problem(4, (16, 128, 32), (40, 1), (1, 32), 130, (False, True))
    kernels = choose._own_kernels(problem)
    choose._timed(problem, kernels)
    assert asked[:3] == [(4, 15 * 40 + 32), (4, 128 * 32), (4, 15 * 130 + 128)]
    assert asked[3:] == [(1, max(kernel.scratch_bytes for kernel in kernels))]


def test_the_product_that_blas_is_tried_with_suits_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 rows, more than a few, of weights that fit into no register: our kernels win by less there than anywhere."""
    tried: list[Problem] = []
    library = choose.blas.Blas("made up", {4: 1, 8: 1}, 64, "")
    monkeypatch.delenv("TINYGRAPH_BLAS", raising=False)
    monkeypatch.setattr(choose.blas, "bundled", lambda package: library)
    monkeypatch.setattr(choose.blas, "libraries", list)
    monkeypatch.setattr(choose, "_timed", lambda problem, kernels: tried.append(problem) or kernels)
    for size in (4, 8):
        choose.competitive_blas.__wrapped__(size)
    assert tried == [Problem(size, (64, 512, 256), (256, 1), (512, 1), 512, (False, True)) for size in (4, 8)]


def test_as_many_threads_as_numpys_products_have_and_one_where_that_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = choose.blas.Blas("told", {4: 1, 8: 1}, 64, "", lambda: 3, lambda count: None)
    silent = choose.blas.Blas("silent", {4: 1, 8: 1}, 64, "")
    for bundled, system, threads in ((told, silent, 3), (None, told, 3), (silent, told, 1), (None, None, 1)):
        monkeypatch.setattr(choose.blas, "bundled", {"numpy": bundled}.get)
        monkeypatch.setattr(choose.blas, "system", lambda system=system: system)
        assert choose.allowed_threads.__wrapped__() == threads


def test_a_blas_is_no_candidate_where_it_cannot_read_the_operands() -> None:
    library = choose.blas.Blas("made up", {4: 40, 8: 80}, 64, "")
    for a, count in (((32, 1), 1), ((1, 16), 1), ((64, 2), 0), ((31, 1), 0)):
        kernels = choose._blas_kernels(Problem(8, (16, 128, 32), a, (128, 1), 128), library)
        assert len(kernels) == count and all(k.run and not k.pack and k.free[0] == 80 for k in kernels)
