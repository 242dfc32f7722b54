"""A page as a file: one document of its own, safe with any text, with the right numbers and rules in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import both_ways, lstm, perceptron, word_rnn
from tests.draw.test_safety import given
from tinygraph.core.traced import Slot
from tinygraph.draw import VIEWS

from .pages import NASTY, training


def saved(drawing: Any, path: Path, **more: Any) -> str:
    return Path(drawing.save(path / "x.html", **more)).read_text(encoding="utf-8")


def data(page: str) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, flags=re.DOTALL)
    return json.loads(found)


def svg(page: str) -> ElementTree.Element:
    start = page.index('<svg id="picture"')
    depth = [(m.end(), 1 if m[0] == "<svg" else -1) for m in re.finditer(r"<svg\b|</svg>", page[start:])]
    total = 0
    for end, step in depth:
        total += step
        if total == 0:
            return ElementTree.fromstring(page[start : start + end])
    raise AssertionError("the picture does not end")


def by_id(page: str, tag: str, pattern: str) -> list[ElementTree.Element]:
    return [x for x in svg(page).iter(f"{{http://www.w3.org/2000/svg}}{tag}") if re.fullmatch(pattern, x.get("id", ""))]


class Reader(HTMLParser):
    """Tags of a page, checked to be balanced."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({k for k, _ in attrs}) == len(attrs), f"{tag} has an attribute twice"
        self.seen.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def drawings() -> dict[str, Any]:
    return {
        "rnn": tg.draw(word_rnn(4, cut=2), gradients=True, tokens=["I", "like", "to", "play"], title="RNN"),
        "lstm": tg.draw(lstm(5), gradients=True, level="op"),
        "both ways": tg.draw(both_ways(3), gradients=True),
        "no time": tg.draw(perceptron(), gradients=True, values=True),
        "one": tg.draw(tg.constant([0.5])),
        **{view: tg.draw(given(view, "a"), view) for view in VIEWS if view not in ("unrolled", "compiled")},
    }


@pytest.mark.parametrize("name", drawings())
def test_a_page_is_one_document_with_its_own_style_and_script_and_nothing_else(name, tmp_path):
    page = saved(drawings()[name], tmp_path)
    reader = Reader(page)
    assert not reader.open
    tags = [tag for tag, _ in reader.seen]
    assert tags.count("script") == 2 and tags.count("style") == 1
    assert not {"link", "iframe", "object", "embed", "img", "image", "use", "foreignobject", "a", "base"} & set(tags)
    for tag, attributes in reader.seen:
        assert not [k for k in attributes if k.startswith("on") or k in ("style", "src", "href", "xlink:href")], tag
        assert not [v for v in attributes.values() if v and re.match(r"\s*(javascript|data):", v)]
    # Namespaces are names: nothing is fetched from them.
    assert {*re.findall(r"https?://[^\s\"'`)]+", page)} == {"http://www.w3.org/2000/svg"}
    assert not re.findall(r"url\((?!#)|@import", page)


def test_the_policy_allows_only_this_style_and_this_script_by_their_hashes(tmp_path):
    page = saved(drawings()["rnn"], tmp_path)
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)"/>', page)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    for rule, tag in (("script-src", "script"), ("style-src", "style")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(rule) == f"'sha256-{digest}'"
    assert rules == dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")


def test_the_same_graph_twice_gives_the_same_page_and_needs_no_program(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    first, second = (saved(tg.draw(word_rnn(3), gradients=True), tmp_path) for _ in range(2))
    assert first == second
    drawing = tg.draw(word_rnn(3), gradients=True)
    assert drawing.pipe("html", encoding="utf-8") == first


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_a_users_text_is_never_markup(name, tmp_path):
    with tg.scope(name), tg.step(1):
        h = tg.tanh(tg.constant([0.5, 1.0], name=name), name=name)
    w = tg.parameter([1.0, 2.0], name=name)
    page = saved(tg.draw(tg.sum(h * w), title=name, tokens=[name]), tmp_path)
    plain = saved(tg.draw(tg.sum(tg.tanh(tg.constant([0.5, 1.0])) * tg.parameter([1.0, 2.0])), title="t"), tmp_path)
    known = {tag for tag, _ in Reader(plain).seen} | {"tspan"}
    reader = Reader(page)
    assert {tag for tag, _ in reader.seen} <= known and [tag for tag, _ in reader.seen].count("script") == 2
    assert not [k for _, attributes in reader.seen for k in attributes if k.startswith("on")]
    shown = [box["name"] for box in data(page)["boxes"] if "name" in box]
    kept = name[:199] + "…" if len(name) > 200 else re.sub("[\0\ud800]", "\ufffd", name.replace("\u2028", " "))
    assert set(shown) == {kept}
    assert len(page) < len(plain) + 12_000


def test_every_box_and_arrow_is_drawn_once_in_its_place(tmp_path):
    for drawing in drawings().values():
        page = saved(drawing, tmp_path)
        boxes, arrows = by_id(page, "g", r"n\d+"), by_id(page, "path", r"a\d+")
        assert {x.get("id") for x in boxes} == {f"n{i}" for i in range(len(drawing.picture.boxes))}
        assert len(boxes) == len(drawing.picture.boxes) and len(arrows) == len(drawing.picture.arrows)
        for x in boxes:
            box = drawing.picture.boxes[int(x.get("id")[1:])]
            at = [float(v) for v in re.findall(r"-?[\d.]+", x.get("transform"))]
            assert at == pytest.approx([box.x, -box.y], abs=0.06)
            shown = "".join(x.itertext())
            assert all(part.text in shown for part in box.title) and box.below.split("\n")[0] in shown


def test_every_colour_named_is_defined_by_day_and_by_night(tmp_path):
    for drawing in drawings().values():
        page = saved(drawing, tmp_path)
        used = set(re.findall(r"var\(--(\w+)\)", page))
        day, night, chosen = re.findall(r":root(?:\S*?)\{(--h0[^}]*)\}", page)
        assert night == chosen
        for part, other in zip((day, night), re.findall(r":root[^{]*\{color-scheme[^}]*\}", page)[:2], strict=True):
            assert used <= set(re.findall(r"--([\w-]+):", part + other + ":root{--odd:")), drawing.picture.title


def test_a_column_owns_its_boxes_and_the_arrows_inside(tmp_path):
    page = saved(tg.draw(word_rnn(4), level="op"), tmp_path)
    known = data(page)
    steps = {box["column"]: box.get("step") for box in known["boxes"] if box["column"] >= 0}
    assert steps == {0: 1, 1: 2, 2: 3, 3: 4} and [c["title"] for c in known["columns"]] == [
        f"t = {t}" for t in steps.values()
    ]
    assert [box["title"] for box in known["boxes"] if box["column"] < 0] == ["h0", "total = sum of 4", "total / 4"]
    for c in range(4):
        (group,) = by_id(page, "g", f"c{c}")
        inside = {int(x.get("id")[1:]) for x in group.iter() if re.fullmatch(r"n\d+", x.get("id", ""))}
        assert inside == {i for i, box in enumerate(known["boxes"]) if box["column"] == c}
        for x in group.iter():
            if re.fullmatch(r"a\d+", x.get("id", "")):
                assert set(known["arrows"][int(x.get("id")[1:])][:2]) <= inside


def test_the_numbers_of_a_box_are_those_of_its_node(tmp_path):
    x = np.random.default_rng(0).normal(size=(40, 25)) * 3
    node = tg.tanh(tg.constant(x, name="x"), name="h")
    with tg.scope("encoder"):
        loss = tg.sum(node * node)
    known = data(saved(tg.draw(loss, gradients=True), tmp_path))
    i = next(i for i, box in enumerate(known["boxes"]) if box.get("name") == "x")
    assert known["boxes"][i]["shape"] == "40×25 float64" and known["boxes"][-1]["scope"] == "encoder"
    shot = known["shots"][0]["boxes"][i]
    told = [float(shot[k]) for k in ("mean", "deviation", "low", "high")]
    assert told == pytest.approx([x.mean(), x.std(), x.min(), x.max()], rel=6e-3)
    z = np.tanh(x)
    assert float(shot["norm"]) == pytest.approx(np.linalg.norm(2 * z * (1 - z * z)), rel=1e-3)
    counts = np.histogram(x, bins=len(shot["bars"]))[0]
    assert [int(d, 36) for d in shot["bars"]] == [int(np.ceil(35 * c / counts.max())) for c in counts]
    assert known["shots"][0]["boxes"][-1]["value"] == f"{(z * z).sum():.1f}"


def test_what_has_no_numbers_shows_none(tmp_path):
    h = tg.tanh(tg.constant([np.nan, np.inf, 1.0, 2.0]))
    known = data(saved(tg.draw([h, tg.constant([np.nan]), tg.constant(np.zeros((0, 3)))]), tmp_path))["shots"][0][
        "boxes"
    ]
    assert known[0]["odd"] == 2 and (known[0]["low"], known[0]["high"]) == ("1.00", "2.00")
    assert {k: v for k, v in known[-1].items() if k not in ("below", "fill")} == {}
    slot = Slot(tg.core.op.Spec((3,), np.dtype(float)), "given")
    from tinygraph.core.traced import Tracing

    with Tracing():
        traced = tg.tanh(slot)
    (a, b) = data(saved(tg.draw(traced), tmp_path))["shots"][0]["boxes"]
    assert "mean" not in a and "mean" not in b


class Cube(tg.Op):
    def forward(self, x):
        return x * x * x

    def backward(self, gz, z, x):
        slope = 3 * x * x
        return gz * slope


def rules_of(node: tg.Node, tmp_path: Path) -> list[list[str]]:
    known = data(saved(tg.draw(node), tmp_path))
    return known["rules"][known["boxes"][-1]["rule"]]


def test_rules_are_read_from_an_ops_own_code(tmp_path):
    x = tg.constant(np.ones((2, 2)))
    assert rules_of(tg.tanh(x), tmp_path) == [["z = tanh(x)"], ["gx = gz * (1 - z * z)"]]
    assert rules_of(x @ x, tmp_path) == [["z = w @ x"], ["gw = gz @ x.T", "gx = w.T @ gz"]]
    assert rules_of(x / x, tmp_path)[1] == ["slope = gz / y", "gx = slope", "gy = -(slope * x / y)"]
    assert rules_of(Cube()(x), tmp_path) == [["z = x * x * x"], ["slope = 3 * x * x", "gx = gz * slope"]]
    assert rules_of(tg.argmax(x), tmp_path)[1] == []


def test_of_an_op_without_source_no_rule_is_shown(tmp_path):
    made: dict[str, Any] = {"tg": tg}
    exec("class Typed(tg.Op):\n    def forward(self, x):\n        return x + 1\n", made)
    assert rules_of(made["Typed"]()(tg.constant([1.0])), tmp_path) == [[], []]


def test_snapshots_hold_the_numbers_of_each_moment(tmp_path):
    *earlier, last = training()
    known = data(saved(last, tmp_path, snapshots=earlier))
    assert [shot["title"] for shot in known["shots"]] == ["update 0", "update 1", "update 2"]
    losses = [shot["boxes"][-1]["value"] for shot in known["shots"]]
    assert losses == [
        f"{x.picture.boxes[-1].node.item():.{len(v.split('.')[1])}f}"
        for x, v in zip([*earlier, last], losses, strict=True)
    ]
    assert float(losses[0]) > float(losses[1]) > float(losses[2])
    norms = [[float(box["norm"]) for box in shot["boxes"]] for shot in known["shots"]]
    assert norms[0] != norms[1] and len({tuple(shot["scale"]) for shot in known["shots"]}) == 1
    # One scale: a smaller norm is a lighter fill, at whatever moment.
    i = next(i for i, box in enumerate(known["boxes"]) if box.get("name") == "h")
    levels = sorted((float(s["boxes"][i]["norm"]), int(s["boxes"][i]["fill"][1:])) for s in known["shots"])
    assert [level for _, level in levels] == sorted(level for _, level in levels)


def test_snapshots_of_another_network_are_refused_and_the_first_difference_named(tmp_path):
    last = training()[-1]
    with pytest.raises(tg.GraphError, match="snapshot 0 is of another network"):
        last.save(tmp_path / "x.html", snapshots=[tg.draw(word_rnn(1), gradients=True)])
    with tg.step(1):
        other = tg.relu(tg.parameter(np.ones((2, 2)), name="W") @ tg.constant([1.0, 2.0], name="x"), name="h")
    other = tg.draw(tg.sum(other * other, name="loss"), gradients=True)
    with pytest.raises(tg.GraphError, match=r"snapshot 1 differs at box 2[\s\S]*tanh 'h'[\s\S]*relu 'h'"):
        last.save(tmp_path / "x.html", snapshots=[last, other])
    with tg.step(1):
        h = tg.tanh(tg.parameter(np.ones((2, 2)), name="W") @ tg.constant([1.0, 2.0], name="x"), name="h")
    bare = tg.draw(tg.sum(h * h, name="loss"))
    with pytest.raises(tg.GraphError, match="arrows of snapshot 0 differ"):
        last.save(tmp_path / "x.html", snapshots=[bare])
    assert not list(tmp_path.iterdir())


def test_there_is_no_drawing_without_a_picture():
    for wrong in (None, tg.constant(1.0), "x"):
        with pytest.raises(tg.GraphError, match=r"tg\.draw"):
            tg.Drawing(wrong)


def test_a_long_network_makes_a_page_linear_in_its_steps(tmp_path):
    sizes = [len(saved(tg.draw(word_rnn(steps), level="op", max_nodes=None), tmp_path)) for steps in (50, 100, 200)]
    assert sizes[2] - sizes[1] < 2.2 * (sizes[1] - sizes[0])


def test_the_legend_of_a_rolled_page_does_not_take_its_states_for_gradients(tmp_path):
    words = "run backward"
    assert words in saved(tg.draw(word_rnn(3), gradients=True), tmp_path)
    assert words not in saved(tg.draw(word_rnn(3), "rolled", gradients=True), tmp_path)


def test_a_long_name_breaks_between_its_parts(tmp_path):
    stack = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, rng=0)
    page = saved(tg.draw(tg.mean(tg.unroll(stack, np.ones((2, 1, 3)))[0])), tmp_path)
    assert '<span class="gold" tabindex="0">cells.<wbr/>0.<wbr/>weight_<wbr/>ih</span>' in page
