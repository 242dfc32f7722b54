"""Losses for each row or element: softmax cross-entropy, sigmoid cross-entropy, squared error."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.errors import GraphError
from ..core.op import Op, Spec
from .broadcasting import BOTH, Elementwise, unbroadcast
from .exponential import exp, sigmoid, softplus
from .inference import check_elements, check_shape, floating, in_floats, promoted, result_dtype
from .lookup import Indexed, check_kind, check_labels
from .softmax import log_softmax


class SoftmaxCrossEntropy(Indexed):
    """losses = -sum_v labels_v ln softmax(logits)_v, in nats      logits: (..., V)  losses: (...)

    labels: integers (...), or probabilities (..., V), which get a gradient too.
    With integers: losses = logsumexp(logits) - logits[label].

    Raises:
        GraphError: labels are neither of these, or a label is not in range(V).

    Example:
        >>> import tinygraph as tg
        >>> tg.softmax_cross_entropy(tg.constant([[0.0, 0.0]]), [1]).value
        array([0.69314718])
    """

    def infer(self, logits: Spec, labels: Spec) -> Spec:  # type: ignore[override]
        self._check(logits, labels)
        if math.prod(labels.shape):
            check_elements(self, logits.shape, (len(logits.shape) - 1,))
        dtype = result_dtype(log_softmax, logits.dtype)
        if labels.dtype.kind == "f":
            return Spec(logits.shape[:-1], promoted(dtype, labels.dtype))
        check_kind(self.name, labels, logits.shape[-1])
        return Spec(logits.shape[:-1], dtype)

    def _check(self, logits: Any, labels: Any) -> None:
        dense = labels.dtype.kind == "f"
        if dense and labels.shape == logits.shape[:-1] != logits.shape:
            check_kind(self.name, labels, logits.shape[-1])
        if not logits.shape or labels.shape != (logits.shape if dense else logits.shape[:-1]):
            expected = "logits (..., V) with integer labels (...) or probabilities (..., V)"
            got = f"logits {logits.shape}, labels {labels.shape} {labels.dtype}"
            fix = "remove or add an axis of the labels"
            raise GraphError(f"{self.name}: labels do not match the logits", expected=expected, got=got, fix=fix)

    def forward(self, logits: Any, labels: Any) -> Any:
        self._check(logits, labels)
        if labels.dtype.kind == "f":
            return -np.sum(labels * log_softmax.forward(logits), axis=-1)
        check_labels(self.name, labels, logits.shape[-1])
        # The shift comes first: with logits near 1e4, a small loss in float32 would keep only two digits.
        rows, at = _rows(in_floats(logits), labels)
        shifted = rows - np.max(rows, axis=-1, keepdims=True)
        losses = (np.log(np.sum(np.exp(shifted), axis=-1)) - shifted[at]).reshape(labels.shape)
        return losses.astype(promoted(logits.dtype, np.float16), copy=False)

    def backward(self, gz: Any, z: Any, logits: Any, labels: Any, *, wanted: Any = BOTH) -> Any:
        if labels.dtype.kind != "f":
            return gz[..., None] * excess.of(logits, z, labels), None
        logs = log_softmax.of(logits)
        mass, g = np.sum(labels, axis=-1, keepdims=True), gz[..., None]
        return g * (np.exp(logs) * mass - labels) if wanted[0] else None, -g * logs if wanted[1] else None

    def flops(self, logits: Spec, labels: Spec) -> int:  # type: ignore[override]
        return 4 * logits.size


class Excess(Indexed):
    """z = softmax(logits) - one_hot(labels): the gradient of the cross-entropy      logits, z: (..., V)

    losses, labels: (...), with losses = logsumexp(logits) - logits[label]. So the softmax's normaliser, in the log
    domain, is losses + logits[label], without a second sum over V.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.excess.forward(np.array([[0.0, 0.0]]), np.log([2.0]), np.array([1]))
        array([[ 0.5, -0.5]])
    """

    def infer(self, logits: Spec, losses: Spec, labels: Spec) -> Spec:  # type: ignore[override]
        check_shape(self, "losses", losses.shape, logits.shape[:-1])
        check_shape(self, "labels", labels.shape, logits.shape[:-1])
        return Spec(logits.shape, result_dtype(exp, promoted(logits.dtype, losses.dtype)))

    def forward(self, logits: Any, losses: Any, labels: Any) -> Any:
        # Large logits that are near each other cancel first, so that a small loss is not rounded away.
        rows, at = _rows(logits, labels)
        z = np.exp(rows - rows[at][:, None] - losses.reshape(-1, 1))
        z[at] -= 1
        return z.reshape(logits.shape)

    def backward(self, gz: Any, z: Any, logits: Any, losses: Any, labels: Any) -> Any:
        # With p = softmax, dp_v = p_v (dlogits_v - dlosses - dlogits_label).
        hot = onehot_like.of(labels, z)
        flow = gz * (z + hot)
        total = np.sum(flow, axis=-1)
        return flow - hot * total[..., None], -total, None


class Entry(Indexed):
    """z = the entry of each row at its label      x: (..., V)  labels: integers (...)  z: (...)

    Raises:
        GraphError: a label is not in range(V).

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.entry.forward(np.array([[0.1, 0.9], [0.6, 0.4]]), np.array([1, 0]))
        array([0.9, 0.6])
    """

    def infer(self, x: Spec, labels: Spec) -> Spec:  # type: ignore[override]
        check_shape(self, "labels", labels.shape, x.shape[:-1])
        return Spec(labels.shape, x.dtype)

    def forward(self, x: Any, labels: Any) -> Any:
        check_labels(softmax_cross_entropy.name, labels, x.shape[-1])  # of which it is a part, in plans alone
        rows, at = _rows(x, labels)
        return rows[at].reshape(labels.shape)

    def backward(self, gz: Any, z: Any, x: Any, labels: Any) -> Any:
        return gz[..., None] * onehot_like.of(labels, x), None


def _rows(logits: Any, labels: Any) -> tuple[Any, tuple[Any, Any]]:
    """The logits as rows (N, V), and the index arrays of the label's entry in each row."""
    return logits.reshape(labels.size, logits.shape[-1]), (np.arange(labels.size), labels.reshape(-1))


class OnehotLike(Op):
    """z = one_hot(labels) in the shape and dtype of ``like``, no gradient      labels: (...)  like, z: (..., V)

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> tg.ops.onehot_like.forward(np.array([1]), np.zeros((1, 3)))
        array([[0., 1., 0.]])
    """

    differentiable = False

    def infer(self, labels: Spec, like: Spec) -> Spec:  # type: ignore[override]
        check_shape(self, "labels", labels.shape, like.shape[:-1] if like.shape else (1,))
        return Spec(like.shape, like.dtype)

    def forward(self, labels: Any, like: Any) -> Any:
        return np.equal(labels[..., None], np.arange(like.shape[-1])).astype(like.dtype)


class _Loss(Elementwise):
    """losses of predictions and targets      predictions, losses: any shape  targets: a shape that broadcasts to it"""

    leads = True

    def infer(self, *specs: Spec, **attributes: Any) -> Spec:
        self._check(*specs)
        return super().infer(*specs, **attributes)

    def _check(self, predictions: Any, targets: Any) -> None:
        if predictions.shape != targets.shape and not _reaches(predictions.shape, targets.shape):
            problem = f"{self.name}: the targets do not broadcast to the predictions, which come first"
            fix = "reshape or index one of them; (B, 1) and (B,) would give (B, B) losses"
            raise GraphError(problem, expected=f"targets of shape {predictions.shape}", got=str(targets.shape), fix=fix)


def _reaches(wide: tuple[int, ...], narrow: tuple[int, ...]) -> bool:
    """Whether an array of shape ``narrow`` broadcasts to ``wide``."""
    pairs = zip(wide[::-1], narrow[::-1], strict=False)
    return len(narrow) <= len(wide) and all(n in (1, m) for m, n in pairs)


class SigmoidCrossEntropy(_Loss):
    """losses = -(t ln s + (1 - t) ln(1 - s)) with s = sigmoid(x), in nats      x, losses: any shape  t: broadcasts to x

    It is computed as softplus(x) - x t, which neither overflows nor rounds small losses to 0.

    Raises:
        GraphError: the targets t have more axes or larger ones than x.

    Example:
        >>> import tinygraph as tg
        >>> tg.sigmoid_cross_entropy(tg.constant([0.0, 1000.0]), [1.0, 1.0]).value
        array([0.69314718, 0.        ])
    """

    def forward(self, logits: Any, targets: Any) -> Any:
        if logits.shape != targets.shape:
            self._check(logits, targets)
        logits = floating(logits)
        # softplus(x) - x t as softplus(-|x|) plus one product: for t = 1 or 0 no large terms cancel.
        tail = softplus.forward(-np.abs(logits))
        return tail + np.where(logits > 0, logits * (1 - targets), -logits * targets)

    def backward(self, gz: Any, z: Any, logits: Any, targets: Any, *, wanted: Any = BOTH) -> Any:
        gx = unbroadcast(gz * (sigmoid.of(logits) - targets), logits) if wanted[0] else None
        return gx, unbroadcast(-gz * logits, targets) if wanted[1] else None


class SquaredError(_Loss):
    """losses = (y - t) ** 2, element by element      y, losses: any shape  t: a shape that broadcasts to it

    Raises:
        GraphError: the targets t have more axes or larger ones than y: (B, 1) and (B,) would give (B, B) losses.

    Example:
        >>> import tinygraph as tg
        >>> tg.squared_error(tg.constant([1.0, 2.0]), [0.0, 2.0]).value
        array([1., 0.])
    """

    def forward(self, y: Any, t: Any) -> Any:
        if y.shape != t.shape:
            self._check(y, t)
        return np.square(y - t)

    def backward(self, gz: Any, z: Any, y: Any, t: Any, *, wanted: Any = BOTH) -> Any:
        g = gz * 2 * (y - t)
        return unbroadcast(g, y) if wanted[0] else None, unbroadcast(-g, t) if wanted[1] else None


softmax_cross_entropy = SoftmaxCrossEntropy()
excess = Excess()
entry = Entry()
onehot_like = OnehotLike()
sigmoid_cross_entropy = SigmoidCrossEntropy()
squared_error = SquaredError()
