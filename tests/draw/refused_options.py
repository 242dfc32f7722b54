"""Options, losses and views that are refused, and the whole text of each refusal."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.draw.networks import word_rnn
from tests.draw.recurrent import gru
from tinygraph.draw.write.raster import _font_of

from .refused import LOSS, STEPS, Refusals, X, drawn, saved, stateless, timeless, traced, uninterested

ALONE = "needs one loss of one element"
OF_OPTIONS: Refusals = {
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
    "steps": (
        drawn(LOSS, steps="all"),
        "draw: steps must be places in time",
        "a list of integers, such as [0, 1, -1]",
        "'all'",
        "",
    ),
    "no step": (
        drawn(LOSS, steps=[0, 3]),
        "draw: steps has 3, but there are 3 time steps",
        "places from -3 to 2, of which -1 is the last",
        "[0, 3]",
        "",
    ),
    "level": (
        drawn(LOSS, level="ops"),
        "draw has no level 'ops'",
        "'auto' or 'op' or 'cell' or 'layer' or 'whole'",
        "'ops'",
        "",
    ),
    "language": (drawn(LOSS, lang="fr"), "draw knows no language 'fr'", "'en' or 'zh'", "'fr'", ""),
    "negative item": (drawn(LOSS, item=-1), "draw: item is a whole number", "an integer from 0", "-1", ""),
    "truncation": (drawn(LOSS, truncate=0), "draw: truncate is a whole number", "an integer from 1", "0", ""),
    "boxes": (drawn(LOSS, max_nodes=0), "draw: max_nodes is a whole number", "an integer from 1", "0", ""),
    "axes": (drawn(LOSS, "states", ax=3), "draw: ax must be axes of matplotlib", "ax=plt.gca()", "3", ""),
    "axes of another view": (
        drawn(LOSS, "rolled", ax=type("Axes", (), {"imshow": None})()),
        "draw: ax= is for heat maps, not for the view rolled",
        "flow, states, gates, attention, saliency",
        "",
        "save it",
    ),
    **{
        f"{name} of {view}": (
            drawn(LOSS, view, **{name: x}),
            f"draw: {name}= is {what}, not for the view {view}",
            None,
            "",
            fix,
        )
        for view, name, x, what, fix in (
            ("flow", "item", 1, "for heat maps", "leave it out"),
            ("states", "steps", [0, 1], "for graphs", "leave it out"),
            ("flow", "steps", [0, 1], "for graphs", "leave it out"),
            ("saliency", "level", "op", "for graphs", "leave it out"),
        )
    },
    "values": (drawn(LOSS, values=1), "draw: values must be a bool", "True or False", "int", ""),
    "gradients": (
        drawn(LOSS, gradients="yes"),
        "draw: gradients must be a bool, None or a dict",
        "True, None, or a dict from nodes to arrays",
        "str",
        "gradients=True computes them; or pass a dict from nodes to their gradients",
    ),
    "area": (
        drawn(LOSS, fit=(3,)),
        "draw: fit is no area",
        "slide, a4, column, or width and height in points",
        "(3,)",
        "",
    ),
    "nothing": (
        drawn([]),
        "draw needs a node",
        "a node, or a list of nodes",
        "nothing",
        "pass a result of ops, such as the loss",
    ),
    "no nodes": (
        drawn([3, "a"]),
        "draw needs a node",
        "a node, or a list of nodes",
        "int, str",
        "pass a result of ops, such as the loss",
    ),
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
    "flow of a vector": (
        drawn(X, "flow"),
        f"draw: the flow view {ALONE}",
        'tg.draw(loss, "flow")',
        "constant 'x' (2,) float64",
        "",
    ),
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
    "steps without time": (
        drawn(timeless(), steps=[0, -1]),
        "draw: steps= of a graph without time steps",
        "nodes made at time steps",
        "steps=[0, -1]",
        "omit it, or mark them: with tg.step(t): ...",
    ),
    "a cut without time": (
        drawn(timeless(), truncate=2, view="rolled"),
        "draw: truncate= of a graph without time steps",
        "nodes made at time steps",
        "truncate=2",
        "omit it, or mark them: with tg.step(t): ...",
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
        f"a drawing as gif: no font here has the letter {chr(0x10FFFE)!r}",
        "a font of this machine that has it",
        "",
        "apt install fonts-dejavu fonts-noto-cjk (or another font that has it); or .svg, .html",
    ),
}
