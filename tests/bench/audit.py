"""How well the auditor names the wrong line: faults planted in right hand-written passes, against the bars.

    python -m tests.bench.audit [--count N] [--pairs N] [--seed S] [--only PASS] [--repairs N] [--misses N]

``--count`` single faults and ``--pairs`` groups of two or three, spread over all passes and kinds by the seed; the
first ``--repairs`` single faults are repaired as well. Misses are listed with what was planted and what was named.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import tinygraph as tg
from tests.check.audit.judge import Verdict, judged, named_in
from tests.check.audit.passes import ALL, Pass
from tests.check.audit.plant import Fault, faults, groups
from tests.check.audit.seeds import ALL_SEEDS

from .machine import description

PROCESSES = 2


@dataclass(frozen=True)
class Bar:
    """A row of the table: what is measured, and what it must reach."""

    name: str
    bar: float
    measured: float
    told: str = ""
    most: bool = False
    """The bar is the most that it may be, in seconds or times; else the least share."""

    @property
    def met(self) -> bool:
        return self.measured <= self.bar if self.most else self.measured >= self.bar

    def __str__(self) -> str:
        form = "{:.3g}" if self.most else "{:.1%}"
        sign = "at most " if self.most else ""
        mark = "met" if self.met else "MISSED"
        return f"| {self.name} | {sign}{form.format(self.bar)} | {form.format(self.measured)}{self.told} | {mark} |"


def main() -> int:
    options = _options()
    if not hasattr(tg.check, "audit"):
        raise SystemExit("tg.check has no audit yet")
    passes = [one for one in ALL if options.only in one.name]
    start = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES) as pool:
        singles = _spread(pool, _singles, passes, options.count, options.seed)
        several = _spread(pool, _several, passes, options.pairs, options.seed)
        planted = time.perf_counter() - start
        wanted = [n < options.repairs for n in range(len(singles))] + [False] * len(several)
        verdicts = list(pool.map(_judge, [*singles, *several], wanted, chunksize=4))
    alone, together = verdicts[: len(singles)], verdicts[len(singles) :]
    print(description(threads=1))
    print(
        f"{len(singles)} single faults and {len(several)} groups in {len(passes)} passes, seed {options.seed};", end=" "
    )
    print(f"planted in {planted:.0f} s, audited in {time.perf_counter() - start - planted:.0f} s\n")
    rows = table(alone, together)
    print("| | bar | measured | |\n|---|---|---|---|", *rows, sep="\n")
    print("\n" + by("pass", alone, lambda v: v.fault.name), by("kind", alone, lambda v: v.fault.kinds[0]), sep="\n")
    print(_of_seeds())
    _misses(alone, together, options.misses)
    return 0 if all(row.met for row in rows) else 1


def table(alone: list[Verdict], together: list[Verdict]) -> list[Bar]:
    """The rows of the issue, from single faults and from groups; a row without cases is left out."""
    rows = [_share("wrong gradient seen", 1.0, (v.seen for v in [*alone, *together]))]
    rows += [
        _share("first named line is the planted one", 0.90, (v.first for v in alone)),
        _share("within the first three lines named", 0.97, (bool(v.hits(3)) for v in alone)),
        _share("two or three faults: first named a true one", 0.95, (v.first for v in together)),
        _share("two or three faults: all found by going on", 0.85, (_all(v) for v in together)),
        _share("kind named rightly, of those known", 0.90, (v.kind for v in alone if v.kind is not None)),
    ]
    tried = [v for v in alone if v.took_repairing is not None or v.error]
    rows.append(_share("repaired, proven at two T", 0.80, (bool(v.mended) for v in tried)))
    slow = [v.took for v in [*alone, *together] if v.took is not None]
    longer = [v.took_repairing for v in alone if v.took_repairing is not None]
    if longer:
        false = [text for v in tried for text in v.false]
        rows.append(Bar("repairs of a wrong line or that do not mend", 0, len(false), f" of {len(longer)}", most=True))
    rows += [_seconds("one audit, repair apart, seconds of the processor", 0.5, slow)]
    rows.append(_seconds("repair, seconds of the processor", 10.0, longer))
    return [row for row in rows if row.told]


def by(what: str, verdicts: list[Verdict], key: Callable[[Verdict], str]) -> str:
    """Shares of single faults for each pass or kind."""
    parts: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        parts[key(verdict)].append(verdict)
    lines = [f"| {what} | faults | seen | first | in three | kind | mended |\n|---|---|---|---|---|---|---|"]
    for name in sorted(parts):
        of = parts[name]
        kinds = [v.kind for v in of if v.kind is not None]
        tried = [bool(v.mended) for v in of if v.took_repairing is not None or v.error]
        shares = [[v.seen for v in of], [v.first for v in of], [bool(v.hits(3)) for v in of], kinds, tried]
        lines.append(f"| {name} | {len(of)} | {' | '.join(_percent(share) for share in shares)} |")
    return "\n".join(lines) + "\n"


def _of_seeds() -> str:
    """What is named in the seeds' passes: of their wrong lines, and besides."""
    lines = ["| seed | against | wrong lines | named of them | named falsely |\n|---|---|---|---|---|"]
    for seed in ALL_SEEDS:
        try:
            named, error = set(named_in(seed, tg.check.audit)), ""
        except Exception as failure:
            named, error = set(), f" {type(failure).__name__}: {failure}"
        groups_of_lines = seed.wrong.keys(), named & seed.wrong.keys(), named - seed.wrong.keys()
        shown = (", ".join(map(str, sorted(of))) or "-" for of in groups_of_lines)
        lines.append(f"| {seed.name} | {seed.against} | {' | '.join(shown)}{error} |")
    return "\n".join(lines) + "\n"


def _percent(answers: list[bool]) -> str:
    return f"{sum(answers) / len(answers):.0%}" if answers else "-"


def _share(name: str, bar: float, answers: Iterable[bool]) -> Bar:
    every = list(answers)
    hits = sum(every)
    return Bar(name, bar, hits / len(every) if every else 0.0, f" ({hits} of {len(every)})" if every else "")


def _seconds(name: str, bar: float, times: list[float]) -> Bar:
    """Judged by the slowest."""
    told = f" the slowest, {statistics.median(times):.3g} the median" if times else ""
    return Bar(name, bar, max(times, default=0.0), told, most=True)


def _all(verdict: Verdict) -> bool:
    return len(verdict.found) == len(verdict.fault.edits)


def _misses(alone: list[Verdict], together: list[Verdict], most: int) -> None:
    missed = [v for v in alone if not (v.seen and v.first and not v.false and v.kind is not False)]
    missed += [v for v in together if not (v.seen and v.first and _all(v))]
    print(f"{len(missed)} misses" + (f", the first {most}" if len(missed) > most else ""))
    for verdict in missed[:most]:
        told = verdict.error or ("" if verdict.seen else "NOT SEEN ") + f"named {_named(verdict)}"
        told += "".join(f"; false repair {text}" for text in verdict.false)
        print(f"  {verdict.fault}\n      {told}")


def _named(verdict: Verdict) -> str:
    rows = list(zip(verdict.named, verdict.kinds, strict=True))[:4]
    return ", ".join(f"{line} ({kind})" for line, kind in rows) or "no line"


def _judge(fault: Fault, repair: bool) -> Verdict:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return judged(fault, tg.check.audit, repair)


def _singles(one: Pass, count: int, seed: int) -> list[Fault]:
    return faults(one, count, seed)


def _several(one: Pass, count: int, seed: int) -> list[Fault]:
    return groups(one, 2, (count + 1) // 2, seed) + groups(one, 3, count // 2, seed)


def _spread(
    pool: ProcessPoolExecutor, plant: Callable[[Pass, int, int], list[Fault]], passes: list[Pass], count: int, seed: int
) -> list[Fault]:
    """So many faults, as evenly over the passes as may be, passes in turn."""
    each = -(-count // len(passes))
    planted = list(pool.map(plant, passes, repeat(each), repeat(seed)))
    in_turn = [of[n] for n in range(each) for of in planted if n < len(of)]
    return in_turn[:count]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.audit")
    for name, default in (("count", 420), ("pairs", 180), ("seed", 1), ("repairs", 120), ("misses", 60)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", default="", help="passes whose name holds this")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
