"""Batches, payment runs, payment files and remittances."""
