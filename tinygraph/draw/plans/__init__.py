"""What the compiled view is made of: the ops traced and the actions run as items, what became of each, their places."""
