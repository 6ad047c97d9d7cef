"""Facilities whose payments are held, over JSON."""

from __future__ import annotations

from flask import Response

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.review import service as review
from claims.review.api.blueprint import blp
from claims.review.schemas import FacilityHoldEntry, FacilityHoldList, HoldQuery, ReasonBody
from config.answers import private


@blp.route("/facilities/<facility>/hold", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, FacilityHoldEntry)
def hold_facility(body: dict[str, str], facility: str) -> Response:
    """Hold the payments of a facility until they are released."""
    hold = review.hold_facility(facility, by=current_actor(), reason=body["reason"])
    return private(FacilityHoldEntry().dump(hold))


@blp.route("/facilities/<facility>/release", methods=["POST"])
@requires(Permission.CLAIM_APPROVE)
@blp.arguments(ReasonBody)
@blp.response(200, FacilityHoldEntry)
def release_facility(body: dict[str, str], facility: str) -> Response:
    """Let a held facility be paid again."""
    hold = review.release_facility(facility, by=current_actor(), reason=body["reason"])
    return private(FacilityHoldEntry().dump(hold))


@blp.route("/facility-holds", methods=["GET"])
@requires(Permission.CLAIM_APPROVE, Permission.BATCH_MANAGE, Permission.BATCH_AUTHORISE)
@blp.arguments(HoldQuery, location="query")
@blp.response(200, FacilityHoldList)
def list_facility_holds(query: dict[str, bool]) -> Response:
    """List the facilities whose payments are held; with `all=true` also past holds."""
    found = review.list_facility_holds(by=current_actor(), live=not query["all"])
    return private({"items": FacilityHoldEntry(many=True).dump(found)})
