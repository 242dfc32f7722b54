"""Two parameters of one name: a file would hold one of them, so that they are refused."""

import numpy as np
import pytest

import tinygraph as tg
from tinygraph.train import Adam, Average, Checkpoint


def test_two_parameters_of_one_name_are_refused(tmp_path):
    both = {"a.b": tg.parameter(np.ones(2)), "a": {"b": tg.parameter(np.zeros(2))}}
    for take in (Adam, Average, lambda p: Checkpoint(tmp_path).save(1, {"weights": p})):
        with pytest.raises(tg.GraphError, match=r"two parameters have the name 'a\.b'"):
            take(both)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name, key", [("W", "W"), (None, "0")])
def test_a_parameter_alone_has_its_own_name_or_0(name, key):
    w = tg.parameter(np.ones(2), name)
    for state in (Adam(w).state_dict(), Average(w).state_dict()):
        assert any(key in (k, k.partition(".")[2]) for k in state)
    assert Adam([w]).names == ["0"] and Adam({"a": [w]}).names == ["a.0"]


@pytest.mark.parametrize("keys", [("a.b", "a"), (1, "1")])
def test_a_module_refuses_two_of_one_name(keys):
    class Net(tg.Module):
        def __init__(self):
            inner = tg.Linear(1, 1, rng=1)
            self.parts = {keys[0]: tg.Linear(1, 1, rng=0), keys[1]: {"b": inner} if keys[1] == "a" else inner}

    for take in (Net.parameters, Net.state_dict, Net.freeze):
        with pytest.raises(tg.GraphError, match=r"Net: two parameters have the name 'parts\."):
            take(Net())


def test_a_parameter_in_two_places_keeps_the_first_name():
    class Net(tg.Module):
        def __init__(self):
            self.first = tg.Linear(1, 1, rng=0)
            self.again = [self.first]

    assert list(Net().parameters()) == ["first.weight", "first.bias"]
