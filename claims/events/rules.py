"""Which acts of the trail are events, and where each leaves its record. Pure.

Only what is named here is ever told: signals, samples, leases, internal notes, proposals and looks
at records are acts of the trail too, and none of a facility's business.
"""

from __future__ import annotations

# The first words of event types, as the feed's index is built over them.
FAMILIES = ("allowance", "appeal", "batch", "claim", "complaint", "remittance")

# Event, and the state its record is in afterwards; None: what the trail noted, or what it is in now.
STATES: dict[str, str | None] = {
    "claim.drafted": "draft",
    "claim.replaced": None,
    "claim.submitted": "submitted",
    "claim.withdrawn": "withdrawn",
    "claim.voided": "voided",
    "claim.approved": "approved",
    "claim.rejected": "rejected",
    "claim.returned": "returned",
    "claim.reopened": "submitted",
    "claim.held": None,
    "claim.released": None,
    "claim.batched": "batched",
    "claim.unbatched": "approved",
    "claim.paid": "paid",
    "claim.payment_returned": "approved",
    "claim.appealed": None,
    "claim.amended": "approved",
    "claim.supplemented": None,
    "claim.corrected": "paid",
    "claim.appeal_dismissed": None,
    "claim.question_sent": None,
    "claim.answer_sent": None,
    "claim.import_finished": "done",
    "claim.import_refused": "refused",
    "batch.opened": "open",
    "batch.authorised": "authorised",
    "batch.exported": "exported",
    "batch.settled": "settled",
    "batch.failed": "failed",
    "batch.returned": "returned",
    "batch.cancelled": "cancelled",
    "remittance.acknowledged": "acknowledged",
    "allowance.filed": "submitted",
    "allowance.proposed_by_claim": "proposed",
    "allowance.submitted": "submitted",
    "allowance.withdrawn": "withdrawn",
    "allowance.returned": "returned",
    "allowance.approved": "approved",
    "allowance.rejected": "rejected",
    "allowance.reopened": "submitted",
    "allowance.batched": "batched",
    "allowance.unbatched": "approved",
    "allowance.paid": "paid",
    "allowance.payment_returned": "approved",
    "complaint.forwarded": "forwarded",
}
# Moves of a record that are NSSF's own business.
KEPT = frozenset(
    {
        "claim.leased", "claim.lease_released", "claim.proposed", "claim.escalated",
        "allowance.computed", "allowance.proposed",
    }
)  # fmt: skip
TYPES = tuple(sorted(STATES))


def state_after(event: str, *, noted: str | None, now: str | None) -> str | None:
    """Return the state an event left its record in: by its kind, as noted, else as it is now."""
    return STATES[event] or noted or now
