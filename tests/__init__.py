"""Tests of the product; shared builders are in factories.py."""
