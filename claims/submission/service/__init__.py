"""What happens to a claim: filed, changed, moved, read, talked about.

Each command is one transaction holding the claim, its lines, its event and its audit record.
Review and reimbursement change where a claim stands through `lock_claim` and `move` only.
"""

from claims.submission.service.files import (
    attach_file,
    list_files,
    open_file,
    remove_file,
)
from claims.submission.service.filing import (
    Filed,
    preview_claim,
    replace_claim,
    submit_claim,
    submit_stored,
)
from claims.submission.service.messages import add_message, list_messages
from claims.submission.service.moving import (
    AUDITED,
    lock_claim,
    move,
    void_claim,
    withdraw_claim,
)
from claims.submission.service.reading import (
    find_claim,
    list_claims,
    list_history,
)

__all__ = [
    "AUDITED",
    "Filed",
    "add_message",
    "attach_file",
    "find_claim",
    "list_claims",
    "list_files",
    "list_history",
    "list_messages",
    "lock_claim",
    "move",
    "open_file",
    "preview_claim",
    "remove_file",
    "replace_claim",
    "submit_claim",
    "submit_stored",
    "void_claim",
    "withdraw_claim",
]
