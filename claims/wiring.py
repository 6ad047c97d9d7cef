"""What the application takes from this package: blueprints, commands, tasks."""

from __future__ import annotations

from flask import Flask

from claims.adjudication import api as adjudication_api
from claims.adjudication.reasons import CATALOGUE
from claims.cli import claim, tariff
from claims.demo.cli import defaults_group
from claims.reimbursement import api as reimbursement_api
from claims.reimbursement import desk as finance_desk
from claims.reimbursement.cli import ledger_group
from claims.review import api as review_api
from claims.review import desk as review_desk
from claims.submission import api as submission_api
from claims.submission import desk as billing_desk
from claims.submission.queries import FOLLOWS_A_LOOK_UP
from config.web import add_panel
from gateway.eligibility.codes import add_reasons
from gateway.eligibility.service import add_follow_up

# Blueprints of the JSON API register themselves in config.api when their module is imported.
JSON_DOORS = (adjudication_api, reimbursement_api, review_api, submission_api)
DESKS = (
    billing_desk.blueprint,
    finance_desk.blueprint,
    finance_desk.remittance_blueprint,
    review_desk.blueprint,
)


def wire(app: Flask) -> None:
    """Register the doors of this package."""
    app.cli.add_command(claim)
    app.cli.add_command(defaults_group)
    app.cli.add_command(ledger_group)
    app.cli.add_command(tariff)
    add_reasons(app, "claims", (reason.as_json() for reason in CATALOGUE.values()))
    add_follow_up("claim", FOLLOWS_A_LOOK_UP)
    for desk in DESKS:
        app.register_blueprint(desk)
    add_panel(app, billing_desk.VISIT_PANEL)
