"""Plans: a graph becomes an ordered list of actions over buffers, each buffer at an offset in memory."""
