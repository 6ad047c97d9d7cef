"""The door of attachments: a form in, a download out that no browser opens as ours."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from claims.attachments import doors, rules
from tests.claims.attachments import papers
from tests.factories import HOSPITAL, OTHER_HOSPITAL
from tests.journeys.conftest import FACILITY_SCOPES, Machine, treatment


def send(
    machine: Machine, number: str, data: bytes, name: str = "a.pdf", **form: str
) -> TestResponse:
    return machine.ask(
        "POST", f"/api/v1/claims/{number}/attachments",
        data={"kind": "invoice", "file": (io.BytesIO(data), name)} | form,
    )  # fmt: skip


def test_a_file_goes_in_and_comes_out_as_a_download(hospital: Machine) -> None:
    claim = hospital.post("/claims", treatment("INV-1") | {"submit": False}, 201)

    sent = send(hospital, claim["number"], papers.paper(), "វិក្កយបត្រ.pdf")
    got = hospital.ask("GET", sent.headers["Location"])

    assert sent.status_code == 201
    assert sent.json | {"added_at": "", "id": "", "sha256": ""} == {
        "id": "", "kind": "invoice", "media_type": "application/pdf", "pages": 1, "sha256": "",
        "filename": "វិក្កយបត្រ.pdf", "bytes": len(papers.paper()), "added_at": "",
    }  # fmt: skip
    assert got.data == papers.paper()
    headers = got.headers
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Length"] == str(len(got.data))
    assert headers["Content-Disposition"].startswith("attachment;")
    assert f"filename*=UTF-8''{quote('វិក្កយបត្រ.pdf')}" in headers["Content-Disposition"]
    assert hospital.get(f"/claims/{claim['number']}/attachments")["items"] == [sent.json]


def test_the_same_request_again_under_its_key_answers_the_same_attachment(
    hospital: Machine,
) -> None:
    claim = hospital.post("/claims", treatment("INV-1"), 201)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="kind"\r\n\r\nscan\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        + papers.picture("PNG")
        + b"\r\n--x--\r\n"
    )
    headers = {"Idempotency-Key": "once", "Content-Type": "multipart/form-data; boundary=x"}
    place = f"/api/v1/claims/{claim['number']}/attachments"

    first, again = (hospital.ask("POST", place, data=body, headers=headers) for _ in range(2))

    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert first.status_code == 201
    assert len(hospital.get(f"/claims/{claim['number']}/attachments")["items"]) == 1


def test_a_file_is_taken_off_a_draft_and_stays_on_what_was_submitted(
    hospital: Machine,
) -> None:
    claim = hospital.post("/claims", treatment("INV-1") | {"submit": False}, 201)
    place = send(hospital, claim["number"], papers.picture(), "a.jpg").headers["Location"]

    assert hospital.ask("DELETE", place).status_code == 204
    assert hospital.ask("GET", place).status_code == 404

    place = send(hospital, claim["number"], papers.picture(), "a.jpg").headers["Location"]
    hospital.post(f"/claims/{claim['number']}/submit")
    assert hospital.ask("DELETE", place).json["code"] == "files_stay"


@pytest.mark.parametrize(
    ("form", "pointers"),
    [({"kind": "malware"}, ["/kind"]), ({"kind": "invoice", "more": "x"}, ["/more"])],
)
def test_bad_fields_are_named(
    hospital: Machine,
    form: dict[str, str],
    pointers: list[str],
) -> None:
    claim = hospital.post("/claims", treatment("INV-1"), 201)

    answer = send(hospital, claim["number"], papers.paper(), **form)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == pointers


def test_a_request_without_a_file_and_one_too_long_are_refused(
    hospital: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_BYTES", 1000)
    monkeypatch.setattr(doors, "FORM_BYTES", 2000)
    claim = hospital.post("/claims", treatment("INV-1"), 201)
    place = f"/api/v1/claims/{claim['number']}/attachments"

    empty = hospital.ask("POST", place, data={"kind": "invoice"})
    long = send(hospital, claim["number"], bytes(3000))
    little_longer = send(hospital, claim["number"], b"%PDF-" + bytes(rules.MAX_BYTES))

    assert (empty.status_code, empty.json["errors"][0]["pointer"]) == (422, "/file")
    for answer in (long, little_longer):
        assert (answer.status_code, answer.json["limit_bytes"]) == (413, 1000)


def test_another_facility_finds_neither_the_claim_nor_its_files(
    hospital: Machine,
    client: FlaskClient,
) -> None:
    claim = hospital.post("/claims", treatment("INV-1"), 201)
    place = send(hospital, claim["number"], papers.picture("PNG"), "a.png").headers["Location"]
    stranger = Machine(client, FACILITY_SCOPES, OTHER_HOSPITAL)
    reader = Machine(client, "claim.read", HOSPITAL)

    answers: list[Any] = [
        stranger.ask("GET", place),
        stranger.ask("DELETE", place),
        stranger.ask("GET", f"/api/v1/claims/{claim['number']}/attachments"),
        send(stranger, claim["number"], papers.picture()),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert send(reader, claim["number"], papers.picture()).status_code == 403
    assert Machine(client, "claim.read").ask("GET", place).status_code == 200
