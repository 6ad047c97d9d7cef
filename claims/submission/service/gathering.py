"""Reads what a claim is judged against: everything in one exchange with the server.

Called by the commands of `service` that judge a claim; nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass

from claims.signals import service as signals
from claims.signals.queries import Compared
from claims.submission.queries import Gathered, gathered_of, gathering
from claims.submission.rules import Body
from config.prepared import Prepared, Rows, Step, Work
from gateway.eligibility.service import judging

_LOCK = Prepared(
    "claim_lock_person", "SELECT pg_advisory_xact_lock(hashtextextended(%(person)s, 1))"
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knew before a claim was judged; of a draft only `gathered` is asked."""

    gathered: Gathered
    check: str | None = None
    """The check the claim, or else its visit, names."""
    person: tuple[Rows, ...] = ()
    compared: Compared | None = None


def gather(
    work: Work, body: Body, facility: str, *, judged: bool, number: str | None = None
) -> Known:
    """Read what a claim is judged against; `number` is that of a claim stored already.

    The lock of its person comes first: each statement sees what was there when that was taken.
    """
    check, visit = body.data["eligibility_check"], body.data["visit"]
    steps = [
        locking(body.card_key),
        gathering(
            facility=facility,
            reference=body.data["facility_reference"],
            card_key=body.card_key,
            days=[
                body.service_from,
                body.service_to,
                *(line.service_date for line in body.lines()),
            ],
            visit=visit,
            replaces=body.data["replaces"],
        ),
    ]
    if not judged:
        return Known(gathered_of(work.run(*steps)[1]))
    # The visit's own moment counts before its check's, so the check it names is not needed here.
    compared = signals.comparing(
        claim=number, facility=facility, visit=visit, check=check, card_key=body.card_key,
        days=(body.service_from, body.service_to),
    )  # fmt: skip
    _, first, second, *person = work.run(*steps, compared, *_person(body, facility, check))
    gathered = gathered_of(first)
    if check is None and gathered.visit is not None and gathered.visit[1] is not None:
        check = gathered.visit[1]
        person = work.run(*_person(body, facility, check))
    return Known(gathered, check, tuple(person), signals.compared_of(second))


def locking(card_key: str) -> Step:
    """Return what lets only one claim of a person be judged at a time, so that none misses the other."""
    return Step(_LOCK, {"person": "claim of " + card_key})


def _person(body: Body, facility: str, check: str | None) -> tuple[Step, ...]:
    return judging(card_key=body.card_key, day=body.service_from, facility=facility, check=check)
