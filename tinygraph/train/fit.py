"""The training loop: data to step, looks at held-out data, checkpoints, and an end that loses nothing."""

from __future__ import annotations

import inspect
import math
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from ..core.checks import function, integer
from ..core.errors import GraphError, NonFiniteError, refusing, shown
from .checkpoints import Checkpoint, by_name
from .data.batches import Batches
from .history import History
from .progress import Progress
from .states import Carried, as_figures
from .step import TrainingStep

Figures = Mapping[str, float] | float
Callback = Callable[[History], Any]


@refusing
def fit(
    step: TrainingStep,
    data: Iterable[Any],
    *,
    steps: int,
    validate: Callable[[], Figures] | None = None,
    every: int = 100,
    baseline: float | None = None,
    patience: int | None = None,
    checkpoint: Checkpoint | None = None,
    also: Mapping[str, Any] | None = None,
    callbacks: Sequence[Callback] | Callback = (),
    overfit: int | None = None,
    quiet: bool = False,
) -> History:
    """Trains: takes batch after batch from the data, epoch after epoch, until so many steps are done.

    A loss that has an argument named ``state`` gets what it returned beside the loss at the step before; None at the
    first step of an epoch. Ctrl-C ends the training after the running step, and saves. With a checkpoint whose folder
    has a file, the run goes on from there: bit for bit as if it had never stopped. Data without a ``position`` are
    gone through again up to there.

    Args:
        step: made by `tg.train.step`; called with the arrays of a batch.
        data: iterable again and again, such as `Stream`; each batch is a tuple of arrays, or one array. To go on in the
            middle of an epoch it needs a ``position``, as those of this library have.
        steps: the number of steps when the training ends, those before a resume included.
        validate: returns a figure of held-out data, or several by name; lower is better. It is called after every
            ``every`` steps and at the end.
        every: the number of steps between two looks, and between two saves.
        baseline: a figure to beat, which is shown beside those of ``validate``.
        patience: ends the training when the first figure had no new low in so many looks.
        checkpoint: where to save, and to go on from.
        also: more things to save, by name: the network with its random generators and buffers, averages.
        callbacks: functions of the history, or one, called after each step; one that returns True ends the training.
        overfit: train on the first so many batches over and over: a network and a loss without a mistake reach
            (almost) zero.
        quiet: whether to show no progress; a bar is shown in terminals and notebooks alone, in a log file a line at
            each look.

    Returns:
        the `History` of all steps, those before a resume included.

    Raises:
        GraphError: an option is out of range; the data have no batch; ``validate`` or a callback takes batches of them;
            what a step raises, which names the place of a NaN. The parameters are those of the last step that was done,
            and saved ones stay. Before anything else is raised, a second Ctrl-C too, the steps so far are saved.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> w, xs = tg.parameter([0.0, 0.0]), np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
        >>> data = [(x, x @ np.array([2.0, -1.0])) for x in xs]
        >>> step = tg.train.step(lambda x, y: (x @ w - y) ** 2, w, tg.train.SGD(w, 0.2))
        >>> history = tg.train.fit(step, data, steps=200, quiet=True)
        >>> w.value.round(4), len(history)
        (array([ 2., -1.]), 200)
    """
    if not isinstance(step, TrainingStep):
        raise GraphError("fit: no training step", got=type(step).__name__, fix="step = tg.train.step(loss, ...)")
    run = TrainingRun(
        step, endless(data, overfit), integer("fit", "steps", steps, 1), integer("fit", "every", every, 1)
    )
    run.validate = None if validate is None else function("fit", validate)
    run.patience = math.inf if patience is None else integer("fit", "patience", patience, 1)
    if patience is not None and validate is None:
        raise GraphError("fit: patience waits for a lower figure of validate", fix="validate=, which returns one")
    several = callbacks if isinstance(callbacks, Iterable) else [callbacks]
    run.callbacks = [function("fit", callback) for callback in several]
    if checkpoint is not None and not isinstance(checkpoint, Checkpoint):
        fix = "tg.train.Checkpoint(folder)"
        raise GraphError("fit: checkpoint is no Checkpoint", got=type(checkpoint).__name__, fix=fix)
    run.checkpoint, run.things = checkpoint, _things(step, data, run, also)
    if checkpoint is not None:
        if validate is None and checkpoint.best not in (None, "loss"):
            problem = f"fit: there is no figure {checkpoint.best!r} to keep the best of"
            raise GraphError(problem, fix="validate=, which returns it")
        checkpoint.folder.mkdir(parents=True, exist_ok=True)
        if checkpoint.latest is not None:
            checkpoint.load(run.things)
    with _stopped_by_signal() as stopped, Progress(run.steps, len(run.history), baseline, quiet) as progress:
        train(run, stopped, progress)
    return run.history


@dataclass
class TrainingRun:
    """The parts of a training run."""

    step: TrainingStep
    batches: Callable[[int], Iterator[tuple[bool, Any]]]
    steps: int
    every: int
    validate: Callable[[], Figures] | None = None
    patience: float = math.inf
    callbacks: list[Callback] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    things: dict[str, Any] = field(default_factory=dict)
    history: History = field(default_factory=History)
    carried: Carried = field(default_factory=Carried)


def train(run: TrainingRun, stopped: Callable[[], bool], progress: Progress) -> None:
    """The loop itself; with a plain loop in its place all else of this library works as well."""
    carries = "state" in inspect.signature(run.step.loss).parameters
    batches = run.batches(len(run.history))
    while len(run.history) < run.steps and _waited(run) < run.patience:
        rate, place = run.step.optimizers[0].learning_rate, _place(run)
        try:
            first, batch = next(batches)
            batch = tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)
            if carries:
                loss = _carried_on(run, first, batch)
            else:
                result = run.step(*batch)
                loss = result[0] if isinstance(result, tuple) else result
        except BaseException as error:
            if not isinstance(error, NonFiniteError):  # weights that diverge are not worth a file
                _keep(run, place)
            raise
        run.history.add(loss, run.step.norm, rate)
        done = len(run.history)
        answers = _without_loss(run, lambda: [f(run.history) for f in run.callbacks]) if run.callbacks else []
        asked = [isinstance(x, (bool, np.bool_)) and bool(x) for x in answers]
        ends = any(asked) or done == run.steps or stopped()
        looks = ends or done % run.every == 0
        figures = _look(run) if looks else {}
        progress.show(run.history, figures)
        if looks:
            _save(run, {"loss": float(loss), **figures})
        if ends or (looks and stopped()):
            return


def _carried_on(run: TrainingRun, first: bool, batch: tuple[Any, ...]) -> Any:
    """A step with the state of the one before. A step that is left out keeps it: its own is of the NaN, too."""
    run.carried.value, skipped = None if first else run.carried.value, run.step.skipped
    result = run.step(*batch, state=run.carried.value)
    if not isinstance(result, tuple) or len(result) != 2:
        fix = "return loss, state"
        raise GraphError("fit: a loss with an argument state returns a pair", got=type(result).__name__, fix=fix)
    if run.step.skipped == skipped:
        run.carried.value = result[1]
    return result[0]


def _look(run: TrainingRun) -> dict[str, float]:
    """The figures of held-out data."""

    def figures(validate: Callable[[], Figures]) -> dict[str, float]:
        own = validate()
        return as_figures("fit, validate", own if isinstance(own, Mapping) else {"held out": own})

    named = {} if run.validate is None else _without_loss(run, figures, run.validate)
    run.history.look(named)
    return named


def _without_loss(run: TrainingRun, function: Callable[..., Any], *own: Any) -> Any:
    """What a function of the user's returns. What raises in there, Ctrl-C too, costs no step, and it takes no batch."""
    place = _place(run)
    try:
        result = function(*own)
        if isinstance(run.things.get("data"), Batches) and _place(run) != place:
            problem = "fit: validate or a callback took batches of the data to train on, which would be left out"
            raise GraphError(problem, fix="make the data again for it, with the same arguments")
    except BaseException:
        _keep(run, place)
        raise
    return result


def _place(run: TrainingRun) -> Any:
    return getattr(run.things.get("data"), "position", None)


def _keep(run: TrainingRun, place: Any) -> None:
    """Saves the steps that are done, when something raises; the data go on from that place."""
    if place is not None:
        run.things["data"].position = place
    if len(run.history):
        best = "loss" if run.checkpoint is None or run.checkpoint.best is None else run.checkpoint.best
        _save(run, {best: math.nan, "loss": run.history.last_loss})  # NaN counts as the highest


def _save(run: TrainingRun, figures: Mapping[str, float]) -> None:
    if run.checkpoint is not None:
        run.checkpoint.save(len(run.history), run.things, figures)


def _waited(run: TrainingRun) -> int:
    """The number of looks since the first figure was lowest."""
    if not run.history.looks:
        return 0
    _, values = next(iter(run.history.looks.values()))
    best = min(range(len(values)), key=lambda k: math.inf if math.isnan(values[k]) else values[k])
    return len(values) - 1 - best


def endless(data: Any, overfit: int | None) -> Callable[[int], Iterator[tuple[bool, Any]]]:
    """From the steps done before: batches without end, each with whether it is the first of its epoch."""
    if not isinstance(data, Iterable) or isinstance(data, Iterator):
        fix = "a list of batches, or tg.train.Stream, Ragged, Windows; a generator ends after one epoch"
        raise GraphError("fit: the data cannot be gone through again and again", got=type(data).__name__, fix=fix)
    count = None if overfit is None else integer("fit", "overfit", overfit, 1)

    def batches(done: int) -> Iterator[tuple[bool, Any]]:
        if count is not None:
            yield from _few(data, count, done)
        place = getattr(data, "position", None)
        first = place.get("batch", 0) == 0 if isinstance(place, Mapping) else not place
        past, empty = 0 if place is not None else done, 0
        while empty < 2:  # a position may be the end of an epoch, of which nothing is left
            empty += 1
            for batch in data:
                if past:  # what has no position is gone through up to there
                    past -= 1
                else:
                    yield first, batch
                first, empty = False, 0
            first = True
        raise GraphError("fit: the data have no batch", got=shown(data))

    return batches


def _few(data: Iterable[Any], count: int, done: int) -> Iterator[tuple[bool, Any]]:
    """The first batches over and over; the data stay where they are, so that a resume takes the same."""
    place = getattr(data, "position", None)
    few = list(islice(data, count)) or list(islice(data, count))
    if place is not None:
        data.position = place  # type: ignore[attr-defined]
    while few:
        yield done % len(few) == 0, few[done % len(few)]
        done += 1


def _things(step: TrainingStep, data: Any, run: TrainingRun, also: Mapping[str, Any] | None) -> dict[str, Any]:
    also = {} if also is None else by_name("fit, also", also)
    own = {"parameters": step.parameters, "step": step, "history": run.history, "carried": run.carried}
    own |= {f"optimizer{k or ''}": optimizer for k, optimizer in enumerate(step.optimizers)}
    known = [id(x) for x in also.values()]
    rates = [o._rate for o in step.optimizers if hasattr(o._rate, "position") and id(o._rate) not in known]
    own |= {f"schedule{k or ''}": rate for k, rate in enumerate(rates)}
    if hasattr(data, "position"):
        own["data"] = data
    twice = sorted(own.keys() & also.keys())
    if twice:
        raise GraphError("fit: a name in also is taken", expected=f"others than {sorted(own)}", got=shown(twice))
    return {**own, **also}


@contextmanager
def _stopped_by_signal() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed; a second one breaks in at once. Other threads cannot set a handler, and set none."""
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed: list[int] = []

    def note(number: int, frame: Any) -> None:
        pressed.append(number)
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
