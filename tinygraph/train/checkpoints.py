"""Checkpoints of a training run in a folder: the last few and the best, each in one file."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoint import load_with_metadata, save
from ..core.checks import integer, text
from ..core.errors import GraphError, refusing, shown
from .states import as_figures, as_json, from_json, set_state, state_of

NAME = re.compile(r"step-(\d{8}|[1-9]\d{8,})\.safetensors")
FORM = "tinygraph.run"
"""The name of the plain states in a file's metadata."""


class Checkpoint:
    """Keeps the state of a training run in a folder: one safetensors file for each saved step, no pickle.

    Args:
        folder: it is made at the first save.
        keep: how many of the latest files are kept.
        best: the name of a figure whose lowest value so far is kept, too, such as ``"loss"``; None for no such file.

    Raises:
        GraphError: ``keep`` is below 1, or ``best`` is no name.

    Example:
        >>> import tempfile, numpy as np, tinygraph as tg
        >>> w, rng = tg.parameter([1.0, 2.0]), np.random.default_rng(0)
        >>> adam = tg.train.Adam({"w": w})
        >>> run = {"weights": {"w": w}, "optimizer": adam, "rng": rng}
        >>> checkpoint = tg.train.Checkpoint(tempfile.mkdtemp(), keep=2, best="loss")
        >>> path = checkpoint.save(10, run, {"loss": 0.5}, metadata={"data": "a.txt"})
        >>> w.value = [0.0, 0.0]
        >>> checkpoint.load(run)
        10
        >>> w.value, checkpoint.metadata()["data"]
        (array([1., 2.]), 'a.txt')
    """

    @refusing
    def __init__(self, folder: str | os.PathLike[str], keep: int = 3, best: str | None = None) -> None:
        if not isinstance(folder, (str, os.PathLike)):
            raise GraphError("Checkpoint: no folder", expected="a path", got=type(folder).__name__)
        # Absolute, so that all files of a run lie in one folder, wherever the process moves.
        self.folder, self.keep = Path(os.path.abspath(folder)), integer("Checkpoint", "keep", keep, 1)
        self.best = None if best is None else text("Checkpoint", "best", best)

    def paths(self) -> dict[int, Path]:
        """The files by their steps, in order."""
        files = self.folder.iterdir() if self.folder.is_dir() else []
        steps = {int(match[1]): path for path in files if (match := NAME.fullmatch(path.name)) and path.is_file()}
        return dict(sorted(steps.items()))

    @property
    def latest(self) -> Path | None:
        """The file of the last saved step."""
        return next(reversed(self.paths().values()), None)

    @refusing
    def save(
        self,
        step: int,
        things: Mapping[str, Any],
        figures: Mapping[str, float] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Path:
        """Saves the state of all things in one file, whole or not at all, and removes those that are not kept.

        Args:
            step: the number of steps done.
            things: by name: modules, optimizers, averages, data, schedules, numpy generators, or structures of
                parameters.
            figures: numbers by name, such as the held-out loss.
            metadata: texts by name, which can be read again by `metadata`.

        Returns:
            the path of the file.

        Raises:
            GraphError: a thing has no state, or a / in its name; a figure is no number; the figure ``best`` is missing;
                the metadata hold our own name; safetensors is not installed.
            OSError: the file cannot be written; what was there is as it was.
        """
        step, own = integer("Checkpoint", "step", step, 0), as_figures("Checkpoint", figures or {})
        if parts := [name for name in by_name("Checkpoint", things) if "/" in name]:
            raise GraphError("Checkpoint: no / in the name of a thing", got=shown(parts))
        if FORM in (metadata or {}):
            raise GraphError(f"Checkpoint: {FORM!r} is a name of our own", fix="another name in metadata")
        if self.best is not None and self.best not in own:
            raise GraphError(f"Checkpoint: the figure {self.best!r} is missing", got=shown([*own]))
        states = {name: state_of(name, thing) for name, thing in things.items()}
        arrays = {f"{name}/{key}": x for name, (part, _) in states.items() for key, x in part.items()}
        plain = {"step": step, "figures": own, "states": {name: rest for name, (_, rest) in states.items()}}
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"step-{step:08d}.safetensors"
        save(path, arrays or {"nothing": np.zeros(0)}, {**(metadata or {}), FORM: as_json(plain)})
        self._prune(path)
        return path

    @refusing
    def load(self, things: Mapping[str, Any], path: str | os.PathLike[str] | None = None) -> int:
        """Gives all things their states of a file, or none; returns the number of steps done.

        Args:
            things: as at `save`, with the same names.
            path: the file; None for the latest one.

        Raises:
            GraphError: there is no file; it is damaged, of something else, or its states do not fit. Nothing changed.
        """
        path = self._present(path)
        arrays, texts = load_with_metadata(path)
        plain = _plain(path, texts)
        there, here = set(plain["states"]), set(by_name("Checkpoint", things))
        if there != here:
            apart = {"not in the file": sorted(here - there), "in the file alone": sorted(there - here)}
            got = "; ".join(f"{where}: {shown(names)}" for where, names in apart.items() if names)
            raise GraphError(f"Checkpoint: {path} holds other things", expected=shown(sorted(there), 120), got=got)
        new = {name: (_of(arrays, name), rest) for name, rest in plain["states"].items()}
        before = {name: state_of(name, thing) for name, thing in things.items()}
        try:
            for name, thing in things.items():
                refusing(set_state, f"Checkpoint: the state of {name} does not fit")(name, thing, new[name])
        except BaseException:
            for name, thing in things.items():
                set_state(name, thing, before[name])
            raise
        return int(plain["step"])

    @refusing
    def metadata(self, path: str | os.PathLike[str] | None = None) -> dict[str, str]:
        """The user's texts in a file, the latest by default."""
        return {name: x for name, x in load_with_metadata(self._present(path))[1].items() if name != FORM}

    @refusing
    def figures(self, path: str | os.PathLike[str] | None = None) -> dict[str, float]:
        """The numbers in a file, the latest by default."""
        path = self._present(path)
        return dict(_plain(path, load_with_metadata(path)[1])["figures"])

    @property
    def best_path(self) -> Path | None:
        """The file with the lowest figure ``best``; NaN counts as the highest, as does a file that cannot be read."""
        if self.best is None:
            return None
        ranked = [(self._rank(path), path) for path in self.paths().values()]
        return min(ranked, default=(0.0, None), key=lambda pair: pair[0])[1]

    def _rank(self, path: Path) -> float:
        try:
            figure = float(self.figures(path).get(str(self.best), math.inf))
        except (GraphError, OSError, TypeError, ValueError):
            return math.inf
        return math.inf if math.isnan(figure) else figure

    def _prune(self, new: Path) -> None:
        paths = [*self.paths().values()]
        kept = {*paths[-self.keep :], self.best_path, new}
        for path in paths:
            if path not in kept:
                with suppress(OSError):  # the new one is saved, which counts
                    path.unlink()

    def _present(self, path: str | os.PathLike[str] | None) -> Path:
        chosen = self.latest if path is None else Path(path)
        if chosen is None:
            raise GraphError(f"Checkpoint: no file in {self.folder}", expected="step-*.safetensors")
        return chosen


def by_name(owner: str, things: Any) -> Mapping[str, Any]:
    """Things to save, by name.

    Raises:
        GraphError: they are not in a dict, or a name is no text.
    """
    if not isinstance(things, Mapping) or not all(isinstance(name, str) for name in things):
        got = shown([*things]) if isinstance(things, Mapping) else type(things).__name__
        raise GraphError(f"{owner}: things are saved by name", expected="a dict", got=got, fix='{"net": net}')
    return things


def _plain(path: Path, texts: Mapping[str, str]) -> Any:
    """The plain states among a file's texts."""
    if FORM not in texts:
        fix = "tg.train.load reads its arrays"
        raise GraphError(f"Checkpoint: {path} is no checkpoint of a run", got=shown([*texts]), fix=fix)
    try:
        plain = from_json(texts[FORM])
    except json.JSONDecodeError as error:
        raise GraphError(f"Checkpoint: {path} is damaged", got=str(error)) from error
    kinds = {"step": int, "figures": dict, "states": dict}
    if not isinstance(plain, dict) or not all(isinstance(plain.get(name), kind) for name, kind in kinds.items()):
        raise GraphError(f"Checkpoint: {path} is damaged", expected=shown([*kinds]), got=shown(plain))
    match = NAME.fullmatch(path.name)
    if match is not None and int(match[1]) != plain["step"]:
        fix = f"its own name, step-{plain['step']:08d}.safetensors, or one of another form"
        raise GraphError(f"Checkpoint: {path} is named after another step", got=f"step {plain['step']}", fix=fix)
    return plain


def _of(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    start = f"{name}/"
    return {key.removeprefix(start): x for key, x in arrays.items() if key.startswith(start)}
