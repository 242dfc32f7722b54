"""A live page in a browser: its numbers, what a mouse, keys and fingers do, its languages, and its policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

from .conftest import WORDS
from .networks import NUMBERS, H, Speller, T, same, stepped

SHOWN = Path(tg.__file__).parent / "live" / "shown"
TOLD = f"() => {{ const {{ net }} = live; {NUMBERS} return told(); }}"


def slide(page: Any, name: str, value: float) -> None:
    script = "([name, value]) => { const x = document.getElementById(name); x.value = value; %s }"
    page.evaluate(script % "x.dispatchEvent(new Event('input'));", [name, value])


def state_row(page: Any, state: int) -> int:
    """The place of a state's row in the picture."""
    return page.evaluate(
        """state => {
            const letter = live.data.states[state].name;
            const rows = [...document.querySelectorAll('#gutter .letter')].map(x => x.textContent);
            return rows.indexOf(letter);
        }""",
        state,
    )


def unit(page: Any, state: int, t: int, i: int) -> Any:
    return page.locator(f'[data-at="{state_row(page, state)}:{t}:{i}"]')


def lstm() -> Any:
    return tg.cells.LSTM(3, H, rng=0, dtype=np.float64)


def test_its_numbers_are_ours(visit: Any) -> None:
    page, cell = visit("lstm"), lstm()
    same(page.evaluate(TOLD), stepped(cell))
    slide(page, "cut", 3)
    same(page.evaluate(TOLD), stepped(cell, cut=3))
    slide(page, "cut", T)
    unit(page, 0, 2, 3).click()
    same(page.evaluate(TOLD), stepped(cell, zero=(0, 3, 2)))
    page.click("#restore")
    page.click("#once")
    loss = stepped(cell)
    tg.train.SGD(cell.parameters(), learning_rate=0.1).step(
        {name: g.reshape(p.shape) for (name, p), g in zip(cell.parameters().items(), loss[3], strict=True)}
    )
    same(page.evaluate(TOLD), stepped(cell))
    assert page.inner_text("#updates") == "1" and float(page.inner_text("#loss")) == pytest.approx(
        stepped(cell)[0], 1e-3
    )


def test_keys_reach_every_unit_and_set_it_to_zero(visit: Any) -> None:
    page = visit("lstm")
    page.focus("#picture")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("[...live.net.zeroed]") == ["0:3:2"]
    assert page.inner_text("#readout").startswith("h[3] at t = 2: value 0, gradient ")
    assert page.inner_text("#readout").endswith(", held at zero")
    page.keyboard.press("PageDown")
    assert page.inner_text("#readout").startswith("o[0] at t = 2")
    page.keyboard.press("s")
    assert page.inner_text("#updates") == "1"


def test_units_in_the_list_are_buttons(visit: Any) -> None:
    page = visit("lstm", size=(390, 844))
    unit(page, 1, 1, 0).click()
    button = page.get_by_role("button", name="hold c[2] at zero")
    button.focus()
    page.keyboard.press("Enter")
    assert sorted(page.evaluate("[...live.net.zeroed]")) == ["1:0:1", "1:2:1"]
    assert page.evaluate("document.activeElement.dataset.unit") == "2", "the focus stays where it was"
    assert button.get_attribute("aria-pressed") == "true"


def test_a_text_is_typed(visit: Any) -> None:
    page = visit("text")
    page.fill("#text", "low cold")
    letters = tg.train.Characters("hello world")
    net, ids = Speller(len(letters)), letters.encode("low cold")
    loss = tg.mean(tg.softmax_cross_entropy(net(ids[:-1, None]), ids[1:, None]))
    same(page.evaluate("live.net.loss"), loss.item())
    assert page.evaluate("live.net.T") == 8 and page.locator(".card").count() == 8
    page.fill("#text", "")
    assert page.evaluate("live.net.T") == 8, "an empty text has no step, and the last one stays"


def test_a_sentence_is_told_apart_as_its_vocabulary_does(visit: Any) -> None:
    page, words = visit("words"), tg.train.Words(WORDS, lower=True)
    for text in ("Rain isn’t (almost) rain!", "循环循, the THE  3x3 l'été", "été_été -- “the”, isn't'"):
        page.fill("#text", text)
        assert page.evaluate("live.net.inputs") == words.encode(text).tolist(), text


def test_training_runs_until_it_is_paused_and_is_reset(visit: Any) -> None:
    page = visit("text")
    first = page.evaluate("live.net.loss")
    page.click("#run")
    page.evaluate(
        """() => new Promise(done => {
            const look = () => (live.net.losses.length > 3 ? done() : requestAnimationFrame(look));
            look();
        })"""
    )
    page.click("#run")
    count = page.evaluate("live.net.losses.length")
    assert page.evaluate("live.net.loss") < first
    page.click("#reset")
    assert page.evaluate("[live.net.loss, live.net.losses.length]") == [first, 0] and count > 3


def test_an_input_is_dragged(visit: Any) -> None:
    page = visit("wave")
    dot = page.locator("circle.s0").nth(9 + 3).bounding_box()
    x, y = dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2
    before = page.evaluate("[live.net.inputs[3][0], live.net.loss]")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 12, steps=3)
    page.mouse.up()
    after = page.evaluate("[live.net.inputs[3][0], live.net.loss]")
    assert after[0] > before[0] + 0.2 and after[1] != before[1]


def test_what_is_zero_or_cut_is_seen(visit: Any) -> None:
    page = visit("lstm")
    assert page.locator(".off").count() == 0
    slide(page, "cut", 3)
    seen = page.eval_on_selector_all(".cut", "cuts => cuts.map(x => x.getAttribute('visibility'))")
    assert seen == ["hidden", "hidden", "visible", "hidden", "hidden", "visible"]
    unit(page, 0, 0, 1).click()
    assert page.locator(".off").count() == 1
    colours = page.eval_on_selector_all(".hit", "cells => cells.map(x => x.getAttribute('fill')).join()")
    page.click("#gradients")
    assert page.eval_on_selector_all(".hit", "cells => cells.map(x => x.getAttribute('fill')).join()") != colours


def test_all_that_it_says_is_there_in_chinese() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in SHOWN.iterdir()}
    keys = texts["keys.js"].partition("const KEYS = [")[2].partition("];")[0]
    asked = {text for _, text in re.findall(r"\['([^']+)', '([^']+)'\]", keys)}
    asked |= set(re.findall(r'data-(?:say|title|label)="([^"]+)"', texts["body.html"]))
    for name, text in texts.items():
        asked |= {*re.findall(r"say\('([^']+)'", text)} if name.endswith(".js") else set()
        asked |= {x for pair in re.findall(r"say\([^'()]*\? '([^']+)' : '([^']+)'", text) for x in pair}
    lines = [line.split("\t") for line in texts["zh.txt"].splitlines()[1:]]
    assert {english for english, _ in lines} == asked and len(lines) == len(asked)
    slots = [[sorted(re.findall(r"{\d}", part)) for part in line] for line in lines]
    assert all(english == chinese for english, chinese in slots)


def test_both_languages(visit: Any) -> None:
    page = visit("wave")
    assert page.evaluate("document.documentElement.lang") == "zh" and page.inner_text("#run") == "训练"
    page.click("#lang")
    assert page.inner_text("#run") == "train" and page.locator("[data-say]:empty").count() == 0
    assert visit("lstm", end="?lang=zh").inner_text("#once") == "走一步"


@each("size", [(1280, 800), (390, 844)])
@each("scheme", ["light", "dark"])
def test_it_fits_a_desktop_and_a_phone(visit: Any, size: tuple[int, int], scheme: str) -> None:
    page = visit("lstm", size=size, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    high = page.eval_on_selector_all(
        "button, select", "parts => parts.map(x => x.getBoundingClientRect().height).filter(h => h)"
    )
    assert min(high) >= (30 if size[0] < 500 else 24), "as high as a finger or a mouse needs"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_names_are_text_and_its_policy_lets_nothing_else_run(visit: Any, tab: Any) -> None:
    page = visit("lstm")
    assert page.inner_text("h1") == "<b>LSTM</b>" and page.locator("h1 b").count() == 0
    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.reached = 1';
            document.body.append(script);
        }"""
    )
    assert page.evaluate("window.reached") is None
    assert "Content Security Policy" in tab[1].pop()
