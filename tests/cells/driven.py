"""What the tests of driven cells share: every cell by name, ragged batches for it, and each sequence alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tests.each import each
from tinygraph.cells.base.linear import LinearCell
from tinygraph.core.structure import leaves, map_leaves, rebuild

from .beyond import CASES
from .parity import WHOLE, error

T, B, I, H = 5, 3, 3, 4  # noqa: E741  the axes' own letters
LENGTHS = np.array([4, 1, 3])
"""No sequence reaches the last step."""
HOLES = np.array([[0, 0, 1], [1, 0, 1], [0, 0, 0], [1, 0, 1], [1, 0, 0]], bool)
"""A mask (T, B): steps missing at the front, in between and at the end, and a sequence without any."""

CELLS: dict[str, dict[str, Any]] = {oracle.cell: oracle.options for oracle in WHOLE} | {
    kind: {} for kind, _, options in CASES.values() if not options
}
"""The options of each cell, by its name: all biases, else as it comes."""
each_cell = each("name", CELLS)


def built(name: str, size: int = I, seed: int = 0) -> Any:
    """The cell in float64, its parameters moved away from where they start; one that needs I = H has that."""
    size = H if name == "IntersectionRNN" else size
    cell = getattr(tg.cells, name)(size, H, rng=seed, dtype=np.float64, **CELLS[name])
    rng = np.random.default_rng(seed + 1)
    for x in cell.parameters().values():
        x.value = x.value + 0.3 * rng.normal(size=x.shape)
    return cell


def begun(cell: Any, seed: int = 2) -> Any:
    """A state at which the cell, or each one within, may be: a clock stands at its start, a normaliser is above 0."""
    if isinstance(cell, tg.cells.Stack):
        return tuple(begun(inner, seed + k) for k, inner in enumerate(cell.cells))
    if isinstance(cell, tg.cells.Bidirectional):
        return begun(cell.forward, seed), begun(cell.backward, seed + 1)
    if hasattr(cell, "cell"):
        return begun(cell.cell, seed)
    rng, zeros = np.random.default_rng(seed), cell.initial_state(B)
    states = [0.5 * rng.normal(size=s.shape) for s in leaves(zeros)]
    if isinstance(cell, tg.cells.ClockworkRNN):
        states[1][...] = 0
    if isinstance(cell, tg.cells.PhasedLSTM):
        states[2][...] = [[0.0], [1.3], [0.4]]
    if isinstance(cell, tg.cells.sLSTM):
        states[2] = np.abs(states[2]) + 0.5
    return rebuild(zeros, states)


def sequences(cell: Any, seed: int = 3) -> ndarray:
    """Inputs (T, B, I of the cell)."""
    return np.random.default_rng(seed).normal(size=(T, B, cell.input_size))


def within(lengths: ndarray) -> ndarray:
    """The real steps: booleans (T, B)."""
    return np.arange(T)[:, None] < lengths


def weights(like: Any, number: int) -> ndarray:
    """By which the elements of the result of a number are weighed in the sum that is differentiated."""
    return np.random.default_rng(number + 10).uniform(0.5, 1.5, like)


def kind(name: str) -> Any:
    """What the driver and the wrappers can tell of a cell: its states' shapes, which of them it gives out, its bases.

    Those of one kind run through the same lines of both.
    """
    cell = built(name)
    state = begun(cell)
    y, new = cell(tg.constant(sequences(cell)[0]), map_leaves(tg.constant, state))
    shapes = [s.shape for s in leaves(state)]
    clock = name == "ClockworkRNN"  # which `begun` and `zoneout` know by name
    return str(shapes), str([s is y for s in leaves(new)]), isinstance(cell, LinearCell), clock


KINDS: dict[Any, str] = {}
"""One cell of each kind."""
for _name in ("GRU", "LSTM", "QRNN", *CELLS):
    KINDS.setdefault(kind(_name), _name)


def each_in_full(words: str, settings: list[Any]) -> Any:
    """Every cell with the first of the settings, and one cell of each kind with all of them."""
    some = KINDS.values()
    cases = [(name, *setting) for name in CELLS for setting in (settings if name in some else settings[:1])]
    return each(f"name, {words}", cases)


def results(cell: Any, x: Any, state: Any, steps: Any = slice(None), rows: Any = slice(None), **settings: Any) -> Any:
    """Outputs, last states and the gradients of their weighed sum, by name.

    ``steps`` and ``rows`` say which of the whole batch's these are, that they weigh the same.
    """
    outputs, final = tg.unroll(cell, x, state, **settings)
    found = {"outputs": outputs} | {f"final.{k}": s for k, s in enumerate(leaves(final))}
    total: tg.Node = tg.constant(0.0)
    for k, y in enumerate(found.values()):
        whole = weights((T, B, *y.shape[2:]) if k == 0 else (B, *y.shape[1:]), k)
        total = total + tg.sum(y * (whole[steps][:, rows] if k == 0 else whole[rows]))
    wrt = cell.parameters() | {"x": x} | {f"initial.{k}": s for k, s in enumerate(leaves(state))}
    gradients = tg.grad(total, list(wrt.values()))
    return found | {f"gradient.{name}": g for name, g in zip(wrt, gradients, strict=True)}


def as_parameters(x: ndarray, state: Any) -> Any:
    """Inputs and state as leaves by which one differentiates."""
    return tg.parameter(x, "x"), map_leaves(lambda s: tg.parameter(s, "state"), state)


def measured(cell: Any, x: ndarray, state: Any, *which: Any, **settings: Any) -> dict[str, ndarray]:
    """The `results` as arrays."""
    found = results(cell, tg.constant(x), map_leaves(tg.constant, state), *which, **settings)
    return {name: y.value for name, y in found.items()}


def alone(cell: Any, x: ndarray, state: Any, real: ndarray, **settings: Any) -> dict[str, ndarray]:
    """The same by sequences that are alone in their batch and have only the steps that are real."""
    whole = {name: np.zeros_like(a) for name, a in measured(cell, x, state).items()}
    for b in range(B):
        steps, rows = np.flatnonzero(real[:, b]), slice(b, b + 1)
        own = map_leaves(lambda s, rows=rows: s[rows], state)
        if not steps.size:
            for k, s in enumerate(leaves(own)):
                whole[f"final.{k}"][rows] = s
                whole[f"gradient.initial.{k}"][rows] = weights((B, *s.shape[1:]), k + 1)[rows]
            continue
        for name, a in measured(cell, x[steps, rows], own, steps, rows, **settings).items():
            if name in ("outputs", "gradient.x"):
                whole[name][steps, rows] = a
            elif name.startswith(("final.", "gradient.initial.")):
                whole[name][rows] = a
            else:
                whole[name] += a
    return whole


def differences(got: dict[str, Any], expected: dict[str, Any], tolerance: float = 1e-12) -> dict[str, float]:
    """Of each array that differs by more than the tolerance, by how much."""
    assert got.keys() == expected.keys()
    told = {name: error(a, expected[name]) for name, a in got.items()}
    return {name: e for name, e in told.items() if not e <= tolerance}


def _stack(name: str, **options: Any) -> Any:
    return tg.cells.Stack([built(name), built(name, H, 4)], **options)


def _both(name: str, merge: str) -> Any:
    return tg.cells.Bidirectional(built(name), built(name, seed=4), merge)


def _layer_norm(cell: Any) -> Any:
    """Its weight and bias moved away from 1 and 0."""
    around, rng = tg.cells.LayerNorm(cell), np.random.default_rng(6)
    around.weight.value, around.bias.value = rng.normal(size=(2, cell.output_size))
    return around


def zoneout(cell: Any, seed: int = 7) -> Any:
    """Each state at a rate of its own; the clocks of ClockworkRNN and PhasedLSTM go on."""
    rates = [[0.3, 0.4, 0.2, 0.25][k] for k in range(len(leaves(cell.initial_state(B))))]
    if isinstance(cell, (tg.cells.ClockworkRNN, tg.cells.PhasedLSTM)):
        rates[-1] = 0.0
    return tg.cells.Zoneout(cell, rates, seed)


def _mixed(name: str) -> Any:
    """All wrappers at once, both ways."""
    a, b, c = (built(name, H, seed) for seed in (4, 5, 6))
    pair = tg.cells.Bidirectional(tg.cells.Residual(a), zoneout(b), "sum")
    return tg.cells.Stack([pair, _layer_norm(c)])


def _deep(name: str) -> Any:
    """Wrappers within wrappers, of which all go onward."""
    return tg.cells.Stack([tg.cells.Residual(_layer_norm(zoneout(built(name, H)))), built(name, H, 4)])


ONWARD: dict[str, Callable[[str], Any]] = {
    "stack": _stack,
    "residual": lambda name: tg.cells.Residual(built(name, H)),
    "zoneout": lambda name: zoneout(built(name)),
    "norm": lambda name: _layer_norm(built(name)),
    "deep": _deep,
}
"""Wrappers of a cell of a name that a sequence may be fed to in chunks."""
MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "concatenate": lambda f, b: np.concatenate([f, b], -1),
    "sum": np.add,
    "mean": lambda f, b: np.mean([f, b], 0),
    "multiply": np.multiply,
    "both": lambda f, b: (f, b),
}
WRAPPED = ONWARD | {"mixed": _mixed} | {m: lambda name, m=m: _both(name, m) for m in MERGES}


def by_hand(cell: Any, x: ndarray, state: Any, real: ndarray, reverse: bool = False) -> tuple[Any, Any]:
    """Outputs and last state where only the innermost cells are driven by `tg.unroll`, and the rest is numpy."""
    if isinstance(cell, tg.cells.Stack):
        last = []
        for inner, s in zip(cell.cells, state, strict=True):
            x, s = by_hand(inner, x, s, real, reverse)
            last.append(s)
        return x, tuple(last)
    if isinstance(cell, tg.cells.Bidirectional):
        f, ahead = by_hand(cell.forward, x, state[0], real, reverse)
        b, behind = by_hand(cell.backward, x, state[1], real, not reverse)
        return MERGES[cell.merge](f, b), (ahead, behind)
    if isinstance(cell, tg.cells.Zoneout):
        return _held(cell, x, state, real, reverse)
    if isinstance(cell, (tg.cells.Residual, tg.cells.LayerNorm)):
        y, state = by_hand(cell.cell, x, state, real, reverse)
        y = x + y if isinstance(cell, tg.cells.Residual) else _normed(cell, y)
        return np.where(real[..., None], y, 0), state
    outputs, state = tg.unroll(cell, x, state, lengths=real.sum(0), reverse=reverse)
    return outputs.value, map_leaves(lambda s: s.value, state)


def _normed(cell: Any, y: ndarray) -> ndarray:
    mean, variance = y.mean(-1, keepdims=True), y.var(-1, keepdims=True)
    return (y - mean) / np.sqrt(variance + 1e-5) * cell.weight.value + cell.bias.value


def _held(cell: Any, x: ndarray, state: Any, real: ndarray, reverse: bool) -> tuple[ndarray, Any]:
    """Zoneout out of training around a single cell, one step after the other."""
    outputs = np.zeros((*x.shape[:2], cell.output_size))
    for t in range(len(x))[:: -1 if reverse else 1]:
        y, new = cell.cell(tg.constant(x[t]), map_leaves(tg.constant, state))
        kept = [p * old + (1 - p) * s.value for p, old, s in zip(cell.p, leaves(state), leaves(new), strict=True)]
        same = [k for s, k in zip(leaves(new), kept, strict=True) if s is y]
        outputs[t] = same[0] if same else y.value
        going = [np.where(real[t, :, None], k, old) for k, old in zip(kept, leaves(state), strict=True)]
        state = rebuild(new, going)
    return np.where(real[..., None], outputs, 0), state
