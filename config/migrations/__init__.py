"""Migrations: numbered, reversible, run by the owner role."""
