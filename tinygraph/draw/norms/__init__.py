"""Gradient norms: of boxes and arrows, as colours, and how far back in time each loss reaches."""
