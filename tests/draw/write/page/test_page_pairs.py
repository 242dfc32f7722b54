"""A page of two networks: each folds by its own steps, both together where their steps are the same."""

from __future__ import annotations

from typing import Any

import pytest

from tests.each import each

from .pages import camera, filled, frames, lit, outside
from .test_page_bars import HEAD, SPOTS

BOXES = """() => JSON.parse(document.getElementById('data').textContent).boxes.map((box, i) => {
    const strip = document.querySelector(`.strip[data-c="${box.column}"] > rect`);
    const spot = (box.column >= 0 && strip || document.querySelector(`#n${i} [stroke]`)).getBoundingClientRect();
    return [spot.left, spot.top, spot.right, spot.bottom];
})"""


def sides(page: Any) -> list[list[int]]:
    """The columns of both networks."""
    known = page.evaluate("JSON.parse(document.getElementById('data').textContent).columns.map(c => c.side)")
    return [[c for c, side in enumerate(known) if side == k] for k in (0, 1)]


def strips(page: Any) -> list[int]:
    return sorted(page.eval_on_selector_all(".strip", "parts => parts.map(x => +x.dataset.c)"))


def loose_ends(page: Any) -> list[tuple[int, int]]:
    """Arrows that do not end at their boxes, or at the strips that stand for these."""
    boxes, room = page.evaluate(BOXES), (HEAD + 2) * camera(page)[0]
    out = []
    for way in page.evaluate(SPOTS)["ways"]:
        for i, (x, y) in zip(way["ends"], (way["points"][0], way["points"][-1]), strict=True):
            left, top, right, foot = boxes[i]
            if right > left and not (left - room < x < right + room and top - room < y < foot + room):
                out.append((*way["ends"],))
    return out


@each("name, count", [("unlike", (3, 6)), ("aside", (3, 4)), ("pair", (3, 5))])
def test_a_network_folds_by_its_own_steps_and_the_other_stays(visit, name, count):
    page = visit(name, size=(1900, 1100))
    first, second = sides(page)
    assert (len(first), len(second)) == count and loose_ends(page) == []
    for own, other in ((first, second), (second, first)):
        before = [page.locator(f"#c{c}").bounding_box()["width"] for c in other]
        page.locator(f"#c{own[1]} .head").click()
        frames(page)
        assert strips(page) == [own[1]] and loose_ends(page) == []
        assert [page.locator(f"#c{c}").bounding_box()["width"] for c in other] == pytest.approx(before)
        page.locator(".strip").click()
        frames(page)
        assert strips(page) == [] and loose_ends(page) == []


def test_networks_of_the_same_steps_fold_together_though_their_steps_are_not_of_one_width(visit):
    page = visit("alike", size=(1900, 1100))
    first, second = sides(page)
    wide = [page.locator(f"#c{own[1]}").bounding_box()["width"] for own in (first, second)]
    assert abs(wide[0] - wide[1]) > 20 * camera(page)[0]
    for click, folded in ((f"#c{second[1]} .head", [first[1], second[1]]), (".strip >> nth=0", [])):
        page.click(click)
        frames(page)
        assert strips(page) == folded and loose_ends(page) == []


@each("name", ["unlike", "alike", "aside"])
def test_all_steps_of_both_fold_fit_and_open_again_where_they_are_sought(visit, name):
    page = visit(name, size=(1900, 1100))
    page.click("#shut")
    frames(page)
    assert strips(page) == [c for own in sides(page) for c in own] and loose_ends(page) == []
    assert outside(page) == [] and filled(page) > 0.55
    last = page.evaluate(
        "JSON.parse(document.getElementById('data').textContent).boxes.findLastIndex(b => b.column >= 0)"
    )
    page.keyboard.press("End")
    while lit(page)[:1] != [f"n{last}"] and page.evaluate("document.activeElement.id") != "n0":
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "n0" or not lit(page), "a walk passes by what is folded"
    words = page.get_attribute(f"#n{last}", "aria-label").split(",")[0]
    page.fill("#search", words)
    hits = page.eval_on_selector_all(".hit", "parts => parts.map(x => x.id)")
    for _ in hits:
        page.press("#search", "Enter")
    frames(page)
    assert page.locator(f"#n{last}").is_visible() and lit(page)[0] in hits and loose_ends(page) == []
    page.keyboard.press("Escape")
    page.click("#open")
    frames(page)
    assert strips(page) == [] and outside(page) == [] and loose_ends(page) == []


def test_the_ribbon_shows_the_time_of_each_network(visit):
    page = visit("many", size=(700, 900))
    first, second = sides(page)
    spot = page.locator("#ribbon").bounding_box()
    page.keyboard.press("+")
    page.keyboard.press("+")
    for lane, own in enumerate((first, second)):
        for part in (0.02, 0.98):
            page.mouse.click(spot["x"] + part * spot["width"], spot["y"] + (0.25 + 0.5 * lane) * spot["height"])
            frames(page)
            column = own[0 if part < 0.5 else -1]
            room = page.locator(f"#c{column}").bounding_box()
            assert room["x"] - 40 < 350 < room["x"] + room["width"] + 40, (lane, part)


def test_a_frame_around_a_box_says_nothing_of_its_own(visit):
    page = visit("unlike", size=(1900, 1100))
    rim = page.locator("#world .tile:not(:has(title)):not(:has(.opening)) rect").last
    rim.dispatch_event("pointerover", {"bubbles": True})
    assert page.inner_text("#what") == "Explore"
