"""Generation: the next token by greedy choice, sampling or beam search, token after token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..core.checks import as_array, function, integer, positive
from ..core.errors import GraphError, refusing, shown
from ..core.node import Node
from ..core.structure import map_leaves
from ..ops import log_softmax, softmax
from .ranges import zero_or_more
from .streaming import Streaming
from .token_loop import LOGITS, TokenLoop, check_room

Net = Callable[[Any, Any], tuple[Any, Any]]
"""``(ids (B,), state) -> (logits (B, V), state)``."""


@refusing
def sample(
    logits: Any,
    rng: np.random.Generator | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
) -> np.ndarray:
    """Draws one token for each row: p = softmax(logits / temperature), of the likeliest tokens alone if asked.

    Args:
        logits: (B, V) or (V,), in nats.
        rng: draws; None takes the likeliest token (greedy), and no further option.
        temperature: positive; below 1 likely tokens become likelier.
        top_k: only the k likeliest tokens.
        top_p: only the likeliest tokens that together have this probability, in (0, 1] (nucleus).

    Returns:
        integers (B,), or () for one row.

    Raises:
        GraphError: an option is out of range or comes without ``rng``, or the logits of a row hold a NaN or have no
            finite highest.

    Source:
        Holtzman et al., "The curious case of neural text degeneration", 2020, for the nucleus.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> logits = np.log([[0.1, 0.6, 0.3], [0.8, 0.1, 0.1]])
        >>> tg.train.sample(logits), tg.train.sample(logits, np.random.default_rng(0), top_k=1)
        (array([1, 0]), array([1, 0]))
    """
    rows = logits.value if isinstance(logits, Node) else as_array(logits)
    if rows.ndim not in (1, 2) or rows.dtype.kind not in "fiu" or not rows.shape[-1] or not _have_highest(rows):
        raise GraphError("sample: these are no logits", expected=LOGITS, got=shown(rows))
    _generator("sample", rng, temperature, top_k, top_p)
    if rng is None:
        return np.argmax(rows, -1)
    with np.errstate(over="ignore"):  # below the highest by more than there are numbers for: never drawn
        below = np.subtract(rows, np.max(rows, -1, keepdims=True), dtype=np.float64)
        scaled = below / positive("sample", "temperature", temperature)
    chances = softmax.forward(_likeliest(scaled.reshape(-1, rows.shape[-1]), top_k, top_p))
    edges = np.cumsum(chances, -1)
    # The largest draw is 1 - 2^-53, so that a product with the last edge is below it.
    return (rng.random((len(edges), 1)) * edges[:, -1:] >= edges).sum(-1).reshape(rows.shape[:-1])


@refusing
def generate(
    net: Net,
    start: Any,
    length: int,
    *,
    state: Any = None,
    rng: np.random.Generator | None = None,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    stop: int | Sequence[int] | None = None,
) -> np.ndarray:
    """Continues texts token by token: each token that is drawn is the next input.

    Args:
        net: one step, ``(ids (B,), state) -> (logits (B, V), state)``; it is compiled.
        start: integers (T, B), the tokens before, of which there is at least one; or (T,) for one text.
        length: the number of tokens to generate.
        state: before the first token; None for the net's ``initial_state``.
        rng, temperature, top_k, top_p: as in `sample`; without ``rng`` the likeliest token is taken.
        stop: a token, or several, after which a text ends; its further tokens repeat that one.

    Returns:
        integers (length, B), or (length,) for one text; fewer if all texts have ended.

    Raises:
        GraphError: there is no token to begin with, or an option is out of range or comes without ``rng``.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> table = tg.parameter(np.roll(np.eye(4), 1, axis=1) * 9.0)   # after k comes k + 1
        >>> tg.train.generate(lambda ids, state: (tg.take(table, ids, axis=0), state), [0], 6, state=np.zeros(1))
        array([1, 2, 3, 0, 1, 2])
    """
    tokens, single = _tokens("generate", start)
    length = integer("generate", "length", length, 1)
    ends = as_array([] if stop is None else stop)
    if ends.size and ends.dtype.kind not in "iu":
        raise GraphError("generate: stop is a token, or several", expected="integers", got=shown(stop))
    first = _initial(function("generate", net), state, tokens.shape[1])
    _generator("generate", rng, temperature, top_k, top_p)
    if top_k is None and top_p is None:
        scale = 1.0 if rng is None else positive("sample", "temperature", temperature)
        result = TokenLoop(net, tokens, first, rng, scale).until(length, ends)
    else:
        stream = Streaming(net, first)
        logits = _after(stream, tokens)
        chosen: list[np.ndarray] = []
        over = np.zeros(tokens.shape[1], bool)
        while len(chosen) < length and not over.all():
            if chosen:
                logits = stream(chosen[-1].astype(tokens.dtype))
            ids = sample(logits, rng, temperature, top_k, top_p)
            chosen.append(np.where(over, chosen[-1], ids) if chosen else ids)
            over |= np.isin(chosen[-1], ends)
        result = np.array(chosen)
    return result[:, 0] if single else result


class Hypothesis(NamedTuple):
    """A text of `beam` and its logarithm of probability, in nats; ``score`` is that by the length penalty."""

    tokens: np.ndarray
    log_probability: float
    score: float


@refusing
def beam(
    net: Net,
    start: Any,
    length: int,
    width: int,
    *,
    state: Any = None,
    stop: int | None = None,
    length_penalty: float = 0.0,
) -> list[Hypothesis]:
    """The likeliest continuations of a text, by a search that keeps ``width`` of them at each step.

    A finished text of n tokens is ranked by log p / n^length_penalty: 0 prefers short texts, 1 the mean of a token.

    Args:
        net: one step, as in `generate`.
        start: integers, shape (T,), at least one.
        length: the largest number of tokens.
        width: the number of texts that are kept.
        state: before the first token, of a batch of 1; None for the net's ``initial_state``.
        stop: the token that ends a text; it is the last one of its text.
        length_penalty: 0 or more.

    Returns:
        up to ``width`` texts, the best first.

    Raises:
        GraphError: there is no token to begin with, an option is out of range, or the logits are none, as in `sample`.

    Source:
        Wu et al., "Google's neural machine translation system", 2016, section 7, with the plain power of the length.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> table = tg.parameter(np.log([[0.1, 0.6, 0.3], [0.5, 0.4, 0.1], [0.05, 0.05, 0.9]]))
        >>> best, *_ = tg.train.beam(lambda ids, s: (tg.take(table, ids, axis=0), s), [0], 2, 3, state=np.zeros(1))
        >>> best.tokens, round(float(np.exp(best.log_probability)), 3)
        (array([1, 0]), 0.3)
    """
    tokens, _ = _tokens("beam", start)
    if tokens.shape[1] != 1:
        raise GraphError("beam: one text at a time", expected="integers (T,)", got=f"shape {tokens.shape}")
    length, width = integer("beam", "length", length, 1), integer("beam", "width", width, 1)
    stop, own = None if stop is None else integer("beam", "stop", stop), function("beam", net)
    stream = Streaming(own, _initial(own, state, 1))
    logits = _after(stream, tokens)
    wide = Streaming(own, map_leaves(lambda a: np.repeat(a, width, 0), stream.state))
    return _searched(wide, np.repeat(logits, width, 0), length, width, stop, length_penalty, tokens.dtype)


def _searched(
    stream: Streaming, logits: np.ndarray, length: int, width: int, stop: int | None, penalty: float, dtype: Any
) -> list[Hypothesis]:
    penalty = zero_or_more("beam", "length_penalty", penalty)
    texts, logs = np.zeros((width, 0), np.int64), np.full(width, -np.inf)
    logs[0] = 0.0  # all rows are the same text at first
    ended: list[Hypothesis] = []
    for n in range(1, length + 1):
        if not _have_highest(logits[np.isfinite(logs)]):
            raise GraphError("beam: the logits hold a NaN, or no finite highest one", got=shown(logits))
        parents, ids, logs = _best(logs[:, None] + log_softmax.forward(logits.astype(np.float64)), 2 * width)
        texts = np.concatenate([texts[parents], ids[:, None]], 1)
        over = np.isfinite(logs) & ((ids == stop) if n < length else True)
        ended += [Hypothesis(texts[k], float(logs[k]), float(logs[k]) / n**penalty) for k in np.flatnonzero(over)]
        ended = sorted(ended, key=lambda text: -text.score)[:width]
        alive = np.flatnonzero(~over)[:width]
        # What goes on can at best keep its probability and be divided by the longest length.
        if not len(alive) or (len(ended) == width and logs[alive[0]] / length**penalty <= ended[-1].score):
            break
        alive = np.resize(alive, width)
        texts, logs, ids, parents = texts[alive], logs[alive], ids[alive], parents[alive]
        logs = np.where(np.arange(width) < len(set(alive.tolist())), logs, -np.inf)
        stream.state = map_leaves(lambda a, parents=parents: a[parents], stream.state)
        logits = stream(ids.astype(dtype))
    return ended


def _best(logs: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and values of the largest numbers, the largest first; equals in their order."""
    flat = logs.reshape(-1)
    order = np.argsort(-flat, kind="stable")[:count]
    rows, columns = np.divmod(order, logs.shape[1])
    return rows, columns, flat[order]


def _likeliest(logits: np.ndarray, top_k: int | None, top_p: float | None) -> np.ndarray:
    """The logits with minus infinity for tokens that are not to be drawn; the likeliest always stays."""
    order = np.argsort(-logits, -1, kind="stable")
    ranks = np.argsort(order, -1)
    out = np.zeros(logits.shape, bool)
    if top_k is not None:
        out |= ranks >= integer("sample", "top_k", top_k, 1)
    if top_p is not None:
        if positive("sample", "top_p", top_p) > 1:
            raise GraphError("sample: top_p is no probability", expected="a number in (0, 1]", got=shown(top_p))
        sorted_chances = np.take_along_axis(softmax.forward(logits), order, -1)
        before = np.cumsum(sorted_chances, -1) - sorted_chances  # of the tokens that are likelier
        out |= np.take_along_axis(before >= top_p, ranks, -1)
    return np.where(out & (ranks > 0), -np.inf, logits)


def _have_highest(logits: np.ndarray) -> bool:
    """Whether each row has a highest number: no NaN, no infinity, and not minus infinity alone."""
    return bool(np.isfinite(np.max(logits, -1)).all())


def _generator(owner: str, rng: Any, temperature: Any, top_k: Any, top_p: Any) -> None:
    options = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    if rng is None and list(options.values()) != [1, None, None]:
        problem, got = f"{owner}: without rng nothing is drawn, the likeliest token is taken", shown(options)
        raise GraphError(problem, expected="these options with rng", got=got, fix="rng=np.random.default_rng(0)")
    if rng is not None and not isinstance(rng, np.random.Generator):
        raise GraphError(f"{owner}: no generator", got=type(rng).__name__, fix="np.random.default_rng(seed)")


def _tokens(owner: str, start: Any) -> tuple[np.ndarray, bool]:
    """The tokens as (T, B), and whether it was one text."""
    tokens = as_array(start)
    if tokens.ndim not in (1, 2) or not tokens.size or tokens.dtype.kind not in "iu":
        fix = "begin with a token, such as the one that ends texts"
        if tokens.dtype.kind in "US":
            fix = "tg.train.Characters(text).encode(start)  # the ids, by the vocabulary of the training"
        problem = f"{owner}: no tokens to begin with"
        raise GraphError(problem, expected="integers (T, B) or (T,)", got=shown(start), fix=fix)
    return (tokens[:, None], True) if tokens.ndim == 1 else (tokens, False)


def _after(stream: Streaming, tokens: np.ndarray) -> np.ndarray:
    """The logits (B, V) after the tokens (T, B)."""
    for ids in tokens:
        logits: np.ndarray = stream(ids)
    if getattr(logits, "shape", ())[:-1] != tokens.shape[1:]:
        raise GraphError("sample: these are no logits", expected=LOGITS, got=shown(logits))
    check_room(logits, tokens.dtype)
    return logits


def _initial(net: Any, state: Any, batch: int) -> Any:
    return net.initial_state(batch) if state is None and hasattr(net, "initial_state") else state
