"""The generator of right passes: what it writes is right by central differences, and of all sorts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from .passes import Call, loaded
from .right import CELLS, FORMS, LAYOUTS, LOSSES, Right, right_passes, written
from .right_style import Style
from .running import Numbers, Run, differences, relative, run_of

COUNT = 20


def due(one: Right) -> Numbers:
    """By differences; of float32 for the same pass in float64, of a truncated one stretch by stretch."""
    assert one.style
    exact = written(replace(one.style, float32=False, clip="", truncated=0), one.name + "_exact", one.file.parent)
    if not one.style.truncated:
        return clipped(one.style, differences(run_of(exact, loaded(exact.file))))
    return clipped(one.style, differences(Run(*_in_stretches(exact, one.style))))


def _in_stretches(exact: Right, style: Style):  # type: ignore[no-untyped-def]
    """The loss whose states at each cut stay what they are."""
    module = loaded(exact.file)
    (backward, loss, weights, arguments), _ = exact.call(module)
    T, k = style.sizes[0], style.truncated
    numbers = [weights] if style.form == "dict" else [*weights.values()]
    order = [*numbers, arguments["xs"], arguments["h0"]] if style.form == "dict" else [*arguments.values()]
    order = order if style.form == "dict" else [arguments["xs"], arguments["h0"], *numbers]
    states = module.forward(*order)[0]
    offset = 0 if style.states == "list" else -1
    parts = []
    for start in range(0, T, k):
        cut = np.s_[:, start : start + k] if style.layout == "batch_first" else np.s_[start : start + k]
        some = {"xs": arguments["xs"][cut], "ts": arguments["ts"][cut], "h0": states[start + offset]}

        def call(_: object, some: Numbers = some) -> Call:
            return (backward, loss, weights, some), {}

        parts.append(run_of(replace(exact, call=call), module))
    return weights, lambda at: sum(part.loss(at) for part in parts), parts[0].gradients


def clipped(style: Style, grads: Numbers) -> Numbers:
    if style.clip == "value":
        return {name: np.clip(g, -style.bound, style.bound) for name, g in grads.items()}
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    return {name: g * style.bound / norm for name, g in grads.items()} if style.clip and norm > style.bound else grads


def test_what_is_written_is_right(tmp_path: Path) -> None:
    wrong = []
    for one in right_passes(COUNT, seed=3, folder=tmp_path):
        run, right = run_of(one, loaded(one.file)), due(one)
        own = run.gradients(run.numbers)
        worst = max(relative(own[name], right[name]) for name in right)
        assert one.style
        if not worst < (1e-3 if one.style.float32 else 1e-6):
            wrong.append(f"{worst:.1e} {one.style}")
    assert not wrong, "\n".join(wrong)


def test_all_sorts_are_written(tmp_path: Path) -> None:
    styles = [one.style for one in right_passes(300, seed=0, folder=tmp_path)]
    for name, wanted in (("cell", CELLS), ("layout", LAYOUTS), ("loss", LOSSES), ("form", FORMS)):
        counts = Counter(getattr(style, name) for style in styles)
        assert counts.keys() == set(wanted) and min(counts.values()) > 20
    assert sum(bool(style and style.truncated) for style in styles) > 5
    assert sum(bool(style and style.float32) for style in styles) > 15
    assert {style.clip for style in styles if style} == {"", "value", "norm"}


def test_the_same_seed_writes_the_same(tmp_path: Path) -> None:
    first, second = ([one.file.read_text() for one in right_passes(5, seed, tmp_path)] for seed in (4, 4))
    other = [one.file.read_text() for one in right_passes(5, 5, tmp_path)]
    assert first == second != other
