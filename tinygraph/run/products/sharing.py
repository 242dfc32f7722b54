"""A product on several threads: columns in pieces, which the calling thread and sleeping helpers take in turn.

The caller never waits for a helper to start: it takes pieces itself until none are left, and then waits only for
pieces that helpers have begun. A machine busy with other work may stop a helper in the middle of one; so after a wait
that is too long they are left asleep for fifty times as long, unless they saved more than that before: in all they
cost at most 2% and 20 ms.
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
"""Places in the site: the run function for a piece, columns of a piece, how far the scratch memory moves with each
column and with each thread, in bytes, and the address of the team that shares the work."""

LEFT, DONE, BUSY, SITE, A, B, OUT, REST_UNTIL, HELPERS, CREDIT = 0, 8, 16, 17, 18, 19, 20, 21, 22, 23
SEMAPHORE, TEAM_SIZE = 24, 32
"""Places in a team, which is an array of int64; those that threads change at the same time lie apart."""

LONG_NS, REST = 100_000, 50
"""A wait from which on it counts as lost, and for how many times as long helpers rest when there is no credit left."""

MOST_CREDIT_NS = 20_000_000
"""What sharing may lose of what it gained before: threads of another library that spin for a moment after their work
cost a few milliseconds, a core that is taken for good costs this once."""

YIELD_NS = 5_000
"""How long the caller looks again and again before it lets others have the core."""

MONOTONIC = 1

DECLARATIONS = """declare i32 @sem_wait(ptr)
declare i32 @sem_post(ptr)
declare i32 @sched_yield()
declare i32 @clock_gettime(i32, ptr)
"""


def _place(code: LLVMWriter, of: str, number: int) -> Value:
    return code.at(argument(code, "ptr", of), code.int64(8 * number))


def _read(code: LLVMWriter, of: str, number: int, kind: str = "i64") -> Value:
    return code.load(kind, 1, _place(code, of, number))


def _atomic(code: LLVMWriter, verb: str, number: int) -> Value:
    """The number at a place of the team before 1 was added or subtracted."""
    return code.emit("i64", 1, f"atomicrmw {verb} {_place(code, 'team', number)}, i64 1 acq_rel")


def _set(code: LLVMWriter, number: int, value: Value) -> None:
    code.do(f"store atomic {value}, {_place(code, 'team', number)} release, align 8")


def _now(code: LLVMWriter, clock: Value) -> Value:
    code.do(f"call i32 @clock_gettime(i32 {MONOTONIC}, {clock})")
    seconds = code.load("i64", 1, clock)
    return seconds * 1_000_000_000 + code.load("i64", 1, code.at(clock, code.int64(8)))


@contextmanager
def _while(code: LLVMWriter) -> Iterator[str]:
    """What is written inside runs again and again, until it jumps to the label given."""
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

    Pieces are counted down in one step that also tells which one it is: a helper that comes late, when the next
    product is being set up already, sees a number below 1 and leaves.
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
    """Columns number (left - 1) * PIECE and on, as a product of its own with a site of its own."""
    code = LLVMWriter(vector_bytes)
    whole, a, b, out = (_read(code, "team", number, "ptr") for number in (SITE, A, B, OUT))
    for number in range(product_block.SIZE):
        value = code.load("i64", 1, code.at(whole, code.int64(8 * number)))
        code.store(value, _place(code, "own", number))
    start = (argument(code, "i64", "left") - 1) * _read(code, "own", PIECE)
    rest = _read(code, "own", product_block.N) - start
    piece = _read(code, "own", PIECE)
    code.store(rest.compare("slt", piece).where(rest, piece), _place(code, "own", product_block.N))
    moved = start * _read(code, "own", PER_COLUMN) + argument(code, "i64", "who") * _read(code, "own", PER_THREAD)
    code.store(_read(code, "own", product_block.FREE) + moved, _place(code, "own", product_block.FREE))
    size = _read(code, "own", product_block.ITEMSIZE)
    b_at = code.at(b, start * _read(code, "own", product_block.B_N) * size)
    run = _read(code, "own", RUN, "ptr")
    code.do(f"call void {run.name}(ptr %own, {a}, {b_at}, {code.at(out, start * size)})")
    return code.function("piece", "ptr %team, i64 %who, i64 %left, ptr %own")


def _serve(vector_bytes: int) -> str:
    """What a helper does all its life."""
    code = LLVMWriter(vector_bytes)
    with _while(code) as done:
        failed = code.emit("i32", 1, f"call i32 @sem_wait({_place(code, 'team', SEMAPHORE)})")
        with code.when(failed.compare("eq", 0)):
            code.do("call void @take_pieces(ptr %team, i64 %who)")
        _leave_unless(code, _read(code, "team", HELPERS).compare("sgt", 0), done)
    return code.function("serve", "ptr %team, i64 %who")


def _share(vector_bytes: int) -> str:
    """The run function of a shared product."""
    code = LLVMWriter(vector_bytes)
    team = _read(code, "site", TEAM, "ptr")
    clock = code.emit("ptr", 1, "alloca [2 x i64]")
    taken = code.emit("i64", 1, f"atomicrmw xchg {code.at(team, code.int64(8 * BUSY))}, i64 1 acquire")
    alone = code.variable(code.int64(1))
    with code.when(taken.compare("eq", 0)):
        resting = _now(code, clock).compare("slt", code.load("i64", 1, code.at(team, code.int64(8 * REST_UNTIL))))
        with code.when(resting.compare("eq", 0)):
            code.do(f"call void @together({team}, ptr %site, ptr %a, ptr %b, ptr %out)")
            code.store(code.int64(0), alone)
        code.do(f"store atomic i64 0, {code.at(team, code.int64(8 * BUSY))} release, align 8")
    with code.when(code.load("i64", 1, alone).compare("ne", 0)):
        code.do(f"call void {_read(code, 'site', RUN, 'ptr').name}(ptr %site, ptr %a, ptr %b, ptr %out)")
    return code.function("share", "ptr %site, ptr %a, ptr %b, ptr %out")


def _together(vector_bytes: int) -> str:
    code = LLVMWriter(vector_bytes)
    for number, name in ((SITE, "site"), (A, "a"), (B, "b"), (OUT, "out")):
        code.store(argument(code, "ptr", name), _place(code, "team", number))
    clock = code.emit("ptr", 1, "alloca [2 x i64]")
    begin = _now(code, clock)
    piece = _read(code, "site", PIECE)
    pieces = code.emit("i64", 1, f"udiv {_read(code, 'site', product_block.N) + piece - 1}, {piece.name}")
    _set(code, DONE, code.int64(0))
    _set(code, LEFT, pieces)
    with code.loop(_read(code, "team", HELPERS)):
        code.do(f"call i32 @sem_post({_place(code, 'team', SEMAPHORE)})")
    code.do("call void @take_pieces(ptr %team, i64 0)")
    _wait(code, pieces, begin, clock)
    return code.function("together", "ptr %team, ptr %site, ptr %a, ptr %b, ptr %out")


def _wait(code: LLVMWriter, pieces: Value, begin: Value, clock: Value) -> None:
    """Until the helpers have done what they began. What was gained is credit, long waits use it up, then they rest."""
    start = _now(code, clock)
    with _while(code) as done:
        count = code.emit("i64", 1, f"load atomic i64, {_place(code, 'team', DONE)} acquire, align 8")
        _leave_unless(code, count.compare("slt", pieces), done)
        with code.when((_now(code, clock) - start).compare("sgt", YIELD_NS)):
            code.do("call i32 @sched_yield()")
    end = _now(code, clock)
    waited = end - start
    long = waited.compare("sgt", LONG_NS)
    # Two threads that each did half of the work saved as much time as it took.
    gain = long.where(code.int64(0) - waited, end - begin)
    credit = (_read(code, "team", CREDIT) + gain).call("smin", MOST_CREDIT_NS)
    with code.when(credit.compare("slt", 0)):
        code.store(end + waited * REST, _place(code, "team", REST_UNTIL))
    code.store(credit.call("smax", 0), _place(code, "team", CREDIT))


@cache
def text(vector_bytes: int) -> str:
    """LLVM text of ``share``, a run function, and of ``serve``, for the helpers."""
    parts = [make(vector_bytes) for make in (_take_pieces, _piece, _serve, _share, _together)]
    return "".join([*parts, DECLARATIONS, LLVMWriter(vector_bytes, loops=1).declarations()])


def can_share() -> bool:
    """Whether helpers can sleep and be woken here: on Linux, whose semaphores these are."""
    return sys.platform == "linux"


@cache
def team(threads: int) -> np.ndarray:
    """A team of the caller and ``threads - 1`` helpers, which sleep until there is work and end with the process.

    After a fork the child has no helpers: it then does all pieces itself.
    """
    whole = np.zeros(TEAM_SIZE + 8, np.int64)
    numbers = whole[-whole.ctypes.data % 64 // 8 :][:TEAM_SIZE]
    numbers[HELPERS] = threads - 1
    ctypes.CDLL(None).sem_init(ctypes.c_void_p(numbers.ctypes.data + 8 * SEMAPHORE), 0, 0)
    serve = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(compiled().address("serve"))
    for who in range(1, threads):
        Thread(target=serve, args=(numbers.ctypes.data, who), name=f"tinygraph-{who}", daemon=True).start()
    return numbers


@cache
def compiled() -> MachineCode:
    """The native code of this file."""
    return compile_text(text(vector_bytes()), vectorised=True)
