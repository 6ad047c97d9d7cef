"""The sums that must agree, each from its own tables, and the rows that contradict each other."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from claims.reimbursement.rules import FacilityBooks

# A claim that was paid and then voided stays paid: what is taken back is an adjustment of its own.
CLAIM_SUMS = """
SELECT facility,
       coalesce(sum(approved_riel) FILTER (WHERE state = 'approved'), 0) AS unbatched,
       coalesce(sum(approved_riel) FILTER (WHERE state = 'batched'), 0) AS claims_batched,
       coalesce(sum(paid_riel) FILTER (WHERE state IN ('paid', 'voided')), 0) AS claims_paid
  FROM claims WHERE state IN ('approved', 'batched', 'paid', 'voided') GROUP BY facility
"""
ALLOWANCE_SUMS = """
SELECT 'members' AS facility,
       coalesce(sum(approved_riel) FILTER (WHERE state = 'approved'), 0) AS unbatched,
       coalesce(sum(approved_riel) FILTER (WHERE state = 'batched'), 0) AS claims_batched,
       coalesce(sum(approved_riel) FILTER (WHERE state = 'paid'), 0) AS claims_paid
  FROM allowances WHERE state IN ('approved', 'batched', 'paid') HAVING count(*) > 0
"""
ADJUSTMENT_SUMS = """
SELECT facility, coalesce(sum(riel) FILTER (WHERE riel > 0), 0) AS supplements,
       coalesce(sum(riel) FILTER (WHERE riel < 0), 0) AS recoveries
  FROM adjustments GROUP BY facility
"""
ITEMS = """
WITH items AS (
    SELECT batch_id, riel, live, unpaid, true AS owed FROM batch_claims
    UNION ALL SELECT batch_id, riel, live, coalesce(outcome <> 'paid', false), true
      FROM batch_members
    UNION ALL SELECT batch_id, riel, live, false, false FROM batch_adjustments)
"""
BATCH_SUMS = f"""
{ITEMS}
SELECT coalesce(b.facility, b.payees) AS facility,
       coalesce(sum(i.riel) FILTER (WHERE b.state = 'open'), 0) AS opened,
       coalesce(sum(i.riel) FILTER (WHERE b.state IN ('authorised', 'exported')), 0) AS pending,
       coalesce(sum(i.riel) FILTER (WHERE b.state IN ('settled', 'returning') AND i.live), 0)
           AS paid,
       coalesce(sum(i.riel) FILTER (WHERE b.state IN ('failed', 'returned')
           OR (b.state IN ('settled', 'returning') AND NOT i.live)), 0) AS failed,
       coalesce(sum(i.riel) FILTER (WHERE i.owed AND i.live
           AND b.state IN ('open', 'authorised', 'exported')), 0) AS claims_on_way,
       coalesce(sum(i.riel) FILTER (WHERE i.owed AND i.live
           AND b.state IN ('settled', 'returning')), 0) AS claims_settled,
       coalesce(sum(i.riel) FILTER (WHERE i.live AND NOT i.owed), 0) AS adjustments_taken
  FROM batches b JOIN items i ON i.batch_id = b.id GROUP BY 1
"""  # noqa: S608 - ITEMS is our own, written once for two statements
LEDGER_SUMS = """
SELECT split_part(l.account, ':', 2) AS facility,
       coalesce(-sum(l.riel) FILTER (WHERE l.account LIKE 'payable:%' AND e.kind IN (
           'claim.approved', 'claim.reopened', 'allowance.approved', 'allowance.reopened')), 0)
           AS ledger_approved,
       coalesce(-sum(l.riel) FILTER (WHERE l.account LIKE 'payable:%'
           AND e.kind IN ('claim.supplemented', 'claim.recovered')), 0) AS ledger_adjusted,
       coalesce(-sum(l.riel) FILTER (WHERE l.account LIKE 'payable:%'), 0) AS ledger_payable,
       coalesce(-sum(l.riel) FILTER (WHERE l.account LIKE 'in_payment:%'), 0) AS ledger_pending,
       coalesce(-sum(l.riel) FILTER (
           WHERE l.account LIKE 'in_payment:%' AND e.kind = 'batch.authorised'), 0)
           AS ledger_authorised,
       coalesce(sum(l.riel) FILTER (WHERE l.account LIKE 'in_payment:%'
           AND e.kind IN ('batch.settled', 'batch.returned')), 0) AS ledger_paid,
       coalesce(sum(l.riel) FILTER (
           WHERE l.account LIKE 'in_payment:%' AND e.kind = 'batch.failed'), 0) AS ledger_failed
  FROM journal_legs l JOIN journal_entries e ON e.id = l.entry_id
 WHERE l.account LIKE 'payable:%' OR l.account LIKE 'in_payment:%'
 GROUP BY 1
"""
# Members get no remittance of their own: what their settled batches say they paid stands for it.
REMITTED = """
SELECT facility, sum(total_riel) AS remitted FROM remittances
 WHERE reversed_on IS NULL GROUP BY facility
UNION ALL
SELECT payees, sum(total_riel - unpaid_riel) FROM batches
 WHERE payees = 'members' AND state IN ('settled', 'returning') GROUP BY payees
"""
EXPENSES = """
SELECT account, sum(riel) FROM (
    SELECT 'care_expense:' || scheme AS account, coalesce(paid_riel, approved_riel) AS riel
      FROM claims WHERE state IN ('approved', 'batched', 'paid')
         OR (state = 'voided' AND paid_riel IS NOT NULL)
    UNION ALL SELECT 'care_expense:' || scheme, riel FROM adjustments
    UNION ALL SELECT 'allowance_expense:' || kind, approved_riel
      FROM allowances WHERE state IN ('approved', 'batched', 'paid')) AS owed
 GROUP BY account
"""
# A batch says how many claims and riel it holds; its rows must say the same.
BROKEN_BATCHES = f"""
{ITEMS}
SELECT b.number || ': says ' || b.claims || ' claims of ' || b.total_riel || ' riel, '
       || b.unpaid_riel || ' of them unpaid, holds ' || count(i.riel) FILTER (WHERE i.owed)
       || ' of ' || coalesce(sum(i.riel), 0) || ' riel, '
       || coalesce(sum(i.riel) FILTER (WHERE i.unpaid), 0) || ' of them unpaid'
  FROM batches b LEFT JOIN items i ON i.batch_id = b.id
 GROUP BY b.id
HAVING b.claims <> count(i.riel) FILTER (WHERE i.owed)
    OR b.total_riel <> coalesce(sum(i.riel), 0)
    OR (b.state IN ('settled', 'returning', 'returned') AND b.unpaid_riel
        <> coalesce(sum(i.riel) FILTER (WHERE i.unpaid), 0))
    OR bool_or(i.live <> (b.state NOT IN ('failed', 'cancelled', 'returned'))
               AND NOT (i.unpaid AND b.state IN ('settled', 'returning')))
 ORDER BY b.number
"""  # noqa: S608 - see above
# A claim says which batch it is in; the batch's live rows must say the same, to the riel.
BROKEN_CLAIMS = """
SELECT c.number || ': the claim and its batch disagree'
  FROM claims c
  LEFT JOIN batch_claims b ON b.claim_id = c.id AND b.live
  LEFT JOIN batches t ON t.id = b.batch_id
 WHERE (c.state IN ('approved', 'batched', 'paid')
        OR (c.state = 'voided' AND c.paid_riel IS NOT NULL))
   AND (c.batch_number IS DISTINCT FROM t.number
        OR (c.state = 'approved') <> (t.id IS NULL)
        OR (c.state IN ('paid', 'voided')) <> coalesce(t.state IN ('settled', 'returning'), false)
        OR b.riel <> coalesce(c.paid_riel, c.approved_riel)
        OR (c.state = 'paid' AND c.paid_riel IS DISTINCT FROM c.approved_riel))
 ORDER BY c.number
 LIMIT 100
"""
BROKEN_ALLOWANCES = """
SELECT a.number || ': the allowance and its batch disagree'
  FROM allowances a
  LEFT JOIN batch_members b ON b.number = a.number AND b.live
  LEFT JOIN batches t ON t.id = b.batch_id
 WHERE a.state IN ('approved', 'batched', 'paid')
   AND (a.batch_number IS DISTINCT FROM t.number
        OR (a.state = 'approved') <> (t.id IS NULL)
        OR (a.state = 'paid') <> coalesce(t.state IN ('settled', 'returning'), false)
        OR b.riel <> a.approved_riel)
 ORDER BY a.number
 LIMIT 100
"""
# No batch takes more of an adjustment than there is, nor of another facility's or scheme's; and the
# journal holds each adjustment once, with its own amount.
BROKEN_ADJUSTMENTS = """
SELECT 'adjustment ' || a.id || ' of ' || a.claim || ': ' || a.riel
       || ' riel disagree with what batches took of it or with the ledger'
  FROM adjustments a
  LEFT JOIN LATERAL (
      SELECT coalesce(sum(b.riel), 0) AS riel,
             bool_or(t.facility IS DISTINCT FROM a.facility OR t.scheme <> a.scheme) AS foreign_batch
        FROM batch_adjustments b JOIN batches t ON t.id = b.batch_id
       WHERE b.adjustment_id = a.id AND b.live) AS taken ON true
  LEFT JOIN journal_entries e ON e.subject = a.claim AND e.occasion = a.id
       AND e.kind = CASE WHEN a.riel > 0 THEN 'claim.supplemented' ELSE 'claim.recovered' END
  LEFT JOIN journal_legs l ON l.entry_id = e.id AND l.account = 'payable:' || a.facility
 WHERE l.riel IS DISTINCT FROM -a.riel OR taken.foreign_batch
    OR taken.riel NOT BETWEEN least(a.riel, 0) AND greatest(a.riel, 0)
 ORDER BY a.id
 LIMIT 100
"""
BROKEN = (BROKEN_BATCHES, BROKEN_CLAIMS, BROKEN_ALLOWANCES, BROKEN_ADJUSTMENTS)
SUMS = (CLAIM_SUMS, ALLOWANCE_SUMS, ADJUSTMENT_SUMS, BATCH_SUMS, LEDGER_SUMS, REMITTED)


def books(session: Session) -> list[FacilityBooks]:
    """Return for each payee what claims, batches, ledger and remittances say."""
    sums: dict[str, dict[str, int]] = {}
    for statement in SUMS:
        for row in session.execute(text(statement)).mappings():
            figures = sums.setdefault(row["facility"], {})
            figures.update({name: int(row[name]) for name in row if name != "facility"})
    return [FacilityBooks(facility=code, **figures) for code, figures in sorted(sums.items())]


def expenses(session: Session) -> dict[str, int]:
    """Return what each expense account should hold, as claims, adjustments and allowances say."""
    return {account: int(riel) for account, riel in session.execute(text(EXPENSES))}


def broken(session: Session) -> list[str]:
    """Name the batches, claims, allowances and adjustments whose tables contradict each other."""
    return [fault for statement in BROKEN for fault in session.scalars(text(statement))]
