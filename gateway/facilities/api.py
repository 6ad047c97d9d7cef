"""The code lists of facilities and provinces: `/api/v1/codes/…`, for any valid token."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import orjson
from flask import Response

from auth.guard import requires
from config.api import ApiBlueprint, cached_answer, page_of, read_cursor
from config.errors import Invalid
from gateway.facilities import service as facilities
from gateway.facilities.provinces import PROVINCES, Province
from gateway.facilities.schemas import (
    FacilityPage,
    FacilityQuery,
    ProvincePage,
    ProvinceQuery,
)

blp = ApiBlueprint("facilities", __name__, url_prefix="/api/v1/codes")


@blp.route("/facilities", methods=["GET"])
@requires()
@blp.arguments(FacilityQuery, location="query")
@blp.response(200, FacilityPage)
def list_facilities(query: dict[str, Any]) -> Response:
    """List contracted facilities with their Khmer and English names."""
    limit, key = query["limit"], read_cursor(query["cursor"])
    rows = facilities.list_facilities(
        query["q"], on=query["on"], limit=limit + 1, after=_after(key)
    )
    page = page_of(rows, limit, key=lambda row: [row.code], item=_to_item)
    return cached_answer(page, _version(page))


@blp.route("/provinces", methods=["GET"])
@requires()
@blp.arguments(ProvinceQuery, location="query")
@blp.response(200, ProvincePage)
def list_provinces(query: dict[str, Any]) -> Response:
    """List the provinces with their Khmer and English names."""
    wanted = (query["q"] or "").casefold()
    items = [_to_province(province) for province in PROVINCES if _matches(province, wanted)]
    body = {"items": items, "next_cursor": None}
    return cached_answer(body, _version(body))


def _after(key: list[Any] | None) -> str | None:
    if key is None:
        return None
    if len(key) != 1 or not isinstance(key[0], str):
        raise Invalid(errors=[{"pointer": "/cursor", "message": "not a cursor of this list"}])
    return key[0]


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


def _version(body: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(body)).hexdigest()[:32]
