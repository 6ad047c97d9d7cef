"""Checks and what surrounds them: finding a person, promises, slips, limits, the auditor's list.

A check is one SELECT and one INSERT; the recorded row is the audit record. A look-up that fails
raises; it is never answered as a decision. Claims call `judge`.
"""

from gateway.eligibility.rules.facts import Judgement, Newborn
from gateway.eligibility.service.checks import (
    check,
    check_json,
    dispute,
    find_check,
    find_slip,
    print_slip,
    read_member,
    verify_slip,
)
from gateway.eligibility.service.disputes import close_dispute, disputes_of, list_disputes
from gateway.eligibility.service.identify import CheckRequest
from gateway.eligibility.service.judging import judge, judge_found, judge_row, judging
from gateway.eligibility.service.watching import add_follow_up, is_listed, list_watched

__all__ = [
    "CheckRequest",
    "Judgement",
    "Newborn",
    "add_follow_up",
    "check",
    "check_json",
    "close_dispute",
    "dispute",
    "disputes_of",
    "find_check",
    "find_slip",
    "is_listed",
    "judge",
    "judge_found",
    "judge_row",
    "judging",
    "list_disputes",
    "list_watched",
    "print_slip",
    "read_member",
    "verify_slip",
]
