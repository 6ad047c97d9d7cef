"""Keeping files with a claim: once, in its transaction, by content, for who may see the claim."""

from __future__ import annotations

import io
import os
import stat
from typing import Any

import psycopg
import pytest
from flask import Flask

from auth.permissions import Role
from claims.attachments import receiving, rules, store
from claims.attachments import service as attachments
from claims.submission import service as submission
from config.db import transaction
from config.errors import Conflict, Forbidden, Invalid, NotFound, TooLarge, Unavailable
from config.settings import settings
from tests.claims.attachments import papers
from tests.claims.submission.filing import biller, file, nssf
from tests.factories import OTHER_HOSPITAL

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the child process out where a test is not about it."""
    monkeypatch.setattr(
        receiving, "_looked_into", lambda original, answer, media: answer.write(b"{}\n") and None
    )


def attach(number: str, data: bytes, kind: str = "invoice", **rest: Any) -> dict[str, Any]:
    by = rest.pop("by", None) or biller()
    return submission.attach_file(number, kind, io.BytesIO(data), "invoice.pdf", by=by)


def audited(owner: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return owner.execute(
        "SELECT action, subject FROM audit_events WHERE action LIKE 'attachment.%' ORDER BY id"
    ).fetchall()


def test_a_pdf_is_kept_byte_for_byte_and_every_reading_is_recorded(
    owner: psycopg.Connection[Any],
) -> None:
    claim = file()
    data = papers.paper(2)

    kept = attach(claim["number"], data)
    content, meta = submission.open_file(claim["number"], kept["id"], by=nssf())

    assert b"".join(content) == data
    assert (meta["pages"], meta["media_type"], meta["filename"]) == (
        2, "application/pdf", "invoice.pdf",
    )  # fmt: skip
    assert attachments.kinds_of(claim["number"]) == {"invoice"}
    assert audited(owner) == [
        ("attachment.added", claim["number"]), ("attachment.opened", claim["number"]),
    ]  # fmt: skip


def test_a_photo_is_kept_without_what_it_tells_of_its_maker() -> None:
    claim = file()

    kept = attach(claim["number"], papers.photo_with_place(), "scan")
    content, _ = submission.open_file(claim["number"], kept["id"], by=biller())

    assert b"SECRET-TELEPHONE" not in b"".join(content)
    assert kept["filename"] == "invoice.pdf.jpg"


def test_the_store_is_private_and_named_by_content() -> None:
    kept = attach(file()["number"], papers.paper())

    path = store.path_of(kept["sha256"])
    assert path.parent.parent == settings().data_dir / "attachments"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(p.stat().st_mode) for p in (path.parent, path.parent.parent)} == {0o700}


@pytest.mark.usefixtures("unlooked")
def test_the_same_file_again_is_the_same_attachment_unless_it_is_another_kind() -> None:
    number = file()["number"]

    first, again = attach(number, papers.paper()), attach(number, papers.paper())
    other = attach(number, papers.paper(), "prescription")

    assert again == first
    assert other["id"] != first["id"]
    assert other["sha256"] == first["sha256"]
    assert len(submission.list_files(number, by=biller())) == 2


@pytest.mark.usefixtures("unlooked")
def test_nobody_else_reads_adds_or_removes_a_claims_files() -> None:
    number = file(submit=False)["number"]
    kept = attach(number, papers.paper())
    stranger = biller(OTHER_HOSPITAL)

    for act in (
        lambda: attach(number, papers.paper(), by=stranger),
        lambda: submission.list_files(number, by=stranger),
        lambda: submission.open_file(number, kept["id"], by=stranger),
        lambda: submission.remove_file(number, kept["id"], by=stranger),
        lambda: submission.open_file(file("INV-2")["number"], kept["id"], by=biller()),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Forbidden):
        attach(number, papers.paper(), by=nssf(Role.REVIEWER))


@pytest.mark.usefixtures("unlooked")
def test_files_may_be_added_while_nssf_reviews_and_never_to_a_voided_claim() -> None:
    number = file()["number"]
    attach(number, papers.paper())
    submission.void_claim(number, by=biller())

    with pytest.raises(Conflict) as refused:
        attach(number, papers.paper(2))

    assert refused.value.code == "claim_closed"


@pytest.mark.usefixtures("unlooked")
def test_only_what_nssf_never_saw_may_be_removed(owner: psycopg.Connection[Any]) -> None:
    draft = file(submit=False)["number"]
    kept = attach(draft, papers.paper())
    submission.remove_file(draft, kept["id"], by=biller())
    assert submission.list_files(draft, by=biller()) == []
    assert audited(owner)[-1] == ("attachment.removed", draft)

    again = attach(draft, papers.paper())
    submission.submit_stored(draft, by=biller())
    submission.withdraw_claim(draft, by=biller())
    with pytest.raises(Conflict):
        submission.remove_file(draft, again["id"], by=biller())


@pytest.mark.usefixtures("unlooked")
def test_a_claim_takes_so_many_files_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_PER_SUBJECT", 2)
    number = file()["number"]
    attach(number, papers.paper(1))
    attach(number, papers.paper(2))

    with pytest.raises(Conflict) as refused:
        attach(number, papers.paper(3))

    assert (refused.value.code, refused.value.extra) == ("too_many_files", {"limit": 2})
    assert attach(number, papers.paper(2))["pages"] is None


@pytest.mark.usefixtures("unlooked")
def test_a_file_that_is_too_long_is_refused_with_the_limit() -> None:
    with pytest.raises(TooLarge) as refused:
        attach(file()["number"], b"%PDF-1.7" + bytes(rules.MAX_BYTES))

    assert refused.value.extra == {"limit_bytes": 10_000_000}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"MZ not a picture", "unsupported_file"),
        (b"\xff\xd8\xff but no picture", "file_unreadable"),
        (b"%PDF-1.7\nnothing\n%%EOF", "file_unreadable"),
        (papers.carrying_paper(), "pdf_active_content"),
        (papers.paper() + b"PK\x05\x06" + bytes(18), "hidden_file"),
    ],
)
def test_a_refused_file_leaves_nothing_behind(data: bytes, code: str) -> None:
    before = set().union(*store.contents())

    with pytest.raises(Invalid) as refused:
        attach(file()["number"], data)

    assert refused.value.code == code
    assert refused.value.extra["errors"][0]["pointer"] == "/file"
    assert set().union(*store.contents()) == before
    assert not any((settings().data_dir / "attachments" / "incoming").iterdir())


@pytest.mark.usefixtures("unlooked")
def test_a_command_that_fails_keeps_no_row_and_the_sweep_takes_the_content() -> None:
    received = attachments.receive(papers.paper(7), "a.pdf")
    number = file()["number"]

    with pytest.raises(RuntimeError), transaction():
        attachments.keep(subject=number, facility="F", kind="scan", file=received, by=biller())
        raise RuntimeError

    assert attachments.list_of(number) == []
    attachments.sweep_contents()
    assert store.path_of(received.sha256).exists()
    old = store.path_of(received.sha256).stat().st_mtime - attachments.ORPHAN_SECONDS - 1
    os.utime(store.path_of(received.sha256), (old, old))
    attachments.sweep_contents()
    assert not store.path_of(received.sha256).exists()


@pytest.mark.usefixtures("unlooked")
def test_the_sweep_keeps_what_a_claim_still_has() -> None:
    kept = attach(file()["number"], papers.paper(8))
    os.utime(store.path_of(kept["sha256"]), (1, 1))

    attachments.sweep_contents()

    assert store.path_of(kept["sha256"]).exists()


@pytest.mark.usefixtures("unlooked")
def test_a_content_lost_from_the_disk_is_said_to_be_away_not_empty(app: Flask) -> None:
    number = file()["number"]
    kept = attach(number, papers.paper(9))
    store.path_of(kept["sha256"]).unlink()

    with pytest.raises(Unavailable):
        submission.open_file(number, kept["id"], by=biller())
