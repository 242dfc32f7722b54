"""What a plan says of itself: its table, its code, its memory, and the graph before and after the passes."""

import tracemalloc

import numpy as np
import pytest

import tinygraph as tg

BACKENDS = ["numpy", "native"]


@pytest.fixture(params=BACKENDS)
def compiled(request):
    if request.param == "native":
        pytest.importorskip("llvmlite")
    w = tg.parameter(np.eye(3), name="w")

    def cell(x, h):
        h = tg.tanh(x @ w + h @ w)
        return h, h

    def loss(xs):
        return tg.sum(tg.unroll(cell, xs, np.zeros((2, 3)))[0])

    return tg.compile(tg.value_and_grad(loss, w), backend=request.param)


def test_there_is_no_plan_before_the_first_call(compiled):
    with pytest.raises(tg.GraphError, match="no plan"):
        _ = compiled.plan
    with pytest.raises(tg.GraphError, match="no plan"):
        compiled.graph()


def test_the_table_names_actions_loops_memory_and_what_was_moved(compiled):
    compiled(np.ones((4, 2, 3)))
    text = str(compiled.plan)
    assert text.startswith(f"plan for {compiled.plan.backend}: ")
    for word in (
        "4 steps of",
        "product",
        "(8, 3) @ (3, 3)",
        "GFLOP/s",
        "peak memory",
        "scratch in",
        "tanh",
        "matmul (2, 3) is done once for all 4 steps",
        "is one product over 8 rows",
    ):
        assert word in text, word


def test_the_code_is_there_to_be_read(compiled):
    compiled(np.ones((4, 2, 3)))
    (text,) = compiled.plan.source
    words = ("tanh(", "for ", "zip(") if compiled.plan.backend == "numpy" else ("define void @run", "fadd", "fmul")
    assert all(word in text for word in words)


def test_held_and_peak_bytes_are_those_of_the_arrays(compiled):
    compiled(np.ones((4, 2, 3)))
    plan = compiled.plan
    assert plan.peak_bytes - plan.held_bytes == 8 + 9 * 8  # the loss and one gradient
    compiled(np.ones((400, 2, 3)))
    # At least the states of 400 steps, at most ten such slabs and the room of packed weights.
    slab_bytes = 400 * 2 * 3 * 8
    # Products of another size may be packed in another way, in up to some hundred kilobytes.
    assert slab_bytes < compiled.plan.held_bytes < 10 * slab_bytes + 500_000


def test_a_call_after_the_first_allocates_nothing_that_grows_with_the_steps(compiled):
    if compiled.backend == "numpy" and np.lib.NumpyVersion(np.__version__) < "2.3.0":
        pytest.skip("np.add.reduce over several axes makes a copy in numpy 2.0")
    peaks = []
    for T in (50, 1050):
        xs = np.ones((T, 2, 3))
        compiled(xs)
        compiled(xs)
        tracemalloc.start()
        compiled(xs)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    slab_bytes = 1000 * 2 * 3 * 8
    assert peaks[1] - peaks[0] < slab_bytes / 2


@pytest.mark.parametrize("view", ["before", "after"])
def test_the_graph_can_be_walked_and_drawn(compiled, view):
    compiled(np.ones((4, 2, 3)))
    loss, gradient = compiled.graph(view)
    assert loss.shape == () and gradient.shape == (3, 3) and "traced" in repr(loss)
    source = tg.draw(loss).source
    assert "loop" in source and "4×2×3" in source


def test_an_unknown_view_is_refused(compiled):
    compiled(np.ones((4, 2, 3)))
    with pytest.raises(tg.GraphError, match="before"):
        compiled.graph("sideways")


def test_the_passes_leave_fewer_nodes_in_the_loop(compiled):
    compiled(np.ones((4, 2, 3)))
    inside = []
    for view in ("before", "after"):
        loss = compiled.graph(view)[0]
        (over,) = [n for n in tg.core.graph.ancestors([loss]) if n.op is not None and n.op.name == "loop"]
        body = over.attributes["body"]
        inside.append([n.op.name for n in tg.core.graph.ancestors(body.nexts) if n.op is not None])
    assert inside[0].count("matmul") == 2 and inside[1].count("matmul") == 1
