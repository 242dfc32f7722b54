"""A function or a layer as a pure function of JAX arrays, to be used within other people's JAX code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..cells.base.module import Module
from ..compiled import Compiled
from ..core.checks import function, one_of
from ..core.errors import GraphError, refusing, shown
from ..core.leaves import Parameter
from ..core.structure import builder, leaves, map_leaves
from ..outside.door import Copies
from ..outside.function import Function
from ..outside.keys import named, parameter_names
from ..passes import optimise
from ..run.jax_backend.translation import JaxGraph
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
            random numbers of `noise`, which are to be passed as arguments.

    Without ``jax.config.update("jax_enable_x64", True)`` JAX computes in float32. Indices out of range give NaN, as JAX
    cannot raise; an op of your own is called back in Python, by ``jax.pure_callback``, and has no gradient of JAX's.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> cell = tg.cells.GRU(3, 4, rng=0)
        >>> pure = tg.export.jax(lambda xs: tg.unroll(cell, xs)[0], cell.parameters())  # doctest: +SKIP
        >>> pure(pure.values, np.ones((5, 2, 3), np.float32)).shape  # doctest: +SKIP
        (5, 2, 4)
    """
    package("jax", "tg.export.jax", "jax")
    fn = fn.fn if isinstance(fn, Compiled) else fn
    if parameters is None:
        parameters = fn.named_state() if isinstance(fn, Module) else {}
    for p in leaves(parameters):
        if not isinstance(p, Parameter):
            expected, fix = "parameters in dicts, lists or tuples", "cell.parameters()"
            raise GraphError("tg.export.jax: a parameter is none", expected=expected, got=shown(p), fix=fix)
    one_of("tg.export.jax: combine is unknown", combine, ("mean", "sum"))
    pure = Pure(function("tg.export.jax", fn), parameters)
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

    def __call__(self, values: Any, *arguments: Any) -> Any:
        arrays = [x for x in leaves(arguments) if hasattr(x, "dtype")]
        weights = _paired(self.parameters, values)
        trace, results = self._trace(arguments, arrays)
        jax = package("jax", "tg.export.jax", "jax")
        asarray = jax.numpy.asarray
        leaf_values = dict(zip(trace.slots, map(asarray, arrays), strict=True))
        leaf_values |= {p: asarray(w) for p, w in weights.items()}
        return builder(trace.structure)(JaxGraph(jax, leaf_values).compute(results))

    def _trace(self, arguments: Any, arrays: list[Any]) -> Any:
        """The trace for these shapes, and its results after the passes."""
        static = [None if hasattr(x, "dtype") else x for x in leaves(arguments)]
        key = (repr(map_leaves(lambda _: 0, arguments)), *map(repr, static), *[(x.shape, str(x.dtype)) for x in arrays])
        if key not in self._traces:
            hollow = map_leaves(lambda x: _hollow(x) if hasattr(x, "dtype") else x, arguments)
            words = named(self.fn, hollow, {})
            numbers = [x for x in leaves(hollow) if type(x) is float]
            told = Function(self.fn, (hollow, {}), False, Copies(), words, numbers, range(len(numbers)))
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
        self.devices, self.split, self.combine = devices, dict(split), combine
        names = parameter_names(pure.fn)
        if unknown := [name for name in self.split if name not in names]:
            problem = f"tg.export.jax: split names {', '.join(map(shown, unknown))}, which is no argument"
            raise GraphError(problem, expected=", ".join(names))
        if not isinstance(devices, int) or not 1 <= devices <= len(jax.devices()):
            expected, fix = f"1 to {len(jax.devices())}", "XLA_FLAGS=--xla_force_host_platform_device_count=2 for CPUs"
            raise GraphError(
                "tg.export.jax: so many devices are not there", expected=expected, got=shown(devices), fix=fix
            )
        self.axes = [self.split.get(name) for name in names]
        self.mesh = jax.sharding.Mesh(np.array(jax.devices()[:devices]), ("batch",))

    def __call__(self, values: Any, *arguments: Any) -> Any:
        jax, spec = self.jax, self.jax.sharding.PartitionSpec
        axes = [*self.axes, *[None] * len(arguments)][: len(arguments)]
        for axis, argument in zip(axes, arguments, strict=True):
            if axis is not None:
                for x in leaves(argument):
                    self._divides(x, axis)
        told = tuple([spec() if axis is None else spec(*[None] * axis, "batch") for axis in axes])
        join = jax.lax.pmean if self.combine == "mean" else jax.lax.psum

        def local(weights: Any, *parts: Any) -> Any:
            return join(self.pure(weights, *parts), "batch")

        mapped = jax.shard_map(local, mesh=self.mesh, in_specs=(spec(), *told), out_specs=spec(), check_vma=False)
        return mapped(values, *arguments)

    def _divides(self, x: Any, axis: int) -> None:
        if np.ndim(x) <= axis or np.shape(x)[axis] % self.devices:
            raise GraphError(
                f"tg.export.jax: axis {axis} does not divide among {self.devices} devices",
                expected=f"a multiple of {self.devices}",
                got=str(np.shape(x)),
                fix="leave out the rest of the batch, or pad it and count (combine='sum')",
            )


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
