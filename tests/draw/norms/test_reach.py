"""How far a loss reaches back: the numbers behind the flow view."""

import numpy as np
import pytest

import tinygraph as tg
from tests.draw.flowing import loss_in_the_state, sliding, stack_of_five, two_outputs
from tests.draw.networks import lstm
from tests.draw.recurrent import NETWORKS
from tinygraph.draw.norms.reach import Reach, by_loss_step, seeds_of
from tinygraph.draw.norms.states import State, states
from tinygraph.draw.shown.folding import fold
from tinygraph.draw.shown.roles import roles

ROOTS = {k: root for k, (root, _, _) in NETWORKS.items()} | {
    "sliding": sliding(),
    "loss in the state": loss_in_the_state(),
    "five": stack_of_five(),
    "lstm cut": lstm(6, truncate=2),
    "two outputs": two_outputs(),
}


@pytest.mark.parametrize("name", ROOTS)
def test_the_losses_of_all_steps_add_up_to_the_gradient_of_the_root(name):
    root = ROOTS[name]
    folded = fold([root])
    nodes = [x for state in states(folded, [root]) for held in state.at.values() for x in held]
    seeds = seeds_of(root, folded, roles(folded, [root]))
    total = [np.zeros(x.shape) for x in nodes]
    for _, arrived in by_loss_step(root, nodes, seeds):
        total = [a + arrived.get(x, 0.0) for a, x in zip(total, nodes, strict=True)]
    assert nodes and any(map(np.any, total))
    for found, g in zip(total, tg.grad(root, nodes), strict=True):
        np.testing.assert_allclose(found, g.value, rtol=1e-12, atol=1e-15)


def test_the_pace_is_taken_from_one_step_back_on():
    """The state at which a loss enters may take it in directly, as the h of an LSTM does."""
    reach = Reach(State("", "h", 1, {}), [0, 1, 2, 3])
    reach.rows, reach.norms = [3], {(3, 3): 1000.0, (3, 2): 4.0, (3, 1): 2.0, (3, 0): 1.0}
    assert reach.factor() == pytest.approx(0.5)
    assert reach.medians() == [(0, 1000.0), (1, 4.0), (2, 2.0), (3, 1.0)]
