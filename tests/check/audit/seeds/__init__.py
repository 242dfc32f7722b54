"""The seeds' hand-written passes in code of our own, with the same faults, each marked in its line by ``# wrong``.

``SEEDS[name].call(module)`` gives the arguments for `tg.check.audit`, as for the right passes. A mark holds against
every loss, or, as in ``# wrong for the mean square``, against the one it names. 003a has no backward pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from ..passes import Call, H, I, O, Pass, T, V, columns, rng, values

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Seed(Pass):
    """A seed's pass, held against one loss."""

    against: str = ""
    mended: tuple[tuple[str, str], ...] = ()
    """Pieces of the text and what should stand there: the pass with all of them is right."""

    @property
    def wrong(self) -> dict[int, str]:
        """Numbers of the wrong lines, and what is wrong there."""
        marks = {}
        for n, line in enumerate(self.file.read_text(encoding="utf-8").splitlines(), start=1):
            mark = re.search(r"# wrong(?: for the (?P<loss>[\w ]+))?: (?P<what>.+)$", line)
            if mark and mark["loss"] in (None, self.against):
                marks[n] = mark["what"]
        return marks

    @property
    def text(self) -> str:
        return self.file.read_text(encoding="utf-8")

    def right(self) -> str:
        """The text with all that is mended."""
        text = self.text
        for old, new in self.mended:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text


def rows(n: int) -> np.ndarray:
    return rng().normal(size=(T, 1, n))


def _seed_000(m: ModuleType) -> Call:
    target = rng().normal(size=(1, O))
    return (m.ParityNet(I, H, O, rng()),), {"loss": m.square, "inputs": rows(I), "targets": target}


def _seed_001(m: ModuleType) -> Call:
    tags = [(y > 0).astype(float) for y in columns(O)]
    return (m.YesOrNo(I, H, O, rng()),), {"loss": m.cross_entropy, "inputs": columns(I), "targets": tags}


def _seed_001_printed(m: ModuleType) -> Call:
    arguments, keywords = _seed_001(m)
    return arguments, {**keywords, "loss": m.mean_square}


def _seed_002(m: ModuleType) -> Call:
    x, y = rng().normal(size=(T, I)), rng().normal(size=(T, O))
    return (m.Series(I, H, O, rng()),), {"loss": m.half_squares, "inputs": x, "targets": y}


def _seed_003b(m: ModuleType) -> Call:
    weights = {name: getattr(m, name) for name in ("Wx", "Wh", "Wy", "bh", "by")}
    arguments = {"inputs": list(rng().normal(size=(T, I))), "target": rng().normal(size=(O, 1))}
    return (m.backward, m.loss, weights, arguments), {}


def _seed_004(m: ModuleType) -> Call:
    words = list(rng().integers(0, V, size=T))
    one_hot = [np.eye(V)[[word]].T for word in words]
    return (m.backward, m.loss, values("U W V", (H, I), (H, H), (V, H)), {"words": columns(I), "targets": one_hot}), {}


_KEPT = (
    ("        self.h = np.zeros_like(self.bh)", "        self.h = np.zeros_like(self.bh); self.hs = [self.h]"),
    ("            self.outputs.append(", "            self.hs.append(self.h); self.outputs.append("),
    ("dWhy += dy @ self.h.T", "dWhy += dy @ self.hs[i + 1].T"),
    ("(1 - self.h**2)", "(1 - self.hs[i + 1] ** 2)"),
    ("draw @ self.h.T", "draw @ self.hs[i].T"),
)
_FOR_MEAN = (
    "self.outputs[i] - targets[i]",
    "2 * (self.outputs[i] - targets[i]) * self.outputs[i] * (1 - self.outputs[i]) / (len(inputs) * targets[i].size)",
)
_MENDED: dict[str, tuple[tuple[str, str], ...]] = {
    "000": (
        ("target - self.y  #", "2 * (self.y - target)  #"),
        ("gW_y += self.hs[t].T @ d_y", "gW_y += self.hs[t].T @ d_y * (t == len(x) - 1)"),
        ("gb_y += d_y", "gb_y += d_y * (t == len(x) - 1)"),
        ("d_h = d_y @ self.W_y.T + d_h", "d_h = d_y @ self.W_y.T if t == len(x) - 1 else d_raw"),
        ("(1 - self.hs[t] ** 2)", "self.hs[t] * (1 - self.hs[t])"),
        ("self.hs[t - 1].T", "(self.hs[t - 1].T if t else 0 * self.hs[0].T)"),
    ),
    "001": _KEPT,
    "001 as printed": (*_KEPT, _FOR_MEAN),
    "002": (),
    "003b": (
        ("    h = np.zeros((Wh.shape[0], 1))", "    h = np.zeros((Wh.shape[0], 1)); run.hs = [h]"),
        ("        h = np.tanh(Wx", "        run.hs.append(0); run.hs[-1] = h = np.tanh(Wx"),
        ("error = y - target", "error = 2 * (y - target)"),
        ("tanh_slope(h)", "(1 - run.hs[t + 1] ** 2)"),
        ("gWh += draw @ h.T", "gWh += draw @ run.hs[t].T"),
    ),
    "004": (
        ("h_before = np.zeros((W.shape[0], 1))", 'h_before = none if t == 0 else memory["h" + str(t - 1)]'),
        ("max(-1, t - truncate)", "max(-1, t - truncate - 1)"),
        ("str(prev)", "str(i - 1)"),
        ("_ = one_cell(words[t]", "_ = one_cell(words[i]"),
    ),
}


def _seed(
    name: str, call: Callable[[ModuleType], Call], parameters: str, keep: str, against: str, backward: str
) -> Seed:
    file = HERE / f"seed_{name.split()[0]}.py"
    mended = _MENDED[name]
    return Seed(name, file, tuple(parameters.split()), tuple(backward.split()), call, keep, against, mended)


ALL_SEEDS = [
    _seed("000", _seed_000, "W_x W_h W_y b_h b_y", "updated", "square", "ParityNet.backward"),
    _seed("001", _seed_001, "Wxh Whh Why bh by", "updated", "cross-entropy", "YesOrNo.backward"),
    _seed("001 as printed", _seed_001_printed, "Wxh Whh Why bh by", "updated", "mean square", "YesOrNo.backward"),
    _seed("002", _seed_002, "W_in W_rec W_out b_rec b_out", "updated", "half square", "Series.backward"),
    _seed("003b", _seed_003b, "Wx Wh Wy bh by", "returned", "square", "backward"),
    _seed("004", _seed_004, "U W V", "returned", "cross-entropy", "backward"),
]
SEEDS = {seed.name: seed for seed in ALL_SEEDS}
