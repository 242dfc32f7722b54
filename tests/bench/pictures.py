"""How long pictures take: recurrent networks to SVG, by our writer and by Graphviz, and DOT text of long ones.

    python -m tests.bench.pictures

Bars: word RNN T = 4, LSTM T = 25, RNN T = 100 to SVG in 0.3 s, 0.5 s, 0.5 s, gradients in it; 20,000 boxes to SVG
in 3 s and in the order of time; the DOT text of T = 5,000 in 5 s and linear in T; the same text twice.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tinygraph as tg
from tests.draw.networks import lstm, word_rnn
from tinygraph.draw.write.render import rendered

from .machine import description

ALL: dict[str, Any] = {"level": "op", "max_nodes": None}
GLOWING = ALL | {"gradients": True}


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """The best of ``rounds``."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def line(work: str, took: float, bar: float | None, more: str = "") -> bool:
    met = bar is None or took <= bar
    told = "" if bar is None else f"bar {bar:5.2f} s  {'met' if met else 'MISSED'}"
    print(f"  {work:44}{took:8.2f} s   {told}  {more}")
    return met


def to_svg() -> bool:
    """Times from graph to SVG."""
    works = [
        ("word RNN T = 4, gradients", word_rnn(4), 0.3),
        ("LSTM T = 25, gradients", lstm(25), 0.5),
        ("word RNN T = 100, gradients", word_rnn(100), 0.5),
    ]
    met = [
        line(work, seconds(lambda root=root: tg.draw(root, **GLOWING).pipe(format="svg")), bar)
        for work, root, bar in works
    ]
    return all(met)


def twenty_thousand() -> bool:
    """Some 20,000 boxes: the time, and whether the columns are in the order of time; the writers by themselves."""
    root, path = word_rnn(2858), Path(tempfile.mkdtemp(), "large.svg")
    drawing = tg.draw(root, **ALL)
    boxes = len(drawing.picture.boxes)
    met = line(f"{boxes} boxes", seconds(lambda: tg.draw(root, **ALL).save(path), 3), 3.0)
    size = path.stat().st_size / 1e6
    met &= line("  our writer alone", seconds(drawing.pipe), 1.2, f"{size:.0f} MB")
    if shutil.which("dot"):
        line("  the system's Graphviz alone", seconds(lambda: rendered(drawing.source, "svg"), 1), None)
    svg = path.read_text(encoding="utf-8")
    places = [float(x) for x in re.findall(r'<text [^>]*x="([-\d.]+)"[^>]*>t = \d+<', svg)]
    steps = [int(x) for x in re.findall(r"<text [^>]*>t = (\d+)<", svg)]
    ordered = len(steps) == 2858 and [x for _, x in sorted(zip(steps, places, strict=True))] == sorted(places)
    print(f"    in the order of time: {ordered}")
    return met and ordered


def text() -> bool:
    """DOT text: linear in T, under its bar, the same twice."""
    took = {}
    for steps in (1250, 2500, 5000):
        root = word_rnn(steps)
        took[steps] = seconds(lambda root=root: tg.draw(root, **ALL).source, 2)
        met = line(f"DOT text of T = {steps}", took[steps], 5.0)
    growth = took[5000] / took[1250] / 4
    root = lstm(25)
    same = tg.draw(root, **GLOWING).source == tg.draw(root, **GLOWING).source
    print(f"    time a step, T = 5,000 over 1,250: {growth:.2f} (bar 1.50); the same bytes twice: {same}")
    return met and growth <= 1.5 and same


def main() -> None:
    print(description(1))
    met = [text(), to_svg(), twenty_thousand()]
    raise SystemExit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
