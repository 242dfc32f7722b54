"""A matrix product on several threads: the caller and sleeping helper threads take pieces of columns.

The caller never waits for a helper to start: it takes pieces itself until none are left, and then waits only for pieces
that helpers have begun. Other work of the machine may interrupt a helper in the middle of a piece. So after too long
a wait the helpers are not woken for fifty times that long, unless they saved more time than that before: the total
loss is at most 2% and 20 ms.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Thread

import numpy as np

from ..native import product_block
from ..native.compiler import MachineCode, compile_text, vector_bytes
from ..native.text import LLVMWriter, Value
from .tiles import argument

RUN, PIECE, PER_COLUMN, PER_THREAD, TEAM = range(product_block.FREE + 6, product_block.FREE + 11)
"""Slots of the product block: the run function for a piece, the columns of a piece, the offset in bytes of the scratch
memory per column and per thread, and the address of the team that shares the work."""

LEFT, DONE, BUSY, BLOCK, A, B, OUT, REST_UNTIL, HELPERS, CREDIT = 0, 8, 16, 17, 18, 19, 20, 21, 22, 23
SEMAPHORE, TEAM_SIZE = 24, 32
"""Slots of a team, an array of int64; slots that several threads change are on different cache lines."""

LONG_NS, REST = 100_000, 50
"""A longer wait counts as a loss; without credit the helpers then rest for this many times the wait."""

MOST_CREDIT_NS = 20_000_000
"""The part of the time gained that sharing may lose later: threads of another library that spin for a moment after
their work cost a few milliseconds; a core that is taken permanently costs this much once."""

YIELD_NS = 5_000
"""Time for which the caller polls before it yields the core to other threads."""

MONOTONIC = 1
"""``CLOCK_MONOTONIC`` of Linux."""

DECLARATIONS = """declare i32 @sem_wait(ptr)
declare i32 @sem_post(ptr)
declare i32 @sched_yield()
declare i32 @clock_gettime(i32, ptr)
"""


def _slot(code: LLVMWriter, array: str, slot: int) -> Value:
    """The address of a slot of the parameter ``array``."""
    return code.at(argument(code, "ptr", array), code.int64(8 * slot))


def _read(code: LLVMWriter, array: str, slot: int, dtype: str = "i64") -> Value:
    return code.load(dtype, 1, _slot(code, array, slot))


def _atomic(code: LLVMWriter, verb: str, slot: int) -> Value:
    """Atomically add 1 to a slot of the team, or subtract it; returns the value before."""
    return code.emit("i64", 1, f"atomicrmw {verb} {_slot(code, 'team', slot)}, i64 1 acq_rel")


def _set(code: LLVMWriter, slot: int, value: Value) -> None:
    code.do(f"store atomic {value}, {_slot(code, 'team', slot)} release, align 8")


def _now(code: LLVMWriter, clock: Value) -> Value:
    """The time in nanoseconds; ``clock`` is memory for a timespec."""
    code.do(f"call i32 @clock_gettime(i32 {MONOTONIC}, {clock})")
    seconds = code.load("i64", 1, clock)
    return seconds * 1_000_000_000 + code.load("i64", 1, code.at(clock, code.int64(8)))


@contextmanager
def _while(code: LLVMWriter) -> Iterator[str]:
    """An endless loop; the code inside leaves it by a jump to the yielded label."""
    head, done = code.label(), code.label()
    code.do(f"br label %{head}")
    code.start(head)
    yield done
    code.do(f"br label %{head}")
    code.start(done)


def _leave_unless(code: LLVMWriter, condition: Value, done: str) -> None:
    stay = code.label()
    code.do(f"br {condition}, label %{stay}, label %{done}")
    code.start(stay)


def _take_pieces(vector_bytes: int) -> str:
    """Runs pieces until none are left.

    One atomic instruction counts the pieces down and returns the number of the piece. A helper that is late, when the
    next product is being set up, reads a number below 1 and leaves.
    """
    code = LLVMWriter(vector_bytes)
    own = code.emit("ptr", 1, f"alloca [{product_block.SIZE} x i64]")
    with _while(code) as done:
        left = _atomic(code, "sub", LEFT)
        _leave_unless(code, left.compare("sgt", 0), done)
        code.do(f"call void @piece({argument(code, 'ptr', 'team')}, {argument(code, 'i64', 'who')}, {left}, {own})")
        _atomic(code, "add", DONE)
    return code.function("take_pieces", "ptr %team, i64 %who")


def _piece(vector_bytes: int) -> str:
    """Runs the piece from column (left - 1) * PIECE as a product with a product block of its own."""
    code = LLVMWriter(vector_bytes)
    whole, a, b, out = (_read(code, "team", slot, "ptr") for slot in (BLOCK, A, B, OUT))
    for slot in range(product_block.SIZE):
        value = code.load("i64", 1, code.at(whole, code.int64(8 * slot)))
        code.store(value, _slot(code, "own", slot))
    start = (argument(code, "i64", "left") - 1) * _read(code, "own", PIECE)
    rest = _read(code, "own", product_block.N) - start
    piece = _read(code, "own", PIECE)
    code.store(rest.compare("slt", piece).where(rest, piece), _slot(code, "own", product_block.N))
    moved = start * _read(code, "own", PER_COLUMN) + argument(code, "i64", "who") * _read(code, "own", PER_THREAD)
    code.store(_read(code, "own", product_block.FREE) + moved, _slot(code, "own", product_block.FREE))
    size = _read(code, "own", product_block.ITEMSIZE)
    b_at = code.at(b, start * _read(code, "own", product_block.B_N) * size)
    run = _read(code, "own", RUN, "ptr")
    code.do(f"call void {run.name}(ptr %own, {a}, {b_at}, {code.at(out, start * size)})")
    return code.function("piece", "ptr %team, i64 %who, i64 %left, ptr %own")


def _serve(vector_bytes: int) -> str:
    """The main loop of a helper thread: waits for the semaphore, then takes pieces."""
    code = LLVMWriter(vector_bytes)
    with _while(code) as done:
        failed = code.emit("i32", 1, f"call i32 @sem_wait({_slot(code, 'team', SEMAPHORE)})")
        with code.when(failed.compare("eq", 0)):
            code.do("call void @take_pieces(ptr %team, i64 %who)")
        _leave_unless(code, _read(code, "team", HELPERS).compare("sgt", 0), done)
    return code.function("serve", "ptr %team, i64 %who")


def _share(vector_bytes: int) -> str:
    """The run function of a shared product: alone if another caller uses the team or the helpers rest."""
    code = LLVMWriter(vector_bytes)
    team = _read(code, "block", TEAM, "ptr")
    clock = code.emit("ptr", 1, "alloca [2 x i64]")
    busy = code.emit("i64", 1, f"atomicrmw xchg {code.at(team, code.int64(8 * BUSY))}, i64 1 acquire")
    alone = code.variable(code.int64(1))
    with code.when(busy.compare("eq", 0)):
        resting = _now(code, clock).compare("slt", code.load("i64", 1, code.at(team, code.int64(8 * REST_UNTIL))))
        with code.when(resting.compare("eq", 0)):
            code.do(f"call void @together({team}, ptr %block, ptr %a, ptr %b, ptr %out)")
            code.store(code.int64(0), alone)
        code.do(f"store atomic i64 0, {code.at(team, code.int64(8 * BUSY))} release, align 8")
    with code.when(code.load("i64", 1, alone).compare("ne", 0)):
        code.do(f"call void {_read(code, 'block', RUN, 'ptr').name}(ptr %block, ptr %a, ptr %b, ptr %out)")
    return code.function("share", "ptr %block, ptr %a, ptr %b, ptr %out")


def _together(vector_bytes: int) -> str:
    """Runs a product with the helpers."""
    code = LLVMWriter(vector_bytes)
    for slot, name in ((BLOCK, "block"), (A, "a"), (B, "b"), (OUT, "out")):
        code.store(argument(code, "ptr", name), _slot(code, "team", slot))
    clock = code.emit("ptr", 1, "alloca [2 x i64]")
    begin = _now(code, clock)
    piece = _read(code, "block", PIECE)
    pieces = code.emit("i64", 1, f"udiv {_read(code, 'block', product_block.N) + piece - 1}, {piece.name}")
    _set(code, DONE, code.int64(0))
    _set(code, LEFT, pieces)
    with code.loop(_read(code, "team", HELPERS)):
        code.do(f"call i32 @sem_post({_slot(code, 'team', SEMAPHORE)})")
    code.do("call void @take_pieces(ptr %team, i64 0)")
    _wait(code, pieces, begin, clock)
    return code.function("together", "ptr %team, ptr %block, ptr %a, ptr %b, ptr %out")


def _wait(code: LLVMWriter, pieces: Value, begin: Value, clock: Value) -> None:
    """Waits for the pieces that helpers have begun, and updates credit: gains add to it, long waits use it up."""
    start = _now(code, clock)
    with _while(code) as done:
        count = code.emit("i64", 1, f"load atomic i64, {_slot(code, 'team', DONE)} acquire, align 8")
        _leave_unless(code, count.compare("slt", pieces), done)
        with code.when((_now(code, clock) - start).compare("sgt", YIELD_NS)):
            code.do("call i32 @sched_yield()")
    end = _now(code, clock)
    waited = end - start
    long = waited.compare("sgt", LONG_NS)
    # Two threads that each do half of the work save as much time as they take.
    gain = long.where(code.int64(0) - waited, end - begin)
    credit = (_read(code, "team", CREDIT) + gain).call("smin", MOST_CREDIT_NS)
    with code.when(credit.compare("slt", 0)):
        code.store(end + waited * REST, _slot(code, "team", REST_UNTIL))
    code.store(credit.call("smax", 0), _slot(code, "team", CREDIT))


@cache
def text(vector_bytes: int) -> str:
    """LLVM IR of ``share``, a run function, and of ``serve``, for the helpers."""
    parts = [write(vector_bytes) for write in (_take_pieces, _piece, _serve, _share, _together)]
    return "".join([*parts, DECLARATIONS, LLVMWriter(vector_bytes, loops=1).declarations()])


def can_share() -> bool:
    """Whether this system supports helpers: Linux, because they use its semaphores."""
    return sys.platform == "linux"


@cache
def team(threads: int) -> np.ndarray:
    """A team of the caller and ``threads - 1`` helper threads, which sleep between products and end with the process.

    After a fork the child process has no helpers: the caller then runs all pieces.
    """
    raw = np.zeros(TEAM_SIZE + 8, np.int64)
    slots = raw[-raw.ctypes.data % 64 // 8 :][:TEAM_SIZE]  # aligned to 64 bytes
    slots[HELPERS] = threads - 1
    ctypes.CDLL(None).sem_init(ctypes.c_void_p(slots.ctypes.data + 8 * SEMAPHORE), 0, 0)
    serve = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(compiled().address("serve"))
    for who in range(1, threads):
        Thread(target=serve, args=(slots.ctypes.data, who), name=f"tinygraph-{who}", daemon=True).start()
    return slots


@cache
def compiled() -> MachineCode:
    """The machine code of this module."""
    return compile_text(text(vector_bytes()), vectorised=True)
