"""Calls of networks, files and compiled functions of which no picture can be made, and each refusal whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import tinygraph as tg
from tests.draw.networks import weights, word_rnn
from tests.draw.recurrent import gru
from tinygraph.draw import Drawing

LOSS, NET = word_rnn(3), tg.cells.GRU(3, 4, rng=0)
X = tg.constant([1.0, 2.0], name="x")
STEPS = "mark the steps by tg.unroll or with tg.step(t)"
SHAPES = "(net, (T, B, I), state), with what its __call__ takes; or tg.draw(net(x, state))"


def of_two_parts() -> tg.Node:
    state = tg.unroll(tg.cells.RNN(3, 4, rng=0), np.ones((2, 1, 3), np.float32))[1]
    return tg.mean(tg.unroll(tg.cells.RNN(3, 4, rng=1), np.ones((3, 1, 3), np.float32), state)[0])


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


ALL_BUT_PLANS = "unrolled, both, backward, rolled, flow, states, gates, attention, saliency"
Refusals = dict[str, tuple[Callable[[], Any], str, str | None, str | None, str | None]]
OF_THINGS: Refusals = {
    "two views": (
        drawn(LOSS, "rolled", view="flow"),
        "draw has one view",
        "one name",
        "['rolled', 'flow']",
        'view="rolled"',
    ),
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
        "a result of tg.compile, or of tg.train.step, that was called at least once",
        type(LOSS).__name__,
        "step = tg.compile(fn); step(x); tg.draw(step, 'compiled')",
    ),
    "numbers of a plan": (
        drawn(LOSS, "compiled", gradients=True, values=True, truncate=2),
        "draw: gradients= is for graphs, not for the view compiled",
        ALL_BUT_PLANS,
        "",
        "leave it out",
    ),
    "tokens of a plan": (
        drawn(LOSS, "compiled", tokens=["a"]),
        "draw: tokens= is for graphs, not for the view compiled",
        ALL_BUT_PLANS,
        "",
        "leave it out",
    ),
    "no name": (
        lambda: tg.draw(LOSS).save(),
        "save: no name of a file",
        "a str or a pathlib.Path",
        "nothing",
        'drawing.save("rnn.svg")',
    ),
    "snapshots of a file": (
        saved("x.svg", snapshots=[LOSS]),
        "save: snapshots need a page",
        "a path that ends in .html",
        "x.svg",
        "",
    ),
    "playing a text": (
        saved("x.txt", play=True),
        "save: a file .txt does not play",
        "a path that ends in .svg or .gif",
        "x.txt",
        "",
    ),
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
    "item": (
        drawn(gru(3), "states", item=2),
        "draw: item is 2, but the batch has 2 sequences",
        "item from 0 to 1",
        "item=2",
        "",
    ),
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
    "shape of a node": (
        drawn(LOSS, (2, 3)),
        "draw: shapes of inputs are for a net",
        "a tg.Module",
        None,
        "tg.draw(node), without shapes",
    ),
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
    "no copy": (
        drawn(Uncopied(), (2, 3)),
        "draw: Uncopied cannot be copied",
        "",
        "RuntimeError: stays here",
        "tg.draw of what it returns",
    ),
}
