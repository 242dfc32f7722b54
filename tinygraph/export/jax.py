"""A function or a layer as a pure function of JAX arrays, to be used within other people's JAX code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..cells.base.module import Module
from ..compiled import Compiled
from ..core.checks import function, one_of
from ..core.errors import GraphError, refusing, shown
from ..core.leaves import Parameter
from ..core.node import Node
from ..core.structure import builder, leaves, map_leaves
from ..outside.door import Copies
from ..outside.function import Function
from ..outside.keys import named, parameter_names
from ..passes import optimise
from ..run.jax_backend.translation import JaxGraph
from ..train.step import TrainingStep
from .planned.lowering import check_drawn, in_evaluation
from .traced.packages import package


@refusing
def jax(
    fn: Any, parameters: Any = None, *, devices: int = 1, split: Mapping[str, int] | None = None, combine: str = "mean"
) -> Callable[..., Any]:
    """``fn`` as a pure function of JAX: ``pure(values, *arguments)``, for ``jax.jit``, ``vmap``, ``grad`` and the like.

    The function is traced for each set of shapes and dtypes that it meets, its loops over time become `lax.scan`, and
    the passes of `compile` are run, so that what no step waits for leaves the loop. Within ``fn`` `grad` and
    `value_and_grad` work, too: a whole gradient or a whole training step is pure then.

    Args:
        fn: a function of arrays of any shapes, in any nesting; or a layer, a cell or a net.
        parameters: those that become the first argument: a dict, a list or a tuple of them, or one; of a layer, a cell
            or a net its own, by names. All others keep the value that they have when the function is traced.
        devices: on how many devices the batch is computed, a part on each.
        split: maps names of arguments to the axis that is divided among the devices; all others go to each whole.
        combine: what becomes of the results of the devices: their ``"mean"``, for means over the batch, or ``"sum"``,
            for sums and counts. The mean of ragged batches' means is not their mean: return sums and counts.

    Returns:
        a function ``pure(values, *arguments)``; ``values`` are arrays in the nesting of the parameters, and
        ``pure.values`` those of now. It returns JAX arrays in the nesting of fn's results.

    Raises:
        GraphError: jax is not installed; ``fn`` cannot be called; a parameter is none; there are fewer devices; a name
            in split is no argument; at a call: an axis does not divide among the devices, what `compile` raises, and
            random numbers of `noise` or of dropout in training, which are to be passed as arguments.

    Without ``jax.config.update("jax_enable_x64", True)`` JAX computes in float32. JAX cannot raise within a program: if
    an index, a label or a length is out of range, all results of floating-point numbers are NaN, and so is a gradient;
    with `compile` it raises. Dropout is turned off by ``net.eval()``. An op of your own is called back in Python, by
    ``jax.pure_callback``, and has no gradient of JAX's.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.GRU(3, 4, rng=0)
        >>> pure = tg.export.jax(lambda xs: tg.unroll(cell, xs)[0], cell.parameters())  # doctest: +SKIP
        >>> pure(pure.values, np.ones((5, 2, 3), np.float32)).shape  # doctest: +SKIP
        (5, 2, 4)
    """
    package("jax", "tg.export.jax", "jax")
    fn = _subject(fn)
    if parameters is None:
        parameters = fn.named_state() if isinstance(fn, Module) else {}
    for p in leaves(parameters):
        if not isinstance(p, Parameter):
            expected, fix = "parameters in dicts, lists or tuples", "cell.parameters()"
            raise GraphError("tg.export.jax: a parameter is none", expected=expected, got=shown(p), fix=fix)
    one_of("tg.export.jax: combine is unknown", combine, ("mean", "sum"))
    pure = Pure(fn, parameters)
    return pure if devices == 1 and not split else OverDevices(pure, devices, split or {}, combine)


class Pure:
    """A pure function of JAX arrays, see `jax`.

    Attributes:
        values: the values of the parameters, as arrays in their nesting.
    """

    def __init__(self, fn: Callable[..., Any], parameters: Any) -> None:
        self.fn, self.parameters = fn, parameters
        self.values = map_leaves(lambda p: np.array(p.value), parameters)
        self._traces: dict[Any, Any] = {}

    def __call__(self, values: Any, *args: Any, **kwargs: Any) -> Any:
        arguments = map_leaves(lambda x: x.value if isinstance(x, Node) else x, (args, kwargs))
        arrays = [x for x in leaves(arguments) if hasattr(x, "dtype")]
        weights = _paired(self.parameters, values)
        trace, results = self._trace(arguments, arrays)
        results = in_evaluation(results)
        check_drawn("tg.export.jax", results)
        jax = package("jax", "tg.export.jax", "jax")
        asarray = jax.numpy.asarray
        leaf_values = dict(zip(trace.slots, map(asarray, arrays), strict=True))
        leaf_values |= {p: asarray(w) for p, w in weights.items()}
        graph = JaxGraph(jax, leaf_values)
        computed = graph.compute(results)
        for wrong in graph.any_wrong:
            computed = [_refused(jax.numpy, y, wrong) if y.dtype.kind == "f" else y for y in computed]
        return builder(trace.structure)(computed)

    def _trace(self, arguments: Any, arrays: list[Any]) -> Any:
        """The trace for these shapes, and its results after the passes."""
        static = [None if hasattr(x, "dtype") else x for x in leaves(arguments)]
        key = (repr(map_leaves(lambda _: 0, arguments)), *map(repr, static), *[(x.shape, str(x.dtype)) for x in arrays])
        if key not in self._traces:
            hollow = map_leaves(lambda x: _hollow(x) if hasattr(x, "dtype") else x, arguments)
            words = named(self.fn, *hollow)
            numbers = [x for x in leaves(hollow) if type(x) is float]
            told = Function(self.fn, hollow, False, Copies(), words, numbers, range(len(numbers)))
            self._traces[key] = told.trial, optimise(told.trial.results, fuses=False)[0]
        return self._traces[key]


class OverDevices:
    """A pure function of which each device computes a part of the batch, traced at that part's sizes.

    Attributes:
        values: the values of the parameters, as arrays in their nesting; each device has them all.
    """

    def __init__(self, pure: Pure, devices: int, split: Mapping[str, int], combine: str) -> None:
        jax = package("jax", "tg.export.jax", "jax")
        self.pure, self.values, self.jax = pure, pure.values, jax
        self.devices, self.combine = devices, combine
        self.axes = _axes(parameter_names(pure.fn), split)
        if not isinstance(devices, int) or not 1 <= devices <= len(jax.devices()):
            expected, fix = f"1 to {len(jax.devices())}", "XLA_FLAGS=--xla_force_host_platform_device_count=2 for CPUs"
            raise GraphError(
                "tg.export.jax: so many devices are not there", expected=expected, got=shown(devices), fix=fix
            )
        self.mesh = jax.sharding.Mesh(np.array(jax.devices()[:devices]), ("batch",))

    def __call__(self, values: Any, *arguments: Any) -> Any:
        jax, spec = self.jax, self.jax.sharding.PartitionSpec
        axes = [*self.axes, *[None] * len(arguments)][: len(arguments)]
        pairs = zip(axes, arguments, strict=True)
        told = tuple([spec() if axis is None else map_leaves(partial(self._spec, axis), x) for axis, x in pairs])
        join = jax.lax.pmean if self.combine == "mean" else jax.lax.psum

        def local(weights: Any, *parts: Any) -> Any:
            return join(self.pure(weights, *parts), "batch")

        mapped = jax.shard_map(local, mesh=self.mesh, in_specs=(spec(), *told), out_specs=spec(), check_vma=False)
        return mapped(values, *arguments)

    def _spec(self, axis: int, x: Any) -> Any:
        """How an array is divided among the devices."""
        at = axis + np.ndim(x) if axis < 0 else axis
        if not 0 <= at < np.ndim(x) or np.shape(x)[at] % self.devices:
            raise GraphError(
                f"tg.export.jax: axis {axis} does not divide among {self.devices} devices",
                expected=f"a multiple of {self.devices}",
                got=str(np.shape(x)),
                fix="leave out the rest of the batch, or pad it and count (combine='sum')",
            )
        return self.jax.sharding.PartitionSpec(*[None] * at, "batch")


def _subject(fn: Any) -> Any:
    """The function that is to be exported."""
    fn = fn.fn if isinstance(fn, Compiled) else fn
    if isinstance(fn, TrainingStep):
        fix = 'tg.train.step(..., backend="jax"); or export tg.value_and_grad(loss, parameters)'
        raise GraphError("tg.export.jax: a training step changes parameters, which no pure function does", fix=fix)
    if isinstance(fn, type):
        fix = "tg.export.jax(layer), or a function of arrays"
        raise GraphError("tg.export.jax: only what can be called can be exported", got=shown(fn, 80), fix=fix)
    return function("tg.export.jax", fn)


def _axes(names: Sequence[str], split: Any) -> list[int | None]:
    """For each argument the axis that is divided."""
    if not isinstance(split, Mapping) or not all(type(axis) is int for axis in split.values()):
        problem, expected = "tg.export.jax: split is no dict of axes", "names of arguments: {'xs': 1}"
        raise GraphError(problem, expected=expected, got=shown(split))
    if unknown := [name for name in split if name not in names]:
        problem = f"tg.export.jax: split names {', '.join(map(shown, unknown))}, which is no argument"
        raise GraphError(problem, expected=", ".join(names))
    return [split.get(name) for name in names]


def _refused(jnp: Any, y: Any, wrong: Any) -> Any:
    """NaN where something is wrong; the factor takes it into what JAX differentiates."""
    return jnp.where(wrong, np.nan, y * jnp.where(wrong, np.nan, 1.0).astype(y.dtype))


def _paired(parameters: Any, values: Any) -> dict[Parameter, Any]:
    """Maps each parameter to its value; dicts are matched by their keys, since JAX sorts them."""
    if isinstance(parameters, Parameter):
        if np.shape(values) == parameters.shape:
            return {parameters: values}
    elif isinstance(parameters, dict):
        if isinstance(values, dict) and values.keys() == parameters.keys():
            return {p: w for key, inner in parameters.items() for p, w in _paired(inner, values[key]).items()}
    elif isinstance(values, (list, tuple)) and len(values) == len(parameters):
        pairs = zip(parameters, values, strict=True)
        return {p: w for inner, value in pairs for p, w in _paired(inner, value).items()}
    problem = f"tg.export.jax: the values do not fit the parameters at {shown(parameters, 60)}"
    raise GraphError(problem, expected="arrays in the nesting and of the shapes of pure.values", got=shown(values, 60))


def _hollow(x: Any) -> np.ndarray:
    """An array of the same shape and dtype, which takes no memory."""
    return np.broadcast_to(np.zeros((), np.dtype(x.dtype)), x.shape)
