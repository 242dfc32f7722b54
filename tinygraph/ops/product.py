"""The matrix product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.op import Op, Spec
from .broadcasting import BOTH, unbroadcast
from .inference import promoted, stretched

FEW_ROWS = 32
"""Up to this many rows of float64, numpy's OpenBLAS computes the transposed product and a copy faster.

One core, (16, 128) @ (128, 512): 58 us instead of 89; (4, 128) @ (128, 512): 26 instead of 63. In float32, and from 64
rows on, it is not faster.
"""
MATRICES = "(..., M, K) @ (..., K, N)"


class Matmul(Op):
    """The matrix product z = w @ x      w: (..., M, K)  x: (..., K, N)  z: (..., M, N)

    A vector w is used as a row, a vector x as a column, and z lacks its axis; leading axes broadcast.
    Backward: gw = gz @ x^T, gx = w^T @ gz.

    Raises:
        GraphError: the inner sizes K differ, or an input has no axis.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.matmul(tg.constant(np.ones((2, 3))), tg.constant(np.ones((3, 4)))).shape
        (2, 4)
    """

    def infer(self, w: Spec, x: Spec) -> Spec:  # type: ignore[override]
        if not w.shape or not x.shape:
            got, fix = f"{w.shape} @ {x.shape}", "multiply by a number with *"
            raise GraphError(f"{self.name} needs arrays with axes", expected=MATRICES, got=got, fix=fix)
        if w.shape[-1] != x.shape[-2 if len(x.shape) > 1 else 0]:
            got, fix = f"{w.shape} @ {x.shape}", "transpose one of them, or check the sizes they were made with"
            raise GraphError(f"{self.name}: inner sizes differ", expected=MATRICES, got=got, fix=fix)
        shape = self._lead(w.shape, x.shape) + w.shape[-2:-1] + (x.shape[-1:] if len(x.shape) > 1 else ())
        return Spec(shape, promoted(w.dtype, x.dtype))

    def _lead(self, w: tuple[int, ...], x: tuple[int, ...]) -> tuple[int, ...]:
        try:
            return stretched(w[:-2], x[:-2])
        except ValueError:
            problem, fix = f"{self.name}: leading axes do not broadcast", "reshape one of them"
            raise GraphError(problem, expected="sizes that are equal or 1", got=f"{w} @ {x}", fix=fix) from None

    def forward(self, w: Any, x: Any) -> Any:
        if w.ndim > 2 and x.ndim == 2:
            return (w.reshape(-1, w.shape[-1]) @ x).reshape(*w.shape[:-1], x.shape[-1]) if w.size else np.matmul(w, x)
        if x.ndim == w.ndim == 2 and 1 < len(w) <= FEW_ROWS and w.dtype == x.dtype == np.float64:
            return np.ascontiguousarray(np.matmul(x.T, w.T).T)
        return np.matmul(w, x)

    def backward(self, gz: Any, z: Any, w: Any, x: Any, *, wanted: Any = BOTH) -> Any:
        if w.ndim == 1 or x.ndim == 1:
            return self._of_vectors(gz, w, x, wanted)
        gw = unbroadcast(gz @ np.swapaxes(x, -1, -2), w) if wanted[0] else None
        gx = None
        if wanted[1] and w.ndim > 2 and x.ndim == 2:
            # One product over all leading axes, instead of a stack of products that is summed.
            rows = math.prod(w.shape[:-1])
            gx = w.reshape((rows, w.shape[-1])).T @ gz.reshape((rows, gz.shape[-1]))
        elif wanted[1]:
            gx = unbroadcast(np.swapaxes(w, -1, -2) @ gz, x)
        return gw, gx

    def _of_vectors(self, gz: Any, w: Any, x: Any, wanted: Any) -> Any:
        row, column = w.ndim == 1, x.ndim == 1
        w2, x2 = w[None, :] if row else w, x[:, None] if column else x
        g2 = gz[..., None] if column else gz
        g2 = g2[..., None, :] if row else g2
        gw = gx = None
        if wanted[0]:
            gw = unbroadcast(g2 @ np.swapaxes(x2, -1, -2), w2)
            gw = gw[0] if row else gw
        if wanted[1]:
            gx = unbroadcast(np.swapaxes(w2, -1, -2) @ g2, x2)
            gx = gx[:, 0] if column else gx
        return gw, gx

    def factors(self, gz: Any, w: Any, x: Any, side: int) -> tuple[Any, Any] | None:
        """Arrays a (R, M), b (R, N) such that the gradient of w (side 0) or x (side 1), a matrix (M, N), is a^T b.

        So the sum of the gradients of many products with one matrix is a single product over concatenated rows.
        None if the gradient does not have this form.
        """
        if not (w.size and x.size) or (w, x)[side].ndim != 2:
            return None
        if side == 1:
            return w.reshape(-1, w.shape[-1]), gz.reshape(-1, gz.shape[-1])
        if x.ndim > 2:
            return None
        return (gz.T, x.T) if x.ndim == 2 else (gz[None, :], x[None, :])

    def flops(self, w: Spec, x: Spec) -> int:  # type: ignore[override]
        return 2 * self.infer(w, x).size * w.shape[-1]


matmul = Matmul()
