"""Writers: a picture as DOT text, as plain text, as files that a Graphviz makes, as a page."""
