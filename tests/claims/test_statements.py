"""How many statements an answer takes: as many for fifty rows as for one, on every list of claims."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from claims.reimbursement import service as reimbursement
from claims.review import service as review
from config import clock
from tests.claims.payable import (
    AUTHORISER,
    FACILITY,
    FINANCE,
    REVIEWER,
    lease,
    line,
    queue_claim,
)
from tests.factories import make_client_token, make_facility
from tests.statements import statements

pytestmark = pytest.mark.usefixtures("app")
SCOPES = ("claim.read", "claim.review", "batch.manage")
ROWS = 50
LISTS = ("/claims", "/claims/search", "/review/queue", "/batches", "/payment-runs", "/remittances")


def settle(run: bool, scheme: str) -> None:
    """Approve, batch and pay one more claim of a scheme of its own."""
    number = lease(queue_claim(scheme=scheme))
    review.approve(number, by=REVIEWER)
    if run:
        paid = reimbursement.open_run(by=FINANCE, period_to=clock.today())["number"]
    else:
        [batch] = reimbursement.open_batches(clock.today(), by=FINANCE)
        paid = batch["number"]
    reimbursement.authorise(paid, by=AUTHORISER)
    reimbursement.export(paid, "csv", by=FINANCE)
    reimbursement.settle(paid, by=FINANCE, bank_reference="ACL-1", paid_on=clock.today())


def read(client: FlaskClient, path: str, headers: dict[str, str]) -> int:
    """Ask for a list; return how many items it held."""
    place = f"/api/v1{path}"
    if path == "/claims/search":
        answer = client.post(place, json={"limit": 200}, headers=headers)
    else:
        answer = client.get(f"{place}?limit=200", headers=headers)
    assert answer.status_code == 200, answer.text
    return len(answer.json["items"])


def test_a_list_of_fifty_takes_no_more_statements_than_a_list_of_one(
    client: FlaskClient, owner: psycopg.Connection[Any]
) -> None:
    make_facility(owner, FACILITY)
    headers = {"Authorization": make_client_token(client, scopes=SCOPES, facility=None)}
    counts: dict[str, list[int]] = {path: [] for path in LISTS}
    settle(True, "s-0")
    queue_claim(line())

    for rows in (1, ROWS):
        if rows > 1:
            for n in range(1, ROWS):
                settle(True, f"s-{n}")
                queue_claim(line())
        for path in LISTS:
            read(client, path, headers)
            with statements() as seen:
                found = read(client, path, headers)
            assert found >= rows, path
            counts[path].append(len(seen))

    assert {path: few for path, (few, many) in counts.items() if many > few} == {}
    assert all(0 < few <= 10 for few, _ in counts.values()), counts


def test_a_run_over_many_batches_takes_as_many_statements_a_step_as_over_two(
    owner: psycopg.Connection[Any],
) -> None:
    make_facility(owner, FACILITY)
    today = clock.today()
    counts = []

    for batches in (2, 2, 12):
        for n in range(batches):
            review.approve(lease(queue_claim(scheme=f"s-{n}")), by=REVIEWER)
        given_up = reimbursement.open_run(by=FINANCE, period_to=today)["number"]
        with statements() as cancelled:
            reimbursement.cancel(given_up, by=FINANCE)
        with statements() as opened:
            run = reimbursement.open_run(by=FINANCE, period_to=today)["number"]
        with statements() as authorised:
            reimbursement.authorise(run, by=AUTHORISER)
        reimbursement.export(run, "csv", by=FINANCE)
        with statements() as settled:
            reimbursement.settle(run, by=FINANCE, bank_reference="ACL-1", paid_on=today)
        counts.append([len(seen) for seen in (cancelled, opened, authorised, settled)])

    assert counts[2] == counts[1]


def test_a_claim_of_two_hundred_lines_is_read_in_as_many_statements_as_one_of_one(
    client: FlaskClient,
) -> None:
    headers = {"Authorization": make_client_token(client, scopes=SCOPES, facility=None)}
    small, large = queue_claim(line()), queue_claim(*[line()] * 200)
    counts = []

    for number in (small, small, large):
        with statements() as seen:
            assert client.get(f"/api/v1/claims/{number}", headers=headers).status_code == 200
        counts.append(len(seen))

    assert counts[2] <= counts[1]
