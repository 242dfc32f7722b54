"""Time steps in loops that nobody marked, told from where the user's code made each node."""
