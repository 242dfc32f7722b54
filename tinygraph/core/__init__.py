"""Nodes, the base class of ops, scopes, graphs and errors; no single op is known here."""
