"""Views against numpy's own: random chains of transposes, indices, reshapes and broadcasts of real memory."""

import itertools

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from tinygraph.plan import views
from tinygraph.plan.actions import Buffer, View

MEMORY = np.arange(4000.0)


def seen(v: View, memory=MEMORY, steps=()):
    """The array that a view stands for, at a step of each loop around it."""
    offset = v.offset + sum(a * b for a, b in zip(v.per_step, steps, strict=False))
    if 0 in v.shape:
        return np.empty(v.shape)
    return as_strided(memory[offset:], v.shape, [s * 8 for s in v.strides])


def start(rng, ranks=(0, 1, 2, 3)):
    shape = tuple(rng.choice([1, 1, 2, 3, 4, 6], size=rng.choice(ranks)).tolist())
    buffer = Buffer("scratch", int(np.prod(shape)), np.dtype(float))
    return views.whole(buffer, shape), MEMORY[: buffer.size].reshape(shape)


def some_index(rng, a):
    index = []
    for n in a.shape[: rng.integers(0, a.ndim + 1)]:
        k = int(rng.integers(0, max(n, 1)))
        slices = [(None,), (k, None), (None, k + 1), (None, None, -1), (None, None, 2), (k, k), (-2, None)]
        index.append([*(slice(*s) for s in slices), k, k - n][rng.integers(0, 9 if n else 7)])
    if rng.random() < 0.3:
        index.insert(int(rng.integers(0, len(index) + 1)), None)
    if rng.random() < 0.3:
        index = [..., *index] if len([i for i in index if i is not None]) == a.ndim else [*index, ...]
    return tuple(index)


def one_change(rng, v, a):
    """Another view of the same memory, by us and by numpy; None where neither makes one."""
    which = rng.integers(0, 4)
    if which == 0:
        axes = rng.permutation(a.ndim).tolist()
        return views.transposed(v, axes), a.transpose(axes)
    if which == 1:
        index = some_index(rng, a)
        return views.indexed(v, index), a[index]
    if which == 2:
        shape = (*([2] * int(rng.integers(0, 2))), *(3 if n == 1 and rng.random() < 0.5 else n for n in a.shape))
        return views.broadcast(v, shape), np.broadcast_to(a, shape)
    shapes = [
        s for s in itertools.product([1, 2, 3, 4, 6, 8, 12, 24], repeat=int(rng.integers(0, 4))) if np.prod(s) == a.size
    ]
    if not shapes:
        return None
    shape = shapes[rng.integers(len(shapes))]
    return views.reshaped(v, shape), a.reshape(shape)


def test_random_chains_are_what_numpy_sees():
    rng, refused = np.random.default_rng(0), 0
    for _ in range(1200):
        v, a = start(rng)
        for _ in range(4):
            made = one_change(rng, v, a)
            if made is None:
                continue
            if made[0] is None:
                refused += 1
                assert not np.shares_memory(made[1], MEMORY), "numpy needs no copy here"
                continue
            v, a = made
            assert v.shape == a.shape and np.array_equal(seen(v), a)
    assert refused


def test_reshapes_of_what_lies_whole_are_always_views():
    for shape in [(2, 3, 4), (24,), (1, 24, 1), (4, 1, 6), (2, 2, 2, 3)]:
        for other in [(24,), (6, 4), (1, 2, 12), (3, 8, 1), (2, 3, 2, 2)]:
            v = views.reshaped(views.whole(Buffer("scratch", 24, np.dtype(float)), shape), other)
            assert v is not None and np.array_equal(seen(v), MEMORY[:24].reshape(other))


@pytest.mark.parametrize("reverse", [False, True])
def test_steps_of_a_loop_and_back(reverse):
    rng = np.random.default_rng(1)
    for _ in range(300):
        v, a = start(rng, (1, 2, 3))
        changed = one_change(rng, v, a)
        if changed is not None and changed[0] is not None and changed[0].shape and 0 not in changed[0].shape:
            v, a = changed
        T = a.shape[0]
        row = views.one_step(v, 0, T, reverse)
        for n in range(T):
            assert np.array_equal(seen(row, steps=(n,)), a[T - 1 - n if reverse else n])
        assert np.array_equal(seen(views.all_steps(row, 0, T, reverse)), a)


@pytest.mark.parametrize("outer_back, inner_back", [*itertools.product([False, True], repeat=2)])
def test_steps_of_a_loop_within_a_loop(outer_back, inner_back):
    a = MEMORY[:120].reshape(4, 5, 6)
    v = views.whole(Buffer("scratch", 120, np.dtype(float)), a.shape)
    row = views.one_step(v, 0, 4, outer_back)
    element = views.one_step(row, 1, 5, inner_back)
    for n, m in itertools.product(range(4), range(5)):
        t, s = 3 - n if outer_back else n, 4 - m if inner_back else m
        assert np.array_equal(seen(element, steps=(n, m)), a[t, s])
    assert np.array_equal(seen(views.all_steps(element, 1, 5, inner_back), steps=(2,)), a[1 if outer_back else 2])


def test_what_is_the_same_at_every_step_is_repeated():
    v = views.whole(Buffer("scratch", 6, np.dtype(float)), (2, 3))
    assert np.array_equal(seen(views.all_steps(v, 0, 4, True)), np.broadcast_to(MEMORY[:6].reshape(2, 3), (4, 2, 3)))


def test_without_axes_of_one():
    v = views.whole(Buffer("scratch", 6, np.dtype(float)), (1, 2, 1, 3))
    assert np.array_equal(seen(views.without(v, (0, 2))), MEMORY[:6].reshape(2, 3))
