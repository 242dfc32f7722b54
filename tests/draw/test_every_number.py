"""Every number and every verdict in every picture of the gallery, and in pictures of the networks of these tests.

What a picture says is read from its texts, and computed again by `Recomputed`, from arrays and without `tg.grad`.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.claims import NUMBER, Claims, agrees, indexes
from tests.draw.flow_claims import pace_holds, wrong_claims
from tests.draw.flowing import linear, loss_in_the_state, sliding, two_outputs
from tests.draw.networks import both_ways, lstm
from tests.draw.recomputed import Recomputed
from tests.draw.recurrent import NETWORKS, attention

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import gallery

PICTURES = {name: draw for drawings in gallery.sections().values() for name, draw in drawings.items()}


@cache
def asked(name):
    """What a picture of the gallery was drawn of, the view, and the picture."""
    calls = []
    draw = tg.draw

    def noted(root, view="unrolled", **options):
        calls.append((root, view, options))
        return draw(root, view, **options)

    def compared(a, b, view="unrolled", **options):
        calls.append(((a, b), "compare", options))
        return draw.compare(a, b, view, **options)

    noted.compare = compared
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tg, "draw", noted)
        if hasattr(PICTURES[name], "args"):
            call = PICTURES[name]
            return call.args[0], "unrolled", call.keywords, call().picture
        picture = PICTURES[name]().picture
    (call,) = calls
    return *call, picture


def columns(view):
    return [name for name in PICTURES if asked(name)[1] == view]


def held_against_arrays(picture, root):
    root = next((b.node for b in picture.boxes if b.node is not None and b.node.serial == root.serial), root)
    right = Recomputed(root)
    ops = tg.draw(root, level="op", max_nodes=None).picture
    claims = Claims(picture, right, ops)
    claims.of_boxes()
    claims.of_arrows()
    claims.of_notes()
    claims.of_table(Recomputed(root, cuts=False) if picture.truncation else None)
    claims.of_scale()
    claims.of_columns()
    assert not claims.wrong, (len(claims.wrong), claims.wrong[:5])
    return claims.count


@pytest.mark.parametrize("name", columns("unrolled"))
def test_every_number_of_a_picture_with_columns(name):
    root, _, _, picture = asked(name)
    assert held_against_arrays(picture, root) > 20


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("level", ["op", "cell"])
def test_every_number_of_the_networks_of_these_tests(name, level):
    root = NETWORKS[name][0]
    assert held_against_arrays(tg.draw(root, gradients=True, level=level).picture, root) > 20


def held_against_losses(picture, root):
    right = Recomputed(root)
    wrong, count = wrong_claims(picture, right)
    assert not wrong, (len(wrong), wrong[:5])
    return right, count


@pytest.mark.parametrize("name", columns("flow"))
def test_every_number_and_verdict_of_a_flow_picture(name):
    root, _, _, picture = asked(name)
    _, count = held_against_losses(picture, root)
    assert count > 100
    (pace,) = [note.text for note in picture.notes if note.text.startswith("10-fold")]
    factor = float(next(note.text for note in picture.notes if "a step" in note.text).split()[2])
    assert pace_holds(pace, factor) or pace_holds(pace, factor * 1.01) or pace_holds(pace, factor * 0.99)


FLOWS = {name: root for name, (root, _, _) in NETWORKS.items()} | {
    "sliding": sliding(),
    "loss in the state": loss_in_the_state(),
    "two outputs": two_outputs(),
    "linear": linear(0.7, 12),
    "linear, one loss": linear(1.3, 12, loss_at_end=True),
    "twelve steps": lstm(12),
    "longer": attention(12, 10),
    "both ways, longer": both_ways(10),
}


@pytest.mark.parametrize("name", FLOWS)
def test_every_number_and_verdict_of_the_flows_of_these_tests(name):
    _, count = held_against_losses(tg.draw(FLOWS[name], "flow").picture, FLOWS[name])
    assert count > 3


@pytest.mark.parametrize("name", [*columns("flow"), "linear"])
def test_every_median_of_a_flow_picture(name):
    root, picture = (FLOWS[name], None) if name in FLOWS else (asked(name)[0], asked(name)[3])
    picture = picture or tg.draw(root, "flow").picture
    tiles = [re.match(rf"‖∂ loss at (\d+) / ∂ .* at (\d+)‖ = {NUMBER}$", tile.tip) for tile in picture.tiles]
    norms = {(int(m[1]), int(m[2])): float(m[3]) for m in tiles if m}
    bars = [re.match(rf"(\d+) steps from the loss: {NUMBER}$", tile.tip) for tile in picture.tiles]
    medians = {int(m[1]): m[2] for m in bars if m}
    steps = len({s for _, s in norms})
    assert sorted(medians) == list(range(steps)) and steps > 11
    for d, text in medians.items():
        assert agrees(text, np.median([n for (t, s), n in norms.items() if t - s == d]), 3), d


@pytest.mark.parametrize("name", columns("backward"))
def test_every_number_of_a_backward_picture(name):
    root, _, _, picture = asked(name)
    right, count = Recomputed(root), 0
    for box in picture.boxes:
        if box.role == "gradient":
            count += 1
            norm = np.linalg.norm(right.gradient[box.node.origin])
            (text,) = [m[1] for part in box.title if (m := re.match(f"‖{NUMBER}‖", part.text))]
            (tip,) = [m[1] for line in box.tip if (m := re.search(f"norm {NUMBER}$", line))]
            assert agrees(text, norm, 2) and agrees(tip, norm, 4), (box.title, norm)
            uses = re.search(r"sum of (\d+)", box.below)
            assert uses is None or int(uses[1]) == 3, "each weight is used at each of three steps"
    assert count > 15


STEPS = {"gru_rolled": [5], "lstm_rolled": [6], "both_ways_rolled": [4, 4, 4, 4]}


@pytest.mark.parametrize("name", columns("rolled"))
def test_every_number_of_a_rolled_picture(name):
    root, _, _, picture = asked(name)
    assert [band.times for band in picture.bands] == STEPS[name]
    last = STEPS[name][0] - 1
    assert f"t = 0 … {last}" in picture.subtitle
    notes = {note.text for note in picture.notes} - indexes(Recomputed(root).nodes)
    ends = {"t = 0 only"} | ({f"t = {last} only"} if "both" in name else set())
    assert notes == ends | {"t−1 → t"} | ({"t+1 → t"} if "both" in name else set())
    for box in picture.boxes:
        times = re.search(r"(\d+) times, t = 0 … (\d+)", " ".join(box.tip))
        assert times is None or (int(times[1]), int(times[2])) == (last + 1, last)
    for use in picture.uses:
        assert use.uses == (1 if use.name == "W_y" and "both" in name else last + 1), use.name
    value = next(b.below for b in picture.boxes if b.role == "loss" and b.title[0].text.startswith("loss"))
    assert agrees(value.split(" · ")[0], Recomputed(root).value[root].item(), 4)


@pytest.mark.parametrize("name", columns("compiled"))
def test_the_counts_of_a_compiled_picture(name):
    """Of the plan itself; what an op or an action costs is held in tests/draw/compiled."""
    function, _, _, picture = asked(name)
    traced, actions = map(int, re.match(r"(\d+) ops traced, (\d+) actions run", picture.subtitle).groups())
    assert len(picture.boxes) == traced + actions and actions >= len(function.plan.actions)
    removed = sum(box.role == "removed" for box in picture.boxes)
    corners = [(tile.x, tile.y) for tile in picture.tiles if tile.tip.startswith("left the loop")]
    marked = sum(
        any(abs(x - b.x + b.width / 2) < 6 and abs(y - b.y - b.height / 2) < 6 for x, y in corners)
        for b in picture.boxes[:traced]
    )
    assert f"; {marked} ops left their loop, {removed} are done by no action;" in picture.subtitle
    assert {band.times for band in picture.bands if band.times} == {8}
