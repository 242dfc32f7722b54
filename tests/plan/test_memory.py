"""Scratch memory: what is needed at once never overlaps, whatever the loops; what is not shares its bytes."""

import itertools
from random import Random

import numpy as np
import pytest

from tinygraph.plan.actions import Buffer, Call, Repeat
from tinygraph.plan.memory import ALIGNMENT, lay_out
from tinygraph.plan.views import whole

F8 = np.dtype(float)


def scratch(size, depth=0):
    return Buffer("scratch", size, F8, depth=depth)


def touch(*buffers):
    """An action that reads all buffers but the last and writes the last."""
    seen = [whole(b, (b.size,)) for b in buffers]
    return Call(None, tuple(seen[:-1]), {}, seen[-1])


def bytes_of(b):
    return set(range(b.offset_bytes // 8, -(-(b.offset_bytes + max(b.nbytes, 1)) // 8)))


def played(actions, steps=2):
    """Every action in the order of a real run, loops run ``steps`` times; with each the steps that led to it."""

    def walk(part, path):
        for action in part:
            if isinstance(action, Repeat):
                for n in range(steps):
                    yield from walk(action.actions, (*path, (id(action), n)))
            else:
                yield action, path

    return list(walk(actions, ()))


def assert_kept_apart(actions):
    """Play the plan: a buffer keeps its bytes from the first write in its life to the last touch in it.

    A buffer made at depth d lives anew in each step of the d loops around it, and through all deeper steps.
    """
    lives = {}
    for now, (action, path) in enumerate(played(actions)):
        for v in (*action.inputs, action.out):
            if v.buffer.kind == "scratch":
                lives.setdefault((v.buffer, path[: v.buffer.depth]), []).append(now)
    for (one, (a, *_, b)), (two, (c, *_, d)) in itertools.combinations(
        [(k[0], [*w, w[-1]]) for k, w in lives.items()], 2
    ):
        if one is not two and a <= d and c <= b:
            assert not bytes_of(one) & bytes_of(two)


def random_actions(rng, depth, alive, budget):
    """A tree of actions; those within a loop may touch what was made around it, later steps as well."""
    actions, alive = [], list(alive)
    for _ in range(rng.randint(1, 6)):
        if depth < 3 and budget[0] > 0 and rng.random() < 0.3:
            budget[0] -= 1
            actions.append(Repeat(2, depth, tuple(random_actions(rng, depth + 1, alive, budget))))
        else:
            made = scratch(rng.choice([0, 1, 7, 8, 9, 30, 100]), rng.randint(0, depth))
            actions.append(touch(*rng.sample(alive, min(len(alive), rng.randint(0, 3))), made))
            alive.append(made)
            if rng.random() < 0.3:
                actions.append(touch(made, rng.choice(alive)))
    return actions


@pytest.mark.parametrize("seed", range(60))
def test_random_trees_of_loops(seed):
    actions = random_actions(Random(seed), 0, [scratch(5)], [4])
    total = lay_out(actions)
    buffers = {v.buffer for action, _ in played(actions) for v in (*action.inputs, action.out)}
    for b in buffers:
        assert b.offset_bytes >= 0 and b.offset_bytes % ALIGNMENT == 0 and b.offset_bytes + b.nbytes <= total
    assert_kept_apart(actions)


def best_fit(actions, alignment):
    """Where each buffer lies if it takes the smallest gap between those that live with it, and the bytes of all.

    Written another way: from the whole lives, taken from a walk in which each action has its number.
    """
    lives, numbers = {}, itertools.count(1)

    def walk(part, around):
        for action in part:
            number = next(numbers)
            if isinstance(action, Repeat):
                span = [number]
                walk(action.actions, (*around, span))
                span.append(next(numbers) - 1)  # a number is skipped, which changes no order
                continue
            for v in (*action.inputs, action.out):
                lives.setdefault(v.buffer, []).append((number, around))

    walk(actions, ())
    spans = {}
    for b, uses in lives.items():
        whole = [x for number, around in uses for x in (around[b.depth] if len(around) > b.depth else [number])]
        spans[b] = min(whole), max(whole)
    places, end = {}, 0
    for b in sorted(spans, key=lambda b: (spans[b][0], -b.nbytes)):
        n = max(1, -(-b.nbytes // alignment)) * alignment
        taken = sorted(at for other, at in places.items() if spans[other][1] >= spans[b][0])
        gaps, start = [], 0
        for low, high in taken:
            gaps.append((low - start, start))
            start = high
        last = start
        gaps.append((end - last, last))
        fitting = [gap for gap in gaps if gap[0] >= n]
        at = min(fitting)[1] if fitting else last
        places[b], end = (at, at + n), max(end, at + n)
    return {b: at for b, (at, _) in places.items()}, end


@pytest.mark.parametrize("alignment", [64, 16])
def test_each_buffer_takes_the_smallest_gap_that_holds_it(alignment):
    for seed in range(150):
        actions = random_actions(Random(seed), 0, [scratch(5)], [4])
        places, size = best_fit(actions, alignment)
        assert lay_out(actions, alignment) == size
        assert {b: b.offset_bytes for b in places} == places


def test_buffers_begin_on_cache_lines():
    assert lay_out([touch(scratch(1), scratch(9), scratch(0))]) == 64 + 128 + 64


def test_only_some_buffers_are_placed_if_so_asked():
    a, b, c = scratch(100), scratch(100), scratch(100)
    assert lay_out([touch(a, b, c)], 8, among=lambda buffer: buffer is not b) == 2 * 800
    assert (a.offset_bytes, b.offset_bytes, c.offset_bytes) == (0, -1, 800)


def test_a_chain_needs_two_buffers_at_a_time():
    chain = [scratch(800) for _ in range(20)]
    actions = [touch(a, b) for a, b in itertools.pairwise(chain)]
    assert lay_out(actions) == 2 * 6400
    assert_kept_apart(actions)


def test_what_lives_around_a_loop_is_kept_through_all_of_it():
    around, inside, late = scratch(100), scratch(100, 1), scratch(100, 1)
    lay_out([touch(around), Repeat(3, 0, (touch(around, inside), touch(inside, late)))])
    assert len({b.offset_bytes for b in (around, inside, late)}) == 3  # around is read again in the next step
    slab = scratch(100)
    lay_out([Repeat(3, 0, (touch(inside), touch(inside, slab), touch(late))), touch(slab)])
    assert slab.offset_bytes not in (inside.offset_bytes, late.offset_bytes)
    assert inside.offset_bytes == late.offset_bytes


def test_freed_neighbours_make_room_for_one_that_is_larger():
    a, b, large = scratch(100), scratch(100), scratch(208)
    assert lay_out([touch(a), touch(a, b), touch(large)]) == 2 * 832


def test_only_scratch_is_placed():
    given = [Buffer(kind, 100, F8) for kind in ("argument", "parameter", "constant", "result")]
    assert lay_out([touch(*given)]) == 0
    assert all(b.offset_bytes == -1 for b in given)


def test_nothing_needs_nothing():
    assert lay_out([]) == 0


def test_a_small_buffer_takes_the_smallest_hole():
    """Best fit: the large hole is left for a large buffer, so the block does not grow."""
    small, wall, large, end = scratch(8), scratch(8), scratch(64), scratch(8)
    late, later = scratch(8), scratch(64)
    actions = [touch(wall, small, large, end), touch(wall, end), touch(wall, end, late), touch(wall, late, later, end)]
    size = lay_out(actions)
    assert late.offset_bytes == small.offset_bytes and later.offset_bytes == large.offset_bytes
    assert size == 8 * (8 + 8 + 64 + 8)
