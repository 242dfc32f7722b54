"""The numbers of a live page are those of tinygraph: states, losses, gradients of each step, and training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import tinygraph as tg
from tests.each import each

from .networks import NUMBERS, TARGETS, XS, H, Judge, Leaky, Speller, T, in_node, needs_node, same, stepped

CELLS = {
    "LSTM": lambda: tg.cells.LSTM(3, H, rng=0, dtype=np.float64),
    "GRU": lambda: tg.cells.GRU(3, H, rng=0, dtype=np.float64),
    "own": lambda: Leaky(3, H, rng=0, dtype=np.float64),
    "peepholes": lambda: tg.cells.LSTM(3, H, rng=0, dtype=np.float64, peepholes=True),
    "stack": lambda: tg.cells.Stack([tg.cells.RNN(3, H, rng=0, dtype=np.float64), Leaky(H, H, dtype=np.float64)]),
    "sLSTM": lambda: tg.cells.sLSTM(3, H, rng=0, dtype=np.float64),
}


@needs_node
@each("name", [*CELLS])
def test_states_loss_and_gradients_of_each_step(tmp_path: Path, name: str) -> None:
    cell = CELLS[name]()
    page = tg.draw.live(cell, XS, TARGETS)
    whole, cut = in_node(
        tmp_path,
        page,
        NUMBERS + "net.run(); const a = told(); net.cut = 3; net.run(); console.log(JSON.stringify([a, told()]));",
    )
    same(whole, stepped(cell))
    same(cut, stepped(cell, cut=3))
    assert cut[3] != whole[3]


@needs_node
@each("name", ["GRU", "own", "LSTM"])
def test_a_unit_held_at_zero_and_given_back(tmp_path: Path, name: str) -> None:
    cell = CELLS[name]()
    page = tg.draw.live(cell, XS, TARGETS)
    code = (
        "net.zero(0, 3, 2); net.run(); const a = told();"
        "net.zero(0, 3, 2); net.run(); console.log(JSON.stringify([a, told()]));"
    )
    held, back = in_node(tmp_path, page, NUMBERS + code)
    same(held, stepped(cell, zero=(0, 3, 2)))
    assert held[1][2][0][3] == 0
    same(back, stepped(cell))


@needs_node
def test_a_memory_held_at_zero_is_zero_for_all_that_reads_it_at_its_step(tmp_path: Path) -> None:
    """c[1] of an LSTM at step 2: the output of that step reads it, too; written out in numpy."""
    cell = CELLS["LSTM"]()
    W, U, b = cell.weight_ih.value, cell.weight_hh.value, cell.bias_ih.value + cell.bias_hh.value
    h, c, total = np.zeros(H), np.zeros(H), 0.0
    for t in range(T):
        i, f, g, o = (W @ XS[t] + U @ h + b).reshape(4, H)
        i, f, o = (1 / (1 + np.exp(-z)) for z in (i, f, o))
        c = f * c + i * np.tanh(g)
        c[1] *= t != 2
        h = o * np.tanh(c)
        total += np.mean((h - TARGETS[t]) ** 2) / T
    page = tg.draw.live(cell, XS, TARGETS)
    loss = in_node(tmp_path, page, "net.zero(1, 1, 2); console.log(net.run().loss);")
    same(loss, total)


@needs_node
def test_gates_and_their_gradients(tmp_path: Path) -> None:
    """Those of an LSTM at each step, by finite differences of the cell written out in numpy."""
    cell = CELLS["LSTM"]()
    W, U, b = cell.weight_ih.value, cell.weight_hh.value, cell.bias_ih.value + cell.bias_hh.value
    order = ["i", "f", "g", "o"]

    def run(moved: np.ndarray) -> tuple[float, np.ndarray]:
        h, c, total, gates = np.zeros(H), np.zeros(H), 0.0, np.zeros((T, 4, H))
        for t in range(T):
            z = (W @ XS[t] + U @ h + b).reshape(4, H)
            gates[t] = np.where(np.array([[False], [False], [True], [False]]), np.tanh(z), 1 / (1 + np.exp(-z)))
            i, f, g, o = gates[t] + moved[t]
            c = f * c + i * g
            h = o * np.tanh(c)
            total += np.mean((h - TARGETS[t]) ** 2) / T
        return total, gates

    nothing = np.zeros((T, 4, H))
    slopes = np.zeros_like(nothing)
    for at in np.ndindex(slopes.shape):
        one = nothing.copy()
        one[at] = 1e-5
        slopes[at] = (run(one)[0] - run(-one)[0]) / 2e-5
    page = tg.draw.live(cell, XS, TARGETS)
    names = [row["name"] for row in page.data["rows"] if row["state"] < 0]
    assert sorted(names) == sorted(order)
    code = """net.run();
    console.log(JSON.stringify(net.steps.map((s) => [s.rows, s.d.rows].map((x) => x.map((r) => [...r])))));"""
    for t, (values, gradients) in enumerate(in_node(tmp_path, page, code)):
        same(values, run(nothing)[1][t, [order.index(name) for name in names]])
        same(gradients, slopes[t, [order.index(name) for name in names]], 1e-8)


@needs_node
@each("rule", ["SGD", "Adam", "none"])
def test_training(tmp_path: Path, rule: str) -> None:
    cell = CELLS["GRU"]()
    make = getattr(tg.train, rule, None)
    optimizer = None if make is None else make(cell.parameters(), learning_rate=0.05)
    page = tg.draw.live(cell, XS, TARGETS, optimizer=optimizer)
    losses, ends = in_node(
        tmp_path,
        page,
        "net.clip = 0.2; net.run(); for (let k = 0; k < 5; k++) net.train();"
        "console.log(JSON.stringify([[...net.losses, net.loss], data.weights.map((w) => [...net.model[w.field]])]));",
    )
    own = optimizer or tg.train.SGD(cell.parameters(), learning_rate=0.1)

    def loss(xs: Any) -> Any:
        return tg.mean((tg.unroll(cell, xs)[0] - TARGETS[:, None]) ** 2)

    step = tg.train.step(loss, cell.parameters(), own, clip=0.2, backend="numpy")
    same(losses[:5], [step(XS[:, None]).item() for _ in range(5)])
    same(ends, [p.value.ravel() for p in cell.parameters().values()])


@needs_node
def test_a_text_and_what_follows_each_of_its_letters(tmp_path: Path) -> None:
    letters = tg.train.Characters("hello world")
    net = Speller(len(letters))
    page = tg.draw.live(net, "hello", vocabulary=letters)
    got = in_node(tmp_path, page, NUMBERS + "net.run(); console.log(JSON.stringify(told()));")
    ids = letters.encode("hello")
    losses = tg.softmax_cross_entropy(net(ids[:-1, None]), ids[1:, None])
    loss = tg.mean(losses)
    weights = net.parameters()
    same(got[0], loss.item())
    slopes = dict(zip(weights, tg.grad(loss, list(weights.values())), strict=True))
    assert [w["name"] for w in page.data["weights"]] == [*weights]
    for w, g in zip(page.data["weights"], got[3], strict=True):
        same(g, slopes[w["name"]].value.ravel())


@needs_node
def test_one_answer_at_the_end_and_another_length(tmp_path: Path) -> None:
    net = Judge()
    page = tg.draw.live(net, XS, np.array([1]))
    assert page.data["last"] and [s["size"] for s in page.data["states"]] == [H, H, H]
    whole, short = in_node(
        tmp_path, page, "const a = net.run().loss; net.T = 4; console.log(JSON.stringify([a, net.run().loss]));"
    )
    for got, n in ((whole, T), (short, 4)):
        same(got, tg.mean(tg.softmax_cross_entropy(net(XS[:n, None]), np.array([1]))).item())


@needs_node
def test_a_norm_a_loss_at_the_end_and_a_reset(tmp_path: Path) -> None:
    cell = CELLS["GRU"]()
    page = tg.draw.live(cell, XS, TARGETS)
    code = """
    const k = data.weights.findIndex((w) => w.name === 'weight_hh'), first = net.run().loss;
    net.lastOnly = true; const last = net.run().loss; net.lastOnly = false;
    net.scale(k, 3 * net.weightNorm(k)); const wide = net.run().loss; net.train(); net.reset();
    console.log(JSON.stringify([first, last, wide, net.loss]));"""
    first, last, wide, again = in_node(tmp_path, page, code)
    ys = tg.unroll(cell, XS[:, None])[0].value
    same(last, np.mean((ys[-1] - TARGETS[-1]) ** 2))
    cell.weight_hh.value = 3 * cell.weight_hh.value
    same(wide, stepped(cell)[0])
    assert first == again != wide


@needs_node
def test_a_step_that_is_not_finite_changes_nothing(tmp_path: Path) -> None:
    page = tg.draw.live(tg.cells.IRNN(3, H, rng=0, dtype=np.float64), XS, TARGETS)
    code = """
    net.run().train(); const k = data.weights.findIndex((w) => w.name === 'weight_hh');
    const before = [...net.model[data.weights[0].field]];
    net.scale(k, 1e200); net.run().train();
    const same = before.every((v, i) => v === net.model[data.weights[0].field][i]);
    console.log(JSON.stringify([net.updated, net.losses.length, same]));"""
    assert in_node(tmp_path, page, code) == [False, 1, True]
