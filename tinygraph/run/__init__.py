"""Backends: each runs the actions of a plan."""
