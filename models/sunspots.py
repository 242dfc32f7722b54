"""Sunspots: the number of the next year from all years before, by small GRUs beside a linear path.

    z_t = sqrt(sunspots of year t), scaled        x_t = (z_t, z_{t-1}, ..., z_{t-8})
    forecast of z_{t+1} = w x_t + v GRU(x_1 ... x_t) + b        three such networks, and their mean

The series are statsmodels' yearly numbers from 1700 to 2008; those from 1921 on are held out, as in the literature.
There are few cycles to train on, and the held-out ones are higher. So each row of a batch is the series times a random
number: the networks learn the form of a cycle and not its height.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import tinygraph as tg
from tinygraph.train import AdamW, Standard, fit, rmse, step

from .task import Budget, Result, Row, package

STEPS_A_MINUTE = 120
FIRST, HELD_OUT, CYCLE, LAGS = 1700, 1921, 11, 9
HIDDEN, NETWORKS, ROWS, RATE, HEIGHTS, NOISE = 8, 3, 8, 1e-2, 0.3, 0.1
"""HEIGHTS is the deviation of the logarithm of a row's factor, NOISE that of what is added to the inputs."""


def data() -> np.ndarray:
    """Sunspots of the years 1700 to 2008, (309,)."""
    sunspots = package("statsmodels.datasets", "statsmodels").sunspots
    return np.asarray(sunspots.load_pandas().data["SUNACTIVITY"], np.float64)


def lagged(z: np.ndarray) -> np.ndarray:
    """The inputs (N - LAGS + 1, ..., LAGS) of a series (N, ...): each year and those before it, the latest first."""
    return np.stack([z[LAGS - 1 - k : len(z) - k] for k in range(LAGS)], axis=-1)


class Net(tg.Module):
    """Maps inputs (T, B, LAGS) to forecasts (T, B) of the year after each."""

    def __init__(self, seed: int) -> None:
        self.cell = tg.cells.GRU(LAGS, HIDDEN, rng=seed)
        self.head, self.line = tg.Linear(HIDDEN, 1, rng=seed + 1), tg.Linear(LAGS, 1, rng=seed + 2)

    def __call__(self, x: np.ndarray) -> tg.Node:
        states, _ = tg.unroll(self.cell, x)
        return (self.head(states) + self.line(x))[..., 0]

    def loss(self, x: np.ndarray, target: np.ndarray) -> tg.Node:
        """The mean squared error of scaled roots."""
        return tg.mean((self(x) - target) ** 2, name="loss")


class Networks(tg.Module):
    """Several networks, trained side by side."""

    def __init__(self, seed: int) -> None:
        self.nets = [Net(1000 * seed + 10 * k) for k in range(NETWORKS)]

    def loss(self, x: np.ndarray, target: np.ndarray) -> tg.Node:
        """The mean squared error of scaled roots."""
        return tg.mean(tg.stack([net.loss(x, target) for net in self.nets]))

    def mean(self, x: np.ndarray) -> np.ndarray:
        """The mean of their forecasts."""
        return np.mean([net(x).value for net in self.nets], axis=0)


class Rows:
    """One batch an epoch: the years to train on in rows of other heights, with noise on the inputs."""

    def __init__(self, years: np.ndarray, scaler: Standard, seed: int) -> None:
        self.years, self.scaler, self.rng = years, scaler, np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        factors = np.exp(HEIGHTS * self.rng.standard_normal(ROWS))
        z = self.scaler(np.sqrt(self.years[:, None] * factors)).astype(np.float32)
        x = lagged(z)[:-1]
        yield x + NOISE * self.rng.standard_normal(x.shape).astype(np.float32), z[LAGS:]


def trained(years: np.ndarray, scaler: Standard, budget: Budget, seed: int) -> Networks:
    """Networks after the budget's steps on the first years."""
    nets = Networks(seed)
    adam = AdamW(nets.parameters(), budget.falling(RATE, warm_up=0.1), weight_decay=0.01)
    run = step(nets.loss, nets.parameters(), adam, clip=1.0)
    fit(run, Rows(years, scaler, seed), steps=budget.steps, callbacks=[budget], quiet=True)
    return nets


def forecasts(nets: Networks, years: np.ndarray, scaler: Standard) -> np.ndarray:
    """Of each year from LAGS on, from the years before it alone: (N - LAGS,)."""
    x = lagged(scaler(np.sqrt(years)))[:-1, None].astype(np.float32)
    return np.maximum(scaler.inverse(nets.mean(x)[:, 0].astype(np.float64)), 0) ** 2


def autoregression(z: np.ndarray, count: int) -> np.ndarray:
    """Forecasts of a series from LAGS on by the least squares of its first ``count`` numbers: (N - LAGS,)."""
    x = np.concatenate([lagged(z)[:-1], np.ones((len(z) - LAGS, 1))], axis=1)
    weights, *_ = np.linalg.lstsq(x[: count - LAGS], z[LAGS:count], rcond=None)
    return x @ weights


def result(budget: Budget, seed: int = 0) -> Result:
    years = data()
    count = HELD_OUT - FIRST
    scaler = Standard(np.sqrt(years[:count]))
    nets = trained(years[:count], scaler, budget, seed)
    held = years[count:]
    baselines = {
        f"{CYCLE} years before": rmse(years[count - CYCLE : -CYCLE], held),
        f"AR({LAGS})": rmse(autoregression(years, count)[count - LAGS :], held),
        f"AR({LAGS}) of roots": rmse(np.maximum(autoregression(np.sqrt(years), count), 0)[count - LAGS :] ** 2, held),
    }
    figure = rmse(forecasts(nets, years, scaler)[count - LAGS :], held)
    x = lagged(scaler(np.sqrt(years)))[-25:, None].astype(np.float32)
    flow = nets.nets[0].loss(x[:-1], x[1:, :, 0])
    return Result(
        rows=(Row("1921 to 2008, a year ahead", "sunspots, RMSE", figure, min(baselines.values()), baselines),),
        data=f"Yearly sunspots (statsmodels): {count} years to train on, the {len(held)} from {HELD_OUT} on held out. "
        "The factors of the rows were added after networks without them had been scored on these years.",
        net=f"The mean of {NETWORKS} GRUs of {HIDDEN} units, each beside a linear path from {LAGS} years; AdamW.",
        budgets=(budget,),
        flow=tg.draw(flow, "flow", title="Sunspots, the last two cycles"),
        seen="A forecast looks back over about one cycle: after five years a tenth of the gradient is left.",
    )
