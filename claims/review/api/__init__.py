"""The reviewers' JSON doors: queue, decisions, bulk approval, corrections, facilities on hold."""

from claims.review.api import bulk, corrections, decisions, holds, queue

__all__ = ["bulk", "corrections", "decisions", "holds", "queue"]
