"""What the tests of pages share: names that no page may take for markup, a training, a reader's hands and eyes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.draw.picture import Box, Part, Picture, Use

NASTY = [
    "</script><script>alert(1)</script>", "javascript:alert(1)", "\"quoted\" 'too'", "a\0b", "\ud800", "<!--", "]]>",
    "a\u2028b", "x" * 30_000, "&amp;", "<img src=x onerror=alert(1)>", "`${1}`", "\\",
]  # fmt: skip


def training() -> list[Any]:
    w = tg.parameter(np.full((2, 2), 0.5), name="W")
    out = []
    for k in range(3):
        with tg.step(1):
            h = tg.tanh(w @ tg.constant([1.0, 2.0], name="x"), name="h")
        loss = tg.sum(h * h, name="loss")
        out.append(tg.draw(loss, gradients=True, title=f"update {k}"))
        w.value = w.value - 0.3 * tg.grad(loss, [w])[0].value
    return out


CHIPPED = ["lstm.weight", "E", "W", "a_very_long_name_indeed", "rnn.b", "ab", "weight_2", "my_W"]


def chipped() -> Picture:
    """Boxes that show parameters, as names of their own, cut or by their last part, and a table of parameters."""
    chips = ["weight", "E[2]", "W.T", "a_very_long_na…", "b", "rnn.b"]
    titles = [[Part("f"), Part(x, "chip")] for x in chips] + [[Part("W")]]
    boxes = [Box(200.0 * i, 0, 160, 30, "op", "#ffffff", title, "", []) for i, title in enumerate(titles)]
    return Picture(boxes, uses=[Use(name, "2", 1, None) for name in CHIPPED])


def several_losses() -> tg.Node:
    """A loss of each step and three of all steps: two bars, through which arrows pass, and rows of boxes over them."""
    draws = np.random.default_rng(0)
    w, v = (tg.parameter(draws.normal(size=shape), name) for name, shape in (("W", (4, 4)), ("V", (4, 5))))
    h, hs, losses = np.zeros((2, 4)), [], []
    for t in range(4):
        with tg.step(t):
            h = np.tanh(draws.normal(size=(2, 4)) + h @ w)
            hs.append(h)
            losses.append(tg.mean(tg.softmax_cross_entropy(h @ v, draws.integers(0, 5, size=2))))
    every = np.stack(hs)
    return (
        sum(losses) / 4 + 0.1 * tg.mean(every**2) + 0.1 * tg.mean(np.abs(every[1:] - every[:-1])) + 0.01 * tg.sum(w * w)
    )


def context(steps: int) -> tg.Node:
    """Truncated steps, and an array that all of them and the loss read: its arrows pass the steps and a cut's badge."""
    draws = np.random.default_rng(0)
    w, u, c = (tg.parameter(draws.normal(size=(n, 4)), name) for n, name in ((3, "W"), (4, "U"), (3, "C")))
    shared = np.tanh(draws.normal(size=(2, 3)) @ c)

    def cell(x: Any, h: Any) -> tuple[Any, Any]:
        h = np.tanh(x @ w + h @ u + shared)
        return h, h

    hs, _ = tg.unroll(cell, draws.normal(size=(steps, 2, 3)), np.zeros((2, 4)), truncate=2)
    return tg.mean(hs**2) + tg.mean(shared**2)


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


def outside(page: Any, of: str = "#stage") -> list[str]:
    """Parts of the picture that are not wholly inside an element of the page."""
    return page.evaluate(
        """of => {
            const room = document.querySelector(of).getBoundingClientRect();
            const parts = document.querySelectorAll('#world :is(.b, .band, .a, .tile, .cut, .note, .strip)');
            return [...parts].filter(part => {
                const spot = part.getBoundingClientRect();
                return spot.width + spot.height > 0 && (spot.left < room.left - 1 || spot.right > room.right + 1
                    || spot.top < room.top - 1 || spot.bottom > room.bottom + 1);
            }).map(part => part.id || part.getAttribute('class'));
        }""",
        of,
    )


def filled(page: Any) -> float:
    """How much of the stage the picture takes, in the direction in which it takes more."""
    return page.evaluate(
        """() => {
            const room = document.querySelector('#stage').getBoundingClientRect();
            const spots = [...document.querySelectorAll('#world :is(.b, .band, .tile, .strip)')]
                .map(part => part.getBoundingClientRect()).filter(spot => spot.width);
            const wide = Math.max(...spots.map(x => x.right)) - Math.min(...spots.map(x => x.left));
            const high = Math.max(...spots.map(x => x.bottom)) - Math.min(...spots.map(x => x.top));
            return Math.max(wide / room.width, high / room.height);
        }"""
    )
