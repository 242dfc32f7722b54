"""Products that become one: sums over time, weights side by side, weights on end; and sums put in order."""

import numpy as np

import tinygraph as tg
from tests.each import each
from tinygraph.passes import GatherSums, JoinProducts, Rules, SumProducts, optimise, simplify

from .graphs import assert_same_numbers, loops_of, ops_of, ops_within, run, trace

RNG = np.random.default_rng(0)
XS, H0 = RNG.normal(size=(5, 2, 3)), RNG.normal(size=(2, 4))
W = {
    n: tg.parameter(RNG.normal(size=s) * 0.5, n)
    for n, s in {"x": (3, 4), "a": (4, 4), "b": (4, 4), "c": (4, 4), "bias": (4,)}.items()
}


def after(made, fn, *args):
    graph = trace(fn, *args)
    results = run(made, graph.results)
    assert_same_numbers(graph, results)
    return results


def test_the_gradient_of_a_weight_is_one_product():
    def fn(xs, h):
        hs, _ = tg.unroll(lambda x, h: (tg.tanh(x @ W["x"] + h @ W["a"]),) * 2, xs, h)
        return tg.grad(tg.sum(tg.square(hs)), [W["x"], W["a"]])

    made = SumProducts()
    results = after(made, fn, XS, H0)
    assert made.changed and sum("10 rows" in note for note in made.notes) == 2
    assert ops_of(results).count("matmul") == 2
    before = trace(fn, XS, H0).results
    assert ops_within(before, -1).count("matmul") == ops_within(results, -1).count("matmul") + 2


def test_products_of_one_state_are_joined_side_by_side():
    def cell(x, h):
        h = tg.tanh(h @ W["a"]) * tg.sigmoid(h @ W["b"]) + tg.tanh(h @ W["c"]) + x @ W["x"]
        return h, h

    made = JoinProducts()
    results = after(made, lambda xs, h: tg.unroll(cell, xs, h)[0], XS, H0)
    within = ops_within(results)
    assert made.changed and within.count("matmul") == 2 and within.count("getitem") == 3


def test_products_that_are_added_are_joined_on_end():
    def cell(x, s):
        h, c = s
        new = tg.tanh((h * 1.5) @ W["a"] + (c * 2.0) @ W["b"])
        return new, (new, h)

    made = JoinProducts()
    results = after(made, lambda xs, h: tg.unroll(cell, xs, (h, h))[0], XS, H0)
    assert made.changed and ops_within(results).count("matmul") == 1


def test_products_with_weights_that_change_stay():
    def cell(x, s):
        h, fast = s
        a, b = h @ fast, h @ tg.tanh(fast)
        return a, (tg.tanh(a * b), fast * 0.9)

    made = JoinProducts()
    after(made, lambda xs, h, fast: tg.unroll(cell, xs, (h, fast))[0], XS, H0, np.eye(4))
    assert not made.changed


def test_sums_are_put_in_the_order_in_which_their_terms_are_known():
    def cell(x, h):
        h = tg.tanh(h @ W["a"] + x @ W["x"] + W["bias"] + 1.0)
        return h, h

    made = GatherSums()
    results = after(made, lambda xs, h: tg.unroll(cell, xs, h)[0], XS, H0)
    (over,) = loops_of(results)
    total = over.attributes["body"].nexts[0].inputs[0]
    waiting, known = [
        [x for x in total.inputs if (x.op is not None and x.op.name == name)] for name in ("matmul", "add")
    ]
    assert made.changed and len(waiting) == len(known) == 1
    assert over.attributes["body"].carries[0] in waiting[0].inputs


TERMS = {
    "a product": (lambda x, h: tg.exp(x) @ tg.tanh(h).T[:3], 1),
    "one of a turned operand": (lambda x, h: tg.exp(x).T @ tg.tanh(h), 1),
    "turned, negated and in another shape": (lambda x, h: (-(tg.exp(x).T @ h)).T.reshape(2, 6), 1),
    "two that are added": (lambda x, h: x.T @ h + tg.exp(x).T @ h, 2),
    "one and another term": (lambda x, h: x.T @ h + tg.exp(h[:1]), 0),
    "one and another term of its shape": (lambda x, h: x.T @ h + tg.exp(h[:1] * x.T[:, :1]), 1),
    "a join": (lambda x, h: tg.concatenate([x.T @ h, tg.exp(x.T)], axis=1), 1),
    "truths": (lambda x, h: (x.T > 0) @ (h > 0), 0),
    "small whole numbers": (lambda x, h: (x.T * 90).astype("i1") @ (h * 90).astype("i1"), 0),
    "joined truths": (lambda x, h: tg.concatenate([(x.T > 0) @ (h > 0), x.T > 0], axis=1), 0),
    "no product": (lambda x, h: tg.exp(h), 0),
    "products of a box": (lambda x, h: tg.stack([x, x]) @ x.T, 0),
}


@each("name", TERMS)
def test_sums_over_all_steps_of_products_are_one_product_of_all_rows(name):
    fn, count = TERMS[name]
    for axis, joined in ((0, count), ((0,), count), (1, 0), ((0, 1), 0)):

        def total(xs, h, axis=axis):
            return tg.sum(tg.unroll(lambda x, h: (fn(x, h), tg.tanh(h + x[:, :1])), xs, h)[0], axis=axis)

        made = SumProducts()
        results = after(made, total, XS, H0)
        assert len(made.notes) == ops_of(results).count("matmul") == joined and made.changed is bool(joined)
        assert all(note.startswith("a sum over 5 steps of products (") for note in made.notes)


ORDERS = {
    "three terms": (lambda x, h: h @ W["a"] + x @ W["x"] + W["bias"], True),
    "two terms": (lambda x, h: h @ W["a"] + W["bias"], False),
    "in order": (lambda x, h: W["bias"] + x @ W["x"] + h @ W["a"], False),
    "in order but for what is within": (lambda x, h: W["bias"] + (h @ W["a"] + x @ W["x"]), True),
    "a part that is read twice": (lambda x, h: (lambda part: part + W["bias"] + part)(h + x @ W["x"]), True),
    "no sum": (lambda x, h: h @ W["a"] * (x @ W["x"]) * W["bias"], False),
}


@each("name", ORDERS)
def test_sums_of_three_terms_or_more_are_put_in_order_unless_they_are(name):
    fn, changes = ORDERS[name]
    made = GatherSums()
    after(made, lambda xs, h: tg.unroll(lambda x, h: (tg.tanh(fn(x, h)),) * 2, xs, h)[0], XS, H0)
    assert made.changed is changes


BESIDE = {
    "of one operand": (lambda x, h: (tg.tanh(h @ W["a"]) * (h @ W["b"]), h * 0.5), 0),
    "of one operand, all for the next state": (lambda x, h: (h, tg.tanh(h @ W["a"]) * (h @ W["b"])), 2),
    "three": (lambda x, h: (h, tg.tanh(h @ W["a"]) * (h @ W["b"]) * tg.exp(h @ W["c"] * 0.1)), 3),
    "one for the next state": (lambda x, h: (tg.exp(h @ W["a"]), tg.tanh(h @ W["b"])), 0),
    "of two operands": (lambda x, h: (h, tg.tanh(h @ W["a"]) * (tg.exp(h) @ W["b"])), 0),
    "known before the loop": (lambda x, h: (h, tg.tanh(x @ W["x"]) * (x @ (W["x"] * 2.0)) + h), 2),
    "a state as the weight": (lambda x, h: (h, W["a"][:2] @ h.T @ h * (W["a"][:2] @ tg.exp(h).T @ h)), 0),
}
"""Of those for outputs alone all are done after the loop, whether they are joined or not."""


@each("name", BESIDE)
def test_products_side_by_side_are_joined_where_they_stay_in_the_loop(name):
    fn, count = BESIDE[name]
    made = JoinProducts()
    results = after(made, lambda xs, h: tg.unroll(fn, xs, h)[1], XS, H0)
    joined = [note for note in made.notes if "side by side" in note]
    assert [note.split()[0] for note in joined] == [str(count)] * bool(count) and made.changed is bool(count)
    assert not count or joined[0].split("one operand ")[1].startswith(("(2, 4) are one", "(2, 3) are one"))
    assert ops_within(results).count("concatenate") == bool(count)


SUMS = {
    "made element by element": (lambda h, c: (h * 1.5) @ W["a"] + tg.tanh(c) @ W["b"], "2 products is one", 2),
    "three and a row": (
        lambda h, c: (h * 1.5) @ W["a"] + tg.tanh(c) @ W["b"] + tg.exp(h) @ W["c"] + W["bias"],
        "3 products is one",
        3,
    ),
    "states, which would be copied": (lambda h, c: h @ W["a"] + c @ W["b"], "", 2),
    "one of a state": (lambda h, c: (h * 1.5) @ W["a"] + c @ W["b"], "", 2),
    "one that is read again": (lambda h, c: (lambda p: p + tg.tanh(c) @ W["b"] + p * p)((h * 1.5) @ W["a"]), "", 2),
    "one of a single row": (lambda h, c: (h * 1.5) @ W["a"] + tg.tanh(c[:1]) @ W["b"], "", 2),
}


@each("name", SUMS)
def test_products_on_end_are_joined_where_their_operands_can_be_made_in_place(name):
    fn, words, count = SUMS[name]
    made = JoinProducts()
    cell = lambda x, s: (s[0], (tg.tanh(fn(*s)), s[0]))  # noqa: E731
    results = after(made, lambda xs, h: tg.unroll(cell, xs, (h, h))[1], XS, H0)
    assert [note for note in made.notes if words in note] == made.notes and bool(made.notes) is bool(words)
    assert not words or made.notes[0].endswith("weights joined on end: (2, 4)")
    assert ops_within(results).count("matmul") == (1 if words else count)


def test_a_cell_written_in_twelve_matrices_does_one_product_a_step():
    gates = "ifgo"
    p = {k + g: tg.parameter(RNG.normal(size=(n, 4)) * 0.5) for g in gates for k, n in (("x", 3), ("h", 4))}

    def cell(x, state):
        h, c = state
        i, f, g, o = (x @ p["x" + k] + h @ p["h" + k] + W["bias"] for k in gates)
        c = tg.sigmoid(f) * c + tg.sigmoid(i) * tg.tanh(g)
        h = tg.sigmoid(o) * tg.tanh(c)
        return h, (h, c)

    graph = trace(lambda xs, h: tg.unroll(cell, xs, (h, h))[0], XS, H0)
    for fuses in (False, True):
        results, _ = optimise(graph.results, fuses=fuses)
        assert_same_numbers(graph, results)
        assert ops_within(results).count("matmul") == 1
        joined = [n for n in loops_of(results)[0].inputs if n.op is not None and n.op.name == "concatenate"]
        assert [n.shape for n in joined] == [(4, 16)], "the weights are joined once, before the loop"


def test_the_gradient_of_a_weight_that_is_split_in_the_cell_is_products():
    """What arrives is a join of sums over time, of which each may be one product."""
    weight = tg.parameter(RNG.normal(size=(4, 8)) * 0.5)

    def fn(xs, h, only):
        def cell(x, h):
            a, b = tg.split(weight, 2, axis=1)
            h = tg.tanh(h @ a + (tg.exp(h) * tg.sum(b) if only else tg.exp(h) @ b) + x @ W["x"])
            return h, h

        return tg.grad(tg.sum(tg.unroll(cell, xs, h)[0]), weight)

    for only, products in ((False, 2), (True, 1)):
        graph = trace(lambda xs, h, only=only: fn(xs, h, only), XS, H0)
        canonical = run(Rules(simplify), graph.results)
        made = SumProducts()
        results = run(made, canonical)
        assert_same_numbers(graph, results)
        assert sum("10 rows" in note for note in made.notes) == products == ops_of(results).count("matmul")
