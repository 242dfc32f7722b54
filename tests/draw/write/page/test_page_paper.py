"""A page on paper: one sheet with the whole picture, and the table and legend below it."""

from __future__ import annotations

import re

import pytest

from .pages import camera, outside

SHEETS = {"A4": (718, 1046), "Letter": (740, 980)}
"""Within margins of 10 mm, in pixels."""


@pytest.mark.parametrize("paper", SHEETS)
def test_a_printed_page_is_one_sheet_with_all_of_the_picture(visit, paper):
    for name in ("rnn", "lstm", "flow") if paper == "A4" else ("rnn",):
        page = visit(name)
        page.evaluate(
            "() => addEventListener('beforeprint', () => { window.box = document.querySelector('#picture')"
            ".getAttribute('viewBox'); window.shown = document.querySelectorAll('.slot.off').length; })"
        )
        for landscape in (False, True):
            pdf = page.pdf(format=paper, landscape=landscape)
            assert len(re.findall(rb"/Type /Page\b", pdf)) == 1, (name, landscape)
        left, top, wide, high = (float(x) for x in page.evaluate("window.box").split())
        x0, y0, x1, y1 = page.evaluate("JSON.parse(document.getElementById('data').textContent).extent")
        assert left < x0 and top < y0 and left + wide > x1 and top + high > y1, name
        assert page.evaluate("window.shown") == 0, "columns out of the window are printed too"


def test_an_open_table_of_numbers_is_printed_too_if_it_fits(visit):
    page = visit("flow", size=SHEETS["A4"])
    page.click("#numbers summary")
    assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) == 1
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert outside(page, "html") == []
    for spot in [x.bounding_box() for x in page.locator("#numbers table").all()]:
        assert spot["x"] >= 0 and spot["x"] + spot["width"] <= SHEETS["A4"][0] and spot["y"] + spot["height"] <= 1046
    page.emulate_media(media="screen")


@pytest.mark.parametrize("paper", SHEETS)
def test_table_and_legend_stand_below_the_picture_and_nothing_is_cut(visit, paper):
    for name in ("rnn", "cells", "flow") if paper == "A4" else ("rnn",):
        for size in (SHEETS[paper], SHEETS[paper][::-1]):
            page = visit(name, color_scheme="dark", size=size)
            before = camera(page)
            page.emulate_media(media="print", color_scheme="dark")
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            assert outside(page, "#picture") == [] and outside(page, "html") == [], (name, size)
            foot = page.locator("#picture").bounding_box()
            assert page.locator("aside section:visible").first.bounding_box()["y"] < foot["y"] + foot["height"] + 20
            assert not page.locator("#numbers").is_visible(), "nothing of it while it is closed"
            for part in page.locator("aside section:visible").all():
                spot = part.bounding_box()
                assert spot["y"] >= foot["y"] + foot["height"] and spot["y"] + spot["height"] <= size[1], (name, size)
                assert spot["x"] >= 0 and spot["x"] + spot["width"] <= size[0] + 1
            assert page.locator("#uses").count() == page.locator("#uses:visible").count()
            assert not page.locator(".tools, footer, #panel, #ribbon").locator("visible=true").count()
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "no night"
            page.emulate_media(media="screen")
            page.evaluate("dispatchEvent(new Event('afterprint'))")
            assert camera(page) == pytest.approx(before)


def test_words_of_the_legend_stand_beside_their_signs(visit):
    page = visit("cells")
    page.evaluate("document.querySelector('aside').style.flexBasis = '140px'")
    rows = page.locator(".legend li").evaluate_all("""rows => rows.map(row => {
        const words = document.createRange();
        words.selectNode(row.lastChild);
        return [row.firstChild.getBoundingClientRect().right, ...[...words.getClientRects()].map(line => line.left)];
    })""")
    assert max(map(len, rows)) > 2 and all(sign <= line for sign, *lines in rows for line in lines)
