"""What the boxes and arrows of a picture say, and what the picture is called."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import lstm, perceptron, weights, word_rnn
from tests.each import each


def titles(drawing: Any) -> list[str]:
    return [" ".join(part.text for part in b.title) for b in drawing.picture.boxes]


def layer_loss(cell: Any, steps: int = 3) -> tg.Node:
    y, _ = tg.unroll(cell, np.random.default_rng(0).normal(size=(steps, 2, 3)).astype(np.float32))
    return tg.mean(y * y, name="loss")


def test_an_lstm_reads_as_in_the_textbook() -> None:
    root = layer_loss(tg.cells.LSTM(3, 4, rng=0))
    shown = titles(tg.draw(root))
    assert {"f = σ", "i = σ", "o = σ", "g = tanh", "cₜ = f * cₜ₋₁ + i * g", "hₜ = o * tanh(cₜ)"} <= set(shown)
    assert {"x₀", "x₁", "x₂", "h₀", "c₀", "cₜ = f * c₀ + i * g", "x₀ @ weight_ih.T", "h₀ @ weight_hh.T"} <= set(shown)
    assert not any(text.startswith("[") for text in shown), "slices have no box"
    rolled = titles(tg.draw(root, "rolled"))
    assert {"fₜ = σ", "cₜ = fₜ * cₜ₋₁ + iₜ * gₜ", "hₜ = oₜ * tanh(cₜ)", "xₜ", "h₀", "c₀"} <= set(rolled)
    assert "hₜ = (1 - zₜ) * nₜ + zₜ * hₜ₋₁" in titles(tg.draw(layer_loss(tg.cells.GRU(3, 4, rng=0)), "rolled"))


@each("view", ["unrolled", "both", "rolled"])
def test_a_slice_of_a_joint_product_is_a_tag_at_its_arrow(view: str) -> None:
    """The rows of a gate stand where the arrow ends, below the gate's box and clear of it."""
    drawn = tg.draw(layer_loss(tg.cells.LSTM(3, 4, rng=0)), view).picture
    tags = [n for n in drawn.notes if ":" in n.text]
    assert {n.text for n in tags} == {"0:4", "4:8", "8:12", "12:16"}
    assert len(tags) == 4 * (1 if view == "rolled" else 3)
    tags_of = ("0:4", "4:8", "8:12", "12:16")
    gates = {f"{x}{'ₜ' * (view == 'rolled')} =": rows for x, rows in zip("ifgo", tags_of, strict=True)}
    for box in drawn.boxes:
        rows = gates.get(box.title[0].text)
        if rows:
            near = [n for n in tags if abs(n.x - box.x) < box.width / 2 + 20 and 0 < box.y - n.y < box.height]
            assert rows in [n.text for n in near]
            assert all(n.y + n.size / 2 <= box.y - box.height / 2 for n in near)


def test_views_fold_into_their_user_and_lookups_do_not() -> None:
    w, x = tg.parameter(np.ones((3, 4)), name="W"), tg.constant(np.ones((2, 3)), name="x")
    a = tg.exp(x @ w)
    y = tg.tanh(np.swapaxes(a.reshape((2, 2, 2)), 0, 1)[None, :, 0]) + np.broadcast_to(a[:, :2], (1, 2, 2))
    shown = titles(tg.draw(y))
    assert len(shown) == 5 and not any("reshape" in t or "swap" in t or "broadcast" in t for t in shown)
    assert "E [2]" in titles(tg.draw(tg.exp(tg.take(tg.parameter(np.ones((3, 2)), name="E"), np.array(2), axis=0))))
    named = tg.exp(tg.ops.getitem(a, index=(slice(None), slice(0, 2)), name="left"))
    assert "left = [:, 0:2]" in titles(tg.draw(named)), "a view that the user named has a box"


def test_gradients_along_folded_slices_are_those_of_the_whole_array() -> None:
    """A state that packs h and c in one array: the norm that comes back is that of d loss / d state."""
    w = weights(A=(8, 4))

    def packed(x: Any, s: Any) -> Any:
        h, c = s[:, :4], s[:, 4:]
        c = tg.tanh(h @ w["A"].T)[:, :4] + 0.5 * c
        s = tg.concatenate([tg.tanh(c) + x, c], axis=1)
        return s[:, :4], s

    y, last = tg.unroll(packed, np.random.default_rng(0).normal(size=(3, 2, 4)), np.ones((2, 8)) * 0.3)
    loss = tg.sum(last * last) + 0 * tg.sum(y)
    drawn = tg.draw(loss, gradients=True).picture
    from tinygraph.core.graph import ancestors

    states = {x.step: x for x in ancestors([loss]) if x.op is not None and x.op.name == "concatenate"}
    right = {t: float(np.linalg.norm(tg.grad(loss, states[t]).value)) for t in (0, 1)}
    told = [float(n.text) for n in drawn.notes if n.colour == "#b02a1a"]
    np.testing.assert_allclose(sorted(told), sorted(right.values()), rtol=0.05)


@each("k", [1, 2])
def test_truncation_cuts_a_state_that_is_read_in_slices(k: int) -> None:
    w = weights(A=(4, 4))

    def packed(x: Any, s: Any) -> Any:
        s = tg.concatenate([tg.tanh(s[:, 2:] @ w["A"][:2, :2] + x), s[:, :2]], axis=1)
        return s, s

    xs = np.random.default_rng(1).normal(size=(4, 2, 2))

    def loss(**how: Any) -> tg.Node:
        return tg.sum(tg.unroll(packed, xs, np.ones((2, 4)), **how)[0])

    cut, right = tg.draw(loss(), gradients=True, truncate=k), tg.draw(loss(truncate=k), gradients=True)
    assert [u.norm for u in cut.picture.uses] == [u.norm for u in right.picture.uses]
    assert len(cut.picture.cuts) == len(right.picture.cuts) == (3 if k == 1 else 1)


def test_no_text_waits_for_its_other_side() -> None:
    x = tg.constant(np.ones((2, 3)), name="x")
    w, b = tg.parameter(np.ones((3, 3)), name="W"), tg.parameter(np.ones(3), name="b")
    cases = {
        "0.5 * mean": 0.5 * tg.mean(x, axis=0),
        "W @ sum": w @ tg.sum(x, axis=0),
        "1 - exp(x)": 1 - tg.exp(x),
        "sum(x) + b": tg.sum(x, axis=0) + b,
        "x @ W + b": x @ w + b,
        "(x + b) * x": (x + b) * x,
        "x - (x - b)": x - (x - b),
        "einsum ij,kj->ik": tg.einsum("ij,kj->ik", x, x),
    }
    for title, node in cases.items():
        shown = titles(tg.draw(node))
        assert shown[-1].startswith(title) or title == "x @ W + b", (title, shown)
        assert not any("·" in t or t.startswith("0 +") for t in shown)
    total: Any = sum(tg.sum(tg.exp(x * k)) for k in range(2))
    assert not any("0 +" in t or "add" in t for t in titles(tg.draw(total)))


def test_a_loss_over_steps_says_of_what_it_is() -> None:
    box = next(b for b in tg.draw(lstm(3)).picture.boxes if b.title[-1].text == "softmax cross-entropy")
    assert "over 3 steps" in box.below
    assert not any("of 3" in t for t in titles(tg.draw(lstm(3))))


def test_the_title_says_what_is_drawn() -> None:
    both = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, bidirectional=True, rng=0)
    cases = {
        "LSTM, 4 steps, unrolled": tg.draw(layer_loss(tg.cells.LSTM(3, 4, rng=0), 4)),
        "IRNN, 4 steps, rolled": tg.draw(layer_loss(tg.cells.IRNN(3, 4, rng=0), 4), "rolled"),
        "GRU, 2 layers, both directions, 20 steps, unrolled": tg.draw(layer_loss(both, 20)),
        "LSTM, 8 steps, gradient flow": tg.draw(layer_loss(tg.cells.LSTM(3, 4, rng=0), 8), "flow"),
        "LSTM, 1 step, backward": tg.draw(layer_loss(tg.cells.LSTM(3, 4, rng=0), 1), "backward"),
        "Recurrent network, 4 steps, unrolled": tg.draw(word_rnn(4)),
        "Network, 2 layers": tg.draw(perceptron()),
        "Network": tg.draw(tg.sum(tg.parameter(np.ones((2, 3)), "W") @ np.ones(3))),
        "mine": tg.draw(word_rnn(2), title="mine"),
    }
    for title, drawing in cases.items():
        assert drawing.picture.title == title
    compiled = tg.compile(lambda x: tg.tanh(x))
    compiled(np.ones(3))
    assert tg.draw(compiled, "compiled").picture.title.endswith(", compiled")
    band = tg.draw(layer_loss(tg.cells.LSTM(3, 4, rng=0)), "rolled").picture.bands[0]
    assert band.title == "LSTM"


def test_an_encoder_and_its_decoder_are_in_the_title() -> None:
    xs = np.ones((4, 2, 3), np.float32)
    _, h = tg.unroll(tg.cells.GRU(3, 4, rng=0), xs)
    y, _ = tg.unroll(tg.cells.LSTM(3, 4, rng=0), xs[:3], (h, h))
    assert tg.draw(tg.mean(y)).picture.title == "GRU and LSTM, encoder and decoder, 4 + 3 steps, unrolled"


def test_the_title_says_each_length_of_runs_side_by_side() -> None:
    """A loss in a loop of its own, and data, are no runs; a decoder's length is told after that of its encoders."""
    cells = [tg.cells.GRU(3, 4, rng=k) for k in range(3)]

    def run(k: int, steps: int, state: Any = None) -> Any:
        return tg.unroll(cells[k], np.ones((steps, 2, 3), np.float32), state)

    separate = tg.mean(run(0, 3)[0] ** 2) + tg.mean(run(1, 5)[0] ** 2)
    siamese = tg.mean((run(0, 5)[1] - run(0, 3)[1]) ** 2)
    ways = tg.mean(run(0, 4)[0]) + tg.mean(run(1, 4)[0])
    decoded = tg.mean(run(2, 6, run(0, 2)[1] + run(1, 4)[1])[0])
    outputs, total = run(0, 5)[0], 0.0
    for t in (3, 4):
        with tg.step(t):
            total = total + tg.mean(outputs[t] ** 2)
    for loss, said, chinese in (
        (separate, "3 and 5 steps", "3 和 5 步"),
        (siamese, "5 and 3 steps", "5 和 3 步"),
        (ways, "4 steps", "4 步"),
        (decoded, "encoder and decoder, 2 and 4 + 6 steps", "编码器与解码器，2 和 4 + 6 步"),
        (total, "5 steps", "5 步"),
    ):
        for view in ("unrolled", "rolled", "flow", "backward"):
            assert f"GRU, {said}, " in str(tg.draw(loss, view).picture.title)
        drawn = tg.draw(loss, lang="zh")
        assert f"GRU，{chinese}，展开" == drawn.picture.title and said in tg.draw(loss).pipe(format="svg").decode()


def test_an_entry_of_a_list_is_that_of_its_own_step() -> None:
    w = tg.parameter(np.eye(3) * 0.5, name="W")
    hs: dict[int, Any] = {-1: np.ones(3)}
    loss: Any = 0
    for t in range(3):
        hs[t] = np.tanh(w @ hs[t - 1])
        loss = loss - np.log(hs[t])[0]
    shown = titles(tg.draw(loss))
    assert {"hs[t] = tanh", "W @ hsₜ₋₁", "log(hs[t])", "W @ hs₀"} <= set(shown)
    assert "W @ hs[t]" not in shown, "which would be the one of the same step"
    assert "lossₜ = lossₜ₋₁ - log" in " ".join(shown)


def test_the_legend_says_what_the_norm_is(tmp_path: Any) -> None:
    drawing = tg.draw(word_rnn(2), gradients=True)
    assert "‖∂‖: length of the gradient" in drawing.source
    drawing.save(tmp_path / "a.html")
    assert "‖∂‖: length of the gradient" in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_names_and_numbers_are_whole() -> None:
    long = "encoder_attention_query_weight"
    w, x = tg.parameter(np.ones((3, 3)), name=long), tg.constant(np.ones((40, 3)), name="hidden_representation")
    h = x @ w
    y = tg.tanh(h[3:23, 0:2:2], name="the_output_of_the_attention")
    drawing = tg.draw(y)
    assert f"hidden_representation @ {long}" in titles(drawing) or f"h = hidden_representation @ {long}" in titles(
        drawing
    )
    assert "the_output_of_the_attention = tanh" in " ".join(titles(drawing))
    assert any(n.text == "3:23, 0:2:2" for n in drawing.picture.notes)
    assert drawing.picture.uses[0].name == long and "…" not in drawing.source
    assert "the_output_of_the_attention = tanh" in drawing.text()


def test_the_flow_of_gradients_is_told_by_the_letters_of_states() -> None:
    drawn = tg.draw(layer_loss(tg.cells.OriginalLSTM(3, 4, rng=0), 8), "flow").picture
    assert {n.text for n in drawn.notes} >= {"OriginalLSTM · h", "OriginalLSTM · c"}


def test_constants_and_unnamed_operands_read_well() -> None:
    w, b = tg.parameter(np.eye(2), name="W"), tg.parameter(np.ones(2), name="b")
    total: Any = 0
    for t, x in enumerate([[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]):
        with tg.step(t):
            v = np.array(x) @ w + b
            total = total + tg.sum(v**2)
    shown = titles(tg.draw(0.5 * (total - 1.0) ** 2, level="op"))
    assert not any(re.search(r"[-+*] ?\*\*|\b0 [-+]|zeros", x) for x in shown), shown
    assert {"x₀ @ W", "x₁ @ W", "x₂ @ W", "v = x₁ @ W + b"} <= set(shown), "an input of zeros is an input"
    assert sum(x.startswith("totalₜ = sum") for x in shown) == 1 and any(x.startswith("0.5 * (total") for x in shown)
    assert "y = - exp" in " ".join(titles(tg.draw(tg.ops.subtract(0.0, tg.exp(w), name="y"))))


def test_only_what_reads_the_whole_of_an_array_calls_it_by_its_name() -> None:
    """A turned or reshaped array has all its numbers; ``.T`` says that it is turned; rows and columns are another."""
    x, w = tg.constant(np.ones((4, 4)), name="x"), tg.parameter(np.ones((4, 4)), name="W")
    a = tg.exp(x, name="a")
    wholes = {
        "W @ a": [w @ a[:], w @ a[None].reshape((4, 4))],
        "W @ a.T": [w @ a.T, w @ np.swapaxes(a, 0, 1)],
        "a * 2": [a.reshape((2, 8)) * 2.0, a[:, None] * 2.0],
        "tanh(a)": [tg.tanh(a.T.T), tg.tanh(a[..., None])],
        "tanh(a.T)": [tg.tanh(a.T)],
    }
    for title, nodes in wholes.items():
        for node in nodes:
            assert titles(tg.draw(node))[-1] == title
    parts = [w @ a[:, :2], w @ a[:, :2].T[:, :].T, a[1:3] * a[:2], a[:, 1] * 2.0, tg.tanh(a[:, :2]), tg.tanh(a.T[1:])]
    for node in parts:
        assert not re.search(r"\ba\b(?!\[)", titles(tg.draw(node))[-1])
    assert [titles(tg.draw(node))[-1] for node in parts[::2]] == ["W @ a[:2]", "a[1:3] * a[:2]", "tanh(a[:2])"]


def test_a_name_that_is_used_again_is_not_in_its_own_formula():
    w = tg.parameter(np.eye(3), "w")

    def cell(x, h):
        i = x @ w + h
        i = tg.sigmoid(i)
        n = np.tanh(x * i)
        n = np.tanh(n)
        return n, n

    text = tg.draw(tg.mean(tg.unroll(cell, np.ones((3, 2, 3)), np.zeros((2, 3)))[0]), level="op").text()
    assert "i = σ" in text and "σ(i" not in text and "tanh(n" not in text
