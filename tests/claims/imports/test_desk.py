"""The billing desk's imports and files: forms that work without JavaScript, progress with it."""

from __future__ import annotations

import io

import pytest
from flask.testing import FlaskClient

from claims.imports.running import TASK
from config.jobs import run_now
from tests.claims.attachments import papers
from tests.claims.imports.files import row, to_csv
from tests.claims.submission.filing import file
from tests.desks import HTMX, Desk, visible
from tests.factories import HOSPITAL, OTHER_HOSPITAL

pytestmark = pytest.mark.usefixtures("world")
ROWS = [row("GOOD"), row("BAD", quantity="many")]


@pytest.fixture
def billing(client: FlaskClient) -> Desk:
    return Desk(client, "billing", facility=HOSPITAL)


def upload(desk: Desk, data: bytes) -> str:
    """Send a file by the form; return the page of its import."""
    return desk.post("/billing/imports", file=(io.BytesIO(data), "claims.csv"))


def test_a_file_is_sent_watched_and_its_result_downloaded(billing: Desk) -> None:
    assert "/billing/imports" in billing.get("/billing")
    page = upload(billing, to_csv(ROWS))
    waiting = billing.get(page)
    assert "Waiting" in visible(waiting)
    assert 'hx-trigger="every 2s"' in waiting

    run_now(TASK, number=page.rsplit("/", 1)[1])

    done = billing.get(page, headers=HTMX)
    assert "<html" not in done
    assert "hx-trigger" not in done
    assert "Finished" in visible(done)
    assert "3 BAD quantity Send a whole number." in visible(done)
    assert "claims.csv" in visible(billing.get("/billing/imports"))
    assert "GOOD,accepted" in billing.get(f"{page}/result")


def test_a_file_that_cannot_be_taken_is_told_on_the_page(billing: Desk) -> None:
    assert "Only NDJSON, CSV" in visible(
        billing.post("/billing/imports", 422, file=(io.BytesIO(b"%PDF-"), "a.csv"))
    )
    assert "Choose a file first." in visible(billing.post("/billing/imports", 422))
    page = upload(billing, to_csv([row() | {"colour": "red"}]))
    run_now(TASK, number=page.rsplit("/", 1)[1])
    assert "Row 1 colour: There is no column of this name." in visible(billing.get(page))


def test_the_form_takes_as_large_a_file_as_the_api_and_only_from_who_is_signed_in(
    billing: Desk, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(client.application.config, "MAX_CONTENT_LENGTH", 1000)
    data = to_csv([row(f"INV-{number}") for number in range(20)])
    assert len(data) > 1000

    page = upload(billing, data)
    run_now(TASK, number=page.rsplit("/", 1)[1])

    assert "20" in visible(billing.get(page))
    stranger = client.application.test_client()
    sent = {"file": (io.BytesIO(data), "claims.csv")}
    assert stranger.post("/billing/imports", data=sent).status_code == 413


def test_the_pages_are_in_khmer_and_for_the_own_facility_only(client: FlaskClient) -> None:
    khmer = Desk(client, "billing", facility=HOSPITAL, lang="km")
    page = upload(khmer, to_csv(ROWS))

    assert "Import" not in visible(khmer.get("/billing/imports")).replace("NSSF", "")
    other = Desk(client, "billing", facility=OTHER_HOSPITAL)
    other.get(page, 404)
    other.get(f"{page}/result", 404)
    Desk(client, "reception", facility=HOSPITAL).get("/billing/imports", 403)


def test_a_file_is_added_downloaded_and_taken_off_a_draft(billing: Desk) -> None:
    number = file(submit=False)["number"]
    place = f"/billing/claims/{number}/attachments"

    billing.post(place, kind="scan", file=(io.BytesIO(papers.picture()), "scan.jpg"))
    page = billing.get(f"/billing/claims/{number}")
    link = page.split(f'href="{place}/')[1].split('"')[0]
    download = billing.http.get(f"{place}/{link}")

    assert "The file is kept with the claim." in visible(page)
    assert "Scan or image scan.jpg 1 kB" in visible(page)
    assert download.headers["Content-Disposition"] == "attachment; filename=scan.jpg"
    assert download.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert len(download.data) > 100
    billing.post(f"{place}/{link}/remove")
    assert "No files yet." in visible(billing.get(f"/billing/claims/{number}"))


def test_a_refused_file_says_why_and_nssf_only_reads(billing: Desk, client: FlaskClient) -> None:
    number = file()["number"]
    place = f"/billing/claims/{number}/attachments"

    billing.post(place, kind="scan", file=(io.BytesIO(b"MZ"), "scan.jpg"))
    assert "Only PDF, JPEG and PNG files are taken." in visible(
        billing.get(f"/billing/claims/{number}")
    )
    billing.post(place, kind="scan")
    assert "Choose a file" in visible(billing.get(f"/billing/claims/{number}"))
    billing.post(place, kind="scan", file=(io.BytesIO(papers.picture()), "scan.jpg"))

    page = Desk(client, "reviewer").get(f"/billing/claims/{number}")
    assert "scan.jpg" in visible(page)
    assert "Add the file" not in visible(page)
