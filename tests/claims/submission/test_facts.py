"""What a claim is told of a person's cover: one scheme pays the whole of it."""

from __future__ import annotations

from claims.adjudication.rules.facts import Grant
from claims.submission.service.facts import standing_in
from gateway.eligibility.rules.facts import BenefitFinding, Decision, Judgement, Remaining


def judged(*benefits: BenefitFinding) -> Judgement:
    decision = Decision("eligible", "health_care", {one.benefit: one for one in benefits})
    return Judgement(found=True, decision=decision)


def test_what_only_another_scheme_would_give_is_not_granted_by_the_one_that_pays() -> None:
    standing = standing_in(
        judged(
            BenefitFinding("outpatient", True, "health_care", Remaining("day", 12)),
            BenefitFinding("antenatal", True, "hef", Remaining("count", 3)),
        ),
        check=None,
    )

    assert standing.grants == {
        "outpatient": Grant(True, 12, None),
        "antenatal": Grant(False, None, 3),
    }
