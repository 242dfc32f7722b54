"""What of a graph is shown: which nodes get a box, what repeats over time, what is joined, left out or cut."""
