"""The target JavaScript: one module with a function for each scenario, run by one call of node."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy import ndarray

import tinygraph as tg
from tinygraph.core.structure import leaves

from .scenarios import Scenario
from .target import Target

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
const results = {};
for (const [name, call] of Object.entries(JSON.parse(readFileSync("calls.json")))) {
    try {
        const module = await import(`./${process.argv[2] || name}.js`);
        const answer = module[name](...call);
        results[name] = Object.values(answer).map((y) => (typeof y === "number" ? [y] : Array.from(y)));
    } catch (error) {
        results[name] = String(error);
    }
}
writeFileSync("results.json", JSON.stringify(results, (_, y) => (y !== y ? "NaN" : y)));
"""


class InNode(Target):
    """ES modules of float64 arrays, by node."""

    name = "js"
    dtype, tolerance = np.float64, 1e-12
    programs = ("node",)
    cannot = {"*/sizes": "an ES module is for one T and B, and says so when it is called"}  # noqa: RUF012

    def prepare(self, scenarios: Sequence[Scenario]) -> None:
        self.names = {scenario.name: f"case{k}" for k, scenario in enumerate(scenarios)}
        cases = {self.names[scenario.name]: scenario.case(self.dtype) for scenario in scenarios}
        with tempfile.TemporaryDirectory(prefix="tinygraph-js-") as folder:
            file = Path(folder) / "all.js"
            tg.export.js({n: c.fn for n, c in cases.items()}, {n: c.example for n, c in cases.items()}, file)
            calls = {f"all_{name}": plain(case.arguments) for name, case in cases.items()}
            self.results = run_in_node(Path(folder), calls, "all")

    def run(self, scenario: Scenario) -> list[ndarray]:
        result = self.results[f"all_{self.names[scenario.name]}"]
        if isinstance(result, str):
            raise RuntimeError(result)
        pairs = zip(result, scenario.expected, strict=True)
        return [np.array(y, e.dtype).reshape(e.shape) for y, e in pairs]


def plain(arguments: Any) -> list[Any]:
    """Arrays as lists, for JSON."""
    return [np.asarray(a).reshape(-1).tolist() if np.ndim(a) else a for a in leaves(arguments)]


def run_in_node(folder: Path, calls: dict[str, Any], module: str = "") -> dict[str, Any]:
    """What each function gives for its arguments, a text where it throws; of one module, or of one of its name."""
    (folder / "calls.json").write_text(json.dumps(calls))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "package.json").write_text('{"type": "module"}')
    run = subprocess.run(["node", "run.mjs", module], cwd=folder, capture_output=True, text=True, check=False)
    assert not run.returncode, run.stderr[:4000]
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return results
