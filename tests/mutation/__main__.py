"""How much of what changes the library's behaviour its tests see: ``python -m tests.mutation --count 100 --seed 7``.

Lines of the library are changed at random, one at a time (another comparison, operator or number, a condition turned
round, a statement or an argument left out), and each of these mutants is run against the tests that run its statement
and then the others of its folder. Which tests these are is measured first. A mutant that no test notices is printed:
either a test is missing, or the change makes no difference, which only a reader can tell. A seed gives the same mutants
again; ``--folder run/native`` takes those of one folder or file, ``--show`` runs nothing. Exporters whose packages are
not installed are left out: a run of all needs the extras onnx and jax, and PyTorch. 100 mutants of all folders take
about half an hour, two at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path
from time import monotonic

from .choice import choose
from .mutants import Mutant
from .pool import tried
from .suite import TESTS, nearest

SURVIVED = "survived"


def main() -> None:
    """Reads the command line, tries the mutants and prints what became of them."""
    arguments = _arguments()
    chosen = choose(arguments.count, arguments.seed, arguments.folder)
    if arguments.show:
        print(*chosen, sep="\n")
        return
    tests = sorted({test for m in chosen for test in nearest(m.file)}) if arguments.folder else [TESTS]
    print("without a mutant:", f"{len(tests)} files of tests" if arguments.folder else "all tests", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start, verdicts = monotonic(), dict[Mutant, str]()
    with tempfile.TemporaryDirectory(prefix="mutation-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # a test of files that may not be written runs as another user
        for mutant, verdict, seconds in tried(chosen, tests, Path(folder)):
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
