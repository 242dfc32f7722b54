"""Right backward passes written by hand, each in another style, and how each is given to the auditor.

``PASSES[name].call(module)`` gives the positional and keyword arguments for `tg.check.audit`, where ``module`` is the
pass's file as `loaded`, right or with a fault in it. The files know nothing of tinygraph.
"""

from __future__ import annotations

import importlib.util
import itertools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

HERE = Path(__file__).parent
T, B, I, H, O, V = 4, 2, 3, 5, 2, 6  # noqa: E741  the axes' names

Call = tuple[tuple[Any, ...], dict[str, Any]]


@dataclass(frozen=True)
class Pass:
    """A hand-written pass.

    Attributes:
        name: how reports name it.
        file: its source.
        parameters: names of what it learns; dots lead into attributes.
        backward: qualified names of the functions in which faults are planted; in one that holds a comment
            ``# backward``, only below it.
        call: from its module to the arguments for `tg.check.audit`.
        keep: gradients' attribute or dict are filled (``"attributes"``, ``"grads"``), ``"updated"`` where backward
            itself updates the weights at the step ``lr``, ``"returned"`` otherwise.
    """

    name: str
    file: Path
    parameters: tuple[str, ...]
    backward: tuple[str, ...]
    call: Callable[[ModuleType], Call]
    keep: str = "returned"


_numbers = itertools.count()


def loaded(file: Path) -> ModuleType:
    """The module of a file under a name of its own, so that its lines can be looked up."""
    name = f"audited_{file.stem}_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def values(names: str, *shapes: Any) -> dict[str, np.ndarray]:
    """Random numbers of the size 0.5 for each name."""
    chance = np.random.default_rng(3)
    return {name: chance.normal(size=shape) * 0.5 for name, shape in zip(names.split(), shapes, strict=True)}


def columns(n: int) -> list[np.ndarray]:
    return list(rng().normal(size=(T, n, 1)))


def batches(n: int) -> np.ndarray:
    return rng().normal(size=(T, B, n))


def one_hot(*shape: int) -> np.ndarray:
    return np.eye(V)[rng().integers(0, V, size=shape)]


def _columns_tuple(m: ModuleType) -> Call:
    weights = values("Wx Wh Wy bh by", (H, I), (H, H), (O, H), (H, 1), (O, 1))
    start = rng().normal(size=(H, 1))
    return (m.backward, m.loss, weights, {"xs": columns(I), "ts": columns(O), "h0": start}), {}


def _batch_dict(m: ModuleType) -> Call:
    weights = values("W U b V c", (I, H), (H, H), H, (H, V), V)
    return (m.backward, m.loss, weights, {"x": batches(I), "y": one_hot(T, B)}), {}


def _class_update(m: ModuleType) -> Call:
    return (m.RNN(I, H, O, rng()),), {"loss": m.loss, "inputs": columns(I), "targets": columns(O)}


def _layers(m: ModuleType) -> Call:
    x, y = batches(I).swapaxes(0, 1), batches(O).swapaxes(0, 1)
    return (m.Net(I, H, O, rng()),), {"loss": m.loss, "inputs": x, "targets": y}


def _char_step(m: ModuleType) -> Call:
    weights = {name: getattr(m, name) for name in ("Wxh", "Whh", "Why", "bh", "by")}
    arguments = {"inputs": [0, 3, 2, 5], "targets": [3, 2, 5, 1], "hprev": rng().normal(size=(H, 1))}
    return (m.loss_and_gradients,), {"parameters": weights, "arguments": arguments}


def _lstm_packed(m: ModuleType) -> Call:
    return (m.LSTM(I, H, O, rng()),), {"loss": m.loss, "inputs": batches(I), "targets": batches(O)}


def _lstm_gates(m: ModuleType) -> Call:
    gate, bias = (H, H + I), (H, 1)
    shapes = (gate, bias, gate, bias, gate, bias, gate, bias, (V, H), (V, 1))
    weights = values("Wf bf Wi bi Wo bo Wg bg Wy by", *shapes)
    return (m.backward, m.loss, weights, {"xs": columns(I), "ts": list(one_hot(T)[..., None])}), {}


def _gru_vectors(m: ModuleType) -> Call:
    weights = values("Wz Uz bz Wr Ur br Wn Un bn V", *3 * ((H, I), (H, H), H), (O, H))
    return (m.backward, m.loss, weights, (rng().normal(size=(T, I)), rng().normal(size=(T, O)))), {}


def _two_layers(m: ModuleType) -> Call:
    shapes = (I, H), (H, H), (1, H), (H, V), (V, V), (1, V), (V, O), (1, O)
    weights = values("W1 U1 b1 W2 U2 b2 Wo bo", *shapes)
    return (m.backward, m.loss, weights, {"x": batches(I), "y": batches(O)}), {}


def _last_sigmoid(m: ModuleType) -> Call:
    x, y = rng().normal(size=(T, 1, I)), rng().normal(size=(1, O))
    return (m.LastStep(I, H, O, rng()),), {"loss": m.loss, "inputs": x, "targets": y}


def _cache_norm(m: ModuleType) -> Call:
    weights = values("E Wh bh Wo bo", (V, H), (H, H), H, (H, V), V)
    words, labels = rng().integers(0, V, size=(2, T, B))
    return (m.backward, m.loss, weights, {"words": words, "labels": labels}), {}


def _tagger(m: ModuleType) -> Call:
    tags = [(y > 0).astype(float) for y in columns(O)]
    return (m.Tagger(I, H, O, rng()),), {"loss": m.loss, "inputs": columns(I), "targets": tags}


def _listed(call: Callable[[ModuleType], Call], parameters: str, backward: str = "backward", *, keep: str) -> Pass:
    name = call.__name__.strip("_")
    return Pass(name, HERE / f"{name}.py", tuple(parameters.split()), tuple(backward.split()), call, keep)


IN_LAYERS = "rnn.Wx rnn.Wh rnn.b out.W out.b"
ALL = [
    _listed(_columns_tuple, "Wx Wh Wy bh by", keep="returned"),
    _listed(_batch_dict, "W U b V c", keep="returned"),
    _listed(_class_update, "W_xh W_hh W_hy b_h b_y", "RNN.backward", keep="updated"),
    _listed(_layers, IN_LAYERS, "Recurrent.backward Affine.backward Net.backward", keep="attributes"),
    _listed(_char_step, "Wxh Whh Why bh by", "loss_and_gradients", keep="returned"),
    _listed(_lstm_packed, "W b Wy by", "LSTM.backward", keep="grads"),
    _listed(_lstm_gates, "Wf bf Wi bi Wo bo Wg bg Wy by", keep="returned"),
    _listed(_gru_vectors, "Wz Uz bz Wr Ur br Wn Un bn V", keep="returned"),
    _listed(_two_layers, "W1 U1 b1 W2 U2 b2 Wo bo", keep="returned"),
    _listed(_last_sigmoid, "Wi Wr br Wo bo", "LastStep.backward", keep="attributes"),
    _listed(_cache_norm, "E Wh bh Wo bo", keep="returned"),
    _listed(_tagger, "U W R V b c", "Tagger.backward", keep="returned"),
]
PASSES = {each.name: each for each in ALL}
