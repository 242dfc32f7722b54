"""Loops over time as one node: the loop, its gradient, and ops applied to all time steps at once."""
