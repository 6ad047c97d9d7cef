"""The waiting line of a facility, each step time-stamped."""
