"""ONNX: a traced function as a file that onnxruntime and others run, and recurrent nodes of such files as layers."""
