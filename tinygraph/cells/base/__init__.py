"""What a cell is made of: parameters and their names, gates, initialisers, activations, checkpoints."""
