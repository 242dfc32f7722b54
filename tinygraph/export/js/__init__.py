"""JavaScript: a function, its gradient or a whole training step as one ES module of typed arrays."""
