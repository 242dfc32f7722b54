"""The tables of the recurrent bench: times, ratios against their bars, first calls."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from . import first_call
from .machine import description, product_rate
from .recurrent_timing import CLOCKS, Timing, contenders, measure
from .recurrent_work import GATES, SIZES, bars, flops

OURS = ("native", "numpy")
PEERS = ("torch", "torch_loop", "jax", "hand")
TITLES = {
    "native": "ours, native",
    "numpy": "ours, numpy",
    "eager": "ours, not compiled",
    "torch": "PyTorch fused",
    "torch_loop": "PyTorch loop",
    "jax": "JAX scan",
    "hand": "NumPy by hand",
}


def run(chosen: argparse.Namespace) -> int:
    """Measure what was chosen, print, write; gives the exit status, 1 where a bar is missed or a contender failed."""
    rate = product_rate(CLOCKS[chosen.clock])
    makers = contenders(chosen.contenders)
    timings = []
    for size in chosen.sizes or SIZES:
        for cell in chosen.cells or GATES:
            timings.append(measure(cell, size, makers, chosen.seconds, chosen.quick, chosen.clock))
            print(_progress(timings[-1]), flush=True)
    starts = [] if chosen.quick or chosen.no_first_calls else _first_calls(makers, chosen)
    text, missed = report(timings, starts, rate, chosen)
    print(f"\n{text}")
    if chosen.markdown:
        chosen.markdown.write_text(text + "\n")
    return 1 if missed else 0


def report(
    timings: list[Timing], starts: list[first_call.Start], rate: float, chosen: argparse.Namespace
) -> tuple[str, list[str]]:
    """The Markdown text and the lines that say which bars are missed."""
    verdicts = {name: ratios(name, timings) for name in OURS if any(name in t.seconds for t in timings)}
    missed = [line for _, lines in verdicts.values() for line in lines]
    missed += [f"{t.cell} {t.size}, {TITLES[name]}: {why}" for t in timings for name, why in t.failed.items()]
    first, late = first_call.table(starts)
    missed += late
    parts = [
        f"{description(chosen.threads)}.",
        f"float32, forward and backward, medians of {_span(t.rounds for t in timings)} rounds in turns"
        f"{', processor time' if chosen.clock == 'cpu' else ''}. "
        f"This machine's own matrix product, numpy 2048 x 2048 float32: {rate / 1e9:.0f} GFLOP/s.",
        "Milliseconds a step:",
        times(timings, rate),
    ]
    for name, (lines, _) in verdicts.items():
        parts += [f"{TITLES[name]}: the peer's time over ours (bar):", lines]
    parts += [first] if starts else []
    compiling = [t.first_s["jax"] for t in timings if "jax" in t.first_s]
    if compiling:
        span = f"{min(compiling):.2f} to {max(compiling):.2f} s"
        parts.append(f"JAX's first calls took {span} in this process; it compiles again for every new T or B.")
    parts += [
        "Missed:\n\n" + "\n".join(f"- {line}" for line in missed) if missed else "No bar that was measured is missed."
    ]
    return "\n\n".join(parts), missed


def times(timings: Sequence[Timing], rate: float) -> str:
    """Milliseconds of every contender; GFLOP/s of the matrix products and their share of the machine's rate, of the
    first of our backends that ran, else of the fastest."""
    names = [name for name in TITLES if any(name in t.seconds for t in timings)]
    rows = []
    for t in timings:
        by = next((name for name in OURS if name in t.seconds), None) or min(t.seconds, key=t.seconds.__getitem__)
        speed = flops(t.cell, SIZES[t.size]) / t.seconds[by]
        cells = [_ms(t.seconds[name]) if name in t.seconds else "" for name in names]
        rows.append([t.size, t.cell, *cells, f"{speed / 1e9:.1f}", f"{speed / rate:.0%}", by])
    return table(["size", "cell", *(TITLES[name] for name in names), "GFLOP/s", "share", "of"], rows)


def ratios(ours: str, timings: Sequence[Timing]) -> tuple[str, list[str]]:
    """How many times our time each peer takes, with the bar and whether it is met; and the lines of those missed."""
    names = [peer for peer in PEERS if any(peer in t.seconds for t in timings)]
    rows, missed = [], []
    for t in timings:
        if ours not in t.seconds:
            continue
        wanted, row = bars(ours, t.size), [t.size, t.cell]
        for peer in names:
            ratio = t.seconds[peer] / t.seconds[ours] if peer in t.seconds else None
            row.append(_verdict(ratio, wanted.get(peer)))
            if ratio is not None and ratio < wanted.get(peer, 0.0):
                what = f"{TITLES[ours]} against {TITLES[peer]}: {ratio:.2f}, bar {wanted[peer]:g}"
                missed.append(f"{t.cell} {t.size}, {what} ({_ms(t.seconds[ours])} against {_ms(t.seconds[peer])} ms)")
        rows.append(row)
    return table(["size", "cell", *(TITLES[name] for name in names)], rows), missed


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table whose columns line up in plain text as well."""
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    lines = [head, ["-" * width for width in widths], *rows]
    return "\n".join("| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines)


def _verdict(ratio: float | None, bar: float | None) -> str:
    if ratio is None:
        return ""
    return f"{ratio:.2f}" if bar is None else f"{ratio:.2f} ({bar:g}) {'met' if ratio >= bar else 'MISSED'}"


def _progress(t: Timing) -> str:
    times = "  ".join(f"{name} {_ms(seconds)}" for name, seconds in t.seconds.items())
    failed = "".join(f"  {name} FAILED" for name in t.failed)
    return f"{t.size:>8} {t.cell:<4} {t.rounds:3} rounds, ms: {times}{failed}"


def _first_calls(makers: Iterable[str], chosen: argparse.Namespace) -> list[first_call.Start]:
    ours = [name for name in OURS if name in makers]
    return [first_call.measure(cell, name, chosen.threads) for name in ours for cell in chosen.cells or GATES]


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.4g}" if seconds < 1 else f"{seconds * 1e3:.0f}"


def _span(numbers: Iterable[int]) -> str:
    found = sorted(set(numbers))
    return f"{found[0]} to {found[-1]}" if len(found) > 1 else str(found[0])
