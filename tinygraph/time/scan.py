"""Linear recurrences s_t = a_t * s_(t-1) + b_t as one op over all time steps; its gradient is the same op reversed."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
from numpy import ndarray

from ..core.errors import GraphError, refusing
from ..core.leaves import as_nodes
from ..core.node import Node
from ..core.op import Op, Spec
from ..ops import broadcast_to, concatenate, stack
from ..ops.broadcasting import BOTH, unbroadcast
from ..ops.inference import promoted

ROW_BYTES = 512
"""Steps of at most this size are computed in blocks: there a call of numpy costs more than its arithmetic.

One core, T = 1,000, float32, ms in blocks and one by one: steps of 32 numbers 0.19 and 0.59, of 128 0.31 and 0.58, of
1024 1.6 and 1.3.
"""
SHORTEST = 128
"""With fewer steps than this, blocks are not faster, whatever the size of a step."""


@refusing
def linear_scan(scale: Any, added: Any, state: Any) -> Any:
    """All states of an element-wise linear recurrence, s_t = a_t * s_(t-1) + b_t; prefix sums where a = 1.

    It neither divides by a state nor takes logarithms: a may be 0, of either sign, or near 1. Outside of compiled
    functions, small steps are computed in sqrt(T) blocks at once. Each block is a map s -> A * s + B; two of them
    compose to (A2 * A1, A2 * B1 + B2), which is associative, so the states between blocks are computed first.

    Args:
        scale: a, array or node (T, ...), or an array that broadcasts to a step if a is the same at each step.
        added: b (T, ...).
        state: s_0, of the shape of a step, or one that broadcasts to it.
            For complex numbers, a pair (real, imaginary) of arrays in place of each of the three.

    Returns:
        the states s_1 to s_T, (T, ...); a pair for complex numbers.

    Raises:
        GraphError: shapes that do not match.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> from tinygraph.time.scan import linear_scan
        >>> linear_scan(np.array([0.5, 0.5, 0.0]), np.ones(3), 2.0).value
        array([2., 2., 1.])

    Source: G. E. Blelloch, "Prefix sums and their applications", 1990, section 1.4.
    """
    if not isinstance(added, tuple):
        a, b, s = as_nodes((scale, added, state))
        return scan(a, preceded(b, s))[1:]
    parts = as_nodes((*scale, *added, *state))
    a, b, s = (stack(parts[k : k + 2], axis=-1) for k in (0, 2, 4))
    states = scan(a, preceded(b, s), is_complex=True)[1:]
    return states[..., 0], states[..., 1]


def preceded(xs: Node, before: Node) -> Node:
    """Prepends ``before``, which broadcasts to a step, to the steps xs (T, ...): (T + 1, ...)"""
    if before.shape != xs.shape[1:]:
        before = broadcast_to(before, xs.shape[1:])
    return concatenate([before.reshape((1, *before.shape)), xs])


class Scan(Op):
    """s_0 = b_0, s_t = a_t * s_(t-1) + b_t      a: broadcasts to (T, ...)  b, s: (T + 1, ...)

    ``adjoint``: the transposed map s_T = b_T, s_(t-1) = conj(a_t) * s_t + b_(t-1); each is the gradient of the other.
    ``is_complex``: the last axis of all arrays holds the real and the imaginary part.

    Example:
        >>> import numpy as np
        >>> from tinygraph.time.scan import scan
        >>> scan.forward(np.array([2.0, 3.0]), np.array([1.0, 0.0, 5.0]))
        array([ 1.,  2., 11.])
        >>> scan.forward(np.array([2.0, 3.0]), np.array([1.0, 0.0, 5.0]), adjoint=True)
        array([31., 15.,  5.])
    """

    def infer(self, a: Spec, b: Spec, adjoint: bool = False, is_complex: bool = False) -> Spec:  # type: ignore[override]
        steps = (b.shape[0] - 1, *b.shape[1:]) if b.shape else (-1,)
        pairs = not is_complex or a.shape[-1:] == b.shape[-1:] == (2,)
        if steps[0] < 0 or not pairs or not _broadcasts(a.shape, steps):
            got = f"a {a.shape}, b {b.shape}"
            expected = f"b (T + 1, ...), a that broadcasts to (T, ...){', last axis of size 2' * is_complex}"
            fix = "include b_0, the state before the first step, in b"
            raise GraphError(f"{self.name}: shapes do not match", got=got, expected=expected, fix=fix)
        return Spec(b.shape, promoted(a.dtype, b.dtype))

    def forward(self, a: Any, b: Any, adjoint: bool = False, is_complex: bool = False) -> Any:
        dtype = np.result_type(a, b)
        a, b = a.astype(dtype, copy=False), b.astype(dtype, copy=False)
        if is_complex:
            a, b = _as_complex(a), _as_complex(b)
            a = a.conj() if adjoint else a
        a = np.broadcast_to(a, (len(b) - 1, *b.shape[1:]))
        s = np.empty(b.shape, b.dtype)
        back = slice(None, None, -1 if adjoint else 1)
        _recur(a[back], b[back], s[back])
        return s.view(dtype).reshape(*s.shape, 2) if is_complex else s

    def backward(
        self, gs: Any, s: Any, a: Any, b: Any, adjoint: bool = False, is_complex: bool = False, *, wanted: Any = BOTH
    ) -> Any:
        g = self.of(a, gs, adjoint=not adjoint, is_complex=is_complex)
        if not wanted[0]:
            return None, g
        later, earlier = (s[1:], g[:-1]) if adjoint else (g[1:], s[:-1])
        return unbroadcast(_times_conjugate(later, earlier) if is_complex else later * earlier, a), g

    def flops(self, a: Spec, b: Spec, adjoint: bool = False, is_complex: bool = False) -> int:  # type: ignore[override]
        return b.size * (4 if is_complex else 2)


scan = Scan()


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    lead = len(to) - len(shape)
    return lead >= 0 and all(n in (1, m) for n, m in zip(shape, to[lead:], strict=True))


def _as_complex(x: ndarray) -> ndarray:
    """The complex numbers whose real and imaginary parts are the last axis."""
    return np.ascontiguousarray(x).view(np.result_type(x, np.complex64))[..., 0]


def _times_conjugate(p: Any, q: Any) -> Any:
    """p * conj(q) of complex numbers whose last axis holds the real and the imaginary part."""
    (a, b), (c, d) = (p[..., 0], p[..., 1]), (q[..., 0], q[..., 1])
    return np.stack([a * c + b * d, b * c - a * d], axis=-1)


def _recur(a: ndarray, b: ndarray, s: ndarray) -> None:
    """Fill s with s[0] = b[0], s[t + 1] = a[t] * s[t] + b[t + 1]."""
    if b.ndim == 1:
        a, b, s = a[:, None], b[:, None], s[:, None]  # so that each step of s is a view
    T = len(a)
    s[0] = b[0]
    done = 0
    if T >= SHORTEST and s[0].nbytes <= ROW_BYTES:
        length = isqrt(T // 2)  # five calls of numpy for each step of the blocks, two for each block
        whole = T // length * length
        if _in_blocks(a[:whole], b[1 : whole + 1], s[1 : whole + 1], s[0], length):
            done = whole
    _steps(a[done:], b[done + 1 :], s[done + 1 :], s[done])


def _steps(a: ndarray, b: ndarray, s: ndarray, before: ndarray) -> None:
    for x, y, out in zip(a, b, s, strict=True):
        np.multiply(x, before, out)
        np.add(out, y, out)
        before = out


def _in_blocks(a: ndarray, b: ndarray, s: ndarray, before: ndarray, length: int) -> bool:
    """`_steps` in blocks: computes each block's map s -> A * s + B, then the state before each block, then all steps.

    A product of |a| > 1 may overflow although the states, being 0, do not: then it returns False and fills nothing.
    """
    blocks = len(a) // length
    a, b, s = (x.reshape(blocks, length, *x.shape[1:]).swapaxes(0, 1) for x in (a, b, s))
    product, total = a[0].copy(), b[0].copy()
    borders = np.empty((blocks + 1, *before.shape), s.dtype)
    borders[0] = before
    with np.errstate(over="ignore", invalid="ignore"):
        for x, y in zip(a[1:], b[1:], strict=True):
            np.multiply(total, x, total)
            np.add(total, y, total)
            np.multiply(product, x, product)
        _steps(product, total, borders[1:], borders[0])
    if not np.isfinite(borders).all():
        return False
    _steps(a, b, s, borders[:-1])
    return True
