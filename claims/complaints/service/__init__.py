"""Take complaints down, read them as each may, answer them in time, count them.

Whoever acts for a facility reaches what NSSF forwarded to it, and the receipts of what they took
down themselves; never who complained, nor in which words.
"""

from claims.complaints.service.figures import count_complaints, figures_table
from claims.complaints.service.filing import file_complaint
from claims.complaints.service.reading import (
    find_complainant,
    find_complaint,
    list_complaints,
    list_forwarded,
    list_handlers,
    list_receipts,
    list_timeline,
    manages,
)
from claims.complaints.service.steps import (
    answer,
    assign,
    close,
    forward,
    mark_overdue,
    reopen,
)
from claims.complaints.service.terms import terms

__all__ = [
    "answer",
    "assign",
    "close",
    "count_complaints",
    "figures_table",
    "file_complaint",
    "find_complainant",
    "find_complaint",
    "forward",
    "list_complaints",
    "list_forwarded",
    "list_handlers",
    "list_receipts",
    "list_timeline",
    "manages",
    "mark_overdue",
    "reopen",
    "terms",
]
