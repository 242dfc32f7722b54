"""A page under fingers: one row of tools, one finger moves the picture, two zoom it, and the page stays put."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from .pages import camera, frames, lit, title_of

PHONE = (390, 844)


class Hand:
    """Touches by the browser's own protocol."""

    def __init__(self, page: Any) -> None:
        self.page, self.session = page, page.context.new_cdp_session(page)
        self.session.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def move(self, *ways: list[tuple[float, float]]) -> None:
        """Each finger goes along its way, all of them at the same time."""
        for k, spots in enumerate(zip(*ways, strict=True)):
            points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(spots)]
            self.session.send(
                "Input.dispatchTouchEvent", {"type": "touchMove" if k else "touchStart", "touchPoints": points}
            )
        self.session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        frames(self.page)

    def rest(self) -> None:
        self.session.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
        self.session.detach()


@pytest.fixture
def hand(visit: Any) -> Any:
    made = Hand(visit("rnn", size=PHONE))
    yield made
    made.rest()


def test_tools_are_one_row_in_a_narrow_window(visit):
    for name in ("rnn", "flow", "train"):
        for size in ((320, 568), PHONE, (844, 390)):
            page = visit(name, size=size)
            spots = [x.bounding_box() for x in page.locator(".tools :is(button, input):visible").all()]
            middles = [spot["y"] + spot["height"] / 2 for spot in spots]
            assert len(spots) >= 4 and max(middles) - min(middles) < 3, (name, size)
            assert all(min(spot["width"], spot["height"]) >= 24 for spot in spots)
            assert all(a["x"] + a["width"] < b["x"] + 2 for a, b in pairwise(spots)), "none lies on another"
            if size[0] >= PHONE[0]:
                assert all(spot["x"] >= 0 and spot["x"] + spot["width"] <= size[0] for spot in spots), (name, size)
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_two_fingers_zoom_about_their_middle(hand):
    page = hand.page
    before = camera(page)
    spot = page.locator("#n5").bounding_box()
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    hand.move([(x - 20 - k, y) for k in range(0, 41, 10)], [(x + 20 + k, y) for k in range(0, 41, 10)])
    assert camera(page)[0] == pytest.approx(3 * before[0], rel=0.05)
    after = page.locator("#n5").bounding_box()
    assert (after["x"] + after["width"] / 2, after["y"] + after["height"] / 2) == pytest.approx((x, y), abs=3)
    assert not lit(page) and page.evaluate("visualViewport.scale") == 1, "the picture is zoomed, not the page"
    hand.move([(x - 60 + k, y) for k in range(0, 41, 10)], [(x + 60 - k, y) for k in range(0, 41, 10)])
    assert camera(page)[0] == pytest.approx(before[0], rel=0.05)


def test_one_finger_moves_the_picture_and_leaves_the_page_where_it_is(hand):
    page = hand.page
    before, spot = camera(page), page.locator("#n5").bounding_box()
    hand.move([(200, 300 - k) for k in range(0, 101, 20)])
    after = page.locator("#n5").bounding_box()
    assert (after["x"], after["y"]) == pytest.approx((spot["x"], spot["y"] - 100), abs=2)
    assert camera(page)[0] == before[0]
    assert page.evaluate("[scrollY, document.querySelector('aside').scrollTop]") == [0, 0]
    aside = page.locator("aside").bounding_box()
    now = camera(page)
    hand.move([(200, aside["y"] + 200 - k) for k in range(0, 141, 10)])
    page.wait_for_function("document.querySelector('aside').scrollTop > 50")
    assert camera(page) == now and page.evaluate("scrollY") == 0, "the text beside it scrolls by itself"


def test_a_tap_chooses_a_box(hand):
    page = hand.page
    spot = page.locator("#n5").bounding_box()
    hand.move([(spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2)])
    assert lit(page)[:1] == ["n5"] and title_of(page) != "Explore"


def test_where_there_is_no_mouse_the_guide_speaks_of_fingers(browser, files):
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    for name in ("rnn", "flow"):
        page.goto(files[name])
        page.wait_for_selector("#stage[data-ready]")
        words = page.inner_text("#panel")
        assert "Tap" in words and "two zoom" in words and not page.locator("#keys").is_visible()
        assert not any(word in words for word in ("Wheel", "Press", "Click", "Point", "drag"))
    page.goto(files["rnn"])
    page.locator("#c1 .head").tap()
    page.locator(".strip").dispatch_event("pointerover", {"bubbles": True})
    assert "tap to unfold" in page.inner_text("#panel")
    context.close()
