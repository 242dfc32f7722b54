"""Writes the files of PyTorch's two exporters that `test_loading.py` reads: ``python -m tests.export.onnx.by_torch``.

It needs torch, onnx and onnxscript; the files in ``files/`` were written by torch 2.14.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "files"


def written() -> None:
    """All layers by both exporters; that of torch.export unrolls an RNN, of which there is no file."""
    import torch

    torch.manual_seed(0)
    layers: dict[str, Any] = {
        "lstm": torch.nn.LSTM(3, 4),
        "gru": torch.nn.GRU(3, 4, 2, bidirectional=True, batch_first=True),
        "rnn": torch.nn.RNN(3, 4, nonlinearity="relu", bias=False),
    }
    axes = {"x": {0: "first", 1: "second"}}
    for name, layer in layers.items():
        inputs, options = (torch.randn(5, 2, 3),), {"input_names": ["x"], "opset_version": 17}
        script, export = (FILES / f"{name}_{by}.onnx" for by in ("script", "export"))
        torch.onnx.export(layer.eval(), inputs, script, dynamo=False, dynamic_axes=axes, **options)
        if name != "rnn":
            torch.onnx.export(layer.eval(), inputs, export, dynamo=True, external_data=False)


if __name__ == "__main__":
    written()
