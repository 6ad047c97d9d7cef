"""What follows from the facts: who the person is, which scheme pays, what is covered here. Pure."""
