"""What is new at each call is seen under any name that the user's file gives to it."""

import os
import random
import secrets
import time
import uuid
from datetime import datetime
from functools import partial
from os import getenv as setting
from os import urandom as noise
from random import SystemRandom as Machine
from secrets import randbelow as below
from time import perf_counter as tick
from time import time as clock
from uuid import uuid4 as fresh

import numpy as np
import pytest
from numpy.random import RandomState as Old
from numpy.random import default_rng as generator

import tinygraph as tg
from tests.each import each

later = partial(time.time)


class Watch:
    read = staticmethod(time.monotonic)


WATCH = Watch()
NEW_EACH_TIME = {
    "time.time": lambda: time.time(),
    "time.time_ns": lambda: time.time_ns() % 1_000_003,
    "time.monotonic": lambda: time.monotonic(),
    "datetime.now": lambda: datetime.now().microsecond,
    "secrets.token_bytes": lambda: secrets.token_bytes(4)[0] + 256 * secrets.token_bytes(4)[1],
    "random.SystemRandom": lambda: random.SystemRandom().random(),
    "uuid.uuid4": lambda: uuid.uuid4().int % 1_000_003,
    "clock": lambda: clock(),
    "tick": lambda: tick(),
    "generator": lambda: generator().normal(),
    "Old": lambda: Old().normal(),
    "fresh": lambda: fresh().int % 1_000_003,
    "below": lambda: below(10**9),
    "noise": lambda: noise(1)[0] + 256 * noise(1)[0],
    "Machine": lambda: Machine().random(),
    "later": lambda: later(),
    "an attribute": lambda: WATCH.read(),
    "a default": lambda functions=(time.time,): functions[0](),
}


@each("name", [*NEW_EACH_TIME])
def test_a_number_that_is_new_at_each_call_is_refused(name):
    number = NEW_EACH_TIME[name]
    with pytest.raises(tg.GraphError, match="another graph when it is traced again"):
        tg.compile(lambda x: tg.sum(x) * number(), backend="numpy")(np.ones(2))


def test_the_environment_is_looked_at_where_getenv_has_another_name(monkeypatch):
    monkeypatch.setenv("TINYGRAPH_TEST_SCALE", "2")
    f = tg.compile(lambda x: tg.sum(x) * float(setting("TINYGRAPH_TEST_SCALE", "1")), backend="numpy")
    assert f(np.ones(2)).item() == 4.0
    monkeypatch.setenv("TINYGRAPH_TEST_SCALE", "3")
    with pytest.raises(tg.GraphError, match=r"os\.environ"):
        f(np.ones(2))


def test_what_has_a_name_of_a_library_and_gives_the_same_is_compiled():
    f = tg.compile(lambda x: tg.sum(x) * os.path.basename("a/2").count("2"), backend="numpy")
    assert [f(np.full(2, k)).item() for k in (1.0, 2.0, 3.0)] == [2.0, 4.0, 6.0]
