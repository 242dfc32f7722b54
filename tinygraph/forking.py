"""Locks and forks: a fork waits for what other threads call and compile, and a child finds every lock free."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from threading import RLock
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

LOCK = RLock()
"""Held while a backend is loaded or LLVM compiles. A fork waits for it: the threads that are at work do not exist in
the child, so that what they hold there (an import's lock, LLVM's own) would never be released."""

LIMIT_S = 5.0
"""A fork waits so long for calls. Not for ever: a call may wait for the thread that forks. It waits at all because
numpy's BLAS, if it uses several threads, never returns from a fork in the middle of a product."""

pending = False
"""Whether a fork waits: new calls then `pause`, or it would wait for one after the other."""

_gate = RLock()
_held: list[Any] = []
_owners: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


def wait_for(owner: Any, name: str) -> None:
    """Let forks wait for the lock that is the attribute ``name`` of ``owner``; in the child it is a new one."""
    _owners[owner] = name


def pause() -> None:
    """Returns when no fork is pending."""
    with _gate:
        return


def _before() -> None:
    global pending
    _gate.acquire()
    pending, end = True, monotonic() + LIMIT_S
    for owner, name in list(_owners.items()):
        lock = getattr(owner, name)
        if lock.acquire(timeout=max(0.0, end - monotonic())):
            _held.append(lock)
    binding = sys.modules.get("llvmlite.binding")
    # LLVM's lock is also held where machine code is freed, which may happen in any thread.
    for lock in (LOCK, getattr(getattr(getattr(binding, "ffi", None), "lib", None), "_lock", nullcontext())):
        lock.__enter__()
        _held.append(lock)


def _after() -> None:
    global pending
    while _held:
        _held.pop().__exit__(None, None, None)
    pending = False
    _gate.release()


def _in_child() -> None:
    _after()
    for owner, name in list(_owners.items()):
        setattr(owner, name, RLock())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after, after_in_child=_in_child)
