"""A page in a browser: it opens from a file under its own policy, shows numbers, zooms, is light or dark."""

from __future__ import annotations

import pytest

from .pages import NASTY, box, camera, frames, lit, title_of


def test_a_page_opens_from_a_file_and_all_of_it_is_seen(visit):
    page = visit("rnn")
    assert page.title() == "RNN" and page.inner_text("h1") == "RNN"
    assert page.locator(".b").count() == 31 and page.locator(".col").count() == 4
    corner = page.locator("#stage").bounding_box()
    for part in (page.locator("#n0"), box(page, "total / 4"), page.locator("#c3"), page.locator(".cut")):
        spot = part.bounding_box()
        assert corner["x"] <= spot["x"] and spot["x"] + spot["width"] <= corner["x"] + corner["width"]
        assert corner["y"] <= spot["y"] and spot["y"] + spot["height"] <= corner["y"] + corner["height"]


def test_texts_stay_inside_their_boxes(visit):
    for name in ("rnn", "plain", "train"):
        page = visit(name)
        over = page.evaluate("""() => [...document.querySelectorAll('.b')].filter(box => {
            const ground = box.firstElementChild.getBoundingClientRect();
            return [...box.querySelectorAll('text')].some(text => {
                const spot = text.getBoundingClientRect();
                return spot.left < ground.left - 1 || spot.right > ground.right + 1;
            });
        }).map(box => box.textContent)""")
        assert not over


def test_the_policy_stops_scripts_and_styles_from_elsewhere(visit, browser, files):
    context = browser.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(files["rnn"])
    page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.reached = 1';
        document.body.append(script);
        fetch('http://example.org/').catch(() => 0);
    }""")
    page.wait_for_timeout(100)
    assert page.evaluate("window.reached") is None and any("Content Security Policy" in text for text in said)
    context.close()


def test_nasty_names_are_shown_as_they_are(visit):
    page = visit("nasty")
    assert page.inner_text("h1") == NASTY[0] and page.evaluate("document.scripts.length") == 2
    box(page, NASTY[0][:20]).hover()
    assert NASTY[0] in page.inner_text("#facts")


def test_hover_shows_the_numbers_of_a_box(visit):
    page = visit("rnn")
    box(page, "h2 = tanh").hover()
    facts = page.inner_text("#facts")
    assert title_of(page) == "h2 = tanh" and all(
        word in facts for word in ("tanh", "6 float64", "mean", "deviation", "range", "gradient norm")
    )
    assert page.locator("#bars rect").count() == 24
    assert page.locator("#rules pre").all_inner_texts() == ["z = tanh(x)", "gx = gz * (1 - z * z)"]
    page.locator("h1").hover()
    assert title_of(page) == "Explore"


def test_the_wheel_zooms_about_the_pointer_a_drag_moves_and_0_resets(visit):
    page = visit("rnn")
    before = camera(page)
    spot = page.locator("#n5").bounding_box()
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    page.mouse.move(x, y)
    page.mouse.wheel(0, -240)
    frames(page)
    assert camera(page)[0] > 1.2 * before[0]
    after = page.locator("#n5").bounding_box()
    assert (after["x"] + after["width"] / 2, after["y"] + after["height"] / 2) == pytest.approx((x, y), abs=1.5)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=4)
    page.mouse.up()
    frames(page)
    moved = page.locator("#n5").bounding_box()
    assert (moved["x"] - after["x"], moved["y"] - after["y"]) == pytest.approx((60, 30), abs=1.5)
    assert not lit(page), "a drag is no click"
    page.keyboard.press("0")
    frames(page)
    assert camera(page) == pytest.approx(before)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_the_button(visit, scheme):
    page = visit("rnn", color_scheme=scheme)
    ground = "() => getComputedStyle(document.body).backgroundColor"
    first = page.evaluate(ground)
    assert (first == "rgb(255, 255, 255)") == (scheme == "light")
    page.click("#theme")
    assert page.evaluate(ground) != first and page.inner_text("#theme") == scheme


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(visit, scheme):
    page = visit("rnn", color_scheme=scheme)
    faint = page.evaluate("""() => {
        const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        const bright = css => {
            const [r, g, b] = css.match(/[\\d.]+/g).map(linear);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
        };
        return [...document.querySelectorAll('.b')].map(box => {
            const pair = [box.firstElementChild, box.querySelector('.u')].map(x => bright(getComputedStyle(x).fill));
            return Math.max(...pair) / Math.min(...pair);
        }).filter(contrast => contrast < 4).length;
    }""")
    assert faint == 0
