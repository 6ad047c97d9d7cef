"""Benefit policy as dated data, and the benefit a person has used."""
