"""The door of imports: a form or the file itself in, progress, result and template out."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from claims.imports import answers
from claims.imports.rules import COLUMNS
from claims.imports.running import TASK
from config.jobs import run_now
from config.settings import settings
from tests.claims.imports.files import bodies, row, to_csv, to_ndjson, to_xlsx
from tests.factories import HOSPITAL, OTHER_HOSPITAL
from tests.journeys.conftest import FACILITY_SCOPES, Machine

PLACE = "/api/v1/claims/import"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send(machine: Machine, data: bytes, kind: str | None = None) -> Any:
    if kind is not None:
        return machine.ask("POST", PLACE, data=data, headers={"Content-Type": kind})
    return machine.ask("POST", PLACE, data={"file": (io.BytesIO(data), "claims.csv")})


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (to_csv([row()]), None),
        (to_csv([row()]), "text/csv; charset=utf-8"),
        (to_ndjson(*bodies(1)), "application/x-ndjson"),
        (to_xlsx([row()]), XLSX),
    ],
)
def test_a_file_is_taken_followed_and_told_row_by_row(
    hospital: Machine, data: bytes, kind: str | None
) -> None:
    sent = send(hospital, data, kind)
    number = sent.json["number"]

    assert sent.status_code == 202
    assert sent.headers["Location"] == f"/api/v1/claims/imports/{number}"
    assert (sent.json["state"], sent.json["result"]) == ("queued", None)
    assert hospital.get(f"/claims/imports/{number}/result", 409)["code"] == "not_finished"

    run_now(TASK, number=number)

    job = hospital.get(f"/claims/imports/{number}")
    assert (job["state"], job["accepted"], job["claims_done"]) == ("done", 1, 1)
    assert job["claims_per_second"] > 0
    assert [one["number"] for one in hospital.get("/claims/imports")["items"]] == [number]
    result = hospital.ask("GET", job["result"])
    told = list(csv.DictReader(io.StringIO(result.data.decode("utf-8-sig"))))
    assert [(one["result"], one["state"]) for one in told] == [("accepted", "submitted")]
    assert hospital.get(f"/claims/{told[0]['claim']}")["state"] == "submitted"
    assert result.headers["Content-Disposition"] == f"attachment; filename={number}-result.csv"
    lines = hospital.ask("GET", job["result"] + "?format=ndjson").data.splitlines()
    assert orjson.loads(lines[0])["errors"] == []


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "once"}])
def test_the_same_request_again_answers_the_same_import(
    hospital: Machine, key: dict[str, str]
) -> None:
    headers = {"Content-Type": "text/csv"} | key

    first, again = (
        hospital.ask("POST", PLACE, data=to_csv([row()]), headers=headers) for _ in range(2)
    )

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json == again.json
    assert first.headers["Location"] == again.headers["Location"]


def test_a_file_longer_than_an_import_may_be_is_refused_with_the_limit(
    hospital: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "AROUND", -settings().claims_upload_bytes + 50)

    answer = send(hospital, to_csv([row()]), "text/csv")

    assert (answer.status_code, answer.json["limit_bytes"]) == (413, 50)


def test_no_result_cell_starts_a_formula(hospital: Machine) -> None:
    number = send(hospital, to_csv([row("=1+1", quantity="x")])).json["number"]
    run_now(TASK, number=number)

    [told] = csv.DictReader(
        io.StringIO(hospital.ask("GET", f"/api/v1/claims/imports/{number}/result").text)
    )

    assert told["facility_reference"] == "'=1+1"


@pytest.mark.parametrize(
    ("kw", "status", "code"),
    [
        ({"json": {}}, 400, "unsupported_media_type"),
        ({"data": {"other": "x"}, "headers": {"Content-Type": "multipart/form-data"}}, 422, "invalid"),
        ({"data": b"", "headers": {"Content-Type": "text/csv"}}, 422, "unsupported_file"),
        ({"data": b"%PDF-1", "headers": {"Content-Type": "text/csv"}}, 422, "unsupported_file"),
    ],
)  # fmt: skip
def test_what_is_no_file_of_claims_is_refused_at_once(
    hospital: Machine, kw: dict[str, Any], status: int, code: str
) -> None:
    answer = hospital.ask("POST", PLACE, **kw)

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_templates_carry_every_column_and_import_as_empty_files(hospital: Machine) -> None:
    plain = hospital.ask("GET", "/api/v1/claims/imports/template")
    book = hospital.ask("GET", "/api/v1/claims/imports/template?format=xlsx")

    assert next(csv.reader(io.StringIO(plain.data.decode("utf-8-sig")))) == list(COLUMNS)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0)
    assert sheet.to_python() == [list(COLUMNS)]
    number = send(hospital, book.data, XLSX).json["number"]
    run_now(TASK, number=number)
    job = hospital.get(f"/claims/imports/{number}")
    assert (job["state"], job["claims_total"]) == ("done", 0)


def test_only_who_files_claims_for_the_facility_reaches_its_imports(
    hospital: Machine, client: FlaskClient
) -> None:
    number = send(hospital, to_csv([row()])).json["number"]
    stranger = Machine(client, FACILITY_SCOPES, OTHER_HOSPITAL)
    reader = Machine(client, "claim.read", HOSPITAL)

    assert stranger.get(f"/claims/imports/{number}", 404)
    assert stranger.get(f"/claims/imports/{number}/result", 404)
    assert stranger.get("/claims/imports")["items"] == []
    assert reader.get(f"/claims/imports/{number}", 403)
    assert send(reader, to_csv([row()])).status_code == 403
    assert hospital.get("/claims/imports?cursor=x", 422)
