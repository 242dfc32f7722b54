"""A browser for the tests of live pages: started once, skipped where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg

from .networks import TARGETS, XS, H, Speller

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


WORDS = "The rain isn't 3 times 循环, l'été (almost)!"


def pages() -> dict[str, Any]:
    wave = np.sin(np.arange(10.0))[:, None]
    letters = tg.train.Characters("hello world")
    words = tg.train.Words(WORDS, lower=True)
    return {
        "words": tg.draw.live(Speller(len(words)), "the rain", vocabulary=words),
        "lstm": tg.draw.live(tg.cells.LSTM(3, H, rng=0, dtype=np.float64), XS, TARGETS, title="<b>LSTM</b>"),
        "text": tg.draw.live(Speller(len(letters)), "hello", vocabulary=letters),
        "wave": tg.draw.live(tg.cells.GRU(1, 1, rng=0, dtype=np.float64), wave[:-1], wave[1:], lang="zh"),
    }


@pytest.fixture(scope="package")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, list[str], Path]]:
    """A tab, and what is said on its console or asked of the net."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no chromium on the PATH: apt install chromium")
    folder = tmp_path_factory.mktemp("live")
    for name, page in pages().items():
        page.save(folder / f"{name}.html")
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--headless"])
        page, told = browser.new_context(reduced_motion="reduce").new_page(), []
        page.set_default_timeout(20_000)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: told.append(request.url))
        yield page, told, folder
        browser.close()


@pytest.fixture
def visit(tab: tuple[Any, list[str], Path]) -> Iterator[Any]:
    """Opens a page afresh; when the test ends nothing may have been said on its console, and nothing fetched."""
    page, told, folder = tab
    opened: list[str] = []

    def go(name: str, *, end: str = "", size: tuple[int, int] = (1280, 800), scheme: str = "light") -> Any:
        page.goto("about:blank")
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        opened.append((folder / f"{name}.html").as_uri())
        page.goto(opened[-1] + end)
        page.wait_for_selector("body[data-ready]")
        return page

    told.clear()
    yield go
    assert [text.partition("?")[0] for text in told if text != "about:blank"] == opened
