"""The policy desk: what is in force, what a changed file would have paid, putting one in force."""

from __future__ import annotations

from flask import flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires
from auth.permissions import Permission
from claims.adjudication import service as adjudication
from claims.adjudication.rules.tariffs import TariffFileError
from claims.simulation import service as simulation
from claims.simulation.rules import DIMENSIONS
from claims.simulation.schemas import MOST_CHARACTERS, PeriodForm
from claims.simulation.service import ChangedFile
from claims.simulation.words import WORDS
from claims.submission.desk.texts import catalogue_text
from config import clock
from config.errors import Conflict, Invalid
from config.forms import errors_of, load_form, sentence
from config.web import DeskBlueprint, DeskLink, go, render
from config.words import N_
from gateway.coverage import service as coverage
from gateway.coverage.policy_view import policies_on

blueprint = DeskBlueprint(
    "policies_desk",
    __name__,
    url_prefix="/admin/policies",
    links=(
        DeskLink(
            N_("Policies"), "policies_desk.show_policies", (Permission.POLICY_MANAGE,), order=82
        ),
    ),
    words=WORDS,
)
OPEN = ("queued", "running")
FAULTS_SHOWN = 20


@blueprint.get("")
@requires(Permission.POLICY_MANAGE)
def show_policies() -> str:
    """Show the policies in force, with what NSSF alone sees of them, and the simulations."""
    return _page()


@blueprint.post("")
@requires(Permission.POLICY_MANAGE)
def take_file() -> AnyResponse | tuple[str, int]:
    """Try a changed policy or price list on past claims, or put it in force."""
    try:
        file = _file()
        if request.form.get("do") == "load":
            _load(file)
            return go("policies_desk.show_policies")
        period, errors = load_form(PeriodForm(), request.form)
        if errors:
            return _page(errors=errors), 422
        asked = simulation.request_simulation(
            [file], version=simulation.CURRENT, by=current_actor(), **period
        )
    except (Conflict, Invalid) as problem:
        return _page(problem=problem), problem.status
    return go("policies_desk.show_simulation", number=asked["number"])


@blueprint.get("/simulations/<number>")
@requires(Permission.POLICY_MANAGE)
def show_simulation(number: str) -> str:
    """Show how far a simulation is, and what came out; htmx asks again until it is finished."""
    asked = simulation.find_simulation(number)
    return render(
        "simulation/simulation.html",
        "simulation/_result.html",
        asked=asked,
        result=asked["result"],
        running=asked["state"] in OPEN,
        dimensions=DIMENSIONS,
        reason=catalogue_text,
    )


def _page(
    *, errors: dict[str, str] | None = None, problem: Conflict | Invalid | None = None
) -> str:
    named = errors_of(problem) if isinstance(problem, Invalid) else {}
    if "to" in named:
        # The days are said at their field; what a file holds is listed above the form.
        errors, problem = {"day_to": named["to"]}, None
    faults = problem.extra.get("errors", []) if problem is not None else []
    shown = policies_on(coverage.policy_set(), clock.today(), nssf=True)
    return render(
        "simulation/policies.html",
        shown=shown,
        files=coverage.policy_set().all(),
        simulations=simulation.list_simulations(),
        errors=errors or {},
        problem=sentence(problem) if problem is not None else None,
        faults=[fault["message"] for fault in faults[:FAULTS_SHOWN]],
        form=request.form,
    )


def _file() -> ChangedFile:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(detail=N_("Choose a file first."))
    try:
        text = sent.stream.read(4 * MOST_CHARACTERS).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(detail=N_("The file is not UTF-8 text.")) from None
    return ChangedFile(sent.filename, text)


def _load(file: ChangedFile) -> None:
    """Put a file in force; a price list's faults are named like a policy's."""
    if not file.is_tariff:
        coverage.load_policy(file.text, name=file.name, by=current_actor())
        flash(_("The policy is in force."), "success")
        return
    try:
        adjudication.load_tariffs(file.text.encode(), by=current_actor())
    except TariffFileError as error:
        faults = [
            {"pointer": "", "message": f"{file.name}:{row}: {column}: {reason}"}
            for row, column, reason in error.problems
        ]
        raise Invalid("tariff_invalid", errors=faults) from None
    flash(_("The price list is in force."), "success")
