"""Trains the networks of the tasks in ``models/``, each beside its baseline, and writes docs/results.md.

python examples/results.py [TASK ...] [--minutes M] [--seed S] [--no-clock] [--page] [--out DIR]

A task takes two minutes by default. Its picture of gradient flow is written into DIR/results, and what it reached into
a file beside it, of which the page is made; tasks that are not run keep theirs. Other minutes than two have a place of
their own on the page.
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
TASKS = [
    "characters",
    "names",
    "digits",
    "sunspots",
    "temperature",
    "chorales",
    "vowels",
    "tagging",
    "written_addition",
    "adding",
    "copying",
]
"""Modules of ``models/``, in the order of the page."""
MINUTES = 2.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the tasks; returns 0, or 1 if a bar was missed or data are not there."""
    options = parser().parse_args(arguments)
    folder = Path(options.out) / "results"
    folder.mkdir(parents=True, exist_ok=True)
    names = [] if options.page else options.tasks or TASKS
    verdicts = [run(name, options, folder) for name in names]
    (folder.parent / "results.md").write_text(page(records(folder)), encoding="utf-8")
    print(f"written: {folder.parent / 'results.md'} and the pictures in {folder}")
    return 0 if all(verdicts) else 1


def records(folder: Path) -> list[dict[str, Any]]:
    """What was reached so far, in the order of the page."""
    paths = [
        path for name in TASKS for form in ("{}.json", "{}-*.json") for path in sorted(folder.glob(form.format(name)))
    ]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


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
    place = name if options.minutes == MINUTES else f"{name}-{options.minutes:g}-minutes"
    result.flow.save(folder / f"{place}.svg")
    if result.beside is not None:
        result.beside.save(folder / f"{place}_beside.svg")
    told = {"place": place, **record(name, module.__doc__ or "", result, options)}
    text = json.dumps(told, indent=1, ensure_ascii=False, default=float)
    (folder / f"{place}.json").write_text(text + "\n", encoding="utf-8")
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
    own.add_argument("--minutes", metavar="M", type=float, default=MINUTES, help="for each task; default 2")
    own.add_argument("--seed", metavar="S", type=int, default=0, help="of all random numbers; default 0")
    own.add_argument("--no-clock", action="store_true", help="do all steps of a quiet machine, however long they take")
    own.add_argument("--page", action="store_true", help="run nothing, make the page of what was reached before")
    own.add_argument("--out", metavar="DIR", default=str(DOCS), help="where to write; default docs")
    return own


if __name__ == "__main__":
    sys.exit(main())
