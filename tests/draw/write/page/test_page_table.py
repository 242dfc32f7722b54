"""The numbers of a heat map as a table on its page, by keys; and the help for keys."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import word_rnn

from .pages import frames, title_of

FOCUS = "document.activeElement"


def test_the_flow_page_has_a_table_with_heads_and_the_numbers_of_its_squares(visit):
    page = visit("flow")
    page.click("#numbers summary")
    assert page.locator("#numbers thead th[scope=col]").count() == 13 + 5 == page.locator("#numbers thead th").count()
    assert page.locator("#numbers tbody th[scope=row]").count() == 12 + 1 == page.locator("#numbers tbody tr").count()
    captions = page.locator("#numbers caption").all_inner_texts()
    assert captions == ["‖∂ loss at t / ∂ h at s‖", "h: median by steps from the loss"]
    shown = page.eval_on_selector_all(
        "#numbers table:first-of-type tbody tr",
        "rows => rows.map(r => [...r.cells].map(c => [c.textContent, c.dataset.i ?? '']))",
    )
    heads = page.locator("#numbers table:first-of-type thead th").all_inner_texts()[1:]
    assert heads == [str(s) for s in range(1, 13)] and [row[0][0] for row in shown] == heads[::-1]
    tips = dict(page.eval_on_selector_all(".tile", "tiles => tiles.map(t => [t.id, t.textContent])"))
    for (t, _), *cells in shown:
        assert [bool(x) for x, _ in cells] == [s <= int(t) for s in range(1, 13)]
        for s, (number, i) in enumerate(cells, 1):
            told = re.fullmatch(r"‖∂ loss at (\d+) / ∂ h at (\d+)‖ = (\S+)", tips[f"t{i}"]) if i else None
            assert not i or (told[1], told[2]) == (t, str(s))
            assert not i or float(number) == pytest.approx(float(told[3]), rel=6e-3)


def tables(drawing):
    """Captions, and rows with their heads, of a page's tables."""
    page = drawing.pipe("html", "utf-8")
    for table in re.findall(r"<table.*?</table>", page[page.index('<details id="numbers">') :]):
        rows = re.findall(r"<tr>(.*?)</tr>", table)
        yield re.findall(r"<caption>(.*?)<", table)[0], [re.findall(r">([^<>]*)</t[hd]>", row) for row in rows]


def test_a_table_of_states_has_the_order_of_its_map_and_the_states_values():
    x = np.random.default_rng(0).normal(size=(3, 2, 4))
    w = tg.parameter(np.random.default_rng(1).normal(size=(4, 3)), name="W")
    outputs, _ = tg.unroll(lambda x, h: (h := np.tanh(x @ w + h), h), x, np.zeros((2, 3)))
    (caption, (heads, *rows)), *_ = tables(tg.draw(outputs, "states", tokens=["a", "b", "c"]))
    assert "h" in caption and heads[1:] == ["0 a", "1 b", "2 c"] and [row[0] for row in rows] == ["0", "1", "2"]
    h, expected = np.zeros(3), []
    for step in x[:, 0]:
        expected.append(h := np.tanh(step @ w.value + h))
    assert np.array([row[1:] for row in rows], float) == pytest.approx(np.transpose(expected), rel=6e-3)


def test_two_networks_side_by_side_have_a_table_each():
    both = list(tables(tg.draw.compare(word_rnn(5), word_rnn(5, cut=2), "flow")))
    ours = [{row[0]: row[1:] for row in rows} for caption, (_, *rows) in both if caption[0] == "‖"]
    assert len(both) == 4 and len(ours) == 2
    assert ours[0]["5"] != ours[1]["5"] and ours[0]["1"] == ours[1]["1"] and ours[1]["5"][:2] == ["0", "0"]


def test_the_table_is_opened_read_and_closed_by_keys(visit):
    page = visit("flow")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(f"{FOCUS}.tagName") == "SUMMARY":
            break
    assert page.evaluate(f"getComputedStyle({FOCUS}).outlineStyle") == "solid"
    for key in ("Enter", " "):
        page.keyboard.press(key)
        assert page.locator("#numbers").evaluate("x => x.open") == (key == "Enter")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(f"[{FOCUS}.cellIndex, {FOCUS}.parentNode.cells[0].textContent]") == [1, "12"]
    assert page.evaluate(f"parseFloat(getComputedStyle({FOCUS}).outlineWidth)") >= 2
    for key, at in (
        ("ArrowRight", [2, "12"]),
        ("ArrowDown", [2, "11"]),
        ("ArrowLeft", [1, "11"]),
        ("ArrowUp", [1, "12"]),
    ):
        page.keyboard.press(key)
        assert page.evaluate(f"[{FOCUS}.cellIndex, {FOCUS}.parentNode.cells[0].textContent]") == at
        assert title_of(page) == f"‖∂ loss at {at[1]} / ∂ h at {at[0]}‖ = 0"
        assert page.locator(".tile.lit").get_attribute("id") == page.evaluate(f"'t' + {FOCUS}.dataset.i")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{FOCUS}.cellIndex") == 1, "one stop of the tab key for all numbers of a table"
    page.keyboard.press("Escape")
    assert page.evaluate(f"{FOCUS}.tagName") == "SUMMARY" and not page.locator("#numbers").evaluate("x => x.open")
    assert page.locator(".tile.lit").count() == 0


def test_enter_shows_the_square_of_a_number(visit):
    page = visit("flow")
    page.click("#numbers summary")
    for _ in range(9):
        page.keyboard.press("+")
    page.locator("#numbers [data-i]").last.focus()
    page.keyboard.press("Enter")
    frames(page)
    room, spot = page.locator("#stage").bounding_box(), page.locator(".tile.lit").bounding_box()
    assert room["x"] < spot["x"] < room["x"] + room["width"] and room["y"] < spot["y"] < room["y"] + room["height"]


def test_a_page_without_such_numbers_has_no_table_and_only_tools_that_do_something(visit):
    page = visit("rnn")
    assert page.locator("#numbers").count() == 0
    page = visit("flow")
    assert [x for x in ("#searching", "#walking", "#folding", "#fit", "#theme") if page.locator(x).is_visible()] == [
        "#fit",
        "#theme",
    ]
    assert page.locator(":disabled").count() == 0


def test_a_question_mark_opens_the_help_for_keys_which_names_those_of_this_page(visit):
    for name, has, lacks in (
        ("rnn", "fold the step", "table"),
        ("flow", "open the table", "walk"),
        ("plain", "walk", "fold"),
    ):
        page = visit(name)
        page.keyboard.press("?")
        assert page.locator("#keys").evaluate("x => x.open") and page.evaluate(f"{FOCUS}.textContent") == "Keys"
        assert has in page.inner_text("#keys") and lacks not in page.inner_text("#keys")


def test_enter_folds_the_step_of_a_box_as_the_help_says(visit):
    page = visit("rnn")
    page.keyboard.press("ArrowRight")
    while page.evaluate(f"!{FOCUS}.closest('.col')"):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator(".strip").count() == 1 and page.evaluate(f"{FOCUS}.getAttribute('class')") == "strip"
    page.keyboard.press("Enter")
    assert page.locator(".strip").count() == 0
