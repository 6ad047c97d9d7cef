"""Complaints: taken in at desks and hotlines, answered in time, forwarded without who complained."""
