"""Writers of a picture: as DOT text, as plain text, as files rendered by Graphviz, as an HTML page."""
