"""The page of all cells is what its example makes of the cells as they are, and says what is so."""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path

import cell_pictures
import docs_cells
import numpy as np
import pytest

import tinygraph as tg
from tests.each import each

from .same import difference

DOCS = Path(__file__).parents[2] / "docs"
NAMES = docs_cells.names()
LINEAR = docs_cells.groups()["Linear in the state"]
drawing = functools.cache(cell_pictures.drawing)
page = functools.cache(docs_cells.page)
AGAIN = "cells have changed: run python examples/docs_cells.py"


def words(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def test_the_page_is_what_the_example_makes() -> None:
    assert (DOCS / "cells.md").read_text(encoding="utf-8") == page(), AGAIN


@each("name", [*NAMES, "own_cell"])
def test_the_picture_is_what_the_example_draws(name: str) -> None:
    drawn = docs_cells.own_cell() if name == "own_cell" else drawing(name)
    kept = (DOCS / "cells" / f"{name}.svg").read_text(encoding="utf-8")
    assert len(words(kept)) > 20 and kept.startswith('<?xml version="1.0"'), "browsers show no other version"
    assert not difference(cell_pictures.svg(drawn), kept), AGAIN


def test_every_picture_kept_is_of_a_cell_on_the_page_and_together_they_are_small() -> None:
    kept = {path.stem: path.stat().st_size for path in (DOCS / "cells").iterdir()}
    pages = page() + (DOCS / "own_cell.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[\w ]+, rolled\]\(cells/(\w+)\.svg\)", pages)
    assert sorted(kept) == sorted(shown) == sorted([*NAMES, "own_cell"]) and len(NAMES) >= 57
    assert sum(kept.values()) < 1e6


@pytest.mark.parametrize("text", ["", "Group: Newest ones", "Group: One gate\n\n    Group: Plain: no gate"])
def test_a_cell_that_is_added_needs_one_group_of_the_page(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    newest = type("Newest", (tg.cells.MGU,), {"__doc__": f"A new cell.\n\n    {text}\n"})
    monkeypatch.setattr(tg.cells, "Newest", newest, raising=False)
    monkeypatch.setattr(tg.cells, "__all__", [*tg.cells.__all__, "Newest"])
    with pytest.raises(SystemExit, match=r"Group: <heading>.*GROUPS in examples/docs_cells\.py: Newest$"):
        docs_cells.page()


def test_a_cell_that_is_added_stands_in_its_group(monkeypatch: pytest.MonkeyPatch) -> None:
    newest = type("Newest", (tg.cells.MGU,), {"__doc__": "A new cell.\n\n    Group: One gate\n"})
    monkeypatch.setattr(tg.cells, "Newest", newest, raising=False)
    before = docs_cells.groups()
    monkeypatch.setattr(tg.cells, "__all__", [*tg.cells.__all__, "Newest"])
    added = {heading: {*cells} - {*before[heading]} for heading, cells in docs_cells.groups().items()}
    assert added == {heading: {"Newest"} if heading == "One gate" else set() for heading in docs_cells.GROUPS}


def test_every_cell_stands_in_one_group() -> None:
    assert sorted(name for group in docs_cells.groups().values() for name in group) == sorted(NAMES)
    assert all(docs_cells.groups().values()), "a heading without cells"


@each("name", NAMES)
def test_the_formula_gives_the_number_of_parameters(name: str) -> None:
    text = docs_cells.formula(name).removesuffix(", I = H")
    python = re.sub(r"(?<=[\dIH)])(?=[IH(])", "*", text)
    for i, h in ((13, 13), (21, 21)) if text != docs_cells.formula(name) else ((13, 17), (8, 21)):
        cell = getattr(tg.cells, name)(i, h)
        assert eval(python, {"I": i, "H": h}) == sum(x.size for x in cell.state_dict().values())


def test_formulas_as_they_are_written() -> None:
    assert docs_cells.written(4, 4, 8, 0, 0) == "4H(I + H + 2)"
    assert docs_cells.written(0, 3, 5, 1, 2) == "H(3H + 5) + I + 2"
    assert docs_cells.written(0, 0, 7, 0, 0) == "7H" and docs_cells.written(2, 0, 0, 0, 0) == "2HI"


@each("name", NAMES)
def test_just_the_cells_that_are_called_linear_are_so_in_their_first_state(name: str) -> None:
    """Of a linear step a(x) * s + b(x) the middle of two starts ends in the middle of their ends."""
    kind, random = getattr(tg.cells, name), np.random.default_rng(0)
    cell = kind(4, 4, rng=1, dtype=np.float64)
    zeros, x = cell.initial_state(2), random.normal(size=(2, 4))
    a, b = random.normal(size=(2, 2, 4))

    def after(first: np.ndarray) -> np.ndarray:
        _, state = cell(x, (first, *zeros[1:]) if isinstance(zeros, tuple) else first)
        return (state[0] if isinstance(state, tuple) else state).value

    linear = np.allclose(after((a + b) / 2), (after(a) + after(b)) / 2, atol=1e-9)
    assert linear == (name in LINEAR)


def test_names_in_equations() -> None:
    found = cell_pictures.outermost(
        "    i = sigmoid(W x)       f and o likewise\n    n, g = tanh(a), exp(b)\n    h' = o * n"
    )
    assert found == {"i": "sigmoid", "f": "sigmoid", "o": "sigmoid", "n": "tanh", "g": "exp", "h": ""}


def test_boxes_have_the_names_of_the_equations() -> None:
    boxes = {" ".join(part.text for part in box.title) for box in cell_pictures.drawing("LSTM").picture.boxes}
    assert {"hₜ = oₜ * tanh(cₜ)", "cₜ = fₜ * cₜ₋₁ + iₜ * gₜ", "fₜ = σ", "gₜ = tanh"} <= boxes
    assert sys.getprofile() is None


def test_running_it_writes_the_page_and_the_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["docs_cells.py", str(tmp_path)])
    monkeypatch.setattr(cell_pictures, "svg", lambda drawn: drawn.source)  # needs no Graphviz
    monkeypatch.setattr(cell_pictures, "drawing", drawing)
    monkeypatch.setattr(docs_cells, "page", page)
    docs_cells.main()
    assert (
        len(list((tmp_path / "cells").iterdir())) == len(NAMES) + 1
        and f"{len(NAMES) + 1} pictures" in capsys.readouterr().out
    )
    assert (tmp_path / "cells.md").read_text(encoding="utf-8").startswith("# Cells\n")
