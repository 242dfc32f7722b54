"""Nodes, ops, scopes, graphs and errors: the ground floor, which knows no op by name."""
