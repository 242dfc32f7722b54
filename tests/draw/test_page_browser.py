"""A page in a browser: from a file, under its own policy, by mouse and by keys, without one console message."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg

from .networks import lstm, perceptron, word_rnn
from .test_page import NASTY, training

sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: apt install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless"])
        yield made
        made.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    drawings = {
        "rnn": tg.draw(word_rnn(4, cut=2), level="op", gradients=True, tokens=["I", "like", "to", "play"], title="RNN"),
        "lstm": tg.draw(lstm(40), level="op", gradients=True, max_nodes=None),
        "plain": tg.draw(perceptron()),
        "nasty": tg.draw([tg.tanh(tg.constant([0.5], name=x), name=x) for x in NASTY], title=NASTY[0]),
    }
    found = {name: Path(drawing.save(folder / f"{name}.html")).as_uri() for name, drawing in drawings.items()}
    *earlier, last = training()
    return found | {"train": Path(last.save(folder / "train.html", snapshots=earlier)).as_uri()}


@pytest.fixture
def visit(browser: Any, files: dict[str, str]) -> Iterator[Any]:
    """Opens a page; when the test ends nothing may have been said on its console, and nothing fetched."""
    said: list[str] = []
    context = browser.new_context(viewport={"width": 1400, "height": 860}, reduced_motion="reduce")

    def go(name: str, **look: Any) -> Any:
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: None if request.url == files[name] else said.append(request.url))
        if look:
            page.emulate_media(**look)
        page.goto(files[name])
        page.wait_for_selector("#stage[data-ready]")
        return page

    yield go
    context.close()
    assert not said


def frames(page: Any) -> None:
    """Wait until what was asked for is drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def camera(page: Any) -> tuple[float, float, float]:
    text = page.get_attribute("#world", "transform")
    k, x, y = (float(v) for v in re.findall(r"-?[\d.]+(?:e-?\d+)?", text))
    return k, x, y


def lit(page: Any) -> list[str]:
    return page.eval_on_selector_all(".lit", "found => found.map(x => x.id)")


def title_of(page: Any) -> str:
    return page.inner_text("#what")


def box(page: Any, words: str) -> Any:
    return page.locator(".b", has_text=re.compile(rf"^{re.escape(words)}")).first


def test_a_page_opens_from_a_file_and_all_of_it_is_seen(visit):
    page = visit("rnn")
    assert page.title() == "RNN" and page.inner_text("h1") == "RNN"
    assert page.locator(".b").count() == 31 and page.locator(".col").count() == 4
    corner = page.locator("#stage").bounding_box()
    for part in (page.locator("#n0"), box(page, "/ 4"), page.locator("#c3"), page.locator(".cut")):
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


def test_a_click_folds_a_step_and_the_strip_unfolds_it(visit):
    page = visit("rnn")
    wide = page.locator("#n0").bounding_box()
    far = page.locator("#c3 .b").first.bounding_box()
    bar = box(page, "/ 4").bounding_box()
    ways = page.eval_on_selector_all(".a", "found => found.map(x => x.getAttribute('d'))")
    page.locator("#c1 .head").click()
    frames(page)
    assert not page.locator("#c1").is_visible() and page.locator(".strip").count() == 1
    assert page.locator(".strip").get_attribute("aria-expanded") == "false"
    assert "t = 2 like" in page.locator(".strip").get_attribute("aria-label")
    k = camera(page)[0]
    assert page.locator("#c3 .b").first.bounding_box()["x"] < far["x"] - 100 * k
    assert box(page, "/ 4").bounding_box()["width"] < bar["width"] - 100 * k
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
    page.keyboard.press("u")
    frames(page)
    assert page.locator(".strip").count() == 0


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


def test_all_can_be_done_and_heard_without_a_mouse(visit):
    page = visit("rnn")
    assert page.get_attribute("#picture", "role") == "tree" and page.get_attribute("#panel", "aria-live") == "polite"
    named = page.eval_on_selector_all("button, input, [role=treeitem]", """found => found.filter(x =>
        !(x.getAttribute('aria-label') || x.textContent || x.labels?.length)).length""")  # fmt: skip
    assert named == 0
    assert "gradient norm" not in page.get_attribute("#n5", "aria-label") and "‖∂‖" in page.get_attribute(
        "#n5", "aria-label"
    )
    for _ in range(14):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "picture":
            break
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "n0"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "n0", "one stop of the tab key for all boxes"
