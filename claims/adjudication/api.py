"""Prices and the code lists a claim is written with; for any valid token, with ETag."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import Response

from auth.guard import requires
from claims.adjudication import service as adjudication
from claims.adjudication.rules.tariffs import Price
from claims.adjudication.schemas import CodePage, TariffPage, TariffQuery
from config import clock
from config.api import ApiBlueprint, page_of
from config.code_lists import CodeArgs, cached_page, coded, read_key

blp = ApiBlueprint("tariffs", __name__, url_prefix="/api/v1")

# The national code list's own words (NPCA standard data, visit_types), in the order of the code.
VISIT_TYPES = (
    ("emergency", "Emergency", "សង្គ្រោះបន្ទាន់"),
    ("inpatient", "Inpatient", "សម្រាកពេទ្យ"),
    ("outpatient", "Outpatient", "ពិគ្រោះក្រៅ"),
)


@blp.route("/tariffs", methods=["GET"])
@requires()
@blp.arguments(TariffQuery, location="query")
@blp.response(200, TariffPage)
def list_tariffs(query: dict[str, Any]) -> Response:
    """List the prices in force on a day, by service, level and payer."""
    prices = [
        price
        for price in adjudication.tariffs_on(query["on"] or clock.today()).all()
        if query["level"] in (None, price.level) and query["payer"] in (None, price.payer)
    ]
    return cached_page(prices, query, key=lambda price: list(price.key), item=_to_price)


@blp.route("/codes/services", methods=["GET"])
@requires()
@blp.arguments(CodeArgs, location="query")
@blp.response(200, CodePage)
def list_services(query: dict[str, Any]) -> Response:
    """List the services of the price list, or those priced on a day, in Khmer and English."""
    on = query["on"]
    prices = adjudication.price_list() if on is None else adjudication.tariffs_on(on)
    services = prices.services
    found = [services[code] for code in sorted(services) if _names(services[code], query["q"])]
    return cached_page(found, query, key=lambda price: [price.service], item=_to_service)


@blp.route("/codes/diagnoses", methods=["GET"])
@requires()
@blp.arguments(CodeArgs, location="query")
@blp.response(200, CodePage)
def list_diagnoses(query: dict[str, Any]) -> Response:
    """Find ICD-10 codes by the beginning of the code or by words."""
    key = read_key(query["cursor"], 1)
    rows = adjudication.search_diagnoses(
        query["q"], after=key[0] if key else None, limit=query["limit"] + 1
    )
    return coded(page_of(rows, query["limit"], key=lambda row: [row[0]], item=_to_diagnosis))


@blp.route("/codes/visit-types", methods=["GET"])
@requires()
@blp.arguments(CodeArgs, location="query")
@blp.response(200, CodePage)
def list_visit_types(query: dict[str, Any]) -> Response:
    """List the kinds of visit a claim may be for."""
    words = (query["q"] or "").casefold().split()
    found = [row for row in VISIT_TYPES if _all_in(words, " ".join(row).casefold())]
    return cached_page(found, query, key=lambda row: [row[0]], item=_to_visit_type)


def _names(price: Price, q: str | None) -> bool:
    text = f"{price.service} {price.name_en} {price.name_km}".casefold()
    return _all_in((q or "").casefold().split(), text)


def _all_in(words: Iterable[str], text: str) -> bool:
    return all(word in text for word in words)


def _to_price(price: Price) -> dict[str, Any]:
    last = price.valid_to - timedelta(days=1) if price.valid_to else None
    return {
        "service": price.service,
        "name_km": price.name_km,
        "name_en": price.name_en,
        "benefit": price.benefit,
        "level": price.level,
        "payer": price.payer,
        "price_riel": price.price_riel,
        "valid_from": price.valid_from,
        "valid_to": last,
        "status": price.status,
        "source": price.source,
    }


def _to_service(price: Price) -> dict[str, Any]:
    return {
        "code": price.service,
        "name_en": price.name_en,
        "name_km": price.name_km,
        "benefit": price.benefit,
    }


def _to_diagnosis(row: tuple[str, str]) -> dict[str, Any]:
    code, name_en = row
    return {"code": code, "name_en": name_en, "name_km": None}


def _to_visit_type(row: tuple[str, str, str]) -> dict[str, Any]:
    code, name_en, name_km = row
    return {"code": code, "name_en": name_en, "name_km": name_km}
