"""A product shared by threads: every column once, by whoever is free, and never harmed by a helper that is held up."""

from __future__ import annotations

import ctypes
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from tinygraph.run.native import product_block
from tinygraph.run.products import choose, sharing

from . import native

pytestmark = pytest.mark.skipif(not sharing.can_share(), reason="helpers are for Linux")

CALLBACK = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)


def shared(kernel: choose.Kernel, problem: choose.Problem, threads: int) -> choose.Kernel:
    kernel = choose._shared(replace(kernel, run_us=1000.0), problem, threads)
    assert kernel.threads == threads
    return kernel


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 20, 300), (70, 300, 641), (100, 0, 200)])
@pytest.mark.parametrize("lies", ["rows", "columns"])
@pytest.mark.parametrize("packable", [True, False])
def test_shared_is_numpys_product(threads: int, dtype: type, shape: tuple, lies: str, packable: bool) -> None:
    m, k, n = shape
    a, b = native.matrix(m, k, dtype, lies, 1), native.matrix(k, n, dtype, lies, 2)
    out = native.walled(m, n, 3, dtype)
    problem, expected = native.problem(a, b, out, (False, packable)), a.astype(float) @ b.astype(float)
    for kernel in choose._own_kernels(problem):
        for _ in range(3):
            out[...] = np.nan
            native.run(shared(kernel, problem, threads), a, b, out)
            np.testing.assert_allclose(out, expected, rtol=1e-3, atol=1e-3)


class Recorded:
    """Stands for the run function of a product: notes who ran which columns, and takes its time."""

    def __init__(self, seconds_of_helper: float, seconds: float) -> None:
        self.pieces: list[tuple[int, int, int]] = []
        self.scratch: list[tuple[bool, int, int]] = []
        self.seconds, self.seconds_of_helper = seconds, seconds_of_helper
        self.function = CALLBACK(self.run)
        self.address = ctypes.cast(self.function, ctypes.c_void_p).value or 0

    def run(self, block: int, a: int, b: int, out: int) -> None:
        numbers = (ctypes.c_int64 * product_block.SIZE).from_address(block)
        self.pieces.append((threading.get_ident(), out, numbers[product_block.N]))
        helps = threading.current_thread() is not threading.main_thread()
        self.scratch.append((helps, (out - 1000) // 4, numbers[product_block.FREE]))
        time.sleep(self.seconds_of_helper if helps else self.seconds)

    def called(self, team: np.ndarray) -> list[tuple[int, int]]:
        """Runs out of 50 columns in pieces of 8, at address 1000; gives (first column, columns)."""
        self.pieces.clear()
        self.scratch.clear()
        block = np.zeros(product_block.SIZE, np.int64)
        block[[product_block.M, product_block.N, product_block.K, product_block.B_N, product_block.ITEMSIZE]] = (
            1,
            50,
            1,
            1,
            4,
        )
        block[[sharing.RUN, sharing.PIECE, sharing.TEAM]] = self.address, 8, team.ctypes.data
        block[[product_block.FREE, sharing.PER_COLUMN, sharing.PER_THREAD]] = 7000, 16, 100_000
        native.RUN(sharing.compiled().address("share"))(block.ctypes.data, 0, 0, 1000)
        return sorted(((out - 1000) // 4, columns) for _, out, columns in self.pieces)


PIECES = [(0, 8), (8, 8), (16, 8), (24, 8), (32, 8), (40, 8), (48, 2)]


def rested() -> np.ndarray:
    team = sharing.team(2)
    team[sharing.REST_UNTIL] = 0
    return team


def test_each_piece_is_done_once_and_a_helper_takes_some() -> None:
    recorded, team = Recorded(0.01, 0.01), rested()
    assert recorded.called(team) == PIECES
    assert len({who for who, _, _ in recorded.pieces}) == 2


def test_each_piece_and_thread_has_its_own_scratch_memory() -> None:
    recorded = Recorded(0.01, 0.01)
    recorded.called(rested())
    assert {helps for helps, _, _ in recorded.scratch} == {False, True}
    assert all(at == 7000 + 16 * column + 100_000 * helps for helps, column, at in recorded.scratch)


def test_a_helper_that_is_held_up_is_left_to_rest() -> None:
    recorded, team = Recorded(0.3, 0.01), rested()
    assert recorded.called(team) == PIECES
    assert recorded.called(team) == [(0, 50)], "the caller did not do it alone"
    team[sharing.REST_UNTIL] = 0
    assert recorded.called(team) == PIECES
    team[sharing.REST_UNTIL] = 0


def test_the_most_that_is_lost_is_what_its_module_says() -> None:
    """At most 2% and 20 ms: after a wait the helpers rest for fifty times as long, unless they gained it before."""
    told = " ".join((sharing.__doc__ or "").split())
    assert "at most 2% and 20 ms" in told and sharing.REST == 100 // 2 and sharing.MOST_CREDIT_NS == 20 * 10**6
    assert sharing.MONOTONIC == time.CLOCK_MONOTONIC


@pytest.mark.parametrize("threads", [2, 3])
def test_what_several_threads_change_lies_on_lines_of_its_own(threads: int) -> None:
    team = sharing.team(threads)
    assert team.shape == (sharing.TEAM_SIZE,) and team.ctypes.data % 64 == 0 and team[sharing.HELPERS] == threads - 1
    lines = [slot * 8 // 64 for slot in (sharing.LEFT, sharing.DONE, sharing.BUSY)]
    assert len({*lines}) == 3 and sharing.SEMAPHORE * 8 // 64 not in lines


def test_a_second_caller_does_not_wait_for_the_team() -> None:
    team = rested()
    team[sharing.BUSY] = 1
    assert Recorded(0.0, 0.0).called(team) == [(0, 50)]
    team[sharing.BUSY] = 0


def test_callers_at_the_same_time() -> None:
    a, b = native.matrix(40, 64, np.float64, "rows", 1), native.matrix(64, 640, np.float64, "rows", 2)
    wrong: list[float] = []
    expected = a @ b

    def many() -> None:
        out = native.walled(40, 640, 0, np.float64)
        problem = native.problem(a, b, out)
        kernels = [shared(kernel, problem, 2) for kernel in choose._own_kernels(problem)]
        for _ in range(30):
            for kernel in kernels:
                out[...] = np.nan
                native.run(kernel, a, b, out)
                wrong.append(float(np.abs(out - expected).max()))

    callers = [threading.Thread(target=many) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(wrong) == 180 and max(wrong) < 1e-10


def test_what_is_too_small_is_not_shared() -> None:
    problem = choose.Problem(4, (40, 640, 64), (64, 1), (640, 1), 640)
    kernel = choose._own_kernels(problem)[0]
    long = choose.WORTH_SHARING_US * 2
    assert choose._shared(replace(kernel, run_us=long), problem, 2).threads == 2
    assert choose._shared(replace(kernel, run_us=long / 3), problem, 2).threads == 1
    assert choose._shared(replace(kernel, run_us=long), problem, 1).threads == 1
    assert choose._shared(replace(kernel, run_us=long), replace(problem, shape=(40, 9, 64)), 2).threads == 1
    assert choose._shared(replace(kernel, run_us=long, name="mkl"), problem, 2).threads == 1


def test_pieces_are_whole_panels() -> None:
    problem = choose.Problem(4, (40, 6400, 64), (64, 1), (6400, 1), 6400)
    kernel = choose._shared(replace(choose._own_kernels(problem)[0], run_us=4000.0), problem, 2)
    one = choose.element_of(4)
    piece = kernel.free[sharing.PIECE - product_block.FREE]
    assert piece % (one.vectors * one.lanes) == 0
    columns = choose.PIECE_US / 4000 * 6400
    assert piece == pytest.approx(columns, abs=one.vectors * one.lanes / 2), "whole panels, as near as they come"
