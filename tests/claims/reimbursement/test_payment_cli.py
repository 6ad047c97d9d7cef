"""The bank's files by command: written once, read back row by row, refusals told in a line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from claims.reimbursement import service as reimbursement
from config.db import db
from tests.claims.payable import AUTHORISER, approved_claim, books, claim_row, due_run
from tests.claims.reimbursement.test_bank_file import failed, file_of, paid, state_of

pytestmark = pytest.mark.usefixtures("payees")


def run(app: Flask, *words: object) -> Result:
    db.session.remove()
    return app.test_cli_runner().invoke(args=["payment", *map(str, words)])


def test_a_run_is_exported_and_settled_by_the_banks_file(app: Flask, tmp_path: Path) -> None:
    claim, number = approved_claim(), due_run()
    batch = claim_row(claim).batch_number or ""
    sent, form, answer = (tmp_path / name for name in ("pain.xml", "form.csv", "bank.csv"))

    early = run(app, "export", number, sent)
    reimbursement.authorise(number, by=AUTHORISER)
    exported = run(app, "export", number, sent)
    twice = run(app, "export", number, sent)
    formed = run(app, "form", number, form)
    answer.write_bytes(file_of(paid(batch, 6000)))
    settled = run(app, "settle", number, answer)
    again = run(app, "settle", number, answer)

    assert (early.exit_code, "cannot take this step" in early.output) == (1, True)
    assert (exported.exit_code, formed.exit_code) == (0, 0)
    assert b"<CstmrCdtTrfInitn>" in sent.read_bytes()
    assert (sent.stat().st_mode & 0o777, f"{batch},6000" in form.read_text()) == (0o600, True)
    assert (twice.exit_code, "is there already" in twice.output) == (1, True)
    assert (settled.exit_code, settled.output) == (0, f"{number}: 1 settled\n")
    assert again.output == f"{number}: 1 settled (read before)\n"
    assert (state_of(number), books().faults) == ("settled", ())
    assert f"{number}  settled" in run(app, "list", "--state", "settled").output


def test_a_row_that_changes_nothing_is_named_and_the_command_fails(
    app: Flask, tmp_path: Path
) -> None:
    approved_claim()
    number = due_run()
    reimbursement.authorise(number, by=AUTHORISER)
    run(app, "export", number, tmp_path / "sent.xml")
    answer = tmp_path / "bank.csv"
    answer.write_bytes(file_of(failed("B26K000000000", 5)))

    told = run(app, "settle", number, answer)

    assert told.exit_code == 1
    assert "row 2 B26K000000000 unknown" in told.output
    assert run(app, "settle", "P26K000000000", answer).exit_code == 1
