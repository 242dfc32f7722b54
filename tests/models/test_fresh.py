"""Data made on the spot: the k-th batch depends on seed and k alone, and a position goes on."""

import numpy as np

import tinygraph as tg
from models.fresh import Fresh


def make(rng):
    return (rng.normal(size=3),)


def firsts(data, count):
    return [batch[0] for batch, _ in zip(data, range(count), strict=False)]


def test_batches_are_new_and_the_same_again():
    a, b, c = firsts(Fresh(make, 5), 4), firsts(Fresh(make, 5), 4), firsts(Fresh(make, 6), 4)
    assert np.array_equal(a, b) and not np.isclose(a, c).any()
    assert len({x.tobytes() for x in a}) == 4


def test_a_run_goes_on_where_it_stopped(tmp_path):
    def trained(steps, folder):
        w = tg.parameter(np.zeros(3))
        step = tg.train.step(lambda x: tg.sum((w - x) ** 2), w, tg.train.SGD(w, 0.1))
        keep = tg.train.Checkpoint(tmp_path / folder)
        tg.train.fit(step, Fresh(make, 1), steps=steps, checkpoint=keep, quiet=True)
        return w.value

    trained(3, "a")
    assert np.array_equal(trained(7, "a"), trained(7, "b"))
