"""What is seen of a page: it opens fitted in any window and stays so; a walk and folding keep the eye's place."""

from __future__ import annotations

from .pages import camera, filled, frames, outside

WINDOWS = [(320, 568), (390, 844), (844, 390), (1024, 768), (1280, 800), (1920, 1080), (2560, 1440)]


def test_a_page_opens_fitted_at_any_width(visit):
    for name in ("rnn", "cells", "flow"):
        for size in WINDOWS[:: 1 if name == "rnn" else 3]:
            page = visit(name, size=size)
            assert outside(page) == [], (name, size)
            assert filled(page) > 0.55, (name, size)


def test_a_small_picture_grows_with_a_wide_window(visit):
    shares = [filled(visit("small", size=size)) for size in WINDOWS[-3:]]
    assert min(shares) > 0.5, shares


def test_a_fitted_view_stays_fitted_in_another_window_and_one_that_was_moved_stays_there(visit):
    page = visit("rnn", size=WINDOWS[1])
    for wide, high in (*WINDOWS[2:], WINDOWS[0]):
        page.set_viewport_size({"width": wide, "height": high})
        frames(page)
        assert outside(page) == [] and filled(page) > 0.55, (wide, high)
    page.keyboard.press("+")
    page.keyboard.press("+")
    frames(page)
    before = camera(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    frames(page)
    assert camera(page)[0] == before[0], "as large as the reader made it"


def test_a_very_long_picture_opens_at_its_first_steps_and_fit_again_shows_all_of_it(visit):
    page = visit("lstm", size=(1280, 800))
    assert page.locator("#c0").is_visible() and outside(page)
    page.click("#fit")
    frames(page)
    assert outside(page) == []


def test_a_walk_keeps_a_picture_that_fits_where_it_is(visit):
    for size in ((390, 844), (1280, 800)):
        page = visit("rnn", size=size)
        before = camera(page)
        for key in ("Home", *["ArrowRight"] * 8, "End", "ArrowLeft"):
            page.keyboard.press(key)
            assert camera(page) == before, (size, key)
    page.keyboard.press("+")
    page.keyboard.press("+")
    page.keyboard.press("Home")
    frames(page)
    assert camera(page)[1:] != before[1:], "a box out of the window is brought into it"


def test_folding_all_and_unfolding_all_fit_the_picture_again(visit):
    page = visit("cells", size=(1280, 800))
    for button in ("#shut", "#open", "#shut"):
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.click(button)
        frames(page)
        assert outside(page) == [] and filled(page) > 0.55, button
    assert page.locator(".strip").count() == page.locator(".col").count() > 3


def test_a_search_fades_arrows_and_what_is_written_on_them(visit):
    page = visit("rnn")
    opacity = "parts => parts.map(x => +getComputedStyle(x).opacity)"
    assert set(page.eval_on_selector_all(".b, .a, .note, .cut", opacity)) == {1}
    page.keyboard.press("/")
    page.keyboard.type("tanh")
    for kind in (".a", ".note", ".cut", ".b:not(.hit)"):
        assert max(page.eval_on_selector_all(kind, opacity)) < 0.5, kind
    assert set(page.eval_on_selector_all(".b.hit", opacity)) == {1}
    page.keyboard.press("Escape")
    page.hover("#uses tbody tr:nth-child(1)")
    assert max(page.eval_on_selector_all(".a, .note", opacity)) < 0.5, "also for the uses of a parameter"
