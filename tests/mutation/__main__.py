"""How much of what changes the library's behaviour its tests see: ``python -m tests.mutation --count 100 --seed 7``.

Lines of the library are changed at random, one at a time (another comparison, operator or number, a condition turned
round, a statement or an argument left out), and each of these mutants is run against the tests of its folder. A mutant
that no test notices is printed: either a test is missing, or the change makes no difference, which only a reader can
tell. A seed gives the same mutants again; ``--folder run/native`` takes those of one folder or file, ``--show`` runs
nothing. Exporters whose packages are not installed are left out: a run of all needs the extras onnx and jax, and
PyTorch. 100 mutants take about half an hour, two at once.
"""

from __future__ import annotations

import argparse
import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from time import monotonic

from .choice import choose
from .mutants import Mutant
from .suite import suites
from .workplace import Workplace

AT_ONCE = 2
SURVIVED = "survived"


def main() -> None:
    """Reads the command line, tries the mutants and prints what became of them."""
    arguments = _arguments()
    chosen = choose(arguments.count, arguments.seed, arguments.folder)
    if arguments.show:
        print(*chosen, sep="\n")
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start, verdicts = monotonic(), dict[Mutant, str]()
    for mutant, verdict, seconds in _tried(chosen):
        verdicts[mutant] = verdict
        print(f"[{len(verdicts)}/{len(chosen)}] {verdict:<8} {seconds:4.0f} s  {mutant}", flush=True)
    print(report(verdicts, monotonic() - start))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--count", type=int, default=100, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same mutants")
    parser.add_argument("--folder", default="", help="a folder or file of tinygraph/: ops, run/native, compiled.py")
    parser.add_argument("--show", action="store_true", help="print the mutants and run nothing")
    return parser.parse_args()


def _tried(chosen: list[Mutant]) -> Iterator[tuple[Mutant, str, float]]:
    """Each mutant with its verdict and its seconds, as they come."""
    places: SimpleQueue[Workplace] = SimpleQueue()

    def work(mutant: Mutant) -> tuple[Mutant, str, float]:
        place, start = places.get(), monotonic()
        try:
            return mutant, place.verdict(mutant), monotonic() - start
        finally:
            places.put(place)

    with Workplace() as one, Workplace() as two, ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            seconds = _measured(chosen, pool, (one, two))
            for place in (one, two):
                place.seconds = seconds
                places.put(place)
            for tried in as_completed([pool.submit(work, mutant) for mutant in chosen]):
                yield tried.result()
        finally:  # also after Ctrl-C
            pool.shutdown(wait=False, cancel_futures=True)
            one.stop()
            two.stop()


def _measured(chosen: list[Mutant], pool: ThreadPoolExecutor, places: tuple[Workplace, Workplace]) -> dict[str, float]:
    """How long each file of tests takes without a mutant; half of them in each place."""
    tests = sorted({test for m in chosen for stage in suites(places[0].root, m.file, {}) for test in stage})
    print(f"without a mutant: {len(tests)} files of tests", flush=True)
    seconds: dict[str, float] = {}
    for part in pool.map(Workplace.measured, places, (tests[::2], tests[1::2])):
        seconds |= part
    return seconds


def report(verdicts: dict[Mutant, str], seconds: float) -> str:
    """What was caught, by folder, and the mutants that survived."""
    every: Counter[str] = Counter(os.path.dirname(m.file) for m in verdicts)
    left: Counter[str] = Counter(os.path.dirname(m.file) for m, verdict in verdicts.items() if verdict == SURVIVED)
    rows = [f"  {folder:<28}{count - left[folder]:>4} of {count:>3}" for folder, count in sorted(every.items())]
    caught, total = len(verdicts) - left.total(), len(verdicts)
    head = f"{caught} of {total} caught, {caught / max(total, 1):.0%}, in {seconds / 60:.1f} minutes"
    survivors = [f"  {m}" for m, verdict in sorted(verdicts.items(), key=lambda x: str(x[0])) if verdict == SURVIVED]
    return "\n".join([head, *rows, *(["survived:", *survivors] if survivors else [])])


if __name__ == "__main__":
    main()
