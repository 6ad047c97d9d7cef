"""The billing desk's writing side: a claim from a visit, its preview, and the change of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Actor, Permission
from claims.adjudication import service as adjudication
from claims.submission import service as submission
from claims.submission.desk.blueprint import blueprint
from claims.submission.schemas import ClaimBody
from config import clock
from config.errors import Conflict, Forbidden, Invalid, NotFound, Precondition
from config.forms import errors_of, load_form, read_form, write_form
from config.web import go, render
from gateway.eligibility import service as eligibility
from gateway.facilities import service as facilities
from gateway.visits import service as visits

SPARE_LINES, SPARE_DIAGNOSES, BIRTHS = 3, 2, 3
SUGGESTED = 12
FIRST_SERVICE = {
    "outpatient": "OPD-CONSULTATION",
    "inpatient": "IPD-CASE",
    "emergency": "EMERGENCY",
}
BODY = ClaimBody()


@blueprint.get("/claims/new")
@requires(Permission.CLAIM_SUBMIT)
def new_claim() -> str:
    """Show an empty claim, or one filled from a visit and its check."""
    number = request.args.get("visit")
    return _page(_from_visit(number, by=current_actor()) if number else _blank())


@blueprint.post("/claims")
@requires(Permission.CLAIM_SUBMIT)
def file_claim() -> AnyResponse | tuple[str, int]:
    """Preview, keep or submit a claim; faults are shown at their fields."""
    wish, form = request.form.get("do", "submit"), _priced(request.form)
    if wish == "add_line":
        return _page(form, spare=SPARE_LINES + 5), 200
    body, errors = load_form(BODY, form, also={"submit": wish == "submit"})
    if errors:
        return _page(form, errors=errors), 422
    try:
        if wish == "preview":
            return _page(form, preview=submission.preview_claim(body, by=current_actor())), 200
        filed = submission.submit_claim(body, by=current_actor())
    except (Invalid, Conflict, Forbidden) as problem:
        return _page(form, errors=errors_of(problem)), problem.status
    _say_filed(filed.claim)
    return go("billing.show_claim", number=filed.claim["number"])


@blueprint.get("/claims/<number>/edit")
@requires(Permission.CLAIM_SUBMIT)
def edit_claim(number: str) -> str:
    """Show a draft, returned or withdrawn claim as a form."""
    claim = submission.find_claim(number, by=current_actor())
    return _page(_form_of(claim), claim=claim)


@blueprint.post("/claims/<number>/edit")
@requires(Permission.CLAIM_SUBMIT)
def change_claim(number: str) -> AnyResponse | tuple[str, int]:
    """Replace what a claim says, and submit it again if asked to."""
    actor, wish, form = current_actor(), request.form.get("do", "submit"), _priced(request.form)
    claim = submission.find_claim(number, by=actor)
    if wish == "add_line":
        return _page(form, claim=claim, spare=SPARE_LINES + 5), 200
    body, errors = load_form(BODY, form, also={"submit": wish == "submit"})
    if errors:
        return _page(form, claim=claim, errors=errors), 422
    version = request.form.get("version", "")
    try:
        if wish == "preview":
            shown = submission.preview_claim(body, by=actor)
            return _page(form, claim=claim, preview=shown), 200
        changed = submission.replace_claim(
            number,
            body,
            version=int(version) if version.isdecimal() and len(version) < 10 else 0,
            by=actor,
        )
    except (Invalid, Conflict, Forbidden, Precondition) as problem:
        return _page(form, claim=claim, errors=errors_of(problem)), problem.status
    _say_filed(changed)
    return go("billing.show_claim", number=number)


@blueprint.get("/diagnoses")
@requires(Permission.CLAIM_SUBMIT)
def suggest_diagnoses() -> str:
    """Suggest ICD-10 codes for what is being typed."""
    typed = next((v for name, v in request.args.items() if name.endswith("code")), "")
    found = adjudication.search_diagnoses(typed, after=None, limit=SUGGESTED) if typed else []
    return render("submission/_diagnoses.html", diagnoses=found)


def _blank() -> dict[str, str]:
    day = clock.today().isoformat()
    return {
        "type": "treatment",
        "visit_type": "outpatient",
        "service_from": day,
        "service_to": day,
        "diagnoses-0-role": "primary",
    }


def _from_visit(number: str, *, by: Actor) -> dict[str, str]:
    """Fill a claim from a visit: person, check, days, and the usual first service at its price."""
    visit = visits.find_visit(number, by=by).visit
    form = _blank() | {
        "facility_reference": visit.number,
        "card_number": visit.card_number or "",
        "visit": visit.number,
        "eligibility_check": visit.eligibility_check or "",
        "visit_type": str(visit.visit_type),
        "emergency": "1" if visit.visit_type == "emergency" else "",
        "service_from": visit.day.isoformat(),
        "service_to": visit.day.isoformat(),
        "lines-0-service": FIRST_SERVICE[visit.visit_type],
        "lines-0-quantity": "1",
    }
    return _priced(form)


def _priced(form: Mapping[str, str]) -> dict[str, str]:
    """Fill the agreed price into lines that name a service and no price."""
    filled = dict(form)
    prices = _prices(form)
    for name, service in form.items():
        place, _sep, field = name.rpartition("-")
        price = f"{place}-unit_price_riel"
        known = prices.get(service.strip().upper()) if field == "service" else None
        if known is not None and not filled.get(price, "").strip():
            filled[price] = str(known.price_riel)
    return filled


def _prices(form: Mapping[str, str]) -> dict[str, Any]:
    """Return today's price of each service at the own facility, for who is expected to pay."""
    actor = current_actor()
    try:
        level = facilities.find_facility(actor.facility or "").level
        check = form.get("eligibility_check")
        scheme = eligibility.find_check(check, by=actor)["scheme"] if check else None
    except NotFound:
        return {}
    payer = "hef" if scheme == "hef" else "nssf"
    today = adjudication.tariffs_on(clock.today()).all()
    return {p.service: p for p in today if p.level == level and p.payer == payer}


def _form_of(claim: Mapping[str, Any]) -> dict[str, str]:
    return write_form({name: claim[name] for name in BODY.load_fields if claim.get(name)})


def _say_filed(claim: Mapping[str, Any]) -> None:
    if claim["state"] == "submitted":
        flash(_("The claim is queued for NSSF."), "success")
    else:
        flash(_("The claim is kept and not submitted yet."), "info")


def _page(form: Mapping[str, str], *, spare: int = SPARE_LINES, **given: Any) -> str:
    """Show the form with its rows closed up, so that faults stand at the rows they mean."""
    shown = write_form(read_form(BODY, form))
    context = {"claim": None, "errors": {}, "preview": None, **given}
    return render(
        "submission/form.html",
        form=shown,
        preview_lines=read_form(BODY, form).get("lines", []),
        services=sorted(_services(form).values(), key=lambda price: price.service),
        line_rows=_rows(shown, "lines-") + spare,
        diagnosis_rows=_rows(shown, "diagnoses-") + SPARE_DIAGNOSES,
        births=BIRTHS,
        **context,
    )


def _services(form: Mapping[str, str]) -> dict[str, Any]:
    """Return every service that can be chosen, with the own price where there is one."""
    prices = _prices(form)
    known = adjudication.price_list().services
    return {code: prices.get(code, known[code]) for code in known}


def _rows(form: Mapping[str, str], prefix: str) -> int:
    return len({name.split("-")[1] for name in form if name.startswith(prefix)})
