"""Several people and workers at the same moment: one file, one attachment, one claim each."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask

from claims.attachments import receiving, rules
from claims.attachments import service as attachments
from claims.imports import service as imports
from claims.imports.running import TASK
from config.jobs import run_now
from tests.claims.attachments import papers
from tests.claims.imports.files import bodies, results, row, send, to_csv, to_ndjson
from tests.claims.submission.filing import biller, file
from tests.claims.together import DONE, at_once
from tests.factories import MAN, OTHER_HOSPITAL, WOMAN


@pytest.fixture
def unlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        receiving, "_looked_into", lambda original, answer, media: answer.write(b"{}\n") and None
    )


def keep(number: str, pages: int) -> Any:
    received = attachments.receive(papers.paper(pages), "a.pdf")
    return lambda: attachments.keep(
        subject=number, facility="120101", kind="scan", file=received, by=biller()
    )


@pytest.mark.usefixtures("unlooked")
def test_the_same_file_sent_twice_at_once_is_kept_once(world: Flask) -> None:
    number = file()["number"]

    assert at_once(world, *[keep(number, 1)] * 3) == [DONE] * 3
    assert len(attachments.list_of(number)) == 1


@pytest.mark.usefixtures("unlooked")
def test_files_sent_at_once_never_pass_the_limit(
    world: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MAX_PER_SUBJECT", 1)
    number = file()["number"]

    answers = at_once(world, *[keep(number, pages) for pages in (1, 2, 3)])

    assert sorted(answers) == [DONE, "too_many_files", "too_many_files"]


def test_the_same_claims_file_sent_at_once_is_one_import(world: Flask) -> None:
    data = to_csv([row()])

    assert at_once(world, *[lambda: send(data)] * 3) == [DONE] * 3
    assert len(imports.list_imports(by=biller(), limit=9)) == 1


def test_two_workers_at_one_import_file_each_claim_once(
    world: Flask, owner: psycopg.Connection[Any]
) -> None:
    number = send(to_ndjson(*bodies(8)))["number"]

    assert at_once(world, *[lambda: run_now(TASK, number=number)] * 2) == [DONE] * 2

    job = imports.find_import(number, by=biller())
    assert (job["state"], job["claims_done"], job["refused"]) == ("done", 8, 0)
    assert owner.execute("SELECT count(*) FROM claims").fetchone() == (8,)
    assert len({one["claim"] for one in results(number)}) == 8


def test_files_of_two_hospitals_with_the_same_people_hold_neither_up(
    world: Flask, owner: psycopg.Connection[Any]
) -> None:
    people = [WOMAN, MAN] * 4
    numbers = [
        send(to_csv([row(f"INV-{n}", card_number=card) for n, card in enumerate(cards)]), by=by)[
            "number"
        ]
        for cards, by in ((people, biller()), (people[::-1], biller(OTHER_HOSPITAL)))
    ]

    jobs = [lambda number=number: run_now(TASK, number=number) for number in numbers]

    assert at_once(world, *jobs) == [DONE] * 2
    assert owner.execute("SELECT count(*) FROM claims").fetchone() == (16,)
