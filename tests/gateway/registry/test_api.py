"""The import door: offer, follow, download; confirm an account; only for who may."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import jobs
from config.settings import SETTINGS_KEY, settings
from gateway.registry import service as registry
from tests.factories import make_client_token
from tests.gateway.registry.conftest import Feed, good

URL = "/api/v1/registry"


@pytest.fixture
def importer(client: FlaskClient) -> dict[str, str]:
    return {"Authorization": make_client_token(client, scopes=["registry.import"], facility=None)}


def offer(client: FlaskClient, headers: dict[str, str], data: bytes, name: str, **form: Any) -> Any:
    return client.post(
        f"{URL}/imports",
        headers=headers,
        data={"file": (io.BytesIO(data), name), **form},
        content_type="multipart/form-data",
    )


def work(rows_of: Any) -> None:
    """Run what is queued, as the worker would."""
    for task, args in rows_of(
        "SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo'"
    ):
        jobs.run_now(task, **args)


def test_an_offered_file_is_queued_and_loaded_by_the_worker(
    client: FlaskClient, importer: dict[str, str], feed: Feed, rows_of: Any
) -> None:
    data = feed.write("enterprises", [good("enterprises")]).read_bytes()

    answer = offer(client, importer, data, "enterprises-2026-11.csv")
    queued = client.get(answer.headers["Location"], headers=importer).json
    work(rows_of)
    done = client.get(answer.headers["Location"], headers=importer).json

    assert answer.status_code == 202, answer.text
    assert (queued["state"], queued["number"]) == ("queued", answer.json["number"])
    assert (done["state"], done["rows"], done["kind"]) == ("committed", 1, "enterprises")
    assert done["file_name"] == "enterprises-2026-11.csv"
    left = list((settings().uploads_dir / "registry").glob(f"{done['number']}*"))
    assert left == [], "a committed upload is personal data nobody needs twice"


def test_bad_rows_are_shown_and_downloaded(
    client: FlaskClient, importer: dict[str, str], feed: Feed, rows_of: Any
) -> None:
    data = feed.write("enterprises", [good("enterprises", province="Paris")]).read_bytes()

    number = offer(client, importer, data, "upload.csv", kind="enterprises").json["number"]
    work(rows_of)
    found = client.get(f"{URL}/imports/{number}", headers=importer).json
    report = client.get(f"{URL}/imports/{number}/errors", headers=importer, buffered=True)

    assert (found["state"], found["bad_rows"]) == ("refused", 1)
    assert found["faults"][0] | {"reason": ""} == {
        "row": 2, "column": "province", "value": "Paris", "reason": "",
    }  # fmt: skip
    assert report.mimetype == "text/csv"
    assert "attachment" in report.headers["Content-Disposition"]
    assert report.data.decode("utf-8-sig").splitlines()[1].startswith("2,province,Paris,")


def test_a_manifest_may_come_with_the_file(
    client: FlaskClient, importer: dict[str, str], feed: Feed, rows_of: Any
) -> None:
    data = feed.write("enterprises", [good("enterprises")]).read_bytes()
    manifest = (io.BytesIO(b'{"rows": 9, "sha256": "%s"}' % (b"0" * 64)), "m.json")

    number = offer(client, importer, data, "enterprises.csv", manifest=manifest).json["number"]
    work(rows_of)

    assert registry.find_import(number).report["code"] == "manifest_hash"


@pytest.fixture
def small_bodies(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow 1,000 bytes to any body and 5,000 to an import."""
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    fewer = replace(app.extensions[SETTINGS_KEY], registry_upload_bytes=5000)
    monkeypatch.setitem(app.extensions, SETTINGS_KEY, fewer)


@pytest.mark.usefixtures("small_bodies")
def test_a_feed_file_may_be_larger_than_other_bodies_up_to_a_limit_of_its_own(
    client: FlaskClient, importer: dict[str, str], feed: Feed, rows_of: Any
) -> None:
    rows = [good("enterprises", number=f"E{index}") for index in range(100)]
    data = feed.write("enterprises", rows).read_bytes()

    taken = offer(client, importer, data, "enterprises.csv")
    too_large = offer(client, importer, data * 2, "enterprises.csv")
    work(rows_of)

    assert 1000 < len(data) < 5000 < 2 * len(data)
    assert taken.status_code == 202, taken.text
    assert (too_large.status_code, too_large.json["code"]) == (413, "too_large")
    assert rows_of("SELECT count(*) FROM registry.enterprises") == [(100,)]


@pytest.mark.usefixtures("small_bodies")
def test_the_larger_limit_is_for_who_may_import_and_for_imports_only(client: FlaskClient) -> None:
    elsewhere = client.post("/oauth/token", data={"grant_type": "x" * 2000})
    other = {"Authorization": make_client_token(client, scopes=["claim.read"])}

    assert offer(client, {}, b"x" * 2000, "members.csv").status_code == 401
    assert offer(client, other, b"x" * 2000, "members.csv").status_code == 403
    assert elsewhere.status_code == 413


def test_a_file_without_a_kind_or_no_file_is_a_bad_request(
    client: FlaskClient, importer: dict[str, str]
) -> None:
    nameless = offer(client, importer, b"x", "november.csv")
    absent = client.post(
        f"{URL}/imports", headers=importer, data={}, content_type="multipart/form-data"
    )

    assert (nameless.status_code, nameless.json["errors"][0]["pointer"]) == (422, "/kind")
    assert absent.status_code == 422
    assert absent.json["errors"]


def test_only_who_may_import_reaches_the_door(
    client: FlaskClient, importer: dict[str, str]
) -> None:
    other = {"Authorization": make_client_token(client, scopes=["claim.read"])}
    unknown = client.get(f"{URL}/imports/I26K000000000", headers=importer)
    no_report = client.get(f"{URL}/imports/I26K000000000/errors", headers=importer)

    assert offer(client, {}, b"x", "members.csv").status_code == 401
    assert offer(client, other, b"x", "members.csv").status_code == 403
    assert client.get(f"{URL}/bank-accounts", headers=other).status_code == 403
    assert (unknown.status_code, no_report.status_code) == (404, 404)


def test_a_changed_account_is_confirmed_by_another_client(
    client: FlaskClient, importer: dict[str, str], feed: Feed
) -> None:
    feed.load("facilities")
    feed.take("facilities", good("facilities", bank_account="777-7"))

    held = client.get(f"{URL}/bank-accounts", headers=importer).json["items"]
    confirmed = client.post(f"{URL}/bank-accounts/120101/confirm", headers=importer)
    again = client.post(f"{URL}/bank-accounts/120101/refuse", headers=importer)

    assert [(item["facility"], item["account"]) for item in held] == [("120101", "777-7")]
    assert (confirmed.status_code, again.status_code) == (204, 409)
    assert again.json["code"] == "no_held_account"
