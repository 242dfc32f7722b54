"""The names of NumPy that network code uses most, each with calls of it: what `numpy_table` tries on nodes.

In a call x is (3, 4), p positive (3, 4), u (3, 4) between -1 and 1, v (4,), t (2, 3, 4) and m (3, 3), all of them
nodes of floats. A name that has a dot in front is a method, one without letters an operator.
"""

from __future__ import annotations

import numpy as np

X = np.array([[0.3, -1.2, 2.4, -0.7], [1.1, -2.6, 0.8, 1.7], [-0.4, 2.2, -1.9, 0.6]])
INPUTS = {
    "x": X,
    "p": np.abs(X) + 0.23,
    "u": X[::-1] / 3,
    "v": np.array([0.9, -1.4, 0.35, 2.1]),
    "t": np.cos(np.arange(24.0)).reshape(2, 3, 4),
    "m": X[:, :3] / 4 + 2 * np.eye(3),
}

_ONE = "sin cos tan sinh cosh tanh arctan arcsinh exp exp2 expm1 negative positive square abs absolute fabs sign"
_POSITIVE = "sqrt log log2 log10 log1p reciprocal"
_TWO = "add subtract multiply divide true_divide maximum minimum fmax fmin hypot logaddexp arctan2 copysign"
_ROUNDED = "floor ceil trunc rint round around fix"
_ANGLES = "deg2rad rad2deg degrees radians"
_COMPARED = "greater greater_equal less less_equal equal not_equal"

ELEMENTWISE = {
    **{f"np.{name}": (f"np.{name}(x)",) for name in _ONE.split()},
    **{f"np.{name}": (f"np.{name}(p)",) for name in _POSITIVE.split()},
    **{f"np.{name}": (f"np.{name}(u)",) for name in ("arcsin", "arccos", "arctanh")},
    "np.arccosh": ("np.arccosh(p + 1)",),
    **{f"np.{name}": (f"np.{name}(x, p)", f"np.{name}(v, 0.5)", f"np.{name}(1.5, x)") for name in _TWO.split()},
    "np.power": ("np.power(p, x)", "np.power(x, 2)", "np.power(2.0, x)"),
    "np.float_power": ("np.float_power(p, x)",),
    "np.remainder": ("np.remainder(x, 0.9)", "np.remainder(x, p)"),
    "np.mod": ("np.mod(x, 0.9)",),
    "np.fmod": ("np.fmod(x, 0.9)", "np.fmod(x, p)"),
    "np.floor_divide": ("np.floor_divide(x, 0.9)",),
    "np.divmod": ("np.divmod(x, 0.9)",),
    **{f"np.{name}": (f"np.{name}(x)",) for name in f"{_ROUNDED} {_ANGLES}".split()},
    "np.clip": ("np.clip(x, -1, 1)", "np.clip(x, None, p)", "np.clip(x, np.full(4, -1.0), 1.0)"),
    "np.where": ("np.where(x > 0, x, p)", "np.where(x > 0, x, 0.1 * x)", "np.where(x > 0)"),
    "np.nan_to_num": ("np.nan_to_num(x)", "np.nan_to_num(np.where(x > 0, x, np.nan), nan=0.5)"),
    **{f"np.{name}": (f"np.{name}(x, u)", f"np.{name}(x, 0.25)") for name in _COMPARED.split()},
    **{f"np.{name}": (f"np.{name}(x)",) for name in ("cbrt", "sinc", "modf", "conjugate", "real")},
    "np.heaviside": ("np.heaviside(x, 0.5)",),
    "np.logaddexp2": ("np.logaddexp2(x, p)",),
    "np.interp": ("np.interp(x, [-1.0, 0.0, 2.0], [0.5, 2.0, -1.0])", "np.interp(0.3, [0.0, 1.0, 2.0, 3.0], v)"),
    "np.polyval": ("np.polyval(v, x)", "np.polyval([1.0, -2.0], x)"),
    "np.piecewise": ("np.piecewise(x, [x < 0, x > 1], [lambda z: z * z, np.log, 0.5])",),
}

REDUCTIONS = {
    **{
        f"np.{name}": (f"np.{name}(x)", f"np.{name}(x, axis=0)", f"np.{name}(t, axis=(0, 2), keepdims=True)")
        for name in ("sum", "mean", "prod", "max", "min", "amax", "amin", "var", "std", "nansum", "nanmean", "nanprod")
    },
    "np.ptp": ("np.ptp(x)", "np.ptp(x, axis=0)"),
    "np.trapezoid": ("np.trapezoid(v)", "np.trapezoid(x, dx=0.5, axis=0)"),
    "np.average": ("np.average(x)", "np.average(x, axis=1)", "np.average(x, axis=0, weights=[1, 2, 3])"),
    **{f"np.{name}": (f"np.{name}(x)", f"np.{name}(x, axis=1)") for name in ("cumsum", "cumprod")},
    **{
        f"np.{name}.accumulate": (f"np.{name}.accumulate(v)", f"np.{name}.accumulate(x, axis=1)")
        for name in ("maximum", "minimum", "logaddexp", "subtract")
    },
    "np.add.reduce": ("np.add.reduce(x)", "np.add.reduce(x, axis=1)"),
    "np.logaddexp.reduce": ("np.logaddexp.reduce(v)", "np.logaddexp.reduce(x, axis=1, keepdims=True)"),
    "np.subtract.reduce": ("np.subtract.reduce(x)", "np.subtract.reduce(x, axis=-1)"),
    "np.add.accumulate": ("np.add.accumulate(v)",),
    "np.multiply.outer": ("np.multiply.outer(v, x)",),
    "np.diff": ("np.diff(x)", "np.diff(x, n=2, axis=0)"),
    "np.gradient": ("np.gradient(v)", "np.gradient(x, axis=1)", "np.gradient(v, 0.5)"),
    "np.convolve": ("np.convolve(v, [0.5, -1, 2])", "np.convolve(v, x[0], mode='same')", "np.convolve(v, v, 'valid')"),
    "np.sort": ("np.sort(x)", "np.sort(x, axis=0)"),
    "np.trace": ("np.trace(x)", "np.trace(x, offset=1)"),
    "np.median": ("np.median(x)", "np.median(x, axis=0, keepdims=True)"),
    "np.quantile": ("np.quantile(x, 0.3)", "np.quantile(t, [0.1, 0.5], axis=(0, 2))"),
    "np.percentile": ("np.percentile(x, 75, axis=1)",),
    **{f"np.nan{name}": (f"np.nan{name}(x)", f"np.nan{name}(x, axis=1)") for name in ("max", "min", "var", "std")},
    **{f"np.nan{name}": (f"np.nan{name}(x, axis=1)",) for name in ("cumsum", "cumprod")},
    "np.cumulative_sum": ("np.cumulative_sum(x, axis=1, include_initial=True)",),
    "np.cumulative_prod": ("np.cumulative_prod(v)",),
    "np.cov": ("np.cov(x)", "np.cov(x, rowvar=False)"),
    "np.corrcoef": ("np.corrcoef(x)",),
    "np.correlate": ("np.correlate(v, [0.5, 1.0])", "np.correlate(v, v, 'full')"),
    "np.ediff1d": ("np.ediff1d(x)",),
    "np.apply_along_axis": ("np.apply_along_axis(lambda r: r / np.abs(r).sum(), 1, x)",),
    "np.apply_over_axes": ("np.apply_over_axes(np.sum, t, [0, 2])",),
}

SHAPES = {
    "np.reshape": ("np.reshape(x, (4, 3))", "np.reshape(x, -1)", "np.reshape(x, (2, 6), order='F')"),
    "np.ravel": ("np.ravel(x)", "np.ravel(x, order='F')"),
    "np.transpose": ("np.transpose(x)", "np.transpose(t, (2, 0, 1))"),
    "np.swapaxes": ("np.swapaxes(t, 0, 2)",),
    "np.moveaxis": ("np.moveaxis(t, 0, -1)",),
    "np.expand_dims": ("np.expand_dims(x, 1)", "np.expand_dims(x, (0, 2))"),
    "np.squeeze": ("np.squeeze(x[None])", "np.squeeze(x[:1], axis=0)"),
    "np.broadcast_to": ("np.broadcast_to(v, (3, 4))",),
    "np.atleast_1d": ("np.atleast_1d(v[0])", "np.atleast_1d(v)"),
    "np.atleast_2d": ("np.atleast_2d(v)", "np.atleast_2d(t)"),
    "np.atleast_3d": ("np.atleast_3d(x)",),
    "np.repeat": ("np.repeat(x, 2)", "np.repeat(x, 2, axis=0)", "np.repeat(x, [1, 0, 2], axis=0)"),
    "np.tile": ("np.tile(v, 2)", "np.tile(x, (2, 1))"),
    "np.pad": (
        *("np.pad(v, 1)", "np.pad(x, ((1, 0), (0, 2)))", "np.pad(v, (2, 1), constant_values=0.5)"),
        *("np.pad(x, 1, constant_values=v[0])", "np.pad(v, 1, constant_values=((v[1], 2.0),))"),
    ),
    "np.roll": ("np.roll(v, 1)", "np.roll(x, -1, axis=0)"),
    "np.flip": ("np.flip(x)", "np.flip(x, axis=0)"),
    "np.flipud": ("np.flipud(x)",),
    "np.fliplr": ("np.fliplr(x)",),
    "np.rot90": ("np.rot90(x)", "np.rot90(x, k=2)"),
    "np.tril": ("np.tril(x)", "np.tril(x, -1)"),
    "np.triu": ("np.triu(x)", "np.triu(x, k=1)"),
    "np.diag": ("np.diag(v)", "np.diag(m)", "np.diag(v, 1)"),
    "np.diagonal": ("np.diagonal(m)", "np.diagonal(t, axis1=1, axis2=2)"),
    "np.concatenate": ("np.concatenate([x, p])", "np.concatenate((x, u), axis=1)", "np.concatenate([x, v], axis=None)"),
    "np.stack": ("np.stack([v, v * 2])", "np.stack([x, p], axis=-1)"),
    "np.hstack": ("np.hstack([x, p])", "np.hstack([v, v])"),
    "np.vstack": ("np.vstack([x, v])", "np.vstack((v, v))"),
    "np.dstack": ("np.dstack([x, p])",),
    "np.column_stack": ("np.column_stack([v, v])", "np.column_stack((x, p))"),
    "np.append": ("np.append(v, 1.0)", "np.append(x, p, axis=0)"),
    "np.insert": ("np.insert(v, 1, 0.5)", "np.insert(x, 0, v, axis=0)"),
    "np.split": ("np.split(v, 2)", "np.split(x, [1], axis=0)"),
    "np.array_split": ("np.array_split(v, 3)", "np.array_split(x, 2, axis=1)"),
    "np.hsplit": ("np.hsplit(x, 2)",),
    "np.vsplit": ("np.vsplit(x, 3)",),
    "np.dsplit": ("np.dsplit(t, 2)",),
    "np.delete": ("np.delete(v, 1)", "np.delete(x, [0, 2], axis=1)"),
    "np.compress": ("np.compress([True, False, True], x, axis=0)",),
    "np.extract": ("np.extract(X > 0, x)",),
    "np.choose": ("np.choose([0, 1, 1, 0], [x, p])",),
    "np.select": ("np.select([x > 1, x < -1], [x, 2 * x], default=0.0)",),
    "np.block": ("np.block([[x, p], [u, x]])",),
    "np.broadcast_arrays": ("np.broadcast_arrays(x, v)",),
    "np.meshgrid": ("np.meshgrid(v, x[0, :2])",),
    "np.diagflat": ("np.diagflat(v)",),
    "np.rollaxis": ("np.rollaxis(t, 2)",),
    "np.take": ("np.take(x, [2, 0], axis=0)", "np.take(v, 1)"),
    "np.take_along_axis": ("np.take_along_axis(x, np.array([[0], [2], [1]]), axis=1)",),
    "np.copy": ("np.copy(x)",),
    "np.zeros_like": ("np.zeros_like(x)",),
    "np.ones_like": ("np.ones_like(x)", "np.ones_like(x, dtype=int)"),
    "np.full_like": ("np.full_like(x, 2.5)",),
    "np.empty_like": ("np.empty_like(x).shape",),
    "np.linspace": ("np.linspace(v[0], v[1], 5)", "np.linspace(0.0, v[1], 3)"),
    "np.shape": ("np.shape(x)",),
    "np.ndim": ("np.ndim(x)",),
    "np.size": ("np.size(x)",),
    "np.matrix_transpose": ("np.matrix_transpose(t)",),
    "np.unstack": ("np.unstack(x, axis=1)",),
    "np.resize": ("np.resize(v, (2, 3))",),
    "np.vander": ("np.vander(v, 3)",),
    "np.partition": ("np.partition(v, 1)[:2]",),
    "np.lib.stride_tricks.sliding_window_view": (
        "np.lib.stride_tricks.sliding_window_view(v, 2)",
        "np.lib.stride_tricks.sliding_window_view(x, 2, axis=1)",
    ),
    "np.diag_indices_from": ("np.diag_indices_from(m)",),
    "np.tril_indices_from": ("np.tril_indices_from(m)",),
    "np.triu_indices_from": ("np.triu_indices_from(m, k=1)",),
    "np.result_type": ("np.zeros(2, np.result_type(x, np.float32))",),
}

PRODUCTS = {
    "np.dot": ("np.dot(x, v)", "np.dot(2.0, x)", "np.dot([1, 2, 3], x)", "np.dot(x, t.swapaxes(1, 2))"),
    "np.matmul": ("np.matmul(x, v)", "np.matmul(t, x.T)"),
    "np.inner": ("np.inner(x, v)", "np.inner(x, p)"),
    "np.vdot": ("np.vdot(x, p)",),
    "np.outer": ("np.outer(v, v)",),
    "np.tensordot": ("np.tensordot(t, x)", "np.tensordot(x, p, axes=(0, 0))", "np.tensordot(v, v, 0)"),
    "np.kron": ("np.kron(m, v)", "np.kron(np.eye(2), m)"),
    "np.cross": ("np.cross(m, m[0])",),
    "np.einsum": ("np.einsum('ij,kj->ik', x, p)", "np.einsum('tij,j->ti', t, v)", "np.einsum('ii', m)"),
    "np.linalg.norm": ("np.linalg.norm(x)", "np.linalg.norm(x, axis=1, keepdims=True)", "np.linalg.norm(v, 1)"),
    "np.linalg.solve": ("np.linalg.solve(m, m[0])", "np.linalg.solve(m, x)"),
    "np.linalg.inv": ("np.linalg.inv(m)",),
    "np.linalg.det": ("np.linalg.det(m)",),
    "np.linalg.slogdet": ("np.linalg.slogdet(m)",),
    "np.linalg.cholesky": ("np.linalg.cholesky(m @ m.T)",),
    "np.linalg.multi_dot": ("np.linalg.multi_dot([m, x, v])",),
    "np.vecdot": ("np.vecdot(x, p)",),
    "np.matvec": ("np.matvec(x, v)",),
    "np.vecmat": ("np.vecmat(v, x.T)",),
    "np.linalg.vector_norm": ("np.linalg.vector_norm(t, axis=(0, 2))",),
    "np.linalg.matrix_norm": ("np.linalg.matrix_norm(t)",),
    "np.linalg.matrix_power": ("np.linalg.matrix_power(m, 3)", "np.linalg.matrix_power(m, -1)"),
}

_OF_NAN = "isneginf isposinf nanargmax nanargmin"
_ABOUT = "iscomplexobj isrealobj array2string array_repr array_str"

QUESTIONS = {
    **{f"np.{name}": (f"np.{name}(x)",) for name in f"{_OF_NAN} {_ABOUT}".split()},
    **{f"np.{name}": (f"np.{name}(x)",) for name in ("isnan", "isfinite", "isinf", "signbit", "logical_not")},
    **{f"np.{name}": (f"np.{name}(x > 0, p > 1)",) for name in ("logical_and", "logical_or", "logical_xor")},
    **{f"np.{name}": (f"np.{name}(x, p)",) for name in ("isclose", "allclose", "array_equal", "array_equiv", "isin")},
    **{f"np.{name}": (f"np.{name}(x > 0)", f"np.{name}(x, axis=0)") for name in ("any", "all")},
    **{f"np.{name}": (f"np.{name}(v)", f"np.{name}(x, axis=1)") for name in ("argmax", "argmin", "argsort")},
    **{f"np.{name}": (f"np.{name}(x > 0)",) for name in ("nonzero", "flatnonzero", "argwhere", "count_nonzero")},
    "np.argpartition": ("np.argpartition(v, 1)[1]",),
    "np.lexsort": ("np.lexsort((x[0], x[1]))",),
    "np.linalg.matrix_rank": ("np.linalg.matrix_rank(m)",),
    "np.unique": ("np.unique(v)",),
    "np.searchsorted": ("np.searchsorted([0.0, 1.0], v)",),
    "np.digitize": ("np.digitize(v, [0.0, 1.0])",),
    "np.bincount": ("np.bincount((v > 0).astype(int))",),
    "np.histogram": ("np.histogram(v, bins=2)",),
}

METHODS = {
    **{
        f".{name}": (f"x.{name}()", f"x.{name}(axis=0)", f"t.{name}((0, 2), keepdims=True)")
        for name in ("sum", "mean", "max", "min", "prod", "var", "std")
    },
    ".cumsum": ("x.cumsum()", "x.cumsum(axis=1)"),
    ".reshape": ("x.reshape(4, 3)", "x.reshape((2, -1), order='F')"),
    ".ravel": ("x.ravel()",),
    ".flatten": ("x.flatten()", "x.flatten('F')"),
    ".transpose": ("x.transpose()", "t.transpose(2, 0, 1)"),
    ".T": ("x.T",),
    ".swapaxes": ("t.swapaxes(0, 2)",),
    ".squeeze": ("x[None].squeeze()", "x[:1].squeeze(axis=0)"),
    ".repeat": ("v.repeat(2)", "x.repeat(2, axis=0)"),
    ".astype": ("x.astype(np.float64)", "x.astype(float, copy=False)", "x.astype(int)"),
    ".clip": ("x.clip(-1, 1)", "x.clip(min=0.1)"),
    ".round": ("x.round()", "x.round(1)"),
    ".take": ("x.take([2, 0], axis=0)",),
    ".copy": ("x.copy()",),
    ".dot": ("x.dot(v)", "x.dot(t.swapaxes(1, 2))"),
    ".trace": ("m.trace()",),
    ".diagonal": ("m.diagonal()",),
    ".conj": ("x.conj()", "x.real"),
    **{f".{name}": (f"v.{name}()", f"x.{name}(axis=1)") for name in ("argmax", "argmin", "argsort", "any", "all")},
    ".nonzero": ("(x > 0).nonzero()",),
    ".tolist": ("x.tolist()",),
    ".item": ("v[0].item()", "x.item(0, 1)"),
}

OPERATORS = {
    **{sign: (f"x {sign} p", f"x {sign} 0.9", f"1.5 {sign} p") for sign in ("+", "-", "*", "/", "%", "//")},
    "**": ("p ** x", "x ** 2", "2.0 ** x"),
    "@": ("x @ v", "t @ x.T"),
    "-x": ("-x", "+x", "abs(x)"),
    "<": ("x < p", "x >= 0.5", "x == x", "0.5 != x"),
    "np.bitwise_and": ("np.bitwise_and(x > 0, p < 1)",),
    "np.bitwise_or": ("np.bitwise_or(x > 0, p < 1)",),
    "np.bitwise_xor": ("np.bitwise_xor(x > 0, p < 1)",),
    "np.invert": ("np.invert(x > 0)",),
    "&": ("(x > 0) & (p < 1)", "(x > 0) | (p < 1)", "(x > 0) ^ (p < 1)", "~(x > 0)"),
    "[]": ("x[1]", "x[:, 1:3]", "x[..., None]", "x[[2, 0]]", "x[np.arange(3), [0, 3, 1]]", "x[X > 0]", "t[:, -1]"),
}

GROUPS = {
    "Element by element": ELEMENTWISE,
    "Reductions and running results": REDUCTIONS,
    "Shapes, joins and cuts": SHAPES,
    "Products and matrices": PRODUCTS,
    "Questions about values": QUESTIONS,
    "Methods": METHODS,
    "Operators": OPERATORS,
}
"""Maps the headings of the page to their names, and each name to its calls."""
