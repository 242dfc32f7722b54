"""Plans: a graph becomes actions over buffers, in an order, with a place in memory for each value."""
