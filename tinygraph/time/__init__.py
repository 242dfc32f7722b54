"""Time: applies a cell to each step of a sequence, with padding, truncation, feedback, noise and scans."""
