"""Gradients: the walk from a result back to its leaves, and products with Jacobians and Hessians."""
