"""An import files what is right, tells what is wrong by row and column, and never does it twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask

from claims.imports import running
from claims.imports import service as imports
from claims.imports.models import ImportState
from claims.submission import service as submission
from config import clock
from config.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge
from config.jobs import run_now
from config.settings import settings
from tests.claims.imports.files import (
    bodies,
    faults,
    results,
    row,
    run,
    send,
    to_csv,
    to_ndjson,
    to_xlsx,
)
from tests.claims.submission.filing import biller, file, make_body, nssf
from tests.factories import OTHER_HOSPITAL

pytestmark = pytest.mark.usefixtures("world")


def counts(job: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(
        job[name] for name in ("state", "claims_total", "accepted", "unchanged", "refused")
    )


def uploads() -> set[str]:
    folder = settings().uploads_dir / "claims"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def stored(owner: psycopg.Connection[Any]) -> list[tuple[str, int]]:
    return owner.execute(
        "SELECT c.facility_reference, count(*) FROM claims c JOIN claim_lines l ON l.claim_id = c.id"
        " GROUP BY c.id ORDER BY c.id"
    ).fetchall()


def test_rows_sharing_a_reference_form_a_claim_wherever_they_stand(
    owner: psycopg.Connection[Any],
) -> None:
    rows = [
        row("A"),
        row("A", service="EMERGENCY"),
        row("B"),
        row("A", service="REHABILITATION-SESSION"),
    ]

    job = run(to_csv(rows))

    assert counts(job) == ("done", 2, 2, 0, 0)
    assert stored(owner) == [("A", 3), ("B", 1)]
    told = results(job["number"])
    assert [(one["row"], one["facility_reference"], one["result"]) for one in told] == [
        (2, "A", "accepted"), (3, "A", "accepted"), (5, "A", "accepted"), (4, "B", "accepted"),
    ]  # fmt: skip
    claim = submission.find_claim(told[0]["claim"], by=biller())
    assert (claim["state"], told[0]["state"]) == ("submitted", "submitted")
    assert claim["outcome"]["payable_riel"] == told[0]["payable_riel"]


def test_a_claim_of_a_file_is_the_claim_the_api_would_have_made() -> None:
    filed = file("INV-API")

    job = run(to_csv([row("INV-FILE", diagnoses="J18.9")]))

    [told] = results(job["number"])
    imported = submission.find_claim(told["claim"], by=biller())
    own = {"number", "facility_reference", "submitted_at", "updated_at", "timeline", "outcome"}
    assert {k: v for k, v in imported.items() if k not in own} == {
        k: v for k, v in filed.items() if k not in own
    }


def test_every_fault_is_told_at_its_row_and_column_and_stops_no_other_claim(
    owner: psycopg.Connection[Any],
) -> None:
    rows = [
        row("GOOD-1"),
        row("BAD-1", quantity="many", visit_type="house call"),
        row("BAD-2"),
        row("BAD-2", service="", unit_price_riel="-1"),
        row("GOOD-2"),
        row("", diagnoses=""),
        row("BAD-3", service_from="20/11/2026"),
        row("BAD-4"),
        row("BAD-4", type="maternity"),
        row("BAD-5", visit="V26K000000000"),
        row("GOOD-3", submit="false"),
    ]

    job = run(to_csv(rows))

    assert counts(job) == ("done", 9, 3, 0, 6)
    assert [name for name, _ in stored(owner)] == ["GOOD-1", "GOOD-2", "GOOD-3"]
    assert sorted(faults(job["number"])) == [
        (3, "quantity"), (3, "visit_type"), (4, ""), (5, "service"), (5, "unit_price_riel"),
        (7, "diagnoses"), (7, "facility_reference"), (8, "service_from"), (9, ""), (10, "type"),
        (11, "visit"),
    ]  # fmt: skip
    shown = list(imports.result_table(iter(results(job["number"]))))
    assert len(shown) == 11 + 3
    assert shown[0][:3] == [2, "GOOD-1", "accepted"]


def test_the_same_file_twice_is_one_import_and_changes_nothing(
    owner: psycopg.Connection[Any],
) -> None:
    before, data = uploads(), to_csv([row("A"), row("B", quantity="x")])
    first = run(data)

    again = run(data, "renamed.csv")

    assert again["number"] == first["number"]
    assert counts(again) == ("done", 2, 1, 0, 1)
    assert stored(owner) == [("A", 1)]
    assert uploads() == before


def test_a_claim_filed_before_is_unchanged_and_one_filed_otherwise_is_refused() -> None:
    file("SAME")
    file("OTHER")

    job = run(
        to_ndjson(make_body("SAME"), make_body("OTHER", practitioner="Dr."), make_body("NEW"))
    )

    assert counts(job) == ("done", 3, 1, 1, 1)
    assert [(one["result"], bool(one["claim"])) for one in results(job["number"])] == [
        ("unchanged", True), ("refused", False), ("accepted", True),
    ]  # fmt: skip


def test_ndjson_takes_the_claims_own_json_and_names_faults_by_pointer() -> None:
    wrong = make_body("BAD") | {"more": 1}
    wrong["lines"] = [{"service": "X", "quantity": "1", "unit_price_riel": 1}]
    nothing = b'{"facility_reference": "\\u0000", "n\\u0000": 1}'

    job = run(to_ndjson(make_body("A"), b"{broken", wrong, nothing, make_body("B")))

    assert counts(job) == ("done", 5, 2, 0, 3)
    assert {
        (2, ""), (3, "/more"), (3, "/lines/0/quantity"), (4, "/facility_reference"), (4, "/n"),
    } <= set(faults(job["number"]))  # fmt: skip


def test_a_workbook_is_imported_with_excels_own_numbers_and_days() -> None:
    day = clock.today()
    newborn = row(
        1001, service_from=day, service_to=day, quantity=1, unit_price_riel=22500,
        patient__sex="F", patient__date_of_birth=day - timedelta(days=3), emergency=True,
    )  # fmt: skip

    job = run(to_xlsx([newborn]), "claims.xlsx")

    assert (job["format"], counts(job)) == ("xlsx", ("done", 1, 1, 0, 0))
    claim = submission.find_claim(results(job["number"])[0]["claim"], by=biller())
    assert claim["facility_reference"] == "1001"
    assert claim["emergency"] is True
    assert claim["patient"]["date_of_birth"] == (day - timedelta(days=3)).isoformat()


@pytest.mark.parametrize(
    ("data", "row_number", "column"),
    [
        (to_csv([row() | {"colour": "red"}]), 1, "colour"),
        (b"facility_reference\n1\n", 1, "type"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    data: bytes, row_number: int, column: str
) -> None:
    job = run(data)

    assert counts(job) == ("refused", 0, 0, 0, 0)
    assert (job["detail_row"], job["detail_column"]) == (row_number, column)
    assert job["finished_at"] is not None
    assert results(job["number"]) == []


def test_a_file_of_another_kind_or_too_large_is_refused_at_the_door(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = uploads()
    with pytest.raises(Invalid):
        send(b"%PDF-1.7")
    monkeypatch.setattr("claims.imports.reading.MAX_UNFOLDED", 100)
    with pytest.raises(TooLarge) as unfolds:
        send(to_xlsx([row()]))
    assert unfolds.value.extra == {"limit_bytes": 100}

    small = type("Small", (), {"claims_upload_bytes": 10, "uploads_dir": settings().uploads_dir})
    monkeypatch.setattr(imports, "settings", small)
    with pytest.raises(TooLarge) as large:
        send(to_csv([row()]))

    assert large.value.extra == {"limit_bytes": 10}
    assert uploads() == before


def test_only_the_own_facility_sends_and_sees_imports() -> None:
    number = send(to_csv([row()]))["number"]

    with pytest.raises(NotFound):
        imports.find_import(number, by=biller(OTHER_HOSPITAL))
    with pytest.raises(NotFound):
        imports.list_results(number, by=biller(OTHER_HOSPITAL))
    with pytest.raises(Forbidden):
        send(to_csv([row("B")]), by=nssf())
    assert imports.list_imports(by=biller(OTHER_HOSPITAL), limit=9) == []
    assert [job["number"] for _, job in imports.list_imports(by=nssf(), limit=9)] == [number]


def test_a_facility_keeps_only_a_few_files_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_OPEN", 2)
    for name in ("A", "B"):
        send(to_csv([row(name)]))

    with pytest.raises(Conflict) as refused:
        send(to_csv([row("C")]))

    assert refused.value.code == "too_many_imports"
    assert send(to_csv([row("D")]), by=biller(OTHER_HOSPITAL))["state"] == "queued"


def test_the_result_is_not_given_before_the_import_is_done() -> None:
    number = send(to_csv([row()]))["number"]

    with pytest.raises(Conflict):
        imports.list_results(number, by=biller())


def queued(owner: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    return owner.execute(
        "SELECT lock, priority, args ->> 'number' FROM procrastinate_jobs WHERE task_name = %s"
        " ORDER BY id", [running.TASK],
    ).fetchall()  # fmt: skip


def test_a_turn_is_short_and_the_rest_waits_behind_other_jobs(
    owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "TURN_SECONDS", -1.0)
    monkeypatch.setattr(running, "TOGETHER", 1)
    number = send(to_ndjson(*bodies(3)))["number"]

    run_now(running.TASK, number=number)
    first = imports.find_import(number, by=biller())
    for _ in range(3):
        run_now(running.TASK, number=number)

    assert (first["state"], first["claims_done"], first["claims_total"]) == ("running", 1, 3)
    assert counts(imports.find_import(number, by=biller())) == ("done", 3, 3, 0, 0)
    assert queued(owner) == [(running.lock_of(str(biller().facility)), -10, number)] * 4


def test_a_finished_import_runs_no_more() -> None:
    job = run(to_csv([row()]))

    run_now(running.TASK, number=job["number"])
    run_now(running.TASK, number="I26K000000000")

    assert imports.find_import(job["number"], by=biller()) == job


def test_a_claim_that_fails_for_our_own_reasons_is_passed_by_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filed = submission.submit_claim

    def fails(body: Any, *, by: Any) -> Any:
        if body["facility_reference"] == "INV-2":
            raise ZeroDivisionError
        return filed(body, by=by)

    monkeypatch.setattr(submission, "submit_claim", fails)
    number = send(to_ndjson(*bodies(3)))["number"]
    for _ in range(running.MAX_STUMBLES):
        with pytest.raises(ZeroDivisionError):
            run_now(running.TASK, number=number)

    run_now(running.TASK, number=number)

    assert counts(imports.find_import(number, by=biller())) == ("done", 3, 2, 0, 1)
    assert faults(number) == [(2, "")]


def test_an_import_whose_job_was_given_up_is_queued_again(
    owner: psycopg.Connection[Any],
) -> None:
    number = send(to_csv([row()]))["number"]
    owner.execute("DELETE FROM procrastinate_jobs")
    owner.execute("UPDATE claim_imports SET requested_at = now() - interval '1 hour'")

    running.queue_stranded()
    running.queue_stranded()

    assert [one[2] for one in queued(owner)] == [number]


def test_what_the_rows_said_is_forgotten_and_the_results_after_ninety_days(
    owner: psycopg.Connection[Any],
) -> None:
    job = run(to_csv([row("A"), row("B", quantity="x")]))
    assert owner.execute("SELECT count(content) FROM claim_import_items").fetchone() == (0,)

    running.forget_results()
    assert len(results(job["number"])) == 2
    owner.execute("UPDATE claim_imports SET finished_at = now() - interval '91 days'")
    running.forget_results()

    assert results(job["number"]) == []
    assert counts(imports.find_import(job["number"], by=biller())) == ("done", 2, 1, 0, 1)


def test_a_lost_upload_ends_its_import_instead_of_waiting_for_ever() -> None:
    number = send(to_csv([row()]))["number"]
    running.path_of(number).unlink()

    run_now(running.TASK, number=number)

    job = imports.find_import(number, by=biller())
    assert (job["state"], job["detail"]) == (ImportState.REFUSED, running.GONE)
