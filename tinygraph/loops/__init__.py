"""Time as one node: a loop over steps, its gradient, and an op applied to all steps at once."""
