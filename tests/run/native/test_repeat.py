"""Native loops over steps: views that move, forward and back, repeats in repeats, products called inside."""

import ctypes

import numpy as np
import pytest

from tests.run.plain_plan import RandomPlan
from tinygraph.plan.actions import Buffer, Elementwise, Instruction, Product, Reduction, Repeat, View
from tinygraph.run.by_native import Native, can_run
from tinygraph.run.native import product_block

from .running import check, ready, whole

pytest.importorskip("llvmlite")

F8 = np.dtype("f8")


def random_numbers(*buffers):
    rng = np.random.default_rng(0)
    return {b: rng.normal(size=b.size).astype(b.dtype) for b in buffers}


def recurrence(T, B, H, back=False, dtype=F8):
    """h = tanh(h @ w + x[t]) over T steps, the last first with ``back``, each h kept in a slab."""
    x, slab = Buffer("argument", T * B * H, dtype), Buffer("result", (T + 1) * B * H, dtype)
    w, z = Buffer("parameter", H * H, dtype), Buffer("scratch", B * H, dtype)
    size = B * H
    start, step = ((T - 1) * size, -size) if back else (0, size)
    x_t = View(x, start, (B, H), (H, 1), (step,))
    before = View(slab, (T * size if back else 0), (B, H), (H, 1), (step,))
    after = View(slab, start if back else size, (B, H), (H, 1), (step,))
    zv = View(z, 0, (B, H), (H, 1))
    steps = (Instruction("add", (0, 1), dtype), Instruction("tanh", (2,), dtype))
    body = (
        Product(before, View(w, 0, (H, H), (H, 1)), zv, (False, True)),
        Elementwise((B, H), (zv, x_t), steps, ((3, after),)),
    )
    return [Repeat(T, 0, body)], random_numbers(x, slab, w, z)


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("sizes", [(5, 3, 7), (1, 1, 1), (0, 2, 2), (4, 1, 20)], ids=str)
def test_a_recurrence(sizes, back):
    check(*recurrence(*sizes, back=back))


def test_the_text_is_the_same_for_other_sizes_and_directions():
    texts = {
        Native(recurrence(*sizes, back=back)[0]).text
        for sizes in [(5, 3, 7), (1, 1, 1), (9, 1, 100)]
        for back in (True, False)
    }
    assert len(texts) == 1


def test_a_repeat_in_a_repeat():
    x, total = np.zeros((4, 5, 6)), np.zeros((4, 6))
    (bx, _), (bt, _) = whole(x), whole(total)
    acc = View(bt, 0, (6,), (1,), (6,))
    inner = Elementwise((6,), (acc, View(bx, 24, (6,), (1,), (30, -6))), (Instruction("add", (0, 1), F8),), ((2, acc),))
    outer = Reduction("max", View(bt, 0, (6,), (1,), (6,)), View(bt, 5, (), (), (6,)), (0,))
    check([Repeat(4, 0, (Repeat(5, 1, (inner,)), outer))], random_numbers(bx, bt))


@pytest.mark.parametrize("seed", range(30))
def test_random_plans(seed):
    plan = RandomPlan(seed, ["f8"])
    actions = [action for action in plan.actions if can_run(action)]
    check(actions, plan.values)


def test_random_plans_are_of_many_kinds():
    kept = [type(a) for seed in range(30) for a in RandomPlan(seed, ["f8"]).actions if can_run(a)]
    assert all(kept.count(kind) >= 8 for kind in (Repeat, Elementwise, Product, Reduction))


def test_a_weight_is_packed_once_before_the_steps():
    actions, flat = recurrence(6, 2, 3)
    calls = []

    @ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
    def pack(block, a, b, out):
        calls.append((block, a, b, out))

    native, made = ready(actions, flat)
    ((action, block),) = native.product_blocks
    block[product_block.PACK] = ctypes.cast(pack, ctypes.c_void_p).value
    native.run([made[buffer] for buffer in native.external])
    assert calls == [(block.ctypes.data, *(made[v.buffer].ctypes.data for v in (action.a, action.b, action.out)))]


def test_new_addresses_at_each_run():
    actions, flat = recurrence(3, 2, 4)
    native, made = ready(actions, flat)
    kinds = [buffer.kind for buffer in native.external]
    assert sorted(kinds) == ["argument", "parameter", "result"]
    native.run([made[buffer] for buffer in native.external])
    fresh = {buffer: flat[buffer].copy() for buffer in native.external}
    native.run([fresh[buffer] for buffer in native.external])
    for buffer in native.external:
        np.testing.assert_array_equal(fresh[buffer], made[buffer])


def test_given_buffers_may_be_named():
    actions, flat = recurrence(3, 2, 4)
    given = list(flat)[::-1]
    native, made = ready(actions, flat, given)
    assert native.external == given and not native.internal
    native.run([made[buffer] for buffer in given])
    assert not np.array_equal(made[given[2]], flat[given[2]])


def test_what_native_code_leaves_to_numpy():
    short_floats = View(Buffer("scratch", 4, np.dtype("f2")), 0, (4,), (1,))
    numbers = View(Buffer("scratch", 4, F8), 0, (4,), (1,))
    copy = Instruction("copy", (0,), F8)
    assert can_run(Elementwise((4,), (numbers,), (copy,), ((1, numbers),)))
    assert not can_run(Elementwise((4,), (short_floats,), (copy,), ((1, numbers),)))
    assert not can_run(Elementwise((4,), (numbers,), (Instruction("erfinv", (0,), F8),), ((1, numbers),)))
    assert not can_run(Reduction("prod", numbers, View(numbers.buffer, 0, (), ()), (0,)))
    assert not can_run(Repeat(3, 0, (Reduction("sum", short_floats, View(numbers.buffer, 0, (), ()), (0,)),)))
