"""What a changed policy would have paid on past claims, over JSON: ask, then follow the job."""

from __future__ import annotations

from typing import Any

from flask import url_for

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.simulation import service as simulation
from claims.simulation.schemas import SimulationAnswer, SimulationBody
from config.api import ApiBlueprint

blp = ApiBlueprint("simulations", __name__, url_prefix="/api/v1/policies")


@blp.route("/<version>/simulate", methods=["POST"])
@requires(Permission.POLICY_MANAGE)
@blp.arguments(SimulationBody)
@blp.response(202, SimulationAnswer)
def request_simulation(body: dict[str, Any], version: str) -> Any:
    """Try changed policies or prices on past claims; `version` is the one in force, or `current`."""
    asked = simulation.request_simulation(
        body["files"], version=version, day_from=body["day_from"], day_to=body["day_to"],
        by=current_actor(),
    )  # fmt: skip
    place = url_for(".find_simulation", number=asked["number"])
    return asked, 202, {"Location": place}


@blp.route("/simulations/<number>", methods=["GET"])
@requires(Permission.POLICY_MANAGE)
@blp.response(200, SimulationAnswer)
def find_simulation(number: str) -> dict[str, Any]:
    """Return a simulation: how far it is and, when it is finished, what came out."""
    return simulation.find_simulation(number)
