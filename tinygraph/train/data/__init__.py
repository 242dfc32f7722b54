"""Data for training: streams, ragged sequences and windows as batches, and vocabularies."""
