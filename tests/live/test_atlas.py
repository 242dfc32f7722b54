"""The atlas on the site: a page of every cell, linked in both languages."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import pytest

from tests.house.map import CELLS
from tests.house.sources import ROOT


@pytest.fixture
def atlas(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "site"))
    yield import_module("atlas")
    sys.modules.pop("atlas")


def test_all_cells_are_in_it_and_linked(atlas: Any) -> None:
    assert sorted(atlas.names()) == sorted(CELLS)
    text = atlas.linked("<!-- live: rnn.html Open <it> -->\n\n<!-- atlas -->", "zh")
    assert '<p><a href="../live/zh/rnn.html">Open &lt;it&gt;</a></p>' in text
    assert text.count("?lang=zh") == len(CELLS) and '"../live/sLSTM.html?lang=zh"' in text


def test_a_cell_that_takes_no_single_number_has_a_layer_before_it(atlas: Any) -> None:
    page = atlas.page_of("IntersectionRNN")
    assert page.data["title"] == "IntersectionRNN" and len(page.data["inputs"][0]) == 1
    assert "enter.weight" in [w["name"] for w in page.data["weights"]]
    assert "sigmoid" in page.data["equations"]
