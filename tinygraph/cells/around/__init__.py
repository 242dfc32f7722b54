"""Wrappers of a cell: layers, two directions, residual connections, zoneout, scans, unrolling."""
