"""Clean claims that wait, by their services, and how a bulk approval stands: SELECTs only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Text, bindparam, text
from sqlalchemy.orm import Session

# What nobody has to look at one by one; the second part keeps reviewers off their own claims.
CLEAN = """
 state = 'submitted' AND package IS NOT NULL AND NOT held AND NOT asked AND risk = 0
   AND scheme IS NOT NULL AND payable_riel BETWEEN 1 AND :most_riel
   AND facility <> ALL(:own_facilities)
   AND created_by <> :subject AND submitted_by IS DISTINCT FROM :subject
"""
GROUPS = f"""
SELECT package, scheme, coalesce(facility_level, ''), count(*), sum(payable_riel)::bigint,
       min(review_by)
  FROM claims WHERE {CLEAN}
 GROUP BY 1, 2, 3 HAVING count(*) >= :least
 ORDER BY 4 DESC, 1, 2, 3 LIMIT :limit
"""  # noqa: S608 - a condition of this module
MEMBERS = f"""
SELECT id, number, version FROM claims
 WHERE {CLEAN} AND package = :package AND scheme = :scheme
   AND coalesce(facility_level, '') = :level
 ORDER BY review_by, id LIMIT :limit FOR SHARE SKIP LOCKED
"""  # noqa: S608 - a condition of this module
# Of each claim of the sample: not decided (null), approved as the rules say, or anything else; and
# whether it still waits.
VERDICTS = """
SELECT (SELECT d.decision = 'approve' AND d.approved_riel = d.payable_riel
          FROM review_decisions d
         WHERE d.claim_id = b.claim_id AND d.decided_by = :subject
           AND d.decision IN ('approve', 'reject', 'return') AND d.decided_at >= r.opened_at
         ORDER BY d.id DESC LIMIT 1),
       c.state IN ('submitted', 'in_review')
  FROM bulk_review_claims b JOIN bulk_reviews r ON r.id = b.bulk_id
  JOIN claims c ON c.id = b.claim_id
 WHERE b.bulk_id = :bulk AND b.sampled
"""
SAMPLE = """
SELECT b.claim_number AS number, c.state, c.facility, c.payable_riel, c.approved_riel
  FROM bulk_review_claims b JOIN claims c ON c.id = b.claim_id
 WHERE b.bulk_id = :bulk AND b.sampled ORDER BY b.claim_number
"""
WAITING = """
SELECT claim_id, claim_number FROM bulk_review_claims
 WHERE bulk_id = :bulk AND NOT sampled AND result IS NULL ORDER BY claim_id
"""
RESULTS = """
SELECT result, count(*) FROM bulk_review_claims
 WHERE bulk_id = :bulk AND result IS NOT NULL GROUP BY 1 ORDER BY 1
"""
SIZE = """
SELECT count(*), coalesce(sum(c.payable_riel), 0)::bigint
  FROM bulk_review_claims b JOIN claims c ON c.id = b.claim_id WHERE b.bulk_id = :bulk
"""
OWN = bindparam("own_facilities", type_=ARRAY(Text))


@dataclass(frozen=True, slots=True)
class BulkGroup:
    """Clean claims of one scheme and level for the same services."""

    package: str
    scheme: str
    facility_level: str
    claims: int
    payable_riel: int
    review_by: date | None


def bulk_groups(
    session: Session, who: Mapping[str, Any], *, least: int, limit: int
) -> list[BulkGroup]:
    """List the groups with at least so many claims, largest first."""
    values = {**who, "least": least, "limit": limit}
    return [BulkGroup(*row) for row in session.execute(text(GROUPS).bindparams(OWN), values)]


def bulk_members(session: Session, who: Mapping[str, Any], **given: Any) -> list[Any]:
    """Return (id, number, version) of a group's most urgent claims."""
    return list(session.execute(text(MEMBERS).bindparams(OWN), {**who, **given}))


def sample_verdicts(session: Session, bulk_id: int, subject: str) -> list[tuple[bool | None, bool]]:
    """Say of each claim whether this person approved it as the rules say, and whether it waits."""
    rows = session.execute(text(VERDICTS), {"bulk": bulk_id, "subject": subject})
    return [(row[0], row[1]) for row in rows]


def sample_rows(session: Session, bulk_id: int) -> list[dict[str, Any]]:
    """Return the claims of the sample as they stand."""
    return [dict(row) for row in session.execute(text(SAMPLE), {"bulk": bulk_id}).mappings()]


def bulk_waiting(session: Session, bulk_id: int) -> list[tuple[int, str]]:
    """Return the claims beside the sample that nobody has dealt with yet."""
    return [(row[0], row[1]) for row in session.execute(text(WAITING), {"bulk": bulk_id})]


def bulk_results(session: Session, bulk_id: int) -> dict[str, int]:
    """Count what became of the claims beside the sample."""
    return {row[0]: row[1] for row in session.execute(text(RESULTS), {"bulk": bulk_id})}


def bulk_size(session: Session, bulk_id: int) -> tuple[int, int]:
    """Return how many claims a bulk approval holds, and for how much."""
    claims, riel = session.execute(text(SIZE), {"bulk": bulk_id}).one()
    return claims, riel
