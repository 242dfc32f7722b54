"""Every refusal of a picture, whole: what is wrong, what was expected, what came, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tinygraph as tg
from tests.each import each

from .refused import LOSS, OF_THINGS, drawn
from .refused_options import OF_OPTIONS
from .refused_tokens import OF_TOKENS

REFUSALS = OF_THINGS | OF_OPTIONS | OF_TOKENS


def said(call: Callable[[], Any]) -> list[str]:
    with pytest.raises(tg.GraphError) as told:
        call()
    return str(told.value).splitlines()


@each("name", REFUSALS)
def test_a_refusal_says_all_that_it_knows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    call, problem, *lines = REFUSALS[name]
    head, *more = said(call)
    told = {line[2:12].strip(): line[12:] for line in more}
    assert head == problem and not [*tmp_path.iterdir()]
    for kind, words in zip(("expected", "got", "fix"), lines, strict=True):
        assert told.get(kind, "") == words or (words is None and told[kind]), (kind, told)


def test_what_an_area_is_too_small_for_says_which_one_would_do() -> None:
    assert said(drawn(LOSS, fit=(20, 20)))[-1].endswith(")"), "nothing was asked that could be left out"
    _, _, got, fix = said(drawn(LOSS, fit=(20, 20), level="op", steps=[0]))
    points, wide = float(got.split()[3]), float(fix.split("(")[1].split(",")[0])
    assert got.endswith("points, with the least detail") and fix.endswith(", or leave level= and steps= to tg.draw")
    assert (
        wide == pytest.approx(20 * 1.01 * 7 / points, rel=0.2)
        and drawn(LOSS, fit=(wide, wide), level="op", steps=[0])()
    )
    with pytest.raises(tg.GraphError, match="cannot be read"):
        drawn(LOSS, fit=(0.9 * wide, 0.9 * wide), level="op", steps=[0])()


def test_what_other_programs_lack_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinygraph.draw.write import raster, render

    monkeypatch.setattr(render.shutil, "which", lambda *_, **__: None)
    assert said(lambda: tg.draw(LOSS).pipe("pdf")) == [
        "a drawing as pdf needs Graphviz, but none is installed",
        "  expected  the program `dot` on the PATH, or the Graphviz that pip installs",
        '  fix       apt install graphviz (or brew, choco), or pip install "tinygraph-rnn[render]" for png; '
        "svg, html and txt need no program",
    ]
    for own, fix in (("false", "look at drawing.source"), (None, "use svg or png; others need the system's Graphviz")):
        monkeypatch.setattr(render.shutil, "which", lambda *_, own=own, **__: own)
        monkeypatch.setattr(render, "_from_pip", lambda: "false")
        expected = ["Graphviz could not render the drawing", "  got       exit status 1", f"  fix       {fix}"]
        assert said(lambda: tg.draw(LOSS).pipe("pdf")) == expected
    monkeypatch.setitem(raster.__builtins__, "__import__", _without_pillow)
    assert said(lambda: raster.pillow("Image")) == [
        "a drawing as gif needs pillow, which is not installed",
        '  fix       pip install "tinygraph-rnn[render]"; or save("x.svg", play=True), which needs nothing',
    ]


def _without_pillow(name: str, *more: Any, fromlist: Any = (), **_: Any) -> Any:
    raise ImportError(name)


def test_each_refusal_in_the_code_is_one_of_these() -> None:
    """By its first words, as far as they are in the code as they stand."""
    told = " ".join([problem for _, problem, *_ in REFUSALS.values()])
    told += "a drawing as pdf needs Graphviz, but none is installed Graphviz could not render the drawing"
    told += "a drawing as gif needs pillow a drawing cannot be saved as . pipe knows no format draw has no option "
    folder = Path(tg.__file__).parent / "draw"
    for path in sorted(folder.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Name)
                and call.func.id.endswith("Error")
                and call.args
            ):
                parts = call.args[0].values if isinstance(call.args[0], ast.JoinedStr) else [call.args[0]]
                words = [x.value for x in parts if isinstance(x, ast.Constant)]
                assert all(x[:24] in told for x in words), (path.name, words)
