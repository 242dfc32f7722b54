"""PyTorch: a layer, a cell or a function as a module whose forward and backward are compiled functions."""
