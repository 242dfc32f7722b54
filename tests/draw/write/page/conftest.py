"""A browser for the tests of pages: started once, skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg
from tests.draw.compiled import functions
from tests.draw.layout.test_bars import latent
from tests.draw.networks import lstm, perceptron, word_rnn
from tests.draw.recurrent import NETWORKS, gru

from .pages import NASTY, chipped, context, several_losses, training

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH: apt install chromium")
    with sync_api.sync_playwright() as play:
        made = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless"])
        yield made
        made.close()


@pytest.fixture(scope="package")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    drawings = {
        "rnn": tg.draw(word_rnn(4, cut=2), level="op", gradients=True, tokens=["I", "like", "to", "play"], title="RNN"),
        "lstm": tg.draw(lstm(40), level="op", gradients=True, max_nodes=None),
        "plain": tg.draw(perceptron()),
        "cells": tg.draw(lstm(20), gradients=True),
        "flow": tg.draw(word_rnn(12, cut=4), "flow"),
        "small": tg.draw(word_rnn(8), "saliency"),
        "bars": tg.draw(several_losses(), level="op", gradients=True),
        "context": tg.draw(context(4), level="op", gradients=True),
        "pair": tg.draw.compare(context(3), context(5), level="op"),
        "unlike": tg.draw.compare(word_rnn(3), lstm(6), level="op", gradients=True),
        "chips": tg.Drawing(chipped()),
        "many": tg.draw.compare(word_rnn(9), lstm(6), level="cell"),
        "alike": tg.draw.compare(gru(3), lstm(3), level="op", gradients=True),
        "aside": tg.draw.compare(context(3), context(4), level="cell"),
        "phases": tg.draw(latent(3), level="cell", gradients=True),
        "rolled": tg.draw(NETWORKS["two scopes"][0], "rolled", gradients=True),
        "compiled": tg.draw(functions.called(functions.gru()), "compiled"),
        "nasty": tg.draw([tg.tanh(tg.constant([0.5], name=x), name=x) for x in NASTY], title=NASTY[0]),
    }
    found = {name: Path(drawing.save(folder / f"{name}.html")).as_uri() for name, drawing in drawings.items()}
    *earlier, last = training()
    return found | {"train": Path(last.save(folder / "train.html", snapshots=earlier)).as_uri()}


@pytest.fixture(scope="package")
def tab(browser: Any) -> Iterator[tuple[Any, list[str]]]:
    """One tab for all tests, and what is said on its console or asked of the net: a tab each costs a process each."""
    said: list[str] = []
    page = browser.new_context(viewport={"width": 1400, "height": 860}, reduced_motion="reduce").new_page()
    page.set_default_timeout(8_000)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url))
    yield page, said
    page.context.close()


@pytest.fixture
def visit(tab: tuple[Any, list[str]], files: dict[str, str]) -> Iterator[Any]:
    """Opens a page afresh; when the test ends nothing may have been said on its console, and nothing fetched."""
    page, said = tab
    opened: list[str] = []

    def go(name: str, color_scheme: str = "light", size: tuple[int, int] = (1400, 860)) -> Any:
        page.goto("about:blank")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.mouse.move(0, 0)
        page.emulate_media(media="null", color_scheme=color_scheme, reduced_motion="reduce")
        opened.append(files[name])
        page.goto(files[name])
        page.wait_for_selector("#stage[data-ready]")
        return page

    said.clear()
    yield go
    assert [text for text in said if text != "about:blank"] == opened
