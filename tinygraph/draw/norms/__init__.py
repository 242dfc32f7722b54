"""Gradients as numbers: norms of boxes and arrows, the colours they get, and how far each loss looks back."""
