"""The target JavaScript: a module for each scenario, all run by one call of node."""

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
        self.folder = Path(tempfile.mkdtemp(prefix="tinygraph-js-"))
        self.names = {scenario.name: f"case{k}" for k, scenario in enumerate(scenarios)}
        self.problems: dict[str, Exception] = {}
        calls = {}
        for scenario in scenarios:
            case, name = scenario.case(self.dtype), self.names[scenario.name]
            try:
                tg.export.js(case.fn, case.example, self.folder / f"{name}.js")
            except tg.GraphError as error:
                self.problems[scenario.name] = error
                continue
            calls[name] = [np.asarray(a).reshape(-1).tolist() if np.ndim(a) else a for a in leaves(case.arguments)]
        self.results = run_in_node(self.folder, calls)

    def run(self, scenario: Scenario) -> list[ndarray]:
        if scenario.name in self.problems:
            raise self.problems[scenario.name]
        result = self.results[self.names[scenario.name]]
        if isinstance(result, str):
            raise RuntimeError(result)
        pairs = zip(result, scenario.expected, strict=True)
        return [np.array(y, e.dtype).reshape(e.shape) for y, e in pairs]


def run_in_node(folder: Path, calls: dict[str, Any], module: str = "") -> dict[str, Any]:
    """What each function gives for its arguments, a text where it throws; of one module, or of one of its name."""
    (folder / "calls.json").write_text(json.dumps(calls))
    (folder / "run.mjs").write_text(RUNNER)
    (folder / "package.json").write_text('{"type": "module"}')
    run = subprocess.run(["node", "run.mjs", module], cwd=folder, capture_output=True, text=True, check=False)
    assert not run.returncode, run.stderr[:4000]
    results: dict[str, Any] = json.loads((folder / "results.json").read_text())
    return results
