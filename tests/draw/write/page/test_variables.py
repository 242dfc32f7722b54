"""Colours of a page are variables; each that a mark uses is one that the page defines."""

import re

import numpy as np

import tinygraph as tg


def test_every_variable_that_is_used_is_defined(tmp_path):
    w, h = tg.parameter(np.eye(2) / 2, name="W"), tg.constant(np.ones((1, 2)))
    for t in range(4):
        with tg.step(t):
            h = np.tanh(h @ w)
    loss = tg.sum(h * h)
    for view in ("flow", "unrolled", "rolled", "backward"):
        page = tmp_path / f"{view}.html"
        tg.draw(loss, view=view).save(page)
        text = page.read_text("utf-8")
        used = {*re.findall(r"var\((--[^),\s$]+)\)", text)}
        assert len(used) > 5 and used <= {*re.findall(r"(--[\w-]+)\s*:", text)}, view
        assert view != "flow" or 'class="tile"' in text
