"""What of a graph is shown: which nodes get a box, what repeats, what is joined, hidden or cut."""
