"""A function as the actions of a plan, and the one walk over them that writes loops in any C-like language."""
