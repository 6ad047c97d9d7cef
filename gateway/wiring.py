"""What the application takes from this package: blueprints, commands, tasks."""

from __future__ import annotations

from flask import Flask

from config.web import add_panel
from gateway.cli import demo_group, registry_group
from gateway.coverage import api as coverage_api
from gateway.coverage import desk as benefits_desk
from gateway.coverage.cli import policy_group
from gateway.eligibility import api as eligibility_api
from gateway.eligibility import desk as reception_desk
from gateway.eligibility import oversight, slip_page
from gateway.eligibility.cli import slip_group
from gateway.eligibility.service import add_follow_up
from gateway.facilities import api as facilities_api
from gateway.facilities import desk as accounts_desk
from gateway.members import models as members_models
from gateway.registry import api as registry_api
from gateway.visits import api as visits_api
from gateway.visits import desk as line_desk
from gateway.visits.queries import FOLLOWS_A_LOOK_UP

# Blueprints of the JSON API register themselves in config.api when their module is imported.
JSON_DOORS = (coverage_api, eligibility_api, facilities_api, registry_api, visits_api)
# Tables the package reads with statements of its own: the migrations' check has to know them.
TABLES = (members_models,)
DESKS = (
    accounts_desk.blueprint,
    benefits_desk.blueprint,
    line_desk.blueprint,
    oversight.blueprint,
    reception_desk.blueprint,
    slip_page.blueprint,
)
PANELS = (line_desk.CHECK_PANEL, line_desk.COUNTER_PANEL)


def wire(app: Flask) -> None:
    """Register the doors of this package."""
    app.cli.add_command(registry_group)
    app.cli.add_command(demo_group)
    app.cli.add_command(policy_group)
    app.cli.add_command(slip_group)
    add_follow_up("visit", FOLLOWS_A_LOOK_UP)
    for desk in DESKS:
        app.register_blueprint(desk)
    for panel in PANELS:
        add_panel(app, panel)
