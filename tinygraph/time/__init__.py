"""Time: a cell over a sequence, with lengths, windows, feedback, noise and scans."""
