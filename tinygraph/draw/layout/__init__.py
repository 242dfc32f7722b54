"""Places: columns in time order, rows by role, and the ways of arrows between them."""
