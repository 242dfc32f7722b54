"""The history's arrays and curve, and the states of a run's objects, against plain lists and by hand."""

import json
import re
import sys

import numpy as np
import pytest

import tinygraph as tg
from tests.each import each
from tinygraph.train import SGD, Checkpoint, History, find_learning_rate, step
from tinygraph.train.states import Carried, as_json, from_json, set_state, state_of

LOSSES = np.random.default_rng(0).random(230)


def history(count):
    own = History()
    for k, loss in enumerate(LOSSES[:count]):
        own.add(loss, norm=2 * loss, rate=0.1 / (k + 1))
        if k % 70 == 69:
            own.look({"held out": loss + 1, 7: k})
    return own


def test_its_arrays_are_what_was_added_and_go_on_after_a_state():
    own, again = history(150), History()
    again.load_state_dict(own.state_dict())
    for h in (own, again):
        assert len(h) == 150 and h.step.tolist() == list(range(1, 151)) and h.last_loss == LOSSES[149]
        np.testing.assert_array_equal(h.loss, LOSSES[:150])
        np.testing.assert_array_equal(h.norm, 2 * LOSSES[:150])
        np.testing.assert_allclose(h.rate, 0.1 / np.arange(1, 151))
        assert {name: t.tolist() for name, (t, _) in h.looks.items()} == {"held out": [70, 140], "7": [70, 140]}
        assert h.looks["held out"][1].tolist() == [LOSSES[69] + 1, LOSSES[139] + 1]
        assert h.looks["7"][1].tolist() == [69, 139] and h.looks["7"][0].dtype.kind == "i"
    again.add(3.0)
    again.look({"held out": 4.0})
    assert len(own) == 150 and again.looks["held out"][0].tolist() == [70, 140, 151]
    assert again.last_loss == 3.0 and np.isnan(again.norm[-1]) and np.isnan(again.rate[-1])


def test_an_empty_one_has_empty_arrays():
    own, again = History(), History()
    again.load_state_dict(own.state_dict())
    assert np.isnan(again.last_loss) and not again.looks and len(again) == 0
    assert [a.dtype for a in (again.loss, again.norm, again.rate)] == [np.float64] * 3
    assert again.state_dict()["rows"].shape == (0, 3)


@each("count, width", [(1, None), (99, None), (100, 2), (150, 3), (230, 4)])
def test_the_curve_has_each_loss_the_running_mean_and_each_look(count, width):
    """The mean is over a fiftieth of the steps, and stands at the last of those; over one step it is not drawn."""
    ax = history(count).plot()
    first, *rest = ax.lines
    np.testing.assert_array_equal(first.get_xdata(), np.arange(1, count + 1))
    np.testing.assert_array_equal(first.get_ydata(), LOSSES[:count])
    if width is not None:
        mean, *rest = rest
        np.testing.assert_array_equal(mean.get_xdata(), np.arange(width, count + 1))
        means = [LOSSES[k - width : k].mean() for k in range(width, count + 1)]
        np.testing.assert_allclose(mean.get_ydata(), means, rtol=1e-12)
        assert mean.get_label() == f"mean of {width} steps"
    assert [line.get_label() for line in rest] == ["held out", "7"] * (count >= 70)
    for line, (steps, values) in zip(rest, history(count).looks.values(), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), steps)
        np.testing.assert_array_equal(line.get_ydata(), values)
    assert ax.get_xlabel() == "step"
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [line.get_label() for line in ax.lines]


def test_curves_go_into_the_axes_that_are_passed(monkeypatch):
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert history(3).plot(ax) is ax and len(ax.lines) == 1
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(tg.GraphError, match=r"(?s)plot needs matplotlib.*pip install matplotlib"):
        history(3).plot()


def searched(curve, slope, low, high, steps):
    """The search by hand: descent on a curve with growing rates, running means, the steepest fall before the lowest."""
    w, losses, rates = 3.0, [], []
    for k in range(steps):
        rate, loss = low * (high / low) ** (k / (steps - 1)), curve(w)
        w -= rate * slope(w)
        losses.append(loss if not losses else 0.9 * losses[-1] + 0.1 * loss)
        rates.append(rate)
        if loss > 4 * min(losses):
            break
    lowest = losses.index(min(losses))
    falls = [0.0] + [losses[k] - losses[k - 1] for k in range(1, lowest + 1)]
    return rates, losses, rates[falls.index(min(falls))]


@each(
    "curve, slope, low",
    [
        (lambda w: 25 * w * w, lambda w: 50 * w, 1e-5),
        (lambda w: 25 * w * w, lambda w: 50 * w, 0.05),
        (lambda w: 1 + (w - 1) ** 4, lambda w: 4 * (w - 1) ** 3, 1e-4),
    ],
)
@each("steps", [10, 60])
def test_the_search_is_that_of_a_loop_by_hand(curve, slope, low, steps):
    w = tg.parameter(3.0)
    run = step(lambda x: x * curve(w), w, SGD(w, 0.25), backend="eager")
    search = find_learning_rate(run, [np.array(1.0)], low=low, high=2.0, steps=steps)
    rates, losses, best = searched(curve, slope, low, 2.0, steps)
    np.testing.assert_allclose(search.rates, rates, rtol=1e-12)
    np.testing.assert_allclose(search.losses, losses, rtol=1e-9)
    assert search.rate == pytest.approx(best, rel=1e-12) and type(search.rate) is float
    ax = search.plot()
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), search.rates)
    (legend,) = ax.get_legend().get_texts()
    assert ax.get_xlabel() == "learning rate" and "loss" in ax.get_ylabel() and f"{best:.2g}" == legend.get_text()
    assert search.plot(ax) is ax and len(ax.lines) == 4


NESTED = {
    "a": [np.arange(3.0), (np.float32(2.5), None)],
    "b": {"x": True, "y": "text", "z": 7},
    "c": (),
    "d": tg.constant(4),
}


def test_what_a_loop_carries_comes_back_with_its_nesting_and_dtypes():
    arrays, plain = Carried(NESTED).state()
    again = Carried()
    again.set(arrays, from_json(as_json(plain)))
    value = again.value
    assert list(value) == ["a", "b", "c", "d"] and type(value["a"]) is list and type(value["a"][1]) is tuple
    np.testing.assert_array_equal(value["a"][0], np.arange(3.0))
    assert value["a"][1][0] == 2.5 and value["a"][1][0].dtype == np.float32 and value["a"][1][1] is None
    assert value["b"] == {"x": True, "y": "text", "z": 7} and value["c"] == () and value["d"] == 4
    with pytest.raises(tg.GraphError, match=r"(?s)state of the loop cannot be saved.*set"):
        Carried([{1, 2}]).state()


@each("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_a_generator_of_any_kind_goes_on(kind, tmp_path):
    """The state of some holds arrays, which JSON has not."""
    own = np.random.Generator(kind(3))
    own.random(5)
    checkpoint = Checkpoint(tmp_path / kind.__name__)
    checkpoint.save(2, {"rng": own})
    due = own.random(7)
    again = np.random.Generator(kind(8))
    assert checkpoint.load({"rng": again}) == 2
    np.testing.assert_array_equal(again.random(7), due)


def test_a_file_of_other_things_is_refused_by_their_names(tmp_path):
    a, b = tg.parameter([1.0]), tg.parameter([2.0])
    checkpoint = Checkpoint(tmp_path)
    checkpoint.save(3, {"a": a, "b": b})
    a.value, b.value = [5.0], [6.0]
    for things, named in (
        ({"a": a}, "got       in the file alone: ['b']"),
        ({"a": a, "b": b, "c": a}, "got       not in the file: ['c']"),
        ({"a": a, "c": b}, "got       not in the file: ['c']; in the file alone: ['b']"),
    ):
        with pytest.raises(tg.GraphError) as caught:
            checkpoint.load(things)
        assert re.search(rf"(?s)holds other things.*\['a', 'b'\].*{re.escape(named)}", str(caught.value))
        assert (a.item(), b.item()) == (5.0, 6.0)
    assert checkpoint.load({"b": b, "a": a}) == 3 and (a.item(), b.item()) == (1.0, 2.0)


@each("order", [("a", "b", "rng", "bad"), ("bad", "a", "rng", "b"), ("rng", "a", "bad", "b")])
def test_a_state_that_does_not_fit_changes_none_of_the_others(order, tmp_path):
    def things(shape):
        made = {"a": {"w": tg.parameter([1.0])}, "b": tg.train.Adam([tg.parameter([2.0])])}
        return {**made, "rng": np.random.default_rng(0), "bad": {"v": tg.parameter(np.zeros(shape))}}

    saved, now = things(2), things(3)
    saved["a"]["w"].value, saved["b"].steps = [9.0], 7
    saved["rng"].random(5)
    checkpoint = Checkpoint(tmp_path / "-".join(order))
    checkpoint.save(1, saved)
    with pytest.raises(tg.GraphError, match=r"(?s)bad: the state v does not fit.*\(3,\).*\(2,\)"):
        checkpoint.load({name: now[name] for name in order})
    assert now["a"]["w"].item() == 1.0 and now["b"].steps == 0
    assert now["rng"].random() == np.random.default_rng(0).random()


class Placed:
    """Data, or a schedule, with a position."""

    def __init__(self, position):
        self.position = position


class Both(Placed):
    """Arrays and a position."""

    def state_dict(self):
        return {"x": np.ones(2)}

    def load_state_dict(self, arrays):
        self.loaded = arrays["x"].tolist()


def test_each_kind_of_thing_has_its_state():
    net = tg.Module()
    net.drop, net.w = tg.Dropout(0.5, rng=3), tg.parameter([1.0, 2.0])
    both, placed, w = Both({"k": 1}), Placed([1, 2]), {"w": tg.parameter([3.0])}
    things = {"net": net, "both": both, "placed": placed, "w": w}
    states = {name: state_of(name, thing) for name, thing in things.items()}
    drawn = net.drop(np.ones(50)).value
    net.w.value, w["w"].value, both.position, placed.position = [5.0, 6.0], [7.0], None, None
    for name, thing in things.items():
        set_state(name, thing, states[name])
    assert net.w.value.tolist() == [1, 2] and w["w"].value.tolist() == [3]
    assert both.loaded == [1, 1] and both.position == {"k": 1} and placed.position == [1, 2]
    np.testing.assert_array_equal(net.drop(np.ones(50)).value, drawn)
    other = tg.Module()
    other.w = tg.parameter([9.0, 9.0])
    with pytest.raises(tg.GraphError, match=r"(?s)net has other random generators.*1 in the file, 0 here"):
        set_state("net", other, states["net"])
    assert other.w.value.tolist() == [9, 9]
    with pytest.raises(tg.GraphError, match=r"(?s)checkpoint, w: the state w does not fit.*\(2,\)"):
        set_state("w", {"w": tg.parameter([1.0, 1.0])}, states["w"])
    for wrong in (3, [], {}, [np.ones(2)], [w["w"], 3]):
        with pytest.raises(tg.GraphError, match=r"(?s)it has no state that can be saved"):
            state_of("it", wrong)


def test_numbers_of_numpy_are_plain_in_json_and_others_are_refused():
    told = as_json({"b": np.int64(3), "a": [np.float32(0.5), np.bool_(True)], "ü": np.array([1, 2], np.uint16)})
    assert json.loads(told)["b"] == 3 and "ü" in told and told.index('"a"') < told.index('"b"')
    again = from_json(told)
    assert again["a"] == [0.5, True] and again["ü"].dtype == np.uint16 and again["ü"].tolist() == [1, 2]
    with pytest.raises(tg.GraphError, match=r"(?s)JSON cannot hold this.*complex"):
        as_json({"x": 1j})
