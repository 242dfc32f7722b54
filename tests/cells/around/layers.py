"""What the tests of driven layers share: layers built from oracle files, run, differentiated and compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.cells.parity import error, given, label, weighed
from tests.oracles.oracle import LAYERS, Oracle, files, load
from tinygraph.core.structure import leaves, rebuild

ORACLES = [load(path) for path in files(LAYERS)]
PYTORCH = [oracle for oracle in ORACLES if oracle.source.startswith("torch ")]
RAGGED = [oracle for oracle in ORACLES if "lengths" in oracle.options]
ONWARD = [oracle for oracle in ORACLES if not oracle.options.get("bidirectional")]
"""Those that a sequence may be fed to in parts."""


def time(oracle: Oracle) -> int:
    """The axis of ``x`` and ``outputs`` that is time."""
    return int(oracle.options.get("batch_first", False))


def lengths(oracle: Oracle) -> np.ndarray | None:
    """(B,), or None where no row is padded."""
    return np.array(oracle.options["lengths"]) if "lengths" in oracle.options else None


def padded(oracle: Oracle) -> np.ndarray:
    """Where ``x`` is padding: true at (T, B) or (B, T)."""
    ends, steps = oracle.options["lengths"], np.arange(oracle.arrays["x"].shape[time(oracle)])
    late = steps[:, None] >= np.array(ends)
    return late.T if time(oracle) else late


def built(oracle: Oracle, seed: int = 0, **changed: Any) -> Any:
    """A layer with the oracle's options and a seed's parameters."""
    theirs = {name: value for name, value in oracle.options.items() if name not in ("lengths", "batch_first")}
    options: dict[str, Any] = {"rng": seed, "dtype": np.float64} | theirs | changed
    return tg.Recurrent(tg.cells.Stack.of(getattr(tg.cells, oracle.cell), *oracle.sizes, **options), axis=time(oracle))


def loaded(oracle: Oracle, **changed: Any) -> Any:
    """The layer with the oracle's parameters, under the names that PyTorch gives them."""
    layer = built(oracle, **changed)
    layer.load_state_dict(oracle.group("state_dict"))
    return layer


def place(layer: Any, name: str) -> tg.Parameter:
    """The parameter that PyTorch or torchrecurrent calls ``name``, by the way to it and not by its name here."""
    theirs = re.fullmatch(r"(\w+?)_l(\d)(_reverse)?", name)
    if theirs is None:
        _, number, weight = name.split(".")
        return getattr(layer.cell.cells[int(number)], weight)
    weight, number, back = theirs.groups()
    cell = layer.cell.cells[int(number)]
    if hasattr(cell, "forward"):
        cell = cell.backward if back else cell.forward
    return getattr(cell, weight)


def places(oracle: Oracle, layer: Any) -> dict[str, tg.Parameter]:
    """All its parameters, by the oracle's names."""
    names = [name for name in oracle.group("gradient") if name != "x" and not name.startswith("initial.")]
    found = {name: place(layer, name) for name in names}
    assert {id(p) for p in found.values()} == {id(p) for p in layer.parameters().values()}
    return found


def packed(layer: Any, oracle: Oracle, states: list[Any]) -> Any:
    """The states of the single cells, nested as the layer has them."""
    return rebuild(layer.cell.initial_state(oracle.arrays["initial.0"].shape[0]), states)


def results(oracle: Oracle, layer: Any, x: Any, states: list[Any], ends: Any = None) -> dict[str, Any]:
    """Outputs and final states, by the oracle's names; ``ends`` in place of the oracle's lengths."""
    outputs, final = layer(x, packed(layer, oracle, states), lengths=lengths(oracle) if ends is None else ends)
    return {"outputs": outputs} | {f"final.{i}": s for i, s in enumerate(leaves(final))}


def differentiated(oracle: Oracle, layer: Any) -> Callable[..., dict[str, Any]]:
    """A function of x and the lengths that gives the results, and the gradients of their weighed sum."""
    _, states = given(oracle)
    fixed = places(oracle, layer) | {f"initial.{i}": s for i, s in enumerate(states)}

    def run(x: Any, ends: Any = None) -> dict[str, Any]:
        wrt = fixed | {"x": x}
        found = results(oracle, layer, x, states, ends)
        gradients = tg.grad(weighed(oracle, found), list(wrt.values()))
        return found | {f"gradient.{name}": g for name, g in zip(wrt, gradients, strict=True)}

    return run


def measured(oracle: Oracle, layer: Any, x: np.ndarray, ends: Any = None) -> dict[str, np.ndarray]:
    """What the oracle says, as our layer computes it uncompiled."""
    found = differentiated(oracle, layer)(tg.parameter(x), ends)
    return {name: np.asarray(y.value) for name, y in found.items()}


def expected(oracle: Oracle) -> dict[str, np.ndarray]:
    """What the oracle says."""
    return {name: a for name, a in oracle.arrays.items() if name.startswith(("outputs", "final.", "gradient."))}


def errors(found: dict[str, Any], told: dict[str, Any]) -> dict[str, float]:
    """Of each array its `error`."""
    assert found.keys() == told.keys()
    return {name: error(a, told[name]) for name, a in found.items()}


def disagreements(found: dict[str, Any], told: dict[str, Any], tolerance: float = 1e-12) -> dict[str, float]:
    """Of each array that differs by more than the tolerance, by how much."""
    return {name: e for name, e in errors(found, told).items() if not e <= tolerance}


if __name__ == "__main__":
    for each in ORACLES:
        off = errors(measured(each, loaded(each), each.arrays["x"]), expected(each))
        worst = max(off, key=lambda name: off[name])
        print(f"{label(each):70} {off[worst]:.1e}  {worst}")
