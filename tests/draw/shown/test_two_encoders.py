"""Two encoders before one decoder: each has its own name in the picture, in the table and in Chinese."""

from __future__ import annotations

import numpy as np

import tinygraph as tg


def two_encoders(decoders: int = 1) -> tg.Node:
    """Two cells of their own inputs; their last states are added, and each decoder starts from the sum."""
    xs = np.ones((3, 2, 4), np.float32)
    first, second, *last = (tg.cells.GRU(4, 4, rng=k) for k in range(2 + decoders))
    start = tg.unroll(first, xs)[1] + tg.unroll(second, 2 * xs)[1]
    return sum(tg.mean(tg.unroll(cell, xs, start)[0] ** 2) for cell in last)


def cells(picture) -> set[str]:
    return {box.title[0].text for box in picture.boxes if "ops" in box.below}


def test_each_of_two_encoders_has_a_number_and_so_have_their_parameters():
    picture = tg.draw(two_encoders(), level="cell").picture
    assert cells(picture) == {"encoder 1", "encoder 2", "decoder"}
    assert [use.name for use in picture.uses] == [
        f"{cell}.{name}"
        for cell in ("encoder 1", "encoder 2", "decoder")
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    ]
    low, high = ({b.y for b in picture.boxes if b.title[0].text == f"encoder {k}"} for k in (1, 2))
    assert max(low) < min(high), "the first one is the lower one"


def test_one_encoder_has_no_number_and_several_decoders_have():
    xs = np.ones((3, 2, 4), np.float32)
    cell, other = tg.cells.GRU(4, 4, rng=0), tg.cells.GRU(4, 4, rng=1)
    loss = tg.mean(tg.unroll(other, xs, np.tanh(tg.unroll(cell, xs)[1]))[0])
    assert cells(tg.draw(loss, level="cell").picture) == {"encoder", "decoder"}
    assert cells(tg.draw(two_encoders(2), level="cell").picture) == {
        f"{x} {k}" for x in ("encoder", "decoder") for k in (1, 2)
    }


def test_their_names_are_translated():
    words = tg.draw(two_encoders(), level="cell", lang="zh").text()
    assert "编码器 1" in words and "编码器 2" in words and "解码器" in words


def test_two_loops_of_opposite_directions_are_both_directions():
    xs = np.ones((3, 2, 4), np.float32)
    cell, other = tg.cells.GRU(4, 4, rng=0), tg.cells.GRU(4, 4, rng=1)
    forward, back = tg.unroll(cell, xs)[0], tg.unroll(other, xs, reverse=True)[0]
    assert tg.draw(tg.mean(forward + back)).picture.title == "GRU, both directions, 3 steps, unrolled"
    for one in (forward, back, forward + tg.unroll(other, xs)[0]):
        assert "directions" not in tg.draw(tg.mean(one)).picture.title


def test_boxes_cards_and_the_table_call_a_cell_by_its_phase():
    xs = np.ones((4, 2, 4), np.float32)
    cells_ = [tg.cells.GRU(4, 4, rng=k) for k in range(3)]
    m = tg.parameter(np.eye(4, dtype=np.float32), "M")
    code = tg.unroll(cells_[0], xs)[1] @ m
    read = tg.mean(tg.unroll(lambda x, h: cells_[1](x + code, h), xs, np.zeros((2, 4), np.float32))[0])
    start = tg.unroll(cells_[1], xs[:3], tg.unroll(cells_[0], xs)[1])[1]
    chain = tg.mean(tg.unroll(cells_[2], xs, start)[0])
    both = tg.unroll(cells_[0], xs)[1] + tg.unroll(cells_[1], xs, reverse=True)[1]
    two_ways = tg.mean(tg.unroll(cells_[2], xs[:3], both)[0])
    for loss, words in (
        (read, ["encoder", "decoder"]),
        (chain, ["part 1", "part 2", "part 3"]),
        (two_ways, ["encoder forward", "encoder backward", "decoder"]),
    ):
        picture = tg.draw(loss, level="cell").picture
        assert cells(picture) == {*words}
        assert {use.name.rpartition(".")[0] for use in picture.uses} - {""} == {*words}
        assert {band.title for band in tg.draw(loss, "rolled").picture.bands} == {*words}


def test_the_zeros_that_a_decoder_starts_from_are_a_state():
    xs, zeros = np.ones((4, 2, 4)), np.zeros((2, 4))
    w, v, m = (tg.parameter(np.eye(4), name=name) for name in "WVM")

    def cell(p, x, h):
        h = np.tanh(x + h @ p)
        return h, h

    code = tg.unroll(lambda x, h: cell(w, x, h), xs, zeros)[1] @ m
    loss = tg.mean(tg.unroll(lambda x, h: cell(v, x + code, h), xs, zeros)[0])
    for level in ("op", "cell"):
        picture = tg.draw(loss, level=level).picture
        starts = [
            box
            for box in picture.boxes
            if box.below.startswith("2×4") and box.title[0].text == "h₀" and not box.title[1:]
        ]
        assert [box.role for box in starts] == ["state", "state"], level
        assert all(box.role == "input" for box in picture.boxes if box.title[0].text[0] == "x" and not box.title[1:])


def test_the_state_that_a_backward_encoder_starts_from_is_one_at_every_level():
    xs = np.ones((4, 2, 4), np.float32)
    ways = [tg.unroll(tg.cells.GRU(4, 4, rng=k), xs, reverse=bool(k))[0] for k in range(2)]
    loss = tg.mean(tg.unroll(tg.cells.GRU(4, 4, rng=2), xs, ways[0][-1] + ways[1][0])[0])
    for level in ("op", "cell", "layer"):
        picture = tg.draw(loss, level=level).picture
        starts = [box.role for box in picture.boxes if [part.text for part in box.title] == ["h₀"]]
        assert starts == ["state", "state"], level


def test_a_network_from_which_no_decoder_starts_is_no_encoder():
    xs = np.ones((4, 2, 4), np.float32)
    encoder, decoder, first, second = (tg.cells.GRU(4, 4, rng=k) for k in range(4))

    def losses(aside, over):
        outputs, h = tg.unroll(encoder, xs)
        loss = tg.mean(tg.unroll(decoder, xs[:3], h)[0])
        return sum((tg.mean(tg.unroll(x, outputs if over else xs)[1] ** 2) for x in aside), loss)

    for aside, over in (([first], False), ([first], True), ([first, second], False)):
        names = {"other"} if len(aside) == 1 else {"other 1", "other 2"}
        loss = losses(aside, over)
        picture = tg.draw(loss, level="cell").picture
        assert cells(picture) == names | {"encoder", "decoder"}
        assert {use.name.partition(".")[0] for use in picture.uses} == names | {"encoder", "decoder"}
        assert {band.title for band in tg.draw(loss, "rolled").picture.bands} == names | {"encoder", "decoder"}
        assert "另一网络" in tg.draw(loss, "rolled", lang="zh").text()
    flow = tg.draw(losses([first], False), "flow").text()
    assert "other · h, losses of other" in flow and "losses of encoder" not in flow
