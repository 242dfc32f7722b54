"""State and settings in lists, dicts and tuples inside of one another are looked at as those in flat ones are."""

import functools
import os

import numpy as np
import pytest

import tinygraph as tg
from tests.compiled.comparing import assert_near, each_backend
from tests.each import each

X = np.array([1.0, -2.0])


class Holder:
    def __init__(self):
        self.a = [[0.0]]


def counted(read, write):
    def make():
        state = {"S": [[0.0]], "T": ([{"n": 0.0}],), "o": Holder(), "deep": [[[[0.0]]]]}

        def fn(x):
            write(state)
            return x * read(state)

        return fn

    return make


def add_to_list(state):
    state["S"][0][0] += 1


def add_to_dict(state):
    state["T"][0][0]["n"] += 1


def add_to_object(state):
    state["o"].a[0][0] += 1


def add_deeper(state):
    state["deep"][0][0][0][0] += 1


def make_longer(state):
    state["S"][0].append(1.0)


def with_a_default():
    def fn(x, state=[0.0]):  # noqa: B006
        state[0] += 1
        return x * state[0]

    return fn


def of_a_partial():
    def fn(state, x):
        state.append(1.0)
        return x * len(state)

    return functools.partial(fn, [])


def by_two_names():
    log = seen = []

    def fn(x):
        log.append(1.0)
        return x * len(seen)

    return fn


def in_the_middle():
    long = [0.0] * 1000

    def fn(x):
        long[500] += 1
        return x * long[500]

    return fn


WRITERS = [in_the_middle, counted(lambda s: s["S"][0][0], add_to_list),
           counted(lambda s: s["T"][0][0]["n"], add_to_dict),
           counted(lambda s: s["o"].a[0][0], add_to_object), counted(lambda s: s["deep"][0][0][0][0], add_deeper),
           counted(lambda s: len(s["S"][0]), make_longer), counted(lambda s: np.array(s["S"])[0, 0], add_to_list),
           with_a_default, of_a_partial, by_two_names]  # fmt: skip


@each_backend
@each("make", WRITERS)
def test_what_a_call_changes_inside_of_lists_is_refused(make, backend):
    with pytest.raises(tg.GraphError, match="function changes"):
        tg.compile(make(), backend=backend)(X)


def rows():
    rows = [[0, 0.1]]
    return (lambda x: x * rows[0][1]), functools.partial(rows[0].__setitem__, 1, 0.5)


def rows_in_a_dict():
    cfg = {"sched": [[0, 0.1]]}
    return (lambda x: x * cfg["sched"][0][1]), functools.partial(cfg["sched"][0].__setitem__, 1, 0.5)


def a_flat_list_in_a_dict():
    cfg = {"sched": [0, 0.1]}
    return (lambda x: x * cfg["sched"][1]), functools.partial(cfg["sched"].__setitem__, 1, 0.5)


def another_parameter():
    layers = {"l": [{"W": tg.parameter(X)}]}
    return (lambda x: x * layers["l"][0]["W"]), lambda: layers["l"][0].update(W=tg.parameter(2 * X))


def length():
    lists = [[1.0]]
    return (lambda x: x * len(lists[0])), lambda: lists[0].append(2.0)


def an_array_of_rows():
    table = [[1.0, 2.0], [3.0, 4.0]]
    return (lambda x: x * np.array(table)), functools.partial(table[0].__setitem__, 0, 9.0)


def rows_in_a_tuple():
    tuples = [([1.0],)]
    return (lambda x: x * tuples[0][0][0]), functools.partial(tuples[0][0].__setitem__, 0, 9.0)


def the_middle_of_a_long_list():
    table = [[0.0] * 1000]
    return (lambda x: x * table[0][500]), functools.partial(table[0].__setitem__, 500, 9.0)


def the_middle_of_a_long_dict():
    table = dict.fromkeys(range(1000), 0.0)
    return (lambda x: x * table[500]), lambda: table.update({500: 9.0})


SETTINGS = [
    the_middle_of_a_long_list,
    the_middle_of_a_long_dict,
    rows,
    rows_in_a_dict,
    a_flat_list_in_a_dict,
    another_parameter,
    length,
    an_array_of_rows,
    rows_in_a_tuple,
]


@each_backend
@each("make", SETTINGS)
def test_what_is_set_inside_of_lists_is_refused_at_the_second_call(make, backend):
    fn, change = make()
    compiled = tg.compile(fn, backend=backend)
    compiled(X)
    change()
    with pytest.raises(tg.GraphError, match="has changed"):
        compiled(X)


@each_backend
def test_a_log_inside_of_a_dict_is_fine(backend):
    logs = {"shapes": [[]]}

    def fn(x):
        logs["shapes"][0].append(x.shape)
        return x * 2

    compiled = tg.compile(fn, backend=backend)
    for _ in range(10):
        assert_near(compiled(X), 2 * X)


def counted_in_the_environment(x):
    os.environ["TG_COUNT"] = str(int(os.environ["TG_COUNT"]) + 1)
    return x * int(os.environ["TG_COUNT"])


def test_state_in_the_environment_is_refused_and_a_changed_setting_is_told(monkeypatch):
    monkeypatch.setenv("TG_COUNT", "0")
    with pytest.raises(tg.GraphError, match=r"changes os\.environ.*TG_COUNT"):
        tg.compile(counted_in_the_environment, backend="numpy")(X)
    fn = tg.compile(lambda x: x * float(os.getenv("TG_COUNT")), backend="numpy")
    assert fn(X).tolist() == fn(X).tolist() == (float(os.getenv("TG_COUNT")) * X).tolist()
    monkeypatch.setenv("TG_COUNT", "7")
    with pytest.raises(tg.GraphError, match=r"os\.environ.*has changed"):
        fn(X)


def test_of_many_changed_things_five_are_named():
    numbers = [*range(50)]

    def fn(x):
        return x * numbers.pop(0)

    with pytest.raises(tg.GraphError, match=r"changes numbers.* and \d\d more, on which") as error:
        tg.compile(fn, backend="numpy")(X)
    assert str(error.value).count("numbers[") == 5


def test_the_environment_beside_more_objects_than_are_looked_into_ends():
    many = [[[k] for k in range(100)] for _ in range(30)]
    fn = tg.compile(lambda x: x * len(many) * float(os.getenv("TG_NONE", "1")), backend="numpy")
    assert fn(np.ones(2)).tolist() == [30.0, 30.0]
