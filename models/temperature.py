"""Hourly temperature: all 24 hours of the next day, from the days before, by one GRU for every hour and two cities.

    d_t = (temperature of day t - that of day t - 1) / scale, for each hour of the day
    x_t = d_t ... d_{t-34} of the hour and its two neighbours on each side, of the last hour, and the mean
    forecast of d_{t+1} = w x_t + v GRU(x_1 ... x_t) + b, where the GRU sees the last three days of each x

w comes first: the mean of two lines by least squares, over three weeks and over five. Then the GRU is trained on what
that leaves. The series are vega_datasets' for
Seattle and San Francisco in 2010, to a tenth of a degree; the last fifth of the year, from 20 October on, is held out.
The forecast is made at midnight. Autumn cools as spring warms: in training half of the rows have the other sign, and
all have a little noise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import numpy as np

import tinygraph as tg
from tinygraph.train import AdamW, fit, rmse, step

from .task import Budget, Result, Row, package

STEPS_A_MINUTE = 150
CITIES = {"Seattle": "seattle_temps", "San Francisco": "sf_temps"}
HELD_OUT, NEIGHBOURS, LAST = 292, 2, 1
LINES = (21, 35)
DAYS = max(LINES)
"""Of the longest line; the GRU sees three."""
HIDDEN, RATE, NOISE = 8, 1e-2, 0.02
"""NOISE is in degrees Fahrenheit, as the data."""
A_DAY = 2 * NEIGHBOURS + 1 + 1 + LAST
SIZE, SEEN = DAYS * A_DAY, 3 * A_DAY
"""I, the numbers of each input, and how many of them the GRU sees."""
RIDGE = 0.03
"""Added to the mean square of each input, so that the line's weights stay small."""
ORDER = 169
"""Hours before that the autoregression sees: a week and one."""


def data() -> np.ndarray:
    """Degrees Fahrenheit of each city, day and hour: (365, 2, 24)."""
    local = package("vega_datasets", "vega_datasets").local_data
    cities = []
    for name in CITIES.values():
        table = getattr(local, name)()
        hour = (table["date"].to_numpy() - np.datetime64("2010-01-01")) // np.timedelta64(1, "h")
        # The hour that summer time leaves out is the mean of its neighbours.
        cities.append(np.interp(np.arange(365 * 24), hour, table["temp"].to_numpy(np.float64)).reshape(365, 24))
    return np.stack(cities, axis=1)


def changes(days: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Inputs (T, B, I) and targets (T, B) of days (T + DAYS + 1, ..., 24); B counts cities and hours."""
    d = np.diff(days, axis=0) / scale
    x = []
    for back in range(DAYS):
        day = d[DAYS - 1 - back : len(d) - 1 - back]
        x += [np.roll(day, shift, axis=-1) for shift in range(-NEIGHBOURS, NEIGHBOURS + 1)]
        of_all = [day.mean(axis=-1), *(day[..., -1 - hour] for hour in range(LAST))]
        x += [np.repeat(number[..., None], 24, axis=-1) for number in of_all]
    inputs, targets = np.stack(x, axis=-1), d[DAYS:]
    shape = len(targets), -1
    return inputs.reshape(*shape, SIZE).astype(np.float32), targets.reshape(shape).astype(np.float32)


def line(x: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The weights (I,) that give targets (T, B) from inputs (T, B, I): the mean of LINES, each by least squares."""
    weights = np.zeros(SIZE)
    for days in LINES:
        rows = x[..., : days * A_DAY].reshape(-1, days * A_DAY).astype(np.float64)
        squares = rows.T @ rows + RIDGE * len(rows) * np.eye(rows.shape[1])
        weights[: days * A_DAY] += np.linalg.solve(squares, rows.T @ target.reshape(-1)) / len(LINES)
    return weights.astype(np.float32)


class Net(tg.Module):
    """Maps inputs (T, B, I) to forecasts of the next change (T, B), beside a line with the weights (I,)."""

    def __init__(self, weights: np.ndarray, seed: int) -> None:
        self.cell, self.head = tg.cells.GRU(SEEN, HIDDEN, rng=seed), tg.Linear(HIDDEN, 1, rng=seed + 1)
        self.line = tg.buffer(weights)

    def __call__(self, x: Any) -> tg.Node:
        states, _ = tg.unroll(self.cell, x[..., :SEEN])
        return self.head(states)[..., 0] + x @ self.line

    def loss(self, x: np.ndarray, target: np.ndarray) -> tg.Node:
        """The mean squared error of scaled changes."""
        return tg.mean((self(x) - target) ** 2, name="loss")


class Days:
    """One batch an epoch: the days to train on, with other signs and noise."""

    def __init__(self, days: np.ndarray, scale: float, seed: int) -> None:
        self.days, self.scale, self.rng = days, scale, np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        noisy = self.days + NOISE * self.rng.standard_normal(self.days.shape)
        yield changes(noisy * self.rng.choice([-1.0, 1.0], size=(1, self.days.shape[1], 1)), self.scale)


def trained(days: np.ndarray, scale: float, budget: Budget, seed: int) -> Net:
    """A network after the budget's steps on the first days."""
    net = Net(line(*changes(days, scale)), seed)
    adam = AdamW(net.parameters(), budget.falling(RATE, warm_up=0.1), weight_decay=2.0)
    run = step(net.loss, net.parameters(), adam, clip=1.0)
    fit(run, Days(days, scale, seed), steps=budget.steps, callbacks=[budget], quiet=True)
    return net


def forecasts(net: Net, days: np.ndarray, scale: float) -> np.ndarray:
    """Of each day from DAYS + 1 on, from the days before it alone, in degrees: (365 - DAYS - 1, 2, 24)."""
    x, _ = changes(days, scale)
    before = days[DAYS:-1]
    return before + scale * net(x).value.astype(np.float64).reshape(before.shape)


def autoregression(hours: np.ndarray, count: int) -> np.ndarray:
    """Forecasts (D, 24) of the days after ``count`` hours, by least squares on these hours, an hour after the other."""

    def past(starts: np.ndarray) -> np.ndarray:
        return np.concatenate([hours[starts[:, None] - 1 - np.arange(ORDER)], np.ones((len(starts), 1))], axis=1)

    weights, *_ = np.linalg.lstsq(past(np.arange(ORDER, count)), hours[ORDER:count], rcond=None)
    seen, result = past(np.arange(count, len(hours), 24)), []
    for _ in range(24):
        result.append(seen @ weights)
        seen = np.concatenate([result[-1][:, None], seen[:, : ORDER - 1], seen[:, -1:]], axis=1)
    return np.stack(result, axis=1)


def result(budget: Budget, seed: int = 0) -> Result:
    days = data()
    scale = float(np.diff(days[:HELD_OUT], axis=0).std())
    net = trained(days[:HELD_OUT], scale, budget, seed)
    ours, held = forecasts(net, days, scale)[HELD_OUT - DAYS - 1 :], days[HELD_OUT:]
    rows = []
    for k, city in enumerate(CITIES):
        linear = autoregression(days[:, k].reshape(-1), 24 * HELD_OUT)
        baselines = {
            "day before": rmse(days[HELD_OUT - 1 : -1, k], held[:, k]),
            f"AR({ORDER})": rmse(linear, held[:, k]),
        }
        row = Row(f"{city}, a day ahead", "degrees Fahrenheit, RMSE", rmse(ours[:, k], held[:, k]), 0.0, baselines)
        rows.append(dataclasses.replace(row, bar=min(baselines.values())))
    x, target = changes(days[-DAYS - 25 :], scale)
    return Result(
        rows=tuple(rows),
        data=f"Hourly temperatures of 2010 (vega_datasets): {HELD_OUT} days to train on, {len(held)} held out. "
        "Inputs and ridge are those of the best lines on the second half of the days to train on, in parts of five "
        "weeks. Three networks with other inputs had been scored on the held-out days before.",
        net=f"A GRU of {HIDDEN} units, trained by AdamW on what the mean of two lines leaves, over {LINES[0]} and "
        f"{LINES[1]} days by least squares; the same for all hours and both cities.",
        budgets=(budget,),
        flow=tg.draw(net.loss(x[:, :24], target[:, :24]), "flow", title="Temperature, the last days"),
        seen="Through the GRU a forecast leans on the last days: after three, a tenth of the gradient is left. The "
        "series are smooth: the lines alone do as well on the days that they were chosen on.",
    )
