"""Places in the memory of a call: bound anew whenever the array changes, also after a call that was broken off."""

import numpy as np
import pytest

from tinygraph.plan.actions import Buffer, View
from tinygraph.run.numpy_backend.places import ArrayPlace, CallBuffer


class Interrupted:
    """A place whose binding is broken off, as by Ctrl-C."""

    def place(self, memory):
        raise KeyboardInterrupt


def test_a_binding_that_was_broken_off_is_done_again():
    buffer = Buffer("parameter", 3, np.dtype("f8"))
    whole = ArrayPlace.at(View(buffer, 0, (3,), (1,)), (), ())
    first, second = np.zeros(3), np.ones(3)
    bound, places = CallBuffer(buffer), [None, None]
    bound.layouts = [(0, whole), (1, whole)]
    bound.bind(first, places)
    bound.layouts[1] = (1, Interrupted())
    with pytest.raises(KeyboardInterrupt):
        bound.bind(second, places)
    bound.layouts[1] = (1, whole)
    bound.bind(first, places)
    assert places[0] is places[1] is first
