"""Views of a graph: combine what is shown, its norms and its layout to a picture."""
