"""Hourly temperature: forecasts at midnight from the days before alone, and figures against plain numpy."""

import numpy as np
import pytest

from models import temperature
from models.task import Budget


def made():
    """A year whose days change smoothly, of two cities, to a tenth of a degree."""
    day, hour = np.arange(365)[:, None, None], np.arange(24)
    season, phase = 50 - 15 * np.cos(2 * np.pi * day / 365), np.array([0.0, 1.0])[:, None]
    return np.round(season + (5 + season / 20) * np.sin(2 * np.pi * hour / 24 + phase), 1)


def test_inputs_are_changes_of_the_days_before_around_the_hour():
    days = np.random.default_rng(0).random((41, 2, 24))
    x, y = temperature.changes(days, scale=2.0)
    assert x.shape == (5, 48, temperature.SIZE) and y.shape == (5, 48)
    d = np.diff(days, axis=0) / 2
    np.testing.assert_allclose(y, d[35:].reshape(5, 48), rtol=1e-6)
    city, hour, t = 1, 7, 3
    own = x[t, 24 * city + hour]
    expected = []
    for back in range(35):
        before = d[t + 34 - back, city]
        expected += [*before[hour - 2 : hour + 3][::-1], before.mean(), *before[:-2:-1]]
    np.testing.assert_allclose(own, expected, rtol=1e-6)


def by_hand(net, x):
    """Forecasts (T, B) of a network, a row at a time, in float64."""
    p, result = {name: a.astype(np.float64) for name, a in net.state_dict().items()}, np.zeros(x.shape[:2])
    for b in range(x.shape[1]):
        h = np.zeros(temperature.HIDDEN)
        for t in range(len(x)):
            gi = p["cell.weight_ih"] @ x[t, b, :21] + p["cell.bias_ih"]
            gh = p["cell.weight_hh"] @ h + p["cell.bias_hh"]
            (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3), np.split(gh, 3)
            r, u = 1 / (1 + np.exp(-ri - rh)), 1 / (1 + np.exp(-zi - zh))
            h = (1 - u) * np.tanh(ni + r * nh) + u * h
            result[t, b] = p["head.weight"][0] @ h + p["head.bias"][0] + p["line"] @ x[t, b]
    return result


def test_the_figures_are_of_the_held_out_days_from_the_days_before(monkeypatch):
    days, kept, fresh = made(), [], temperature.trained
    monkeypatch.setattr(temperature, "data", lambda: days)
    monkeypatch.setattr(temperature, "trained", lambda *a: kept.append((fresh(*a), a[1])) or kept[0][0])
    result = temperature.result(Budget(0.05, 200, clock=False), seed=2)
    net, scale = kept[0]
    x, _ = temperature.changes(days, scale)
    ours = (days[35:-1] + scale * by_hand(net, x).reshape(329, 2, 24))[256:]
    for k, row in enumerate(result.rows):
        error = np.sqrt(np.mean((ours[:, k] - days[292:, k]) ** 2))
        assert row.figure == pytest.approx(error, rel=1e-4) and row.bar == min(row.baselines.values())
        naive = np.sqrt(np.mean((days[291:-1, k] - days[292:, k]) ** 2))
        assert row.baselines["day before"] == pytest.approx(naive)
    assert scale == np.diff(days[:292], axis=0).std() and result.steps == 10
    later = days.copy()
    later[330:] = 0
    np.testing.assert_array_equal(
        temperature.forecasts(net, later, scale)[: 330 - 36], temperature.forecasts(net, days, scale)[: 330 - 36]
    )


def test_the_lines_are_fitted_to_the_days_to_train_on_and_stay():
    days, scale = made()[:80], 2.0
    net = temperature.trained(days, scale, Budget(0.02, 150, clock=False), 0)
    x, target = temperature.changes(days, scale)
    expected = np.zeros(35 * 7)
    for n in (21 * 7, 35 * 7):
        rows = x[..., :n].reshape(-1, n).astype(float)
        more = np.concatenate([rows, np.sqrt(0.03 * len(rows)) * np.eye(n)])
        expected[:n] += np.linalg.lstsq(more, np.append(target.ravel(), np.zeros(n)), rcond=None)[0] / 2
    np.testing.assert_allclose(net.state_dict()["line"], expected, atol=1e-5)
    assert set(net.parameters()) == {name for name in net.state_dict() if name != "line"}


def test_the_autoregression_goes_on_from_its_own_forecasts(monkeypatch):
    monkeypatch.setattr(temperature, "ORDER", 2)
    hours = [1.0, 0.5]
    for _ in range(24 * 6 - 2):
        hours.append(1.5 * hours[-1] - 0.9 * hours[-2] + 0.3)
    found = temperature.autoregression(np.array(hours), 24 * 3)
    np.testing.assert_allclose(found, np.reshape(hours[72:], (3, 24)), atol=1e-8)
    changed = [*hours[:80], *(x + 5 for x in hours[80:])]
    np.testing.assert_allclose(temperature.autoregression(np.array(changed), 72)[0], hours[72:96], atol=1e-8)


def test_the_hours_are_those_of_vega_datasets():
    pytest.importorskip("vega_datasets")
    days = temperature.data()
    assert days.shape == (365, 2, 24) and days[0, 0, 0] == 39.4 and days[-1, 1, -1] == 48.3
    assert np.isfinite(days).all() and np.abs(np.diff(days.reshape(365, 48), axis=0)).max() < 3
