"""What a traced function takes from outside and leaves there: arguments, numbers, arrays, state, random numbers."""
