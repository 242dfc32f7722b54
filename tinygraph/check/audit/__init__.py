"""The auditor: which line of a backward pass written by hand is wrong, and what it should be."""

from .entrance import audit as audit
