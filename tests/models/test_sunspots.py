"""Sunspots: forecasts from the past alone, and figures against plain numpy."""

import numpy as np
import pytest

from models import sunspots
from models.task import Budget
from tinygraph.train import Standard


def made():
    t = np.arange(309)
    return 60 + 50 * np.sin(t / 11 * 2 * np.pi) + 8 * np.random.default_rng(0).random(309)


def test_inputs_are_the_years_before_the_latest_first():
    x = sunspots.lagged(np.arange(12.0))
    assert x.shape == (4, 9) and x[0].tolist() == [8, 7, 6, 5, 4, 3, 2, 1, 0] and x[-1, 0] == 11


def by_hand(nets, years, scaler):
    """Forecasts of each year from the ninth on, a network and a year at a time, in float64."""
    z, result = (np.sqrt(years) - scaler.mean) / scaler.deviation, []
    for net in nets.nets:
        p, h, own = {n: x.astype(np.float64) for n, x in net.state_dict().items()}, np.zeros(sunspots.HIDDEN), []
        for t in range(8, len(z) - 1):
            x = z[t - 8 : t + 1][::-1]
            gi, gh = p["cell.weight_ih"] @ x + p["cell.bias_ih"], p["cell.weight_hh"] @ h + p["cell.bias_hh"]
            (ri, zi, ni), (rh, zh, nh) = np.split(gi, 3), np.split(gh, 3)
            r, u = 1 / (1 + np.exp(-ri - rh)), 1 / (1 + np.exp(-zi - zh))
            h = (1 - u) * np.tanh(ni + r * nh) + u * h
            own.append((p["head.weight"] @ h + p["head.bias"] + p["line.weight"] @ x + p["line.bias"]).item())
        result.append(own)
    return np.maximum(np.mean(result, axis=0) * scaler.deviation + scaler.mean, 0) ** 2


def test_the_figures_are_of_the_held_out_years_from_the_years_before(monkeypatch):
    years, kept, fresh = made(), [], sunspots.trained
    monkeypatch.setattr(sunspots, "data", lambda: years)
    monkeypatch.setattr(sunspots, "trained", lambda *a: kept.append((fresh(*a), a[1])) or kept[0][0])
    result = sunspots.result(Budget(0.1, 120, clock=False), seed=2)
    nets, scaler = kept[0]
    (row,) = result.rows
    ours = by_hand(nets, years, scaler)[221 - 9 :]
    assert row.figure == pytest.approx(np.sqrt(np.mean((ours - years[221:]) ** 2)), rel=1e-4)
    naive = np.sqrt(np.mean((years[210:-11] - years[221:]) ** 2))
    assert row.baselines["11 years before"] == pytest.approx(naive) and row.bar == min(row.baselines.values())
    assert scaler.mean == np.sqrt(years[:221]).mean() and result.steps == 12
    later = years.copy()
    later[260:] = 0
    np.testing.assert_array_equal(
        sunspots.forecasts(nets, later, scaler)[: 260 - 9], sunspots.forecasts(nets, years, scaler)[: 260 - 9]
    )


def test_the_autoregression_finds_the_weights_of_a_series_that_has_some():
    z = [*np.random.default_rng(1).random(9)]
    for _ in range(60):
        z.append(0.6 * z[-1] - 0.3 * z[-9] + 0.2)
    z[40:] = [x + 1 for x in z[40:]]  # after what it is made of
    found = sunspots.autoregression(np.array(z), 40)
    expected = [0.6 * z[t - 1] - 0.3 * z[t - 9] + 0.2 for t in range(9, 69)]
    np.testing.assert_allclose(found[:31], expected[:31], atol=1e-8)


def test_rows_have_other_heights_and_the_same_form():
    years, scaler = made()[:221], Standard(np.sqrt(made()[:221]))
    (first,), (again,) = (list(sunspots.Rows(years, scaler, seed=3)) for _ in range(2))
    x, y = first
    assert x.shape == (212, 8, 9) and y.shape == (212, 8) and np.array_equal(x, again[0])
    roots = y * scaler.deviation + scaler.mean
    np.testing.assert_allclose(roots / roots[:1], np.sqrt(years[9:] / years[9])[:, None].repeat(8, axis=1), rtol=1e-4)
    assert np.ptp(roots[0]) > 1


def test_the_years_are_those_of_statsmodels():
    pytest.importorskip("statsmodels")
    years = sunspots.data()
    assert years.shape == (309,) and years[0] == 5 and years[257] == pytest.approx(190.2)
