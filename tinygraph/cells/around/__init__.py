"""What goes around a cell: layers on top of each other, two directions, shortcuts, dropped units, the layer itself."""
