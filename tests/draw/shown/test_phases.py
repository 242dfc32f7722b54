"""Phases: an encoder's steps and a decoder's are not the same time, those of layers and directions are."""

from __future__ import annotations

import numpy as np

import tinygraph as tg
from tests.draw.flowing import loss_in_the_state, sliding, stack_of_five
from tests.draw.networks import both_ways, lstm, weights, word_rnn
from tests.draw.recurrent import attention, encoder_decoder, losses_outside, tanh_cell, two_scopes, two_unrolls, uneven
from tests.each import each
from tinygraph.core.graph import ancestors
from tinygraph.draw.shown.phases import MANY, _picked, _shares, phases


def parts(*, same=False, again=2):
    """Sequences one after another, each from the last state of the one before, by one cell or by different ones."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    h, total = np.zeros(4), 0.0
    for k in range(again):
        cell = tanh_cell(w["A"], w["B"]) if same or k % 2 == 0 else tanh_cell(w["C"], w["D"])
        ys, h = tg.unroll(cell, np.ones((3, 3)), h)
        total = total + tg.sum(ys)
    return total


def turning(encoder: bool, decoder: bool, steps=(4, 3)):
    """An encoder and a decoder that each run forward or in reverse."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    _, h = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((steps[0], 3)), np.zeros(4), reverse=encoder)
    return tg.sum(tg.unroll(tanh_cell(w["C"], w["D"]), np.ones((steps[1], 3)), h, reverse=decoder)[0])


def by_hand(reads=False):
    """Two loops with steps marked by hand, the data of both made before, the losses in a loop of their own.

    ``reads``: data are rows of an array.
    """
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))

    def data(n):
        made = []
        for t in range(n):
            with tg.step(t):
                made.append(X[t] if reads else tg.constant(np.ones(3), name=f"x{t}"))
        return made

    X = tg.constant(np.ones((5, 3)), name="X")

    sources, targets, h, states = data(4), data(5), tg.constant(np.zeros(4)), []
    for t, x in enumerate(sources):
        with tg.step(t), tg.scope("reader"):
            h = tg.tanh(w["A"] @ x + w["B"] @ h)
    for t, x in enumerate(targets):
        with tg.step(t), tg.scope("writer"):
            h = tg.tanh(w["C"] @ x + w["D"] @ h)
            states.append(h)
    losses = []
    for t, h in enumerate(states):
        with tg.step(t), tg.scope("writer"):
            losses.append(tg.sum(h * h))
    return sum(losses)


def rows_of_the_other():
    """Two loops from states of their own; the second reads, at other steps, the rows that the first took."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 4))
    X, h, s, rows = tg.constant(np.ones((4, 3)), name="X"), tg.constant(np.zeros(4)), tg.constant(np.ones(4)), []
    for t in range(4):
        with tg.step(t):
            rows.append(X[t])
            h = tg.tanh(w["A"] @ rows[t] + w["B"] @ h)
    for t in range(4):
        with tg.step(t):
            s = tg.tanh(w["C"] @ rows[3 - t] + w["D"] @ s)
    return tg.sum(h) + tg.sum(s)


def looking_by_hand():
    """Attention that takes the encoder's states one at a time, and a decoder as long as the encoder."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 8))
    states, _ = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((3, 3)), np.zeros(4))

    def cell(x, s):
        scores = tg.softmax(tg.stack([tg.sum(states[i] * s) for i in range(3)]))
        seen = sum(scores[i] * states[i] for i in range(3))
        s = tg.tanh(w["C"] @ x + w["D"] @ tg.concatenate([s, seen]))
        return s, s

    return tg.sum(tg.unroll(cell, np.ones((3, 3)), np.zeros(4))[0])


def context_at_each_step():
    """Of the encoder's last state each step of the decoder reads."""
    w = weights(A=(4, 3), B=(4, 4), C=(4, 3), D=(4, 8))
    _, h = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((4, 3)), np.zeros(4))

    def cell(x, s):
        s = tg.tanh(w["C"] @ x + w["D"] @ tg.concatenate([s, h]))
        return s, s

    return tg.sum(tg.unroll(cell, np.ones((4, 3)), np.zeros(4))[0])


def feedback_decoder():
    w = weights(A=(4, 3), B=(4, 4), C=(4, 4), D=(4, 4))
    _, h = tg.unroll(tanh_cell(w["A"], w["B"]), np.ones((4, 3)), np.zeros(4))
    return tg.sum(tg.unroll(tanh_cell(w["C"], w["D"]), np.ones((4, 4)), h, feedback=lambda y: y)[0])


def layers(bidirectional, lengths=None, axis=0, last=False):
    cell = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=3, bidirectional=bidirectional)
    x = np.ones((4, 2, 3)) if axis == 0 else np.ones((2, 4, 3))
    ys, states = tg.unroll(cell, x, lengths=lengths, axis=axis)
    return sum(map(tg.sum, tg.core.structure.leaves(states[-1]))) if last else tg.sum(ys)


def two_layer_decoder():
    cell = tg.cells.Stack.of(tg.cells.GRU, 3, 4, num_layers=2, bidirectional=True)
    ys, _ = tg.unroll(cell, np.ones((4, 2, 3)))
    start = tg.tanh(ys[-1])
    decoder = tg.cells.Stack.of(tg.cells.GRU, 3, 8, num_layers=2)
    return tg.sum(tg.unroll(decoder, np.ones((5, 2, 3)), [start, start])[0])


def after_windows():
    """Of the encoder only the last window is read."""
    _, state = tg.unroll(tg.cells.LSTM(3, 4, rng=0), np.ones((4, 2, 3), np.float32), truncate=3, window="sliding")
    return tg.sum(tg.unroll(tg.cells.LSTM(3, 4, rng=1), np.ones((5, 2, 3), np.float32), state)[0])


ONE = [""]
NETWORKS = {
    "word": (word_rnn(4), ONE),
    "lstm": (lstm(3, truncate=2), ONE),
    "both ways": (both_ways(4), ONE),
    "two unrolls": (two_unrolls(4), ONE),
    "two scopes": (two_scopes(3), ONE),
    "losses outside": (losses_outside(5), ONE),
    "uneven": (uneven(5), ONE),
    "sliding": (sliding(), ONE),
    "sliding, with outputs": (sliding(reads_out=True), ONE),
    "after the last window": (after_windows(), ["encoder", "decoder"]),
    "loss in the state": (loss_in_the_state(), ONE),
    "five layers": (stack_of_five(), ONE),
    "three layers": (layers(False), ONE),
    "three layers both ways": (layers(True), ONE),
    "both ways, padded": (layers(True, lengths=[4, 2]), ONE),
    "both ways, padded, of the last states": (layers(True, lengths=[4, 2], last=True), ONE),
    "both ways, of the last states": (layers(True, last=True), ONE),
    "both ways, batch first": (layers(True, axis=1), ONE),
    "encoder": (encoder_decoder(5, 3), ["encoder", "decoder"]),
    "bridge": (encoder_decoder(3, 3, bridge=True), ["encoder", "decoder"]),
    "two steps each": (encoder_decoder(2, 2), ["encoder", "decoder"]),
    "longer decoder": (encoder_decoder(2, 6), ["encoder", "decoder"]),
    "decoder of a step": (encoder_decoder(4, 1), ["encoder", "decoder"]),
    "attention": (attention(4, 3), ["encoder", "decoder"]),
    "attention, as long": (attention(4, 4), ["encoder", "decoder"]),
    "attention by hand": (looking_by_hand(), ["encoder", "decoder"]),
    "context at each step": (context_at_each_step(), ["encoder", "decoder"]),
    "feedback": (feedback_decoder(), ["encoder", "decoder"]),
    "two-layer decoder": (two_layer_decoder(), ["encoder", "decoder"]),
    "reverse encoder": (turning(True, False), ["encoder", "decoder"]),
    "reverse decoder": (turning(False, True, (4, 4)), ["encoder", "decoder"]),
    "both reverse": (turning(True, True), ["encoder", "decoder"]),
    "by hand": (by_hand(), ["reader", "writer"]),
    "by hand, of rows": (by_hand(reads=True), ["reader", "writer"]),
    "rows of the other": (rows_of_the_other(), ONE),
    "one cell again": (parts(same=True), ["part 1", "part 2"]),
    "three parts": (parts(again=3), ["part 1", "part 2", "part 3"]),
}


@each("network", NETWORKS)
def test_which_loops_share_their_columns(network):
    root, names = NETWORKS[network]
    told = phases([root])
    timed = [x for x in ancestors([root]) if x.step is not None]
    assert told.names == names and {told.of[x] for x in timed} == set(range(len(names)))


@each("network", NETWORKS)
def test_no_state_runs_back_to_an_earlier_column_unless_it_runs_in_reverse(network):
    """Of two ops of different phases the later reads the earlier; within a phase all arrows of a cell go one way."""
    root, _ = NETWORKS[network]
    told = phases([root])
    for node in ancestors([root]):
        for x in node.inputs:
            if node.step is not None and x.step is not None:
                assert told.of[x] <= told.of[node]
    if (
        "reverse" not in network
        and "other" not in network
        and "both ways" not in network
        and network != "two-layer decoder"
    ):
        columns = [(told.column(x), told.column(n)) for n in ancestors([root]) for x in n.inputs]
        assert all(a <= b for a, b in columns if a is not None and b is not None)


def test_the_steps_of_each_phase_are_those_of_its_loop():
    root = encoder_decoder(5, 3)
    told = phases([root])
    steps = [sorted({x.step for x, p in told.of.items() if p == k}) for k in (0, 1)]
    assert steps == [[0, 1, 2, 3, 4], [0, 1, 2]]


def test_the_gradient_of_a_node_is_in_its_phase():
    root = attention(4, 3)
    gradients = tg.grad(root, [x for x in ancestors([root]) if x.op is None and x.name in ("A", "C")])
    told = phases([root, *gradients])
    assert told.names == ["encoder", "decoder"]
    assert all(told.of[x] == told.of[x.origin] for x in told.of if x.origin is not None)


def test_a_graph_without_steps_has_one_phase():
    assert phases([tg.tanh(tg.constant([1.0]))]).of == {}


@each("reads", [False, True])
def test_data_are_in_the_phase_of_what_reads_them(reads):
    root = by_hand(reads=reads)
    told = phases([root])
    data = [x for x in ancestors([root]) if x.step is not None and (x.op is None or x.op.name == "getitem")]
    users = {x: n for n in ancestors([root]) for x in n.inputs if x in {*data}}
    assert [told.of[x] for x in data] == [told.of[users[x]] for x in data] == [0] * 4 + [1] * 5


@each(
    "at, source, user, shared",
    [
        ({0: {0}, 1: {1}}, [0, 1], [0, 1, 2], True),  # a layer above
        ({1: {1}}, [0, 1, 2], [0, 1, 2], False),  # one step alone
        ({2: {2}}, [0, 1, 2], [2], True),
        ({2: {0, 1, 2}}, [0, 1, 2], [2], False),  # all of it at one step
        ({t: {0, 1, 2} for t in range(3)}, [0, 1, 2], [0, 1, 2], False),  # attention
        ({0: {0}, 1: {0, 1}}, [1, 0], [0, 1], True),  # attention at one step of a layer above
        ({t: {MANY} for t in range(3)}, [0, 1, 2], [0, 1, 2], False),
        ({2: {1}}, [0, 1], [2, 3], True),  # goes on where it ended
        ({1: {1}, 2: {1}}, [0, 1], [1, 2], True),
        ({4: {4}}, [4], [4], True),
        ({1: {2}}, [3, 2], [1, 0], True),
        ({1: {2}}, [1, 2], [1, 0], False),
        ({3: {4}}, [4], [3], True),
        ({3: {1}}, [0, 1], [3, 4], False),
    ],
)
def test_what_runs_over_the_same_time(at, source, user, shared):
    assert _shares(at, source, user) is shared


@each(
    "rows, index, step",
    [
        (3, 1, 1),
        (3, -1, 2),
        (3, (1, 0), 1),
        (3, (), MANY),
        (3, slice(2), [0, 1]),
        (3, slice(None, None, -1), MANY),
        (4, 1, MANY),
    ],
)
def test_a_row_of_stacked_steps_is_its_step(rows, index, step):
    row = tg.constant(np.ones((rows, 2)))[index]
    assert _picked(row, {0: MANY, 1: 2}, {0: [2, 1, 0], 1: [0, 1, 2]}) == {0: step, 1: 2}, "one step stays what it is"


def test_the_start_of_a_window_is_no_gate():
    gates = [x.text for x in tg.draw(after_windows(), "gates").picture.notes if x.size == 12]
    assert gates == [f"{part} · {gate}" for part in ("encoder", "decoder") for gate in "ofi"]
