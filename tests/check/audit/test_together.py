"""Faults that make up for each other, lines that pick one step at each run, and whole numbers that are no nodes."""

from __future__ import annotations

from pathlib import Path

import tinygraph as tg
from tests.each import each

from .passes import PASSES, loaded
from .plant import text_of

NAMED: dict[str, tuple[tuple[int, ...], list[tuple[str, str]]]] = {
    "batch_dict": (
        (31, 39),
        [("do = (p[t] - y[t]) / B", "do = -y[t] / B"), ("carry = da @", "carry = 2 * da @")],
    ),
    "batch_dict: a state too far": (
        (31, 35),
        [("do = (p[t] - y[t]) / B", "do = p[t] - y[t]"), ("(1 - h[t] * h[t])", "(1 - h[t] * h[-1])")],
    ),
    "batch_dict: sizes": ((27,), [("T, B, _ = x.shape\n    grads", "_, B, T = x.shape\n    grads")]),
    "cache_norm": ((20,), [("words, labels, hs, ps = cache", "labels, words, hs, ps = cache")]),
    "gru_vectors": ((31, 37), [("= steps[t]", "= steps[-1]"), ("drh = Un.T.dot(dan)", "drh = Un.dot(dan)")]),
    "layers": (
        (32, 39),
        [("h = self.cache[t]", "h = self.cache[-1]"), ("dh = draw @ self.Wh.T", "dh = draw @ self.Wh")],
    ),
    "lstm_gates": (
        (46, 53),
        [(', s["c"][t], s["h"][t + 1]', ', s["c"][0], s["h"][t + 1]'), ("(c) ** 2) + dc_next", "(c) ** 2)")],
    ),
    "batch_dict: a carry of zeros": (
        (35, 36, 39),
        [
            ("da = dh * (1 - h[t] * h[t])", "da = dh * (1 - np.tanh(h[t]) ** 2)"),
            ("+= x[t].T @ da", "+= 2 * (x[t].T @ da)"),
            ("carry = da @", "carry = carry @"),
        ],
    ),
    "batch_dict: undone in a weight": (
        (31, 36),
        [("do = (p[t] - y[t]) / B", "do = (p[t] - y[t])"), ("+= x[t].T @ da", "+= (x[t].T @ da) / B")],
    ),
    "char_step: set, not taken away": (
        (31, 35),
        [("dy[targets[t]] -= 1", "dy[targets[t]] = 1"), ("(1 - hs[t] * hs[t]) * dh", "(1 - hs[t] * hs[-1]) * dh")],
    ),
    "char_step: added to the loss": ((33,), [("dby += dy", "loss += dy")]),
    "columns_tuple": (
        (25, 28, 29),
        [
            ("dy = ys[t] - ts[t]", "dy = ys[t] + ts[t]"),
            (" + dh_next\n", "\n"),
            ("dz = (1 - hs[t + 1] ** 2) * dh", "dz = 2 * (1 - hs[t + 1] ** 2) * dh"),
        ],
    ),
    "gru_vectors: another sum": ((49,), [("dUz += np.outer(daz", "dUn += np.outer(daz")]),
    "last_sigmoid": (
        (30, 36, 38),
        [
            ("dy = 2 * (", "dy = -2 * ("),
            ("da = dh", "da = -dh"),
            ("np.outer(self.states[t - 1], da)", "np.outer(self.states[t - 1], h)"),
        ],
    ),
    "lstm_gates: values": (
        (58, 62),
        [('d["bf"] += daf', 'd["bf"] += c_prev'), ('d["bo"] += dao', 'd["bo"] += 0.5 * dao')],
    ),
    "lstm_packed": (
        (48, 52, 56),
        [
            ("di = dc * g", "di = dc * c"),
            ("+= xh.T @ dz", "+= 2 * (xh.T @ dz)"),
            ("dc_next = dc * f", "dc_next = dc * g"),
        ],
    ),
    "lstm_packed: two names": (
        (40, 51),
        [("c_old, c, h = self", "c, c_old, h = self"), ("[di, df, do, dg]", "[di, df, do, dc_next]")],
    ),
    "tagger: a mask": ((35,), [("dr = da * (self.a[t] > 0)", "dr = self.a[t] > 0")]),
    "class_update": ((31, 32), [("            dW_hy += np.dot(d_out, self.hs[t].T)\n            db_y += d_out\n", "")]),
}
"""By the name of a pass the lines that are due, and what is put in the place of what."""


def planted(name: str, folder: Path) -> tuple[str, Path]:
    name, _, told = name.partition(":")
    text = text_of(name)
    for old, new in NAMED[name + (f":{told}" if told else "")][1]:
        before, found, after = text.rpartition(old)
        assert found, old
        text = before + new + after
    file = folder / f"{name}{len(told)}.py"
    file.write_text(text, encoding="utf-8")
    return name, file


@each("case", list(NAMED))
def test_the_wrong_lines_are_named_and_no_other(case: str, tmp_path: Path) -> None:
    name, file = planted(case, tmp_path)
    arguments, keywords = PASSES[name].call(loaded(file))
    report = tg.check.audit(*arguments, **keywords, repair=False)
    assert sorted(f.line for f in report.findings) == [*NAMED[case][0]], str(report)


def test_a_lost_line_comes_after_a_condition(tmp_path: Path) -> None:
    text = text_of("tagger")
    lost = "            db += dp\n"
    assert text.count(lost) == 1
    file = tmp_path / "lost.py"
    file.write_text(text.replace(lost, ""), encoding="utf-8")
    arguments, keywords = PASSES["tagger"].call(loaded(file))
    (repair,) = tg.check.audit(*arguments, **keywords).repairs
    rows = file.read_text(encoding="utf-8").splitlines()
    rows[repair.line - 1] = repair.after
    assert "\n".join(rows) + "\n" == text
