"""Writers of a picture: SVG and pages by the same marks, plain text, DOT text, and what Graphviz makes of that."""
