"""Pictures: what folds, where boxes stand, what is safe to write, which program renders."""
