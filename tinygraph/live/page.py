"""The page as an object: the data of a model, the module that computes it, and the file."""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Any

from ..atomic import place, write
from ..core.checks import function, integer, one_of, text
from ..core.errors import GraphError, refusing, shown
from ..core.leaves import Parameter
from ..core.node import Node
from ..draw.drawing import InlinePage
from ..draw.nets import Twin, is_net
from ..draw.words import LANGUAGES
from ..ops import mean, softmax_cross_entropy
from ..time.cell_contract import Layer
from ..train.descent import SGD
from ..train.optimizer import Optimizer
from .computing import Computing
from .example import OWNER, Example, Goal, example_of, goal_of
from .html import html
from .one_step import OneStep, step_of


class LivePage:
    """A page in which a network computes, as `tg.draw.live` returns it. A notebook displays it.

    Attributes:
        data: what the page knows of the model: its states, its rows, its parameters, and the example.
        module: the JavaScript that computes a step, its gradients and an update.
        html: the whole page.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> page = tg.draw.live(tg.cells.GRU(2, 4, rng=0), np.ones((5, 2)))
        >>> page.html[:15], page.data["title"]
        ('<!DOCTYPE html>', 'GRU')
    """

    def __init__(self, data: dict[str, Any], module: str) -> None:
        self.data, self.module = data, module

    @property
    def html(self) -> str:
        """The text of the file."""
        return html(self.data, self.module)

    @refusing
    def save(self, filename: Any) -> str:
        """Writes the page as one file, whose name ends in ``.html``; returns its path.

        Raises:
            GraphError: no name of a file, or one with another ending.
            OSError: it cannot be written; nothing was changed.

        Example:
            >>> import numpy as np, tinygraph as tg
            >>> tg.draw.live(tg.cells.RNN(1, 4), np.ones((5, 1))).save("live.html")  # doctest: +SKIP
            'live.html'
        """
        path = place("save", filename)
        if path.suffix.lower() != ".html":
            raise GraphError("save: a live page is an HTML file", expected="a path that ends in .html", got=str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, self.html.encode())
        return str(path)

    @refusing
    def page(self, *, height: int = 720) -> InlinePage:
        """Returns the page as an object that a notebook shows in its cell, in a frame of so many points of height.

        Raises:
            GraphError: the height is no positive integer.

        Example:
            >>> import numpy as np, tinygraph as tg
            >>> tg.draw.live(tg.cells.RNN(1, 4), np.ones((5, 1))).page(height=600)._repr_html_()[:7]
            '<iframe'
        """
        return InlinePage(self.html, integer("page", "height", height, 1))

    def _repr_html_(self) -> str:
        return self.page()._repr_html_()


def page_of(
    model: Any, inputs: Any, targets: Any, vocabulary: Any, loss: Any, optimizer: Any, title: Any, lang: Any
) -> LivePage:
    """See `live`."""
    one_of(f"{OWNER}: lang is unknown", lang, LANGUAGES)
    own_loss = None if loss is None else function(OWNER, loss)
    cell = None if isinstance(model, Layer) or not hasattr(model, "initial_state") else model
    width = getattr(cell, "input_size", None)
    example = example_of(inputs, vocabulary, width if isinstance(width, int) else None)
    one = step_of(model, [x[None] for x in example.steps], example.state)
    goal = goal_of(example, targets, one.y.shape[-1], one.last, own_loss is not None)
    chosen = own_loss or (softmax_cross_entropy_of if goal.labels else squared)
    names = _names(model, one)
    rule = _optimizer(optimizer, one, names)
    computing = Computing(one, _checked(chosen), goal.targets[0][None], rule, names)
    heading = text(OWNER, "title", title) if title is not None else getattr(model, "__name__", type(model).__name__)
    data = _data(computing, example, goal)
    kind = "own" if own_loss else "labels" if goal.labels else "squared"
    told = {"title": heading, "lang": lang, "loss": kind, "equations": equations(model)}
    return LivePage(told | data, computing.module())


def squared(y: Node, target: Node) -> Node:
    """The mean squared error."""
    return mean((y - target) ** 2)


def softmax_cross_entropy_of(y: Node, target: Node) -> Node:
    """The cross-entropy of a label."""
    return mean(softmax_cross_entropy(y, target))


def _checked(loss: Any) -> Any:
    def of_step(y: Node, target: Node) -> Node:
        value = loss(y, target)
        if not isinstance(value, Node) or value.size != 1:
            got = f"shape {value.shape}" if isinstance(value, Node) else shown(value)
            raise GraphError(f"{OWNER}: the loss returns no number", expected="a node of one element", got=got)
        return value.reshape(())

    return of_step


def _names(model: Any, one: OneStep) -> dict[Parameter, str]:
    """The names of parameters: those of the module, or their own."""
    module = model if is_net(model) else None
    named = {} if module is None else {x: str(name) for name, x in module.named_state().items()}
    return {p: named.get(p) or p.name or f"W{k + 1}" for k, p in enumerate(one.parameters)}


def _optimizer(optimizer: Any, one: OneStep, names: dict[Parameter, str]) -> Optimizer:
    if optimizer is None:
        if not names:
            fix = "tg.parameter(array), or module.unfreeze()"
            raise GraphError(f"{OWNER}: the model has no parameter to train", fix=fix)
        return SGD({name: p for p, name in names.items()}, learning_rate=0.1)
    if not isinstance(optimizer, Optimizer):
        fix = "tg.train.Adam(model.parameters())"
        raise GraphError(f"{OWNER}: this is no optimizer", got=shown(optimizer, 60), fix=fix)
    strange = [name for p, name in names.items() if not any(p is x for x in optimizer._flat)]
    if strange:
        fix = "tg.train.Adam(model.parameters()); model.freeze(...) for those that stay"
        raise GraphError(f"{OWNER}: the optimizer lacks parameters of the model", got=", ".join(strange), fix=fix)
    return optimizer


def _data(computing: Computing, example: Example, goal: Goal) -> dict[str, Any]:
    """What the page has to know."""
    one, unit = computing.one, computing.unit
    assert unit.model is not None
    named = {r.state: r.name for r in computing.rows if r.state >= 0}
    states = [
        {"name": named.get(k, f"s{k + 1}"), "size": s.size, "shape": list(s.shape), "real": s.dtype.kind == "f"}
        | {"first": s._value.reshape(-1).tolist()}
        for k, s in enumerate(one.before)
    ]
    weights = [
        {"name": computing.names.get(p, unit.model.of[p]), "field": unit.model.of[p], "shape": list(p.shape)}
        for p in computing.parameters
    ]
    rates = list(unit.model.rates)
    entering = {
        "inputs": example.inputs.tolist(),
        "targets": [t.tolist() for t in goal.targets],
        "counts": goal.counts,
        "follows": goal.follows,
        "tokens": example.tokens,
        "words": example.words,
        "rows_of": example.rows,
    }
    rows = [{"name": r.name, "kind": r.kind, "size": r.node.size, "state": r.state} for r in computing.rows]
    parts = {"states": states, "rows": rows, "weights": weights, "rate": rates[0] if len(rates) == 1 else None}
    return entering | parts | {"outputs": one.y.shape[-1], "last": one.last, "output_state": one.output_state}


def equations(model: Any) -> str:
    """The equations in the docstrings of a model's cells, else the lines of its step."""
    parts = [x for x in Twin(OWNER, model).parts.values() if hasattr(x, "initial_state")] if is_net(model) else [model]
    told = dict.fromkeys(filter(None, map(_block, parts)))
    if told:
        return "\n\n".join(told)
    step = model if inspect.isroutine(model) else type(parts[-1] if parts else model).__call__
    try:
        return textwrap.dedent(inspect.getsource(step)).strip()
    except (OSError, TypeError):
        return ""


def _block(cell: Any) -> str:
    """The first block of equations in the docstring of a cell, or of a function."""
    doc = inspect.getdoc(cell if inspect.isroutine(cell) else type(cell)) or ""
    block = re.search(r"::\n\n((?:    .*\n|\n)+)", doc + "\n")
    return textwrap.dedent(block[1]).strip() if block else ""
