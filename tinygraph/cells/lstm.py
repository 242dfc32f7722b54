"""The long short-term memory, in the forms of PyTorch, ONNX and Keras."""

from __future__ import annotations

from math import sqrt
from typing import Any

from ..core.checks import flag
from ..core.errors import GraphError, shown
from ..core.node import Node
from .base import Activation, ClassicCell, activation, finite, whole, within


class LSTM(ClassicCell):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000), torch.nn.LSTMCell.

    With z = W_ih x + b_ih + W_hh h + b_hh, its blocks of H rows in the order i, f, g, o::

        i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)
        c' = f * c + i * tanh(z_g)
        h' = o * tanh(c')                 (with proj_size: W_hr (o * tanh(c')))

    With peepholes (Gers, Schraudolph and Schmidhuber 2002) the gates depend on c, too::

        i, f = sigmoid(z_i + p_i * c), sigmoid(z_f + p_f * c)
        o    = sigmoid(z_o + p_o * c')

    Parameters: weight_ih (4H, I), weight_hh (4H, H), bias_ih (4H,), bias_hh (4H,); with proj_size P weight_hh is
    (4H, P), and weight_hr (P, H); with peepholes weight_ph (3H,), in the gates' order without g. All start uniform
    within 1 / sqrt(H).
    Group: To start with

    ONNX has the blocks i, o, f, g (its c): ``gate_order="iofg"``; weight_ih = W[0], weight_hh = R[0], bias_ih and
    bias_hh are the halves of B[0], weight_ph = P[0]. Keras has PyTorch's order and one bias: weight_ih = kernel.T,
    weight_hh = recurrent_kernel.T, bias_ih = bias, with recurrent_bias=False; its initial forget_bias is 1.

    Args:
        input_size, hidden_size, ...: as for `PackedCell`. State: (h, c), (B, H) each, h (B, P) with proj_size.
        bias: whether the cell has biases.
        proj_size: P, the size of h; 0 for H.
        recurrent_bias: whether the cell has bias_hh; None takes the value of ``bias``.
        peepholes: whether the cell has weight_ph.
        gate_order: the order of the blocks of H rows in all weights: "ifgo" or another order of these letters.
        clip: clips the inputs of the gates' sigmoids and of tanh(z_g) to [-clip, clip], but not c' before its tanh, as
            onnxruntime does; None for no limit.
        forget_bias: the initial sum of the forget gate's two biases; with 1 gradients pass from the beginning
            (Jozefowicz et al. 2015, ICML). It is put into bias_ih, bias_hh gets 0, and both are trained; None treats
            the forget gate like the others. For a cell that adds it at each step instead (TensorFlow 1's, order
            "igfo"), add it to f's block of the loaded bias: that is the same cell.
        coupled: whether f = 1 - i, ONNX's input_forget; the weights keep the blocks of f, as in ONNX, and nothing reads
            them.
        nonlinearity: used instead of tanh for z_g, Keras' activation, ONNX's g: "tanh", another name of an activation,
            or a function.
        gate_nonlinearity: used instead of sigmoid, Keras' recurrent_activation, ONNX's f. "hard_sigmoid" is that of
            PyTorch and Keras 3; ONNX's is ``lambda x: tg.clip(0.2 * x + 0.5, 0, 1)``.
        output_nonlinearity: used instead of tanh for c', ONNX's h; None takes ``nonlinearity``.

    Raises:
        GraphError: the order does not contain each gate once, clip is not above 0, an activation is unknown, or
            forget_bias has no bias or no forget gate.

    Example:
        >>> import numpy as np, tinygraph as tg
        >>> lstm = tg.cells.LSTM(3, 4, rng=0)
        >>> y, (h, c) = lstm(np.ones((2, 3), np.float32), lstm.initial_state(2))
        >>> y.shape, c.shape
        ((2, 4), (2, 4))

        ONNX's arrays:

        >>> W, R, B, P = np.ones((1, 16, 3)), np.ones((1, 16, 4)), np.zeros((1, 32)), np.ones((1, 12))
        >>> lstm = tg.cells.LSTM(3, 4, gate_order="iofg", peepholes=True)
        >>> lstm.load_state_dict({"weight_ih": W[0], "weight_hh": R[0], "bias_ih": B[0, :16], "bias_hh": B[0, 16:],
        ...                       "weight_ph": P[0]})
        >>> lstm.gates["weight_ph"], lstm.gate("f").weight_ph.shape
        (('i', 'o', 'f'), (4,))
    """

    states = 2
    ih = hh = ("i", "f", "g", "o")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        proj_size: int = 0,
        *,
        recurrent_bias: bool | None = None,
        peepholes: bool = False,
        gate_order: str = "ifgo",
        clip: float | None = None,
        forget_bias: float | None = None,
        coupled: bool = False,
        nonlinearity: str | Activation = "tanh",
        gate_nonlinearity: str | Activation = "sigmoid",
        output_nonlinearity: str | Activation | None = None,
        **options: Any,
    ) -> None:
        self.proj_size = proj_size = whole("LSTM", "proj_size", 0 if proj_size is None else proj_size, least=0)
        super().__init__(input_size, hidden_size, bias, recurrent_bias, gate_order=gate_order, clip=clip, **options)
        self.nonlinearity, self.gate_nonlinearity = activation(nonlinearity), activation(gate_nonlinearity)
        self.output_nonlinearity = activation(nonlinearity if output_nonlinearity is None else output_nonlinearity)
        self.coupled, H = flag("LSTM", "coupled", coupled), self.hidden_size
        if proj_size:
            self.output_size = proj_size
            self.weight_hr = self.weight(proj_size, H, init=within(1 / sqrt(H)))
        self.weight_ph = self.bias(3 * H, peepholes, within(1 / sqrt(H)), "peepholes")
        if peepholes:
            self.gates = {**self.gates, "weight_ph": tuple(gate_order.replace("g", ""))}
        if forget_bias is not None:
            self._set_forget_bias(finite("LSTM", "forget_bias", forget_bias))

    def __call__(self, x: Any, state: Any) -> tuple[Node, tuple[Node, Node]]:
        h, c = state
        i, f, g, o = self.in_order(self.from_both(x, h))
        gate, clip, peeps = self.gate_nonlinearity, self.clip, self.weight_ph is not None
        if peeps:
            i, f = self.seeing(c, i, "i"), self.seeing(c, f, "f")
        i, g = gate(clip(i)), self.nonlinearity(clip(g))
        f = 1 - i if self.coupled else gate(clip(f))
        c = f * c + i * g
        o = gate(clip(self.seeing(c, o, "o") if peeps else o))
        h = o * self.output_nonlinearity(c)
        h = h @ self.weight_hr.T if self.proj_size else h
        return h, (h, c)

    def seeing(self, c: Any, z: Any, gate: str) -> Node:
        """A gate's z (B, H) plus its peephole weights times c (B, H), if there are peepholes."""
        return z if self.weight_ph is None else z + self.gate(gate).weight_ph * c

    def recurrent_shape(self) -> tuple[int, ...]:
        """The shape of weight_hh: a column for each unit of h."""
        return (4 * self.hidden_size, self.proj_size or self.hidden_size)

    def _set_forget_bias(self, start: float) -> None:
        if self.coupled:
            raise GraphError("LSTM: forget_bias with coupled gates, of which f is 1 - i", fix="omit forget_bias")
        biases = [bias for bias in (self.bias_ih, self.bias_hh) if bias is not None]
        if not biases:
            problem, fix = "LSTM: forget_bias initialises a bias, and there is none", "bias=True, or no forget_bias"
            raise GraphError(problem, got=f"{shown(start)} and no bias", fix=fix)
        first = self.gate_order.index("f") * self.hidden_size
        for bias, value in zip(biases, (start, 0.0), strict=False):
            array = bias.value.copy()
            array[first : first + self.hidden_size] = value
            bias.value = array

    def _state_size(self, i: int) -> int:
        return self.proj_size or self.hidden_size if i == 0 else self.hidden_size
