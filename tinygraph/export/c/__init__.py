"""C99: a function, its gradient or a whole training step as one file and its header, without malloc."""
