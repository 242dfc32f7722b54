"""Ops on square matrices, batched: inv, solve, det, slogdet, cholesky; numpy's np.linalg functions reach them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.op import Op, Spec
from .broadcasting import BOTH, unbroadcast
from .inference import stretched

SINGULAR = "add a small multiple of np.eye(n), or check how the matrix is made"


class _OfMatrices(Op):
    """z = f(x) for each matrix of x      x: (..., N, N)"""

    def _check(self, x: Spec) -> np.dtype:
        """The dtype of the result, float32 or float64, as in numpy."""
        if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
            fix = "index or reshape it; for a system that is not square write the normal equations"
            raise GraphError(f"{self.name} needs square matrices", expected="(..., N, N)", got=str(x.shape), fix=fix)
        if x.dtype == np.float16:
            raise GraphError(f"{self.name}: numpy has none for float16", got="float16", fix="x.astype(np.float32)")
        return x.dtype if x.dtype == np.float32 else np.dtype(np.float64)

    def infer(self, x: Spec) -> Spec:  # type: ignore[override]
        return Spec(x.shape, self._check(x))

    def flops(self, *specs: Spec) -> int:  # type: ignore[override]
        return 2 * specs[0].size * specs[0].shape[-1]

    @contextmanager
    def _told(self, x: Any, flaw: str = "singular") -> Iterator[None]:
        """Refuses matrices that are not square, and tells numpy's error of others in our words."""
        self._check(x)
        try:
            yield
        except np.linalg.LinAlgError:
            problem = f"{self.name}: a matrix is {flaw}"
            raise SingularError(problem, got=f"{x.shape} {x.dtype}", fix=SINGULAR) from None


class SingularError(GraphError, np.linalg.LinAlgError):
    """A matrix that has no inverse or no root, for code that waits for numpy's own error of it."""


def _turned(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


class Inv(_OfMatrices):
    """z = x^-1, the inverse of each matrix      x, z: (..., N, N)

    Backward: gx = -z^T gz z^T.

    Raises:
        GraphError: a matrix is singular, or not square.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> np.linalg.inv(tg.constant([[2.0, 0.0], [0.0, 4.0]])).value
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """

    def forward(self, x: Any) -> Any:
        with self._told(x):
            return np.linalg.inv(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return -(_turned(z) @ gz @ _turned(z))


class Solve(_OfMatrices):
    """z with x @ z = b, one system for each column of b      x: (..., N, N)  b, z: (..., N, K)

    Backward: gb = x^-T gz, gx = -gb z^T.

    Raises:
        GraphError: a matrix is singular, or not square.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> np.linalg.solve(tg.constant([[2.0, 0.0], [0.0, 4.0]]), np.ones(2)).value
        array([0.5 , 0.25])
    """

    def infer(self, x: Spec, b: Spec) -> Spec:  # type: ignore[override]
        dtype = np.result_type(self._check(x), self._check(Spec(x.shape, b.dtype)))
        fits = len(b.shape) > 1 and b.shape[-2] == x.shape[-1]
        try:
            lead = stretched(x.shape[:-2], b.shape[:-2]) if fits else ()
        except ValueError:
            fits = False
        if not fits:
            expected, got = "(..., N, N) and (..., N, K)", f"{x.shape} and {b.shape}"
            raise GraphError(f"{self.name}: sizes differ", expected=expected, got=got)
        return Spec((*lead, *b.shape[-2:]), dtype)

    def forward(self, x: Any, b: Any) -> Any:
        with self._told(x):
            return np.linalg.solve(x, b)

    def backward(self, gz: Any, z: Any, x: Any, b: Any, *, wanted: Any = BOTH) -> Any:
        gb = solve.of(_turned(x), gz)
        gx = unbroadcast(-(gb @ _turned(z)), x) if wanted[0] else None
        return gx, unbroadcast(gb, b) if wanted[1] else None


class Det(_OfMatrices):
    """z = the determinant of each matrix      x: (..., N, N)  z: (...)

    Backward: gx = gz z x^-T, which needs a matrix that is not singular.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> round(np.linalg.det(tg.constant([[2.0, 0.0], [0.0, 4.0]])).item(), 9)
        8.0
    """

    def infer(self, x: Spec) -> Spec:  # type: ignore[override]
        return Spec(x.shape[:-2], self._check(x))

    def forward(self, x: Any) -> Any:
        with self._told(x):
            return np.asarray(np.linalg.det(x))

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return (gz * z)[..., None, None] * _turned(inv.of(x))


class Slogdet(_OfMatrices):
    """z = the sign of the determinant, without gradient, beside ln |determinant|      x: (..., N, N)  z: (..., 2)

    np.linalg.slogdet gives the two as a pair, as in numpy. Backward: gx = gz[..., 1] x^-T.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.slogdet(tg.constant([[1.0, 0.0], [0.0, -1.0]])).value
        array([-1.,  0.])
    """

    def infer(self, x: Spec) -> Spec:  # type: ignore[override]
        return Spec((*x.shape[:-2], 2), self._check(x))

    def forward(self, x: Any) -> Any:
        return np.stack(np.linalg.slogdet(x), axis=-1)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        return gz[..., 1][..., None, None] * _turned(inv.of(x))


class Cholesky(_OfMatrices):
    """z = the lower triangle L with x = L L^T      x, z: (..., N, N)

    As numpy's it reads the lower triangle of x alone, which alone gets a gradient: where x is made symmetric, as in
    w @ w.T, that is all of it. Backward: with P = half(L^T gz) and S = L^-T P L^-1, gx = half(S + S^T), where half
    keeps the lower triangle and halves the diagonal (Murray 2016, arXiv 1602.07527).

    Raises:
        GraphError: a matrix is not positive definite, or not square.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> np.linalg.cholesky(tg.constant([[4.0, 0.0], [0.0, 9.0]])).value
        array([[2., 0.],
               [0., 3.]])
    """

    def forward(self, x: Any) -> Any:
        with self._told(x, "not positive definite"):
            return np.linalg.cholesky(x)

    def backward(self, gz: Any, z: Any, x: Any) -> Any:
        low = np.tri(x.shape[-1], dtype=gz.dtype)
        half = low - np.eye(x.shape[-1], dtype=gz.dtype) / 2
        upper = _turned(z)
        s = solve.of(upper, _turned(solve.of(upper, _turned(half * (upper @ (low * gz))))))
        return half * (s + _turned(s))


inv = Inv()
solve = Solve()
det = Det()
slogdet = Slogdet()
cholesky = Cholesky()
