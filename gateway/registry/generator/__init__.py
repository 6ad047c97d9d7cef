"""A synthetic registry with the shape of the real one, from a seed: nobody and nothing in it exists."""
