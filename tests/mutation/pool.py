"""All mutants of a run: what the tests run without them is measured, then two processes try one after the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from time import monotonic

from .lines import FOLDER, Lines
from .mutants import Mutant
from .suite import READERS
from .workplace import Workplace, copied

AT_ONCE = 2


def tried(chosen: list[Mutant], tests: list[str], folder: Path) -> Iterator[tuple[Mutant, str, float]]:
    """Each mutant with its verdict and its seconds, as they come.

    Args:
        tests: the files of tests that are measured, or folders of them.
        folder: an empty one for the copies and what is measured.
    """
    places = [copied(folder / str(k)) for k in range(AT_ONCE)]
    lines = _measured(tests, places[0])
    for place in places[1:]:
        shutil.copytree(places[0], place, dirs_exist_ok=True)  # with what is compiled by now
    context = get_context("spawn")
    queue = context.SimpleQueue()
    for place in places:
        queue.put(place)
    with ProcessPoolExecutor(AT_ONCE, context, _begin, (queue, lines)) as pool:
        try:
            for future in as_completed([pool.submit(_verdict, mutant) for mutant in chosen]):
                yield future.result()
        except BaseException:  # Ctrl-C, too
            pool.shutdown(cancel_futures=True)
            raise


def _measured(tests: list[str], root: Path) -> Path:
    """The folder in which is written what the tests run without a mutant, and how long they take."""
    folder = root.parent / "lines"
    folder.mkdir()
    command = [sys.executable, "-m", "pytest", "-n", str(AT_ONCE), "-p", "tests.mutation.lines", "-k", "not sanitized"]
    settings = {FOLDER: str(folder), "PYTHONPATH": str(root)}
    run = subprocess.run(
        [*command, *tests, *READERS], cwd=root, env=os.environ | settings, stdout=subprocess.PIPE, text=True
    )
    if not Lines(folder).seconds:
        raise SystemExit(f"{run.stdout[-3000:]}\nno test passes without a mutant: mend them first")
    for line in run.stdout.splitlines():
        if line.startswith(("FAILED", "ERROR")):
            print(f"left out, as it fails without a mutant: {line}", flush=True)
    return folder


_workplace: list[Workplace] = []
"""The one of this process of the pool."""


def _begin(queue: SimpleQueue[Path], lines: Path) -> None:
    _workplace.append(Workplace(queue.get(), Lines(lines)))


def _verdict(mutant: Mutant) -> tuple[Mutant, str, float]:
    start = monotonic()
    return mutant, _workplace[0].verdict(mutant), monotonic() - start
