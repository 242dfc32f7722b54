"""`tg.draw.live`: a page in which a network computes, in JavaScript: it runs, sends gradients back, and trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.errors import refusing

if TYPE_CHECKING:
    from .page import LivePage


@refusing
def live(
    model: Any,
    example: Any,
    targets: Any = None,
    *,
    vocabulary: Any = None,
    loss: Any = None,
    optimizer: Any = None,
    title: str | None = None,
    lang: str = "en",
) -> LivePage:
    """Make a page in which the network computes: one HTML file that needs no network, for a class or a reader.

    The page shows the unrolled network, a column a step, with the letters of the cell's equations, and computes it in
    64 bits by `tg.export.js`: forward, gradients and training. Its reader types a sentence or changes an input, the
    length, the truncation k and the norm of a weight, trains step by step, sets a unit of a state to zero, and sees
    what becomes of states, gates and gradients. It is in English and Chinese, light and dark, for mouse, keys and
    fingers.

    Args:
        model: a cell of `tg.cells` or of your own; a function ``(x, state) -> (y, state)``; a layer; or a `tg.Module`
            whose call unrolls its cells over ``xs`` (T, 1, I), or ids (T, 1), and whose output of step t, (T, 1, O),
            depends on earlier steps through their states alone. An output (1, O) is that of the last step.
        example: one sequence: (T, I) or (T, 1, I); ids (T,); or a text, with a vocabulary. A pair of it and the first
            state, where the model has none of its own. A cell gets ids as rows of the identity.
        targets: of each step, or of the last alone if the model returns that alone. Numbers, (T, O): the loss is their
            mean squared error. Labels, (T,): it is the cross-entropy, and -1 does not count. None for the next token of
            a text, if the output has one number for each token; else for zeros.
        vocabulary: a `tg.train.Characters` or `tg.train.Words`: the reader can type a text of his own.
        loss: another loss of a step: a function of the output (1, O) and the target (1, O), or (1,), that returns a
            node of one element. The loss of the page is the mean over the steps that count.
        optimizer: an optimizer of the model's parameters; None for `tg.train.SGD` with a learning rate of 0.1.
        title: the heading; by default the model's name.
        lang: the language in which it opens, ``"en"`` or ``"zh"``; ``live.html?lang=zh`` opens it in this one.

    Returns:
        a `LivePage`: ``.save("live.html")`` writes the file, a notebook shows it.

    Raises:
        GraphError: the model has no such step, or draws random numbers; example or targets do not fit; something is of
            another kind.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.LSTM(1, 8, rng=0)
        >>> page = tg.draw.live(cell, np.sin(np.arange(12.0))[:, None])
        >>> page.save("live.html")  # doctest: +SKIP
        'live.html'
        >>> [state["name"] for state in page.data["states"]]
        ['h', 'c']
    """
    from .page import page_of

    return page_of(model, example, targets, vocabulary, loss, optimizer, title, lang)
