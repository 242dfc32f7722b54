"""Backends, which run the actions of a plan: native machine code or numpy calls."""
