"""The code lists of facilities and provinces: `/api/v1/codes/…`, for any valid token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response

from auth.guard import requires
from config.api import ApiBlueprint, page_of
from config.code_lists import CodeArgs, cached_page, coded, read_key
from gateway.facilities import service as facilities
from gateway.facilities.provinces import PROVINCES, Province
from gateway.facilities.schemas import FacilityPage, ProvincePage

blp = ApiBlueprint("facilities", __name__, url_prefix="/api/v1/codes")


@blp.route("/facilities", methods=["GET"])
@requires()
@blp.arguments(CodeArgs, location="query")
@blp.response(200, FacilityPage)
def list_facilities(query: dict[str, Any]) -> Response:
    """List facilities, or those with a contract on a day, with their Khmer and English names."""
    limit, key = query["limit"], read_key(query["cursor"], 1)
    rows = facilities.list_facilities(
        query["q"], on=query["on"], limit=limit + 1, after=key[0] if key else None
    )
    return coded(page_of(rows, limit, key=lambda row: [row.code], item=_to_item))


@blp.route("/provinces", methods=["GET"])
@requires()
@blp.arguments(CodeArgs, location="query")
@blp.response(200, ProvincePage)
def list_provinces(query: dict[str, Any]) -> Response:
    """List the provinces with their Khmer and English names."""
    wanted = (query["q"] or "").casefold()
    found = [province for province in PROVINCES if _matches(province, wanted)]
    return cached_page(found, query, key=_number, item=_to_province)


def _number(province: Province) -> list[str]:
    return [province.code.removeprefix("KH-").zfill(2)]


def _to_item(facility: facilities.Facility) -> dict[str, Any]:
    last = facility.contract_to - timedelta(days=1) if facility.contract_to else None
    return {
        "code": facility.code,
        "name_km": facility.name_km,
        "name_en": facility.name_en,
        "kind": facility.kind,
        "level": facility.level,
        "province": facility.province,
        "contract_from": facility.contract_from,
        "contract_to": last,
    }


def _to_province(province: Province) -> dict[str, str]:
    return {"code": province.code, "name_en": province.name_en, "name_km": province.name_km}


def _matches(province: Province, wanted: str) -> bool:
    return (
        wanted in province.name_en.casefold()
        or wanted in province.name_km
        or wanted == province.code.casefold()
    )
