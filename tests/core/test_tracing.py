"""Ctrl-C while a function is traced: the thread's state is as before, also where the exception is kept."""

import numpy as np

import tinygraph as tg
from tests.interrupts import interrupted
from tinygraph.core.scope import Kept, now
from tinygraph.core.traced import Tracing


def compiled():
    with tg.step(3), tg.scope("encoder"):
        tg.compile(lambda x: tg.unroll(lambda x, h: (tg.tanh(x + h),) * 2, x, np.zeros(2))[1])(np.ones((2, 2)))


def begins_or_ends_tracing(frame):
    """Whether a frame is one of the two contexts', or is where they are used."""
    return isinstance(frame.f_locals.get("self"), Kept) or "Tracing" in frame.f_code.co_names


def test_ctrl_c_where_tracing_begins_or_ends_leaves_the_state():
    compiled()
    before, kept, places = dict(vars(now)), [], 0

    def call():
        try:
            compiled()
        except KeyboardInterrupt as stopped:
            kept.append(stopped)  # as `sys.last_exc` of a console does
            raise

    for at in interrupted(call, within=begins_or_ends_tracing):
        assert vars(now) == before, f"after Ctrl-C before instruction {at}"
        places += 1
    assert places > 100


def test_tracing_leaves_what_other_contexts_set():
    with tg.step(2):
        now.watching = True
        with Kept(), Tracing():
            assert now.tracing and not now.watching and now.place[0] is None
            now.draws = 7
        assert now.watching and now.place[0] == 2 and now.draws is None and not now.tracing
        del now.watching
