"""Trains the networks of the tasks in ``models/``, each beside its baseline, and writes docs/results.md.

python examples/results.py [TASK ...] [--minutes M] [--seed S] [--no-clock] [--out DIR]

A task takes two minutes by default. Its picture of gradient flow is written into DIR/results, and what it reached into
a file beside it, of which the page is made; tasks that are not run keep theirs.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# numpy reads it on import. On a busy machine two threads of a small product wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("TINYGRAPH_BLAS", "0")  # so that the same seed gives the same figures

sys.path.insert(0, str(Path(__file__).parents[1]))

from results_page import page

from models.task import Budget, MissingData, Result

DOCS = Path(__file__).parents[1] / "docs"
TASKS = ("characters", "names", "digits", "sunspots", "temperature", "chorales", "vowels", "tagging")
TASKS += ("written_addition", "adding", "copying")
"""Modules of ``models/``, in the order of the page."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the tasks; returns 0, or 1 if a bar was missed or data are not there."""
    options = parser().parse_args(arguments)
    folder = Path(options.out) / "results"
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = [run(name, options, folder) for name in options.tasks or TASKS]
    written = [
        json.loads(path.read_text(encoding="utf-8")) for name in TASKS if (path := folder / f"{name}.json").exists()
    ]
    (folder.parent / "results.md").write_text(page(written), encoding="utf-8")
    print(f"written: {folder.parent / 'results.md'} and the pictures in {folder}")
    return 0 if all(verdicts) else 1


def run(name: str, options: argparse.Namespace, folder: Path) -> bool:
    """Runs one task, prints its figures and writes its files; returns whether all bars are reached."""
    module, start = importlib.import_module(f"models.{name}"), time.perf_counter()
    budget = Budget(options.minutes, module.STEPS_A_MINUTE, clock=not options.no_clock)
    try:
        result: Result = module.result(budget, options.seed)
    except MissingData as error:
        print(f"{name}: left out: {error}", file=sys.stderr)
        return False
    for row in result.rows:
        print(f"{name}: {row.told()}")
    took = f"{result.steps:,} steps, {result.cpu_s:.0f} s of processor time, {time.perf_counter() - start:.0f} s in all"
    print(f"{name}: seed {options.seed}, {took}", flush=True)
    result.flow.save(folder / f"{name}.svg")
    if result.beside is not None:
        result.beside.save(folder / f"{name}_beside.svg")
    text = json.dumps(record(name, module.__doc__ or "", result, options), indent=1, ensure_ascii=False, default=float)
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return all(row.reached for row in result.rows)


def record(name: str, said: str, result: Result, options: argparse.Namespace) -> dict[str, Any]:
    """What the page says of a task, as plain data without a date or a machine."""
    rows = [dataclasses.asdict(row) | {"reached": row.reached} for row in result.rows]
    told = {key: getattr(result, key) for key in ("data", "net", "seen", "sample", "steps")}
    run = {"task": name, "minutes": options.minutes, "seed": options.seed, "cpu_s": round(result.cpu_s)}
    run["beside"] = result.beside is not None
    return {**run, "title": said.partition("\n")[0], "rows": rows, **told}


def parser() -> argparse.ArgumentParser:
    own = argparse.ArgumentParser(description="Trains the networks of models/, each beside its baseline.")
    own.add_argument("tasks", metavar="TASK", nargs="*", choices=[[], *TASKS], help=f"default all: {' '.join(TASKS)}")
    own.add_argument("--minutes", metavar="M", type=float, default=2.0, help="for each task; default 2")
    own.add_argument("--seed", metavar="S", type=int, default=0, help="of all random numbers; default 0")
    own.add_argument("--no-clock", action="store_true", help="do all steps of a quiet machine, however long they take")
    own.add_argument(
        "--out", metavar="DIR", default=str(Path(__file__).parents[1] / "docs"), help="where to write; default docs"
    )
    return own


if __name__ == "__main__":
    sys.exit(main())
