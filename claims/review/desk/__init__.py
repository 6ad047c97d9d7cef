"""The reviewers' desk: the queue and one claim, bulk approval, what was taken by name, holds."""

from claims.review.desk import bulk, claims, corrections, lists
from claims.review.desk.blueprint import blueprint

__all__ = ["blueprint", "bulk", "claims", "corrections", "lists"]
