"""Sampling: objects and data for an audit of which only the code is known, with sizes that are all different."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...core.errors import GraphError
from .attributes import arrays_in, clone
from .functions import Functions
from .methods import functions_of, method_of, names_in
from .naming import INPUTS, TARGETS, arguments_of, role_of
from .objects import Objects
from .passing import OFF, PassedNumbers, Passing
from .results import names_returned
from .subject import Case, Subject, copied
from .table import right_gradients
from .usual_losses import stacked

STEPS, BATCH = 4, 2
_SIZES = {
    3: "inputsize inputdim inputdims nx nin indim insize d din ninput ninputs numinputs inputfeatures inputunits "
    "embeddingdim embeddim embeddingsize featuresize nfeatures numfeatures xdim i insz inputlen inputnodes",
    5: "hiddensize hiddendim hiddendims nh nhidden hidden h hdim numhidden hiddenunits units na hiddim hsize statesize "
    "dh nhid numunits hiddenlayersize hiddennodes hidsize nunits statedim cellsize",
    6: "outputsize outputdim outputdims ny nout outdim o noutput noutputs numoutputs numclasses nclasses classes "
    "vocabsize v vocab ydim k c outsize outputunits worddim vocabularysize nvocab outputnodes outputfeatures vocablen",
    STEPS: "seqlen seqlength t timesteps nsteps sequencelength timestep numsteps steps seqsize tx",
    BATCH: "batchsize b batch nbatch m numlayers nlayers layers",
}
_STATES = (
    "h0 hprev h state prevh hinit c0 cprev s0 a0 prevs initialstate prevstate hiddenstate prevhidden hidden c "
    "initstate hstart h1 lasth hlast"
)
SIZES = {word: size for size, words in _SIZES.items() for word in words.split()}
"""Sizes by the names of arguments, without underscores and in small letters."""


def size_of(name: str) -> int | None:
    """The size that an argument of this name gets."""
    return SIZES.get(name.replace("_", "").lower())


class _Instead(Mapping[str, Any]):
    """Sizes by any spelling of their names."""

    def __getitem__(self, name: str) -> int:
        size = size_of(name)
        if size is None:
            raise KeyError(name)
        return size

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and size_of(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(SIZES)

    def __len__(self) -> int:
        return len(SIZES)


INSTEAD = _Instead()


def constructed(cls: type, told: Mapping[str, Any]) -> Any:
    """An object of a class, with sizes by the names of the arguments of its constructor."""
    values: dict[str, Any] = {}
    unknown = []
    for name, p in inspect.signature(cls).parameters.items():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        value = told[name] if name in told else _argument(name)
        if value is not None:
            values[name] = value
        elif p.default is p.empty:
            unknown.append(name)
    if unknown:
        raise GraphError(
            f"{cls.__name__} takes {', '.join(unknown)}, of which it is not known what should be passed",
            expected="names such as input_size, hidden_size, output_size, seq_len, batch_size",
            fix=f"--with {unknown[0]}=...",
        )
    state = np.random.get_state()
    try:
        np.random.seed(0)  # whatever the class draws its weights from
        return cls(**values)
    finally:
        np.random.set_state(state)


def _argument(name: str) -> Any:
    if name.lower() in ("rng", "generator", "random_state", "rs"):
        return np.random.default_rng(0)
    return 0 if name.lower() == "seed" else size_of(name)


@dataclass(frozen=True)
class Sample:
    """Arguments with which `tg.check.audit` can be called."""

    arguments: tuple[Any, ...]
    keywords: dict[str, Any]


Try = tuple[Callable[[], Subject], Sample]
"""Makes a subject, and the arguments of an audit for it."""


def of_object(model: Any, loss: Any, told: Mapping[str, Any]) -> Sample:
    """Inputs and targets for an object: the first forms that its passes take without an error.

    Targets are as the outputs: numbers, or one-hot rows or labels where the outputs are probabilities.
    """
    shapes = [(SIZES["inputsize"],), *(np.shape(x) for x in arrays_in(model).values())]

    def tries() -> Iterator[Try]:
        for inputs in [told[INPUTS]] if INPUTS in told else _forms(shapes):
            for targets in [told[TARGETS]] if TARGETS in told else _targets(model, inputs, shapes):
                keywords = {"loss": loss, INPUTS: inputs, TARGETS: targets}
                yield partial(Objects, model, loss, inputs, targets), Sample((model,), keywords)

    return _first_that_runs(type(model).__name__, tries())


def of_functions(functions: list[Any], scope: Mapping[str, Any], told: Mapping[str, Any]) -> Sample:
    """Parameters and data for a loss and its backward pass, in any order, or for one function that does both."""
    ways: list[Iterator[Try]] = []
    errors: list[GraphError] = []
    for ordered in (functions, functions[::-1])[: len(functions)]:
        try:
            ways.append(_tries(ordered, scope, told))
        except GraphError as error:
            errors.append(error)
    try:
        return _first_that_runs(", ".join(f.__name__ for f in functions), itertools.chain(*ways))
    except GraphError as error:
        raise [*errors, error][0] from None


def _tries(functions: list[Any], scope: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Try]:
    parameters = _parameters(functions, scope, told)
    shapes = [np.shape(x) for x in parameters.values()]
    names = [n for n in arguments_of(functions[0]) if n not in parameters]
    kept = names_returned(functions[0])
    more = [n for f in functions[1:] for n in arguments_of(f) if n not in kept]
    free = [n for n in dict.fromkeys([*names, *more]) if n not in told and role_of(n) in (INPUTS, TARGETS)]
    fixed: dict[str, Any] = {n: told[n] for n in names if n in told}
    for name in names:
        if name not in fixed and (_is_state(name) or _is_size(name)):
            fixed[name] = _state(shapes) if _is_state(name) else size_of(name)
    loss = functions[0] if len(functions) > 1 else None

    def tries() -> Iterator[Try]:
        for forms in itertools.product(*[[*_forms(shapes)] for _ in free]):
            arguments = fixed | dict(zip(free, forms, strict=True))
            whole = Sample((functions[0],), {"parameters": parameters, "arguments": arguments})
            sample = Sample((functions[1], loss, parameters, arguments), {}) if loss else whole
            yield partial(Functions, functions[-1], loss, parameters, arguments), sample

    return tries()


def _is_size(name: str) -> bool:
    """Whether a function's argument is a size; letters are weights there, but for T."""
    return bool(size_of(name)) and (len(name) > 1 or name == "T")


def _first_that_runs(who: str, tries: Iterable[Try]) -> Sample:
    """The first sample that runs, rather one where gradients have the shapes of their parameters."""
    errors: list[Exception] = []
    runs: list[Sample] = []
    for make, sample in tries:
        try:
            verdict = _verdict(make())
        except Exception as error:  # whatever the user's code raises for arrays of another form
            errors.append(error)
            continue
        if verdict == 2:
            return sample
        runs += [sample] * verdict
    if runs:
        return runs[0]
    problem = f"{who} runs with none of the forms of inputs and targets that were tried"
    got = f"{type(errors[0]).__name__}: {errors[0]}".partition("\n")[0] if errors else "no errors, and no gradients"
    raise GraphError(problem, got=got, fix="--shapes inputs=4x3,targets=4x6  # by the names of the arguments")


def _verdict(subject: Subject) -> int:
    """2 if gradients have the shapes of their parameters, 1 if only the loss is a finite number, 0 if it is none."""
    outcome = subject.run({name: np.array(x) for name, x in subject.parameters.items()}, copied(subject.arguments))
    if outcome.loss is not None and not np.isfinite(outcome.loss).all():
        return 0
    shapes = {name: np.shape(g) for name, g in outcome.gradients.items() if g is not None}
    if not shapes or any(shape != subject.parameters[name].shape for name, shape in shapes.items()):
        return 1
    nodes = subject.on_nodes(Case(None, subject.parameters, subject.arguments))
    return 2 if nodes.loss is None or any(g.any() for g in right_gradients(nodes).values()) else 0


def _forms(shapes: list[tuple[int, ...]]) -> Iterator[Any]:
    """Arrays of inputs or targets in the forms in which people write them, for weights of these shapes."""
    rng = np.random.default_rng(1)
    widths = sorted({n for shape in shapes for n in shape if n > 1})[:6]
    styles: dict[str, Callable[[int], Any]] = {
        "columns": lambda n: [*rng.normal(size=(STEPS, n, 1))],
        "vectors": lambda n: rng.normal(size=(STEPS, n)),
        "batches": lambda n: rng.normal(size=(STEPS, BATCH, n)),
        "rows": lambda n: rng.normal(size=(STEPS, 1, n)),
        "array of columns": lambda n: rng.normal(size=(STEPS, n, 1)),
        "a column": lambda n: rng.normal(size=(n, 1)),
        "a row": lambda n: rng.normal(size=(1, n)),
    }
    first = "columns" if any(s[1:] == (1,) for s in shapes) else "rows" if any(s[:1] == (1,) for s in shapes) else ""
    for style in dict.fromkeys([first, *styles] if first else styles):
        yield from (styles[style](n) for n in widths)
        if style == (first or "vectors"):
            yield [int(k) for k in rng.integers(0, min(widths, default=2), STEPS)]
    yield rng.integers(0, min(widths, default=2), (STEPS, BATCH))


def _targets(model: Any, inputs: Any, shapes: list[tuple[int, ...]]) -> Iterator[Any]:
    """Targets of the form of the outputs of a forward pass; none if it does not run."""
    data = {INPUTS: inputs, TARGETS: None}
    backward, forward = method_of(model, "backward", None), method_of(model, "forward", None)
    if TARGETS in map(role_of, arguments_of(forward.call_it)):
        yield from _forms(shapes)
        return
    passing = Passing(forward, backward, None, data, PassedNumbers(1.0, OFF), nullcontext)
    try:
        passing.go_forward(clone(model))
        outputs = stacked(passing.outputs)
    except Exception:  # as above
        return
    rng = np.random.default_rng(2)
    chances = ((outputs > 0) & (outputs < 1)).all()
    axes = [k for k in range(outputs.ndim) if outputs.shape[k] > 1 and np.allclose(outputs.sum(k), 1)]
    if axes and chances:
        labels = rng.integers(0, outputs.shape[axes[-1]], np.delete(outputs.shape, axes[-1]))
        yield _like(np.moveaxis(np.eye(outputs.shape[axes[-1]])[labels], -1, axes[-1]), passing.outputs)
        yield [int(k) for k in labels.ravel()]
        yield np.squeeze(labels)
    elif chances:
        yield _like(np.asarray(rng.random(outputs.shape) > 0.5, float), passing.outputs)
    yield _like(rng.normal(size=outputs.shape), passing.outputs)
    yield [int(k) for k in rng.integers(0, max(outputs.shape, default=2), STEPS)]


def _like(targets: np.ndarray, outputs: Any) -> Any:
    """Targets as a list where the outputs are a list or a dict of steps."""
    return [*targets] if isinstance(outputs, (list, tuple, dict)) else targets


def _parameters(functions: list[Any], scope: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Arrays by name: those that were told, and those of the file that the functions take or read."""
    taken = [n for f in functions for n in arguments_of(f)]
    read = [n for f in functions_of(None, *functions) for n in names_in(f.__code__)]
    chosen = {n: x for n, x in told.items() if isinstance(x, np.ndarray) and not _is_data(n)}
    for name in dict.fromkeys([*taken, *read]):
        x = scope.get(name)
        if isinstance(x, Mapping) and name in taken and name not in told:
            chosen |= {key: part for key, part in x.items() if _is_weight(part)}
        elif _is_weight(x) and name not in chosen and not _is_data(name):
            chosen[name] = np.asarray(x)
    empty = [n for n, p in arguments_of(functions[0]).items() if p.default is p.empty and n not in chosen]
    unknown = [n for n in empty if n not in told and role_of(n) is None and not _is_state(n) and not _is_size(n)]
    unknown = [n for n in unknown if not isinstance(scope.get(n), Mapping)]
    if unknown or not chosen:
        who, names = functions[0].__name__, unknown or ["Wx", "Wh", "b"]
        problem = f"{who} takes {', '.join(unknown)}, and the file has no arrays of these names"
        problem = problem if unknown else f"{who} takes and reads no arrays of the file"
        raise GraphError(problem, fix=f"--shapes {','.join(f'{n}=5x3' for n in names)}  # each with its shape")
    return chosen


def _is_weight(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f" and x.size > 0


def _is_data(name: str) -> bool:
    return role_of(name) in (INPUTS, TARGETS) or _is_state(name)


def _is_state(name: str) -> bool:
    return name.replace("_", "").lower() in _STATES.split()


def _state(shapes: list[tuple[int, ...]]) -> np.ndarray:
    """A state before the first step, of the size of the recurrent weights, which are square."""
    n = next((s[0] for s in shapes if len(s) == 2 and s[0] == s[1]), 5)
    columns, row = any(s == (n, 1) for s in shapes), any(s == (1, n) for s in shapes)
    return np.random.default_rng(3).normal(size=(n, 1) if columns else (1, n) if row else (n,)) * 0.5
