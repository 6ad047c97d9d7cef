"""What the application takes from this package: blueprints, commands, tasks."""

from __future__ import annotations

from flask import Flask

from claims.adjudication import api as adjudication_api
from claims.adjudication.reasons import CATALOGUE
from claims.adjudication.service import read_diagnoses
from claims.allowances import api as allowances_api
from claims.allowances import desk as allowances_desk
from claims.allowances.cli import allowance_group
from claims.allowances.reasons import CATALOGUE as ALLOWANCE_REASONS
from claims.appeals import api as appeals_api
from claims.appeals import desk as appeals_desk
from claims.cli import claim, tariff
from claims.complaints import api as complaints_api
from claims.complaints import desk as complaints_desk
from claims.demo.cli import defaults_group
from claims.events import api as events_api
from claims.imports import api as claim_imports_api
from claims.imports import desk as imports_desk
from claims.reimbursement import api as reimbursement_api
from claims.reimbursement import desk as finance_desk
from claims.reimbursement.cli import ledger_group, payment_group
from claims.reimbursement.service import overdue
from claims.review import api as review_api
from claims.review import desk as review_desk
from claims.review.cli import holiday_group, outage_group, reviewer_group
from claims.simulation import api as simulation_api
from claims.simulation import desk as simulation_desk
from claims.simulation.cli import simulate_command
from claims.submission import api as submission_api
from claims.submission import api_files as claim_files_api
from claims.submission import desk as billing_desk
from claims.submission.queries import FOLLOWS_A_LOOK_UP
from config.ahead import ahead
from config.health import Gauge, add_gauge
from config.web import add_panel
from gateway.coverage.cli import policy_group
from gateway.eligibility.codes import add_reasons
from gateway.eligibility.service import add_follow_up

# Blueprints of the JSON API register themselves in config.api when their module is imported.
JSON_DOORS = (
    adjudication_api,
    allowances_api,
    appeals_api,
    complaints_api,
    events_api,
    reimbursement_api,
    review_api,
    simulation_api,
    submission_api,
    claim_files_api,
    claim_imports_api,
)
DESKS = (
    allowances_desk.blueprint,
    appeals_desk.blueprint,
    billing_desk.blueprint,
    imports_desk.blueprint,
    complaints_desk.blueprint,
    finance_desk.blueprint,
    finance_desk.remittance_blueprint,
    review_desk.blueprint,
    simulation_desk.blueprint,
)
OVERDUE = Gauge(
    "nssf_overdue",
    "What waits beyond its deadline: reviews, answers of facilities, payments, allowances",
    "waits_for",
    overdue,
)


def wire(app: Flask) -> None:
    """Register the doors of this package."""
    app.cli.add_command(allowance_group)
    app.cli.add_command(claim)
    app.cli.add_command(defaults_group)
    app.cli.add_command(holiday_group)
    app.cli.add_command(ledger_group)
    app.cli.add_command(outage_group)
    app.cli.add_command(payment_group)
    app.cli.add_command(reviewer_group)
    app.cli.add_command(tariff)
    policy_group.add_command(simulate_command)
    add_reasons(app, "claims", (reason.as_json() for reason in CATALOGUE.values()))
    add_reasons(app, "allowances", (reason.as_json() for reason in ALLOWANCE_REASONS.values()))
    add_follow_up("claim", FOLLOWS_A_LOOK_UP)
    add_gauge(app, OVERDUE)
    ahead(app, read_diagnoses)
    for desk in DESKS:
        app.register_blueprint(desk)
    add_panel(app, appeals_desk.LINK_PANEL)
    add_panel(app, appeals_desk.OWN_PANEL)
    add_panel(app, appeals_desk.REVIEW_PANEL)
    add_panel(app, billing_desk.VISIT_PANEL)
    add_panel(app, complaints_desk.RECEPTION_PANEL)
    add_panel(app, complaints_desk.VISIT_PANEL)
    add_panel(app, billing_desk.FILES_PANEL)
    add_panel(app, imports_desk.LINK_PANEL)
