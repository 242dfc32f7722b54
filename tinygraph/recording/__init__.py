"""Recording: arrays that NumPy code writes into; each write becomes a node, and earlier readers keep what they read."""
