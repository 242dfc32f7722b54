"""Audits a recurrent network written by hand, mends it, and trains it with the wrong and with the right gradient.

Run as ``python examples/audit.py``. The network is that of `audit_net.py`: two of its backward lines are wrong, and yet
its loss falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import audit_net
import numpy as np

import tinygraph as tg

STEPS, BATCH, BEFORE = 10, 64, 2
"""The task: to say at each of 10 steps what was read 2 steps before; 64 sequences of signs."""


def audited(module: ModuleType) -> Any:
    """The report on a network, with sizes that are all different, so that a forgotten transpose shows."""
    rng = np.random.default_rng(0)
    net = module.Delay(3, 5, 2)
    inputs, targets = ([rng.normal(size=(n, 4)) for _ in range(4)] for n in (3, 2))
    return tg.check.audit(net, loss=module.loss, inputs=inputs, targets=targets)


def mended(text: str, repairs: Sequence[Any]) -> str:
    """The text of a file with the lines of all repairs, the last ones first, so that the others keep their numbers."""
    lines = text.split("\n")
    for r in sorted(repairs, key=lambda r: -int(r.line)):
        lines[r.line - 1 : r.line - 1 + len(r.before.split("\n"))] = r.after.split("\n")
    return "\n".join(lines)


def loaded(file: Path) -> ModuleType:
    spec = spec_from_file_location(file.stem, file)
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def trained(module: ModuleType, rate: float = 0.0003, epochs: int = 401) -> list[float]:
    """The mean loss of a number at every hundredth epoch, from the same weights on the same data."""
    signs = np.random.default_rng(1).choice([-1.0, 1.0], size=(STEPS, 1, BATCH))
    inputs = [*signs]
    targets = [np.zeros((1, BATCH))] * BEFORE + inputs[:-BEFORE]
    net, losses = module.Delay(1, 8, 1), []
    for epoch in range(epochs):
        outputs = net.forward(inputs)
        if epoch % 100 == 0:
            losses.append(float(module.loss(outputs, targets)) / signs.size)
        net.backward(inputs, targets, rate)
    return losses


def main() -> None:
    report = audited(audit_net)
    print(report)
    with TemporaryDirectory() as folder:
        file = Path(folder, "audit_net_mended.py")
        text = Path(audit_net.__file__ or "").read_text(encoding="utf-8")
        file.write_text(mended(text, report.repairs), encoding="utf-8")
        right = loaded(file)
        print(f"\nafter the repairs: {str(audited(right)).splitlines()[0]}\n")
        print("epoch " + "".join(f"{epoch:>10}" for epoch in range(0, 401, 100)))
        for name, module in (("wrong", audit_net), ("right", right)):
            print(f"{name} " + "".join(f"{x:10.5f}" for x in trained(module)))


if __name__ == "__main__":
    main()
