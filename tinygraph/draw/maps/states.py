"""States over time: each unit of each layer, direction and state, a row each."""

from __future__ import annotations

from ...core.node import Node
from ..norms.states import State
from ..shown.folding import When
from ..shown.letters import timeless
from .reading import Reading
from .sheets import Sheet


def state_sheets(reading: Reading) -> list[Sheet]:
    """Returns a sheet for each state, the last one first: c over h, layer 1 over layer 0.

    Raises:
        GraphError: no state crosses from one step to another.
    """
    all_states = reading.states or _of_one_step(reading)
    if not all_states:
        problem = "draw: the view states shows what crosses from one time step to another, but nothing does"
        raise reading.nothing(problem, "a state that one step computes and the next step uses")
    return [_sheet(reading, state) for state in reversed(all_states)]


def _of_one_step(reading: Reading) -> list[State]:
    """Returns the states of a graph of a single step, where nothing crosses: what a start of zeros became.

    It is a sum with a product of the start, as c of an LSTM, or the last result with a name and the start's shape.
    """
    folded = reading.folded
    (step,) = folded.steps if len(folded.steps) == 1 else [None]
    starts = {x for x in folded.nodes if x.op is None and x.step is None and x.dtype.kind == "f" and x.shape}
    shapes = {x.shape for x in starts}
    named = [
        x for x in folded.nodes if x.step == step is not None and x.op and x.shape in shapes and _letter(reading, x)
    ]
    scaled = {x for x in reading.nodes if x.op and x.op.name == "multiply" and not starts.isdisjoint(x.inputs)}
    rails = [x for x in named if x.op and x.op.name == "add" and not scaled.isdisjoint(x.inputs)]
    return [State("", _letter(reading, x), 1, {step or 0: [x]}) for x in dict.fromkeys([*named[-1:], *rails[::-1]])]


def _letter(reading: Reading, x: Node) -> str:
    return timeless(x.name or reading.folded.letters.get(x, ""))


def _sheet(reading: Reading, state: State) -> Sheet:
    at = {reading.folded.column(nodes[-1]) or (0, t): nodes[-1] for t, nodes in state.at.items()}
    return of_nodes(reading, state.heading, state.name, at)


def of_nodes(reading: Reading, heading: str, name: str, at: dict[When, Node]) -> Sheet:
    """Returns a sheet with a row for each unit of what has a node in each column."""
    parts = {c: node.value for c, node in at.items()}
    usual = reading.has_batch and {x.ndim for x in at.values()} == {2}
    axis = None if usual else reading.batch_axis(at.values())
    return reading.sheet(
        heading, parts, "unit ↓", lambda row, column: f"{name or 'state'}[{row}] at t = {column}", axis
    )
