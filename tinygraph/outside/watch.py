"""Watches what a traced function leaves outside, and what changes there later: refused where numbers depend on it.

Suspicion is cheap and comes from a comparison of what the function can reach; the verdict is another trace. If that
gives another graph, a plan of the first would repeat numbers that the function would not give again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from importlib import import_module
from typing import Any

from ..core.errors import GraphError
from .door import Entered
from .iterators import POSITION
from .numbers import Number
from .parts import Place, state
from .reach import HIDDEN, ITERATOR, Surroundings
from .trial import Trial

RANDOM = frozenset((
    "default_rng", "RandomState", "SeedSequence", "PCG64", "MT19937", "Philox", "SFC64", "SystemRandom", "Random",
    "urandom", "getrandom", "token_bytes", "token_hex", "token_urlsafe", "randbelow", "randbits", "getrandbits",
    "uuid4",
))  # fmt: skip
"""Names in a function's code for which it is traced `MORE` times: what they give may be new at each call."""

MORE = 4
"""Numbers drawn anew may be the same by chance, an order of two things in half of the cases."""

UNSEEN = {
    *(HIDDEN, "open", "read_text", "read_bytes", "load", "loadtxt", "genfromtxt", "fromfile", "exists", "is_file"),
    *("id", "getattr", "eval", "exec", "input", "__import__", "__getattribute__", "geterr", "get_printoptions"),
}
"""Names for which it is traced again at each look, as for `Surroundings.sources`: what they give may have changed."""

ONCE_MORE = {ITERATOR, *UNSEEN}
"""Names for which it is traced once more."""

PERIOD = 8
"""As long as each trace of a function changes state anew it is traced so often at the first call."""

LATER = 4
"""And so often at each look: what a counter decides comes late."""

NOISE = "tg.noise(lambda shape: rng.normal(size=shape), x.shape) draws at each call; or pass the numbers as an argument"
STATE = (
    "take the state as an argument and return it: `outputs, h = step(xs, h)` outside, and self.h = h there; "
    "the cell of an unroll returns it as part of y_t or of the state"
)
PASSED = "call next(...) outside of the function, and pass what it gives as an argument"


class Watch:
    """What one function can reach, before it is traced, after that, and from time to time.

    Args:
        roots: the function, and what among its arguments may hold something, by the words for them.

    Attributes:
        moving: the words for what each trace changes anew.
    """

    def __init__(self, roots: Mapping[str, Any]) -> None:
        self.roots = roots
        self.moving: list[str] = []
        self._harmless: set[str] = set()  # words for what changed at a look, and the graph stayed
        self.reach = Surroundings(roots)
        if "random" in self.reach.names:
            # numpy loads its module at the first use, which may be within the function
            modules = {name: import_module(name) for name in ("random", "numpy.random")}
            self.reach.generators |= {name: (module, state(module)) for name, module in modules.items()}

    def examine(self, trial: Trial, again: Callable[[], Trial]) -> set[int]:
        """Refuses what a trace left outside; returns the indices of floats that it left there, to be traced by value.

        Raises:
            GraphError: a traced value is kept outside; the function draws numbers or changes state that its numbers
                depend on.
        """
        changed = [(place, key) for place in self.reach.places for key in place.changes()]
        kept = self._kept(changed)
        nodes = {words: f"{x.dtype} {x.shape}" for words, x in kept.items() if type(x) is not Number}
        if nodes or trial.fills_arguments:
            raise _escape(nodes)
        if kept:
            return set().union(*(x.roots for x in kept.values()))
        drawn, drawing = self.reach.moved(), self.reach.names & RANDOM
        writes = [place.word(key) for place, key in changed if not self.reach.is_log(place)] + self.reach.written()
        if writes or drawn or drawing or self.reach.names & ONCE_MORE or self.reach.sources or trial.makes_parameters():
            trial = self._tried_again(trial, again, writes, drawn, MORE if drawing else 1)
        if changed:
            self.reach = Surroundings(self.roots)
        self.marks, self.door = self.reach.marks, trial.door
        self.reach.forget()
        return set()

    def _others(self, reach: Surroundings) -> list[str]:
        """The words for what is another thing than at the latest look; logs and what is read at each call are not."""
        words = [w for w in {**self.marks, **reach.marks} if self.marks.get(w) != reach.marks.get(w)]
        logs = [f"{place.words}[" for place in reach.places if words and reach.is_log(place)]
        return [w for w in words if not w.startswith((*logs, *reach.live))]

    def _tried_again(
        self, trial: Trial, again: Callable[[], Trial], writes: list[str], drawn: list[str], times: int
    ) -> Trial:
        """Another trial of the same graph, or the error that says why there is none."""
        self.marks = Surroundings(self.roots).marks if writes else {}
        for k in range(PERIOD):
            if k >= times and not self.moving:
                break
            second = _again(again)
            if drawn and (moved := self.reach.moved()):
                raise _drawing(moved)
            if second is None or not trial.equals(second):
                raise _writing(writes) if writes else _drawing(drawn)
            if writes:
                reach = Surroundings(self.roots)
                self.moving, self.marks = self._others(reach), reach.marks
                if taken := [w for w in self.moving if w in writes and w.startswith(POSITION.format(""))]:
                    raise _writing(taken[:1], PASSED)
        assert second is not None
        return second

    def put_back(self) -> None:
        """Puts back what was there before in each place that keeps a traced value."""
        for place in self.reach.places:
            for key in [*place.changes()]:
                if self._kept([(place, key)]):
                    place.put_back(key)

    def look(self, trial: Trial, again: Callable[[], Trial]) -> None:
        """Compares what the function can reach now with what it was; refuses if the graph would be another."""
        reach = Surroundings(self.roots)
        entered, words = self.door.changed(), self._others(reach)
        unseen = self.reach.names & UNSEEN | self.reach.sources
        if not (entered or words or self.moving or unseen):
            return
        for _ in range(LATER if self.moving else 1):
            second = _again(again)
            if second is None or not trial.equals(second):
                words.sort(key=self._harmless.__contains__)
                raise _stale(entered, words, unseen) if entered or words or unseen else _writing(self.moving)
            self.door = second.door
        self._harmless.update(words)
        self.marks = Surroundings(self.roots).marks

    def _kept(self, changed: list[tuple[Place, Any]]) -> dict[str, Any]:
        new = {place.word(key): place.read(key) for place, key in changed}
        return Surroundings({**new}).kept if new else {}


def _again(again: Callable[[], Trial]) -> Trial | None:
    """Another trial; None if the function raises this time."""
    try:
        return again()
    except Exception:
        return None


def _escape(kept: Mapping[str, str]) -> GraphError:
    words = ", ".join(kept)
    problem = f"compile: when the function returned, {words} held a node of it, which gets no value at later calls"
    if not kept:
        problem = "compile: the function puts something into a list or a dict among its arguments, which gets a copy"
    return GraphError(problem, expected="results and states that are returned", got="; ".join(kept.values()), fix=STATE)


def _drawing(drawn: list[str]) -> GraphError:
    problem = "compile: random numbers drawn in the function would be the same at every call"
    if not drawn:
        problem = "compile: the function gives another graph when it is traced again (random numbers? the time?)"
    return GraphError(problem, expected="the same graph each time", got=", ".join(drawn), fix=NOISE)


def _writing(writes: list[str], fix: str = STATE) -> GraphError:
    words = [*dict.fromkeys(writes)]
    some = ", ".join(words[:5]) + f" and {len(words) - 5} more" * (len(words) > 5)
    problem = f"compile: the function changes {some}, on which its numbers depend; a plan would repeat the first call"
    return GraphError(problem, expected="the same graph when it is traced again", fix=fix)


def _stale(entered: list[Entered], words: list[str], unseen: Set[str]) -> GraphError:
    words = words or [HIDDEN] * (HIDDEN in unseen) or [f"what is read by `{name}`" for name in sorted(unseen)]
    what = [*dict.fromkeys(map(str, entered))] or [", ".join(words[:5])]
    return GraphError(
        f"compile: {'an array' if entered else words[0]} that the function reaches by itself has changed",
        expected="what is no argument to stay as it was when the function was traced: it is read once",
        got="; ".join(what[:3]),
        fix="pass it as an argument; or call tg.compile again, which reads it anew",
    )
