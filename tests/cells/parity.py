"""What the parity tests share: cells built from oracle files, driven, differentiated and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.oracles.oracle import Oracle, files, load

ORACLES = [load(path) for path in files()]
KNOWN = [oracle for oracle in ORACLES if hasattr(tg.cells, oracle.cell)]
ABSENT = sorted({oracle.cell for oracle in ORACLES} - {oracle.cell for oracle in KNOWN})
WHOLE = [oracle for oracle in KNOWN if oracle.case == "biases"]
"""One oracle a cell: its default options and all biases."""


def label(oracle: Oracle) -> str:
    """What a test of it is called."""
    return f"{oracle.cell}.{oracle.case}"


def built(oracle: Oracle, seed: int = 0, **options: Any) -> Any:
    """The cell with the oracle's options and a seed's parameters, float64 unless another dtype is asked for."""
    kind = getattr(tg.cells, oracle.cell)
    return kind(*oracle.sizes, **{"rng": seed, "dtype": np.float64} | oracle.options | options)


def loaded(oracle: Oracle, **options: Any) -> Any:
    """The cell with the oracle's parameters."""
    cell = built(oracle, **options)
    cell.load_state_dict(oracle.group("state_dict"))
    return cell


def packed(states: list[Any]) -> Any:
    """A cell's state: its only array, or a tuple of several."""
    return tuple(states) if len(states) > 1 else states[0]


def unpacked(state: Any) -> list[Any]:
    """The arrays of a state, in order."""
    return list(state) if isinstance(state, tuple) else [state]


def given(oracle: Oracle) -> tuple[tg.Parameter, list[tg.Parameter]]:
    """x and the initial states as parameters, so that a compiled function takes new values of them too."""
    states = oracle.group("initial").values()
    return tg.parameter(oracle.arrays["x"]), [tg.parameter(a) for a in states]


def results(cell: Any, x: Any, states: list[Any]) -> dict[str, Any]:
    """Outputs and final states, by the oracle's names."""
    outputs, final = tg.unroll(cell, x, packed(states))
    return {"outputs": outputs} | {f"final.{i}": s for i, s in enumerate(unpacked(final))}


def weighed(oracle: Oracle, found: dict[str, Any]) -> tg.Node:
    """The sum whose gradients the oracle holds."""
    weights = oracle.group("weight")
    assert found.keys() == weights.keys(), "another number of states"
    terms = [tg.sum(y * weights[name]) for name, y in found.items()]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def differentiated(oracle: Oracle, cell: Any) -> tuple[Callable[[], Any], list[str]]:
    """A function of nothing that gives the weighed sum and its gradients, and the gradients' names."""
    x, states = given(oracle)
    wrt = cell.parameters() | {"x": x} | {f"initial.{i}": s for i, s in enumerate(states)}
    step = tg.value_and_grad(lambda: weighed(oracle, results(cell, x, states)), list(wrt.values()))
    return step, [f"gradient.{name}" for name in wrt]


def measured(oracle: Oracle) -> dict[str, np.ndarray]:
    """What the oracle says, as our cell computes it."""
    cell = loaded(oracle)
    found = results(cell, *given(oracle))
    step, names = differentiated(oracle, cell)
    _, gradients = step()
    values = {name: y.value for name, y in found.items()} | {
        name: g.value for name, g in zip(names, gradients, strict=True)
    }
    return {name: np.asarray(a) for name, a in values.items()}


def error(got: Any, expected: Any) -> float:
    """The largest difference, over the larger of 1 and the largest expected number."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape, f"{got.shape} instead of {expected.shape}"
    assert got.dtype == np.float64, f"{got.dtype}, not float64"
    worst = np.abs(got - expected).max(initial=0.0) / max(1.0, np.abs(expected).max(initial=0.0))
    return float(worst) if np.isfinite(worst) else np.inf


def errors(oracle: Oracle) -> dict[str, float]:
    """Of each array that the cell computes its `error`."""
    found = measured(oracle)
    assert found.keys() == {name for name in oracle.arrays if name.startswith(("outputs", "final.", "gradient."))}
    return {name: error(a, oracle.arrays[name]) for name, a in found.items()}


def disagreements(oracle: Oracle, tolerance: float = 1e-12) -> dict[str, float]:
    """Of each array that differs by more than the tolerance, by how much."""
    return {name: e for name, e in errors(oracle).items() if not e <= tolerance}


if __name__ == "__main__":
    for each in KNOWN:
        told = errors(each)
        worst = max(told, key=lambda name: told[name])
        print(f"{label(each):60} {told[worst]:.1e}  {worst}")
