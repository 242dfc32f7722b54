"""The history of a training run as plain arrays, and its curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.errors import GraphError, refusing, shown


class History:
    """What a training run measured.

    Attributes:
        step, loss, norm, rate: arrays of shape (N,): the number of each step, counted from 1, its loss, the norm of
            its gradients before clipping, its learning rate.
        looks: maps each validation figure to two arrays: the steps after which it was measured, and its values.

    Example:
        >>> import tinygraph as tg
        >>> history = tg.train.History()
        >>> history.add(2.5, norm=1.0, rate=0.1)
        >>> history.look({"held out": 2.4})
        >>> history.loss, history.looks["held out"][1]
        (array([2.5]), array([2.4]))
    """

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float]] = []
        self._looks: dict[str, list[tuple[int, float]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @refusing
    def add(self, loss: float, norm: float = np.nan, rate: float = np.nan) -> None:
        """Adds a step."""
        self._rows.append((float(loss), float(norm), float(rate)))

    @refusing
    def look(self, figures: Mapping[str, float]) -> None:
        """Adds figures that were measured after the latest step."""
        for name, figure in [(str(name), float(x)) for name, x in figures.items()]:
            self._looks.setdefault(name, []).append((len(self), figure))

    @property
    def step(self) -> np.ndarray:
        return np.arange(1, len(self) + 1)

    @property
    def loss(self) -> np.ndarray:
        return self._column(0)

    @property
    def norm(self) -> np.ndarray:
        return self._column(1)

    @property
    def rate(self) -> np.ndarray:
        return self._column(2)

    @property
    def looks(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {
            name: (np.array([t for t, _ in rows]), np.array([x for _, x in rows])) for name, rows in self._looks.items()
        }

    @property
    def last_loss(self) -> float:
        """The loss of the latest step; NaN before the first."""
        return self._rows[-1][0] if self._rows else float("nan")

    def _column(self, k: int) -> np.ndarray:
        return np.array([row[k] for row in self._rows])

    def state_dict(self) -> dict[str, np.ndarray]:
        """The arrays by name, for checkpoints."""
        rows = np.array(self._rows, dtype=np.float64).reshape(-1, 3)
        looks = {f"look.{name}": np.array(values, dtype=np.float64) for name, values in self._looks.items()}
        return {"rows": rows, **looks}

    @refusing
    def load_state_dict(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Takes over what `state_dict` returned.

        Raises:
            GraphError: it is something else.
        """
        shapes = {name: np.shape(x) for name, x in arrays.items()}
        if "rows" not in shapes or any(s[1:] != (3 if name == "rows" else 2,) for name, s in shapes.items()):
            expected = "rows (N, 3), and a look (K, 2) for each figure"
            raise GraphError("History: the state is that of another one", expected=expected, got=shown(shapes))
        names = [name for name in arrays if name != "rows"]
        looks = {name.removeprefix("look."): [(int(t), float(x)) for t, x in arrays[name]] for name in names}
        self._rows, self._looks = [tuple(row) for row in arrays["rows"].tolist()], looks

    @refusing
    def plot(self, ax: Any = None) -> Any:
        """Draws the loss of each step, its running mean, and the validation figures; returns matplotlib's axes.

        Args:
            ax: the axes to draw into; None for new ones.

        Raises:
            GraphError: matplotlib is not installed.
        """
        ax = new_axes() if ax is None else ax
        ax.plot(self.step, self.loss, color="#c9d3df", linewidth=0.8, label="loss of each step")
        width = max(1, len(self) // 50)
        if len(self) >= 2 * width > 2:
            means = np.convolve(self.loss, np.full(width, 1 / width), "valid")
            ax.plot(self.step[width - 1 :], means, color="#33475b", label=f"mean of {width} steps")
        for name, (steps, values) in self.looks.items():
            ax.plot(steps, values, marker="o", markersize=3, label=name)
        ax.set_xlabel("step")
        ax.legend()
        return ax


def new_axes() -> Any:
    """Axes of a figure of their own, without a window.

    Raises:
        GraphError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise GraphError("plot needs matplotlib", fix="python -m pip install matplotlib") from error
    return Figure(layout="constrained").subplots()
