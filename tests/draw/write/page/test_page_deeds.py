"""What is done on a page, by mouse and by keys: fold time, walk both ways, search, replay training."""

from __future__ import annotations

import re

import pytest

from .pages import CHIPPED, box, camera, frames, lit, title_of


def test_a_click_folds_a_step_and_the_strip_unfolds_it(visit):
    page = visit("rnn")
    wide = page.locator("#n0").bounding_box()
    far = page.locator("#c3 .b").first.bounding_box()
    bar, small = box(page, "total = sum of 4").bounding_box(), box(page, "total / 4").bounding_box()
    ways = page.eval_on_selector_all(".a", "found => found.map(x => x.getAttribute('d'))")
    page.locator("#c1 .head").click()
    frames(page)
    assert not page.locator("#c1").is_visible() and page.locator(".strip").count() == 1
    assert page.locator(".strip").get_attribute("aria-expanded") == "false"
    assert "t = 2 like" in page.locator(".strip").get_attribute("aria-label")
    k = camera(page)[0]
    assert page.locator("#c3 .b").first.bounding_box()["x"] < far["x"] - 100 * k
    assert box(page, "total = sum of 4").bounding_box()["width"] < bar["width"] - 100 * k
    assert box(page, "total / 4").bounding_box()["width"] == pytest.approx(small["width"], abs=1), "kept"
    # The arrow into the folded step ends at its strip.
    strip = page.locator(".strip").bounding_box()
    arrow = page.evaluate("""() => {
        const {boxes, arrows} = JSON.parse(document.getElementById('data').textContent);
        const into = arrows.findIndex(([tail, head]) => boxes[tail].column === 0 && boxes[head].column === 1);
        return document.getElementById('a' + into).getBoundingClientRect().right;
    }""")
    assert strip["x"] - 12 < arrow < strip["x"] + strip["width"] + 2
    page.locator(".strip").click()
    frames(page)
    assert page.locator("#c1").is_visible() and page.locator(".strip").count() == 0
    assert page.eval_on_selector_all(".a", "found => found.map(x => x.getAttribute('d'))") == [
        re.sub(r"(?<=\d)C", "C", way) for way in ways
    ]
    assert page.locator("#n0").bounding_box() == pytest.approx(wide)


def test_all_steps_fold_and_unfold_and_arrows_between_folded_ones_go(visit):
    page = visit("rnn")
    page.click("#shut")
    frames(page)
    assert page.locator(".strip").count() == 4
    assert page.locator("#c0 .b:visible, #c2 .b:visible").count() == 0
    assert page.locator("#g1 .a:not(.gone)").count() == 2, "only what leads to the bar over it"
    page.click("#open")
    frames(page)
    assert page.locator(".strip").count() == 0 and page.locator("#g1 .a.gone").count() == 0


def test_arrow_keys_walk_forward_and_show_the_forward_rule(visit):
    page = visit("rnn")
    seen = []
    for _ in range(31):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate("document.activeElement.id"))
    assert seen == [f"n{i}" for i in range(31)]
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "n30"
    page.keyboard.press("Home")
    while "h1 = tanh" not in title_of(page):
        page.keyboard.press("ArrowUp")
    assert page.inner_text("#rules .now") == "z = tanh(x)"
    assert page.locator(".b[tabindex='0']").count() == page.locator("[aria-current]").count() == 1
    assert len(lit(page)) == 2, "the box and the arrow that it reads"


def test_arrow_keys_walk_backward_and_show_the_gradient_rule(visit):
    page = visit("rnn")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id") == "n30"
    while "h2 = tanh" not in title_of(page):
        page.keyboard.press("ArrowLeft")
    assert page.inner_text("#rules .now") == "gx = gz * (1 - z * z)"
    assert len(lit(page)) == 2, "the box and the arrow by which its gradient goes down"
    page.keyboard.press("Escape")
    assert not lit(page) and title_of(page) == "Explore"


def test_a_walk_passes_by_folded_steps_and_brings_far_boxes_into_view(visit):
    page = visit("lstm")
    page.keyboard.press("End")
    frames(page)
    corner, spot = page.locator("#stage").bounding_box(), page.locator(".b.lit").bounding_box()
    assert spot["x"] < corner["x"] + corner["width"] and spot["x"] + spot["width"] > corner["x"]
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    column = page.evaluate("document.activeElement.closest('.col').id")
    assert int(column[1:]) >= 37, "the last steps"
    page.keyboard.press("f")
    frames(page)
    assert page.evaluate("document.activeElement.getAttribute('class')") == "strip"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.closest('.col').id") != column
    page.keyboard.press("0")
    page.locator("#c0 .head").click()
    page.keyboard.press("End")
    frames(page)
    before = page.locator("#c39").bounding_box()
    page.keyboard.press("u")
    frames(page)
    assert page.locator(".strip").count() == 0
    assert page.locator("#c39").bounding_box() == pytest.approx(before), "what is seen stays where it is"


def test_only_columns_near_the_window_are_laid_out(visit):
    page = visit("lstm")
    assert page.locator(".col").count() == 40 and 1 <= page.locator(".slot:not(.off) > .col").count() < 8
    page.mouse.move(500, 700)
    for _ in range(30):
        page.mouse.wheel(0, 160)
    frames(page)
    assert page.locator(".slot:not(.off) > .col").count() > 12
    page.locator("#ribbon").click(position={"x": 1000, "y": 20})
    frames(page)
    assert page.locator("#c36").is_visible() and not page.locator("#c0").is_visible()


def test_search_marks_what_is_found_and_enter_goes_there(visit):
    page = visit("rnn")
    page.keyboard.press("/")
    page.keyboard.type("TANH")
    assert page.locator(".hit").count() == 4 and page.inner_text("#found") == "4 found"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert title_of(page) == "h2 = tanh" and page.inner_text("#found") == "2 of 4"
    assert page.evaluate("document.activeElement.id") == "search"
    page.fill("#search", "no such thing")
    assert page.inner_text("#found") == "nothing found"
    page.keyboard.press("Escape")
    assert page.locator(".hit, .searching").count() == 0


def test_pointing_at_a_parameter_lights_its_uses(visit):
    """At its row of the table, by mouse and by keys, and at its chip; then the other boxes fade."""
    page = visit("rnn")

    def used():
        return sorted(page.eval_on_selector_all(".b.used", "found => found.map(x => x.getAttribute('aria-label'))"))

    page.hover("#uses tbody tr:nth-child(2)")
    names = used()
    assert len(names) == 4 and all(name.startswith("W @ h") for name in names)
    faded = page.locator(".b:not(.used)").first.evaluate("x => getComputedStyle(x).opacity")
    assert float(faded) < 0.5 and page.locator(".b.used").first.evaluate("x => getComputedStyle(x).opacity") == "1"
    page.hover("header")
    assert used() == []
    page.locator("#uses .gold").nth(2).focus()
    assert [name[:5] for name in used()] == ["V @ h"] * 4
    page.locator(".b .gold").nth(0).hover()
    assert len(used()) == 4 and len({name[0] for name in used()}) == 1
    page.mouse.move(5, 300)
    assert used() == []


def test_a_row_of_the_table_lights_the_boxes_of_its_parameter(visit):
    """A chip shows a parameter by its name, by the start of a long one, or by what follows a dot; maybe with a part."""
    page = visit("chips")
    lit = {"lstm.weight": [0], "E": [1], "W": [2], "a_very_long_name_indeed": [3], "rnn.b": [4, 5]}
    for k, name in enumerate(CHIPPED):
        page.locator("#uses tbody tr").nth(k).hover()
        used = page.eval_on_selector_all(".b.used", "parts => parts.map(x => +x.id.slice(1))")
        assert used == lit.get(name, []), name


def test_a_row_of_one_of_two_networks_lights_its_boxes_alone(visit):
    page = visit("alike")
    names = page.locator("#uses tbody th").all_inner_texts()
    assert names[0].startswith("Wz · ") and names[-1].startswith("W_y · ")
    first = page.evaluate("document.querySelector('#c0').getBoundingClientRect().bottom")
    for row, above in ((0, True), (len(names) - 1, False)):
        page.locator("#uses tbody tr").nth(row).hover()
        feet = page.eval_on_selector_all(".b.used", "parts => parts.map(x => x.getBoundingClientRect().bottom)")
        assert feet and all((foot <= first) == above for foot in feet)


def test_the_slider_replays_training(visit):
    page = visit("train")
    last = page.inner_text("#when")
    fills = page.eval_on_selector_all(".b > rect:first-child", "found => found.map(x => x.getAttribute('fill'))")
    assert "3 of 3" in last and "update 2" in last and page.inner_text("h1") == "update 2"
    shown = page.text_content(".b:last-of-type .v")
    page.focus("#moment")
    page.keyboard.press("Home")
    frames(page)
    assert "1 of 3" in page.inner_text("#when") and page.inner_text("h1") == "update 0"
    assert page.get_attribute("#moment", "aria-valuetext") == page.inner_text("#when")
    assert page.text_content(".b:last-of-type .v") != shown
    assert page.text_content(".b:last-of-type .v") in page.inner_text("#when")
    now = page.eval_on_selector_all(".b > rect:first-child", "found => found.map(x => x.getAttribute('fill'))")
    assert now != fills
    box(page, "h = tanh").hover()
    first = page.inner_text("#facts")
    page.keyboard.press("End")
    frames(page)
    assert page.inner_text("#facts") != first
    again = page.eval_on_selector_all(".b > rect:first-child", "found => found.map(x => x.getAttribute('fill'))")
    assert again == fills and page.inner_text("#when") == last


def test_all_can_be_done_and_heard_without_a_mouse(visit):
    page = visit("rnn")
    assert page.get_attribute("#picture", "role") == "tree" and page.get_attribute("#panel", "aria-live") == "polite"
    named = page.eval_on_selector_all(
        "button, input, [role=treeitem]",
        """found => found.filter(x =>
        !(x.getAttribute('aria-label') || x.textContent || x.labels?.length)).length""",
    )
    assert named == 0
    assert "gradient norm" not in page.get_attribute("#n5", "aria-label") and "‖∂‖" in page.get_attribute(
        "#n5", "aria-label"
    )
    for _ in range(14):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "picture":
            break
    assert page.eval_on_selector("#picture", "x => getComputedStyle(x).outlineStyle") == "solid", (
        "a ring, as around tools"
    )
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "n0"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "n0", "one stop of the tab key for all boxes"
