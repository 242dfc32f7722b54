"""Oracle arrays of ONNX's LSTM, GRU and RNN. Run by hand: ``python -m tests.oracles.onnx_forms``.

Without clip the numbers are those of ONNX's own reference evaluator in float64; it passes clip and relu over, so there
they are onnxruntime's, which computes in float32 alone. Where both know the form they are compared here. The parameters
keep ONNX's names and layout, which the tests bring to ours; the options are those of our cells. It needs
``onnx==1.23.2``, ``onnxruntime==1.32.0`` and the torch of `by_torch`; the tests read the arrays that it leaves and
need none of them.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

try:
    import onnx
    import onnxruntime
    from onnx.reference import ReferenceEvaluator
except ImportError as error:
    sys.exit(f"{error}: install onnx==1.23.2 and onnxruntime==1.32.0")

from .by_torch import B, H, I, T, drawn, seeded
from .oracle import FORMS, Oracle

IOFG, ZRN = {"gate_order": "iofg"}, {"gate_order": "zrn"}
CLIP = {"clip": 0.5}
AFTER = {"linear_before_reset": 1}
RELU = {"activations": ["Relu"]}
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("LSTM", "onnx", IOFG, {}),
    ("LSTM", "onnx-plain", IOFG | {"bias": False}, {}),
    ("LSTM", "onnx-peepholes", IOFG | {"peepholes": True}, {}),
    ("LSTM", "onnx-clip", IOFG | CLIP, CLIP),
    ("LSTM", "onnx-clip-peepholes", IOFG | CLIP | {"peepholes": True}, CLIP),
    ("LSTM", "onnx-clip-peepholes-plain", IOFG | CLIP | {"peepholes": True, "bias": False}, CLIP),
    ("GRU", "onnx", ZRN | {"reset_after": False}, {}),
    ("GRU", "onnx-plain", ZRN | {"reset_after": False, "bias": False}, {}),
    ("GRU", "onnx-reset-after", ZRN, AFTER),
    ("GRU", "onnx-clip", ZRN | CLIP | {"reset_after": False}, CLIP),
    ("GRU", "onnx-clip-reset-after", ZRN | CLIP, CLIP | AFTER),
    ("RNN", "onnx", {}, {}),
    ("RNN", "onnx-clip", CLIP, CLIP),
    ("RNN", "onnx-relu", {"nonlinearity": "relu"}, RELU),
    ("RNN", "onnx-clip-relu", CLIP | {"nonlinearity": "relu"}, CLIP | RELU),
]
"""Our cell, the case, our options; the attributes of ONNX's operator, which has the same name."""

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
OUTPUTS = {"LSTM": ["Y", "Y_h", "Y_c"], "GRU": ["Y", "Y_h"], "RNN": ["Y", "Y_h"]}

Arrays = dict[str, np.ndarray]


def model(op: str, arrays: Arrays, attributes: dict[str, Any]) -> onnx.ModelProto:
    """A graph of this one operator, of the arrays' dtypes."""
    kinds = {name: onnx.helper.np_dtype_to_tensor_dtype(a.dtype) for name, a in arrays.items()}
    inputs = [name if name in arrays else "" for name in INPUTS[: 8 if op == "LSTM" else 6]]
    node = onnx.helper.make_node(op, inputs, OUTPUTS[op], hidden_size=H, **attributes)
    infos = [
        [onnx.helper.make_tensor_value_info(name, kinds.get(name, kinds["X"]), None) for name in names if name]
        for names in (inputs, OUTPUTS[op])
    ]
    graph = onnx.helper.make_graph([node], op, *infos)
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 22)], ir_version=10)


def by_reference(op: str, arrays: Arrays, attributes: dict[str, Any]) -> list[np.ndarray]:
    """Outputs (T, 1, B, H) and final states (1, B, H), float64."""
    found: list[np.ndarray] = ReferenceEvaluator(model(op, arrays, attributes)).run(None, arrays)
    return found


def by_runtime(op: str, arrays: Arrays, attributes: dict[str, Any]) -> list[np.ndarray]:
    """The same, in float32."""
    single = {name: a.astype(np.float32) if a.dtype == np.float64 else a for name, a in arrays.items()}
    session = onnxruntime.InferenceSession(
        model(op, single, attributes).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found: list[np.ndarray] = session.run(None, single)
    return found


def differ(found: list[np.ndarray], others: list[np.ndarray]) -> float:
    """By how much at most."""
    return float(max(np.abs(a - b).max() for a, b in zip(found, others, strict=True)))


def drawn_arrays(op: str, case: str, options: dict[str, Any], directions: int = 1) -> Arrays:
    """The operator's inputs, by ONNX's names; all but X begin with the axis of directions."""
    rng, rows = seeded(f"{op} {case}"), GATES[op] * H
    shapes: dict[str, tuple[int, ...]] = {"W": (rows, I), "R": (rows, H), "initial_h": (B, H)}
    shapes |= {"B": (2 * rows,)} if options.get("bias", True) else {}
    shapes |= {"initial_c": (B, H)} if op == "LSTM" else {}
    shapes |= {"P": (3 * H,)} if options.get("peepholes") else {}
    arrays = {"X": drawn(rng, (T, B, I)).numpy()}
    return arrays | {name: drawn(rng, (directions, *shape)).numpy() for name, shape in shapes.items()}


def make(op: str, case: str, options: dict[str, Any], attributes: dict[str, Any]) -> None:
    """One file."""
    arrays = drawn_arrays(op, case, options)
    found, source = by_runtime(op, arrays, attributes), f"onnxruntime {onnxruntime.__version__}"
    if "clip" in attributes:
        free = {name: a for name, a in attributes.items() if name != "clip"}
        assert differ(found, by_runtime(op, arrays, free)) > 0.01, "nothing was clipped"
    elif "activations" not in attributes:
        exact = by_reference(op, arrays, attributes)
        assert differ(found, exact) < 1e-6, "ONNX's reference and its runtime disagree"
        found, source = exact, f"onnx {onnx.__version__}, the reference evaluator"
    results = {"x": arrays["X"], "outputs": found[0][:, 0]}
    results |= {f"initial.{i}": arrays[name][0] for i, name in enumerate(n for n in INPUTS if n in arrays and "_" in n)}
    results |= {f"final.{i}": s[0] for i, s in enumerate(found[1:])}
    rng = seeded(f"{op} {case} weights")
    results |= {
        f"weight.{name}": drawn(rng, a.shape).numpy()
        for name, a in results.items()
        if name.startswith(("outputs", "final"))
    }
    results |= {f"state_dict.{name}": arrays[name] for name in ("W", "R", "B", "P") if name in arrays}
    Oracle(op, case, source, (I, H), options, results).save(FORMS)


def make_both_ways() -> None:
    """One file of a layer of two directions over rows of two lengths; its states are (2, B, H), as ONNX has them."""
    options = IOFG | CLIP | {"peepholes": True}
    arrays = drawn_arrays("LSTM", "onnx-both-ways", options, directions=2)
    lengths = np.array([T - 1, T], np.int32)
    y, h, c = by_runtime("LSTM", arrays | {"sequence_lens": lengths}, CLIP | {"direction": "bidirectional"})
    results = {"x": arrays.pop("X"), "lengths": lengths, "outputs": y, "final.0": h, "final.1": c}
    results |= {f"initial.{i}": arrays.pop(name) for i, name in enumerate(("initial_h", "initial_c"))}
    results |= {f"state_dict.{name}": a for name, a in arrays.items()}
    Oracle("LSTM", "onnx-both-ways", f"onnxruntime {onnxruntime.__version__}", (I, H), options, results).save(FORMS)


def main() -> None:
    """All files."""
    FORMS.mkdir(exist_ok=True)
    for case in CASES:
        make(*case)
    make_both_ways()


if __name__ == "__main__":
    main()
