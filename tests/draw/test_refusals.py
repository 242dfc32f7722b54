"""Every refusal of a picture, whole: what is wrong, what was expected, what came, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.networks import weights, word_rnn
from tests.draw.recurrent import gru
from tests.each import each
from tinygraph.draw import Drawing
from tinygraph.draw.write.raster import _font_of

LOSS, NET = word_rnn(3), tg.cells.GRU(3, 4, rng=0)
X = tg.constant([1.0, 2.0], name="x")
STEPS = "mark the steps by tg.unroll or with tg.step(t)"
SHAPES = "(net, (T, B, I), state), with what its __call__ takes; or tg.draw(net(x, state))"


def timeless() -> tg.Node:
    return tg.sum(tg.tanh(weights(W=(2, 2))["W"] @ X))


def stateless() -> tg.Node:
    """Steps of which none reads another."""
    w, total = weights(W=(2, 2))["W"], tg.constant(0.0, name="zero")
    for t in range(3):
        with tg.step(t):
            y = tg.sum(tg.tanh(w @ tg.constant(np.ones(2) * t, name=f"x{t}")))
        total = total + y
    return total


def uninterested() -> tg.Node:
    """A state whose gradient no loss has."""
    h: Any = tg.constant(np.ones(2), name="h0")
    for t in range(2):
        with tg.step(t):
            h = tg.tanh(h + tg.constant(np.ones(2) * t, name=f"x{t}"))
    return tg.sum(tg.stop_gradient(h), name="loss")


def traced(view: str) -> None:
    def f(x: Any) -> Any:
        h = tg.constant(np.zeros(2), name="h0")
        for t in range(2):
            with tg.step(t):
                h = tg.tanh(h + x)
        loss = tg.sum(h, name="loss")
        tg.draw(loss, view)
        return loss

    tg.compile(f)(np.ones(2))


def saved(name: str, **options: Any) -> Callable[[], Any]:
    return lambda: tg.draw(LOSS).save(name, **options)


def drawn(node: Any = LOSS, *more: Any, **options: Any) -> Callable[[], Any]:
    return lambda: tg.draw(node, *more, **options)


class Broken(tg.Module):
    def __call__(self, x: Any) -> Any:
        raise KeyError("lost")


class Silent(tg.Module):
    def __call__(self, x: Any) -> Any:
        return [1.0]


class Odd:
    def __deepcopy__(self, memo: Any) -> Any:
        raise RuntimeError("stays here")


class Uncopied(tg.Module):
    def __init__(self) -> None:
        self.odd = Odd()

    def __call__(self, x: Any) -> Any:
        return x


NUMBERS = "the compiled view shows ops and actions, not the numbers of a call"
ALONE = "needs one loss of one element"
REFUSALS: dict[str, tuple[Callable[[], Any], str, str, str, str]] = {
    "two views": (drawn(LOSS, "rolled", view="flow"), "draw has one view", "one name", "['rolled', 'flow']", 'view="rolled"'),
    "no picture": (lambda: Drawing(3), "a drawing is made by tg.draw", "", "3", "tg.draw(loss)"),  # type: ignore[arg-type]
    "titles": (
        lambda: tg.draw.compare(LOSS, LOSS, titles="ab"),
        "compare: titles must be two texts",
        'titles=["before", "after"]',
        "'ab'",
        "",
    ),
    "not compiled": (
        drawn(LOSS, "compiled"),
        'draw: view="compiled" needs a compiled function',
        "a result of tg.compile that was called at least once",
        type(LOSS).__name__,
        "step = tg.compile(fn); step(x); tg.draw(step, 'compiled')",
    ),
    "numbers of a plan": (
        drawn(LOSS, "compiled", gradients=True, values=True, truncate=2),
        f"draw: {NUMBERS}",
        "only the options title and max_nodes",
        "gradients, values, truncate",
        "",
    ),
    "tokens of a plan": (
        drawn(LOSS, "compiled", tokens=["a"]),
        f"draw: {NUMBERS}",
        "only the options title and max_nodes",
        "tokens",
        "",
    ),
    "no name": (lambda: tg.draw(LOSS).save(), "save: no name of a file", "a str or a pathlib.Path", "nothing", 'drawing.save("rnn.svg")'),
    "snapshots of a file": (
        saved("x.svg", snapshots=[LOSS]),
        "save: snapshots need a page",
        "a path that ends in .html",
        "x.svg",
        "",
    ),
    "playing a text": (saved("x.txt", play=True), "save: a file .txt does not play", "a path that ends in .svg or .gif", "x.txt", ""),
    "playing perhaps": (saved("x.svg", play="slowly"), "save: play is yes or no", "True or False", "'slowly'", ""),
    "other snapshots": (
        saved("x.html", snapshots=[3]),
        "save: snapshots must be drawings in the order of training",
        "a list of results of tg.draw",
        "3",
        "",
    ),
    "height": (lambda: tg.draw(LOSS).page(height=0), "page: height is a whole number", "an integer from 1", "0", ""),
    "small area": (
        drawn(LOSS, fit=(20, 20)),
        "draw: the picture cannot be read in 20 × 20 points",
        "no text smaller than 7 points",
        None,
        None,
    ),
    "no attention": (
        drawn(LOSS, "attention"),
        "draw: the view attention finds no attention: nothing is averaged with weights that sum to 1",
        "weights such as softmax(scores), multiplied with what they weigh and summed",
        "states h",
        'view="states" shows its states',
    ),
    "no gate": (
        drawn(timeless(), "gates"),
        "draw: the view gates finds no gate: nothing from 0 to 1 is multiplied with something",
        "a cell with gates, such as tg.cells.LSTM or tg.cells.GRU",
        "0 time steps and no state",
        STEPS,
    ),
    "no state": (
        drawn(stateless(), "states"),
        "draw: the view states shows what crosses from one time step to another, but nothing does",
        "a state that one step computes and the next step uses",
        "3 time steps and no state",
        STEPS,
    ),
    "no state of a scan": (
        drawn(tg.cells.Parallel(tg.cells.minGRU(3, 4, rng=0)), (5, 2, 3), view="states"),
        "draw: the view states shows what crosses from one time step to another, but nothing does",
        "a state that one step computes and the next step uses",
        "0 time steps and no state",
        "unroll the cell itself: tg.cells.Parallel computes all steps at once",
    ),
    "item": (drawn(gru(3), "states", item=2), "draw: item is 2, but the batch has 2 sequences", "item from 0 to 1", "item=2", ""),
    "no input": (
        drawn(tg.sum(tg.tanh(weights(W=(2, 2))["W"])), "saliency"),
        "draw: no gradient of the loss reaches an input with a time step",
        "inputs of floating-point numbers, or embeddings, that the steps read",
        "0 time steps, 0 inputs",
        STEPS,
    ),
    "a net's shape": (
        drawn(NET, "unrolled"),
        "draw: the shape of a net's input is missing",
        "such as (T, B, I)",
        None,
        "tg.draw(net, (5, 2, 3))",
    ),
    "shape of a node": (drawn(LOSS, (2, 3)), "draw: shapes of inputs are for a net", "a tg.Module", None, "tg.draw(node), without shapes"),
    "a net that fails": (
        drawn(Broken(), (2, 3)),
        "draw: Broken does not run on zeros of these shapes",
        "a shape, an array or None for each of its inputs",
        "(2, 3): 'lost'",
        f"tg.draw{SHAPES}",
    ),
    "other inputs": (
        drawn(Silent(), (2, 3), (4,)),
        "draw: Silent takes other inputs",
        "Silent(x: 'Any') -> 'Any', a shape, an array or None for each",
        "2 inputs, (2, 3), (4,)",
        f"tg.draw{SHAPES}",
    ),
    "no node": (drawn(Silent(), (2, 3)), "draw: Silent returns no node", "", "", "tg.draw of a node of your own"),
    "no copy": (drawn(Uncopied(), (2, 3)), "draw: Uncopied cannot be copied", "", "RuntimeError: stays here", "tg.draw of what it returns"),
    "no numbers": (
        drawn(LOSS, gradients={X: np.array(["a", "b"])}),
        "draw: the gradient of constant 'x' is no array of real numbers",
        "an array of shape (2,), a node or None",
        "ndarray of dtype <U1",
        "",
    ),
    "no array": (
        drawn(LOSS, gradients={X: object()}),
        "draw: the gradient of constant 'x' is no array of real numbers",
        "an array of shape (2,), a node or None",
        "object",
        "",
    ),
    "no key": (
        drawn(LOSS, gradients={"x": np.ones(2)}),
        "draw: a key of the gradients dict is no node",
        "a dict from nodes to arrays",
        "str",
        "",
    ),
    "gradient's shape": (
        drawn(LOSS, gradients={X: np.ones(3)}),
        "draw: the shape of the gradient of constant 'x' does not fit the node",
        "(2,)",
        "(3,)",
        "",
    ),
    "steps": (drawn(LOSS, steps="all"), "draw: steps must be places in time", "a list of integers, such as [0, 1, -1]", "'all'", ""),
    "no step": (
        drawn(LOSS, steps=[0, 3]),
        "draw: steps has 3, but there are 3 time steps",
        "places from -3 to 2, of which -1 is the last",
        "[0, 3]",
        "",
    ),
    "level": (drawn(LOSS, level="ops"), "draw has no level 'ops'", "'auto' or 'op' or 'cell' or 'layer' or 'whole'", "'ops'", ""),
    "language": (drawn(LOSS, lang="fr"), "draw knows no language 'fr'", "'en' or 'zh'", "'fr'", ""),
    "negative item": (drawn(LOSS, item=-1), "draw: item is a whole number", "an integer from 0", "-1", ""),
    "truncation": (drawn(LOSS, truncate=0), "draw: truncate is a whole number", "an integer from 1", "0", ""),
    "boxes": (drawn(LOSS, max_nodes=0), "draw: max_nodes is a whole number", "an integer from 1", "0", ""),
    "axes": (drawn(LOSS, "states", ax=3), "draw: ax must be axes of matplotlib", "ax=plt.gca()", "3", ""),
    "axes of another view": (
        drawn(LOSS, "flow", ax=type("Axes", (), {"imshow": None})()),
        "draw: ax= is for heat maps, not for the view flow",
        "states, gates, attention, saliency",
        "",
        "save it",
    ),
    "values": (drawn(LOSS, values=1), "draw: values must be a bool", "True or False", "int", ""),
    "gradients": (
        drawn(LOSS, gradients="yes"),
        "draw: gradients must be a bool, None or a dict",
        "True, None, or a dict from nodes to arrays",
        "str",
        "gradients=True computes them; or pass a dict from nodes to their gradients",
    ),
    "area": (drawn(LOSS, fit=(3,)), "draw: fit is no area", "slide, a4, column, or width and height in points", "(3,)", ""),
    "nothing": (drawn([]), "draw needs a node", "a node, or a list of nodes", "nothing", "pass a result of ops, such as the loss"),
    "no nodes": (drawn([3, "a"]), "draw needs a node", "a node, or a list of nodes", "int, str", "pass a result of ops, such as the loss"),
    "a compiled function": (
        drawn(tg.compile(lambda x: x)),
        "draw needs a node",
        "a node, or a list of nodes",
        None,
        'of a compiled function: view="compiled", or its graph("after")',
    ),
    "two losses": (
        drawn([LOSS, X], "backward"),
        f"draw: the backward view {ALONE}",
        'tg.draw(loss, view="backward")',
        f"{LOSS.label()} () float64, constant 'x' (2,) float64",
        "draw the loss that you differentiate, for example tg.mean(losses)",
    ),
    "a loss of integers": (
        drawn(tg.argmax(X, axis=0), "backward"),
        f"draw: the backward view {ALONE}",
        'tg.draw(loss, view="backward")',
        "argmax () int64",
        "draw the loss that you differentiate, for example tg.mean(losses)",
    ),
    "flow of a vector": (drawn(X, "flow"), f"draw: the flow view {ALONE}", 'tg.draw(loss, "flow")', "constant 'x' (2,) float64", ""),
    "flow of a trace": (
        lambda: traced("flow"),
        "draw: the view flow needs values, but the graph of a compiled function has none",
        "",
        "sum 'loss'",
        "draw the result of the function without tg.compile",
    ),
    "flow without gradient": (
        drawn(uninterested(), "flow"),
        "draw: no gradient of the loss reaches a time step",
        "",
        "sum 'loss'",
        "look for a stop_gradient or an op without a gradient between the steps and the loss",
    ),
    "flow of own gradients": (
        drawn(LOSS, "flow", gradients={}),
        "draw: the flow view computes its gradients itself, one for each time step of the loss",
        "no gradients argument",
        "a dict",
        "",
    ),
    "flow without time": (
        drawn(tg.sum(tg.tanh(X)), "flow"),
        "draw: the flow view needs time steps, but no node of this graph has one",
        "nodes with a time step",
        "no steps",
        STEPS,
    ),
    "flow without state": (
        drawn(stateless(), "flow"),
        "draw: the flow view shows gradients of states, but no state crosses from one step to another",
        "a state that one step computes and the next step uses",
        "3 steps",
        "",
    ),
    "tokens": (
        drawn(LOSS, tokens=["a"]),
        "draw: the number of tokens differs from the number of time steps",
        "a list of 3 texts, one per step, or a dict from step to text",
        "1 texts",
        "",
    ),
    "tokens without time": (
        drawn(timeless(), tokens=["a"]),
        "draw: the number of tokens differs from the number of time steps",
        "a list of 0 texts, one per step, or a dict from step to text",
        "1 texts",
        STEPS,
    ),
    "a word for tokens": (
        drawn(LOSS, tokens="abc"),
        "draw: the number of tokens differs from the number of time steps",
        "a list of 3 texts, one per step, or a dict from step to text",
        "str",
        "",
    ),
    "a token's step": (
        drawn(LOSS, tokens={9: "a"}),
        "draw: tokens has a key 9 that is no time step of the graph",
        "steps from 1 to 3",
        "9",
        "pass a dict from step to text, or a list with one text per step",
    ),
    "a token without steps": (
        drawn(timeless(), tokens={9: "a"}),
        "draw: tokens has a key 9 that is no time step of the graph",
        "no step",
        "9",
        "pass a dict from step to text, or a list with one text per step",
    ),
    "a summary": (
        lambda: tg.summary([3]),
        "summary needs a node",
        "a node, or a list of nodes; or a net and the shapes of its inputs",
        "int",
        "",
    ),
    "mermaid of a map": (
        lambda: tg.draw(gru(3), "gates").mermaid(),
        "the view 'gates' is no flowchart",
        "unrolled, both, rolled, backward",
        "",
        'save it as .svg, or view="unrolled"',
    ),
    "mermaid of an area": (
        lambda: tg.draw(LOSS, fit="slide").mermaid(),
        "mermaid: a picture fitted to an area",
        "no fit=, as Mermaid places boxes",
        "",
        "draw without fit=, and with level= and steps= if you wish",
    ),
    "mermaid of much": (
        lambda: tg.draw(word_rnn(90), level="op").mermaid(),
        "mermaid: the picture is larger than what Mermaid draws",
        "500 arrows and 50,000 letters at most",
        None,
        'tg.draw(loss, level="layer"), or steps=[0, 1, -1]',
    ),
    "a map that plays": (
        lambda: tg.draw(LOSS, "flow").save("x.svg", play=True),
        "the view 'flow' has no steps to play",
        "one of the views unrolled, both",
        "",
        'view="unrolled"; or save it as .svg, or .png',
    ),
    "another network": (
        saved("x.html", snapshots=[tg.draw(word_rnn(4))]),
        "save: snapshot 0 is of another network",
        "24 boxes",
        "31 boxes",
        "draw every snapshot from the same code, with the same options and sequence length",
    ),
    "another box": (
        lambda: tg.draw(tg.tanh(X)).save("x.html", snapshots=[tg.draw(tg.exp(X))]),
        "save: snapshot 0 differs at box 1",
        "tanh (2,)",
        "exp (2,)",
        "draw every snapshot from the same code, with the same options and sequence length",
    ),
    "other arrows": (
        saved("x.html", snapshots=[tg.draw(LOSS, gradients=True)]),
        "save: the arrows of snapshot 0 differ",
        None,
        None,
        "draw every snapshot with the same gradients= and truncate=",
    ),
    "a letter": (
        lambda: _font_of("\U0010fffe", True),
        f"a drawing as gif: no font here has the letter {chr(0x10fffe)!r}",
        "a font of this machine that has it",
        "",
        "apt install fonts-dejavu fonts-noto-cjk (or another font that has it); or .svg, .html",
    ),
}  # fmt: skip


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
    _, _, got, fix = said(drawn(LOSS, fit=(20, 20)))
    points, wide = float(got.split()[3]), float(fix.split("(")[1].split(",")[0])
    assert got.endswith("points, with the least detail") and fix.endswith(", or leave level= and steps= to tg.draw")
    assert wide == pytest.approx(20 * 1.01 * 7 / points, rel=0.2) and tg.draw(LOSS, fit=(wide, wide)).picture.boxes
    with pytest.raises(tg.GraphError, match="cannot be read"):
        tg.draw(LOSS, fit=(0.9 * wide, 0.9 * wide))


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
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("Error") and call.args:
                parts = call.args[0].values if isinstance(call.args[0], ast.JoinedStr) else [call.args[0]]
                words = [x.value for x in parts if isinstance(x, ast.Constant)]
                assert all(x[:24] in told for x in words), (path.name, words)
