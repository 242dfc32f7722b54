"""Views of a graph: what is shown, its norms and its places put together to a picture."""
