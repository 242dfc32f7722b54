"""How long a page takes to write, to load and to answer, in headless Chromium: an LSTM over 200 steps, op by op.

Run by hand: ``python -m tests.bench.page_speed [steps]``; needs playwright and a chromium. An
interaction is timed from its event to the end of the frame that shows it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import tinygraph as tg
from tests.draw.networks import lstm

WATCH = """() => {
    window.took = [];
    for (const name of ['wheel', 'keydown', 'click', 'pointermove', 'input']) {
        window.addEventListener(name, () => {
            const start = performance.now();
            requestAnimationFrame(() => {
                const after = new MessageChannel();
                after.port1.onmessage = () => window.took.push(performance.now() - start);
                after.port2.postMessage(0);
            });
        }, {capture: true, passive: true});
    }
}"""


def written(steps: int, folder: Path) -> tuple[Path, str]:
    """The page of an LSTM with three moments of training, and what was measured on the way."""
    loss = lstm(steps)
    start = perf_counter()
    drawings = [tg.draw(loss, level="op", gradients=True, max_nodes=None) for _ in range(3)]
    drawn = perf_counter()
    path = Path(drawings[0].save(folder / "page.html", snapshots=drawings[1:]))
    saved = perf_counter()
    text = f"draw {(drawn - start) / 3:.2f} s, page with 3 moments {saved - drawn:.2f} s"
    return path, f"{len(drawings[0].picture.boxes)} boxes, {path.stat().st_size / 1e6:.1f} MB; {text}"


def deeds(page: Any) -> dict[str, tuple[int, Callable[[int], Any]]]:
    """What is done, how often, and how."""
    keys = page.keyboard.press
    return {
        "zoom": (20, lambda i: page.mouse.wheel(0, 90 if i < 10 else -90)),
        "zoom far out": (30, lambda i: page.mouse.wheel(0, 160)),
        "first view": (1, lambda i: keys("0")),
        "drag": (20, lambda i: (page.mouse.down(), page.mouse.move(700 - 20 * i, 400 + 2 * i))),
        "drop": (1, lambda i: page.mouse.up()),
        "hover": (20, lambda i: page.mouse.move(300 + 25 * i, 300 + 10 * i)),
        "walk forward": (30, lambda i: keys("ArrowRight")),
        "to the end": (1, lambda i: keys("End")),
        "walk backward": (30, lambda i: keys("ArrowLeft")),
        "fold, unfold": (20, lambda i: keys("f" if i % 2 == 0 else "u")),
        "fold all": (1, lambda i: page.click("#shut")),
        "unfold all": (1, lambda i: page.click("#open")),
        "slider": (4, lambda i: (page.focus("#moment"), keys("ArrowLeft" if i < 2 else "ArrowRight"))),
        "theme": (2, lambda i: page.click("#theme")),
        "search": (4, lambda i: (page.focus("#search"), keys("tanh"[i]))),
        "next found": (10, lambda i: keys("Enter")),
    }


def main(steps: int) -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        path, told = written(steps, Path(folder))
        print(told)
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--headless"])
        page = browser.new_page(viewport={"width": 1500, "height": 900})
        page.goto(path.as_uri())
        load = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        print(f"load {load:.0f} ms")
        page.mouse.move(700, 400)
        page.evaluate(WATCH)
        for name, (times, do) in deeds(page).items():
            for i in range(times):
                do(i)
                page.wait_for_timeout(40)
            page.wait_for_timeout(400)
            took = sorted(page.evaluate("() => window.took.splice(0)")) or [0.0]
            print(f"{name:15} median {took[len(took) // 2]:5.1f} ms, worst {took[-1]:5.1f} ms")
        browser.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
