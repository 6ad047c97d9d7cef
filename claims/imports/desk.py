"""The billing desk's imports: send a file, watch it, download what became of its rows."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from auth.guard import current_actor, requires, signed_in
from auth.permissions import Permission
from claims.imports import service as imports
from claims.imports.answers import result_file, take_whole_files, template
from claims.imports.models import OPEN
from claims.imports.rules import COLUMNS, REQUIRED
from claims.imports.schemas import ResultArgs, TemplateArgs
from claims.imports.words import COLUMN_HELP, WORDS
from config.cursors import make_cursor, read_cursor
from config.errors import Conflict, Invalid, TooLarge
from config.forms import load_form, say, sentence
from config.web import DeskBlueprint, Panel, go, render
from config.words import N_

PAGE_ROWS, FAULTS_SHOWN = 20, 50

blueprint = DeskBlueprint("imports", __name__, url_prefix="/billing/imports", words=WORDS)
LINK_PANEL = Panel("claims_list", "imports/_link.html", Permission.CLAIM_SUBMIT)


@blueprint.url_value_preprocessor
def _widen(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let the form be as large as the API's body, before the token within it is looked for."""
    if endpoint == f"{blueprint.name}.request_import" and signed_in() is not None:
        take_whole_files()


@blueprint.get("")
@requires(Permission.CLAIM_SUBMIT)
def list_imports() -> str:
    """Show the form for a file and the facility's imports."""
    return _list_page()


@blueprint.post("")
@requires(Permission.CLAIM_SUBMIT)
def request_import() -> AnyResponse | tuple[str, int]:
    """Take a file and go where its import can be watched."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid(detail=N_("Choose a file first."))
        job = imports.request_import(file.stream, file.filename, by=current_actor())
    except (Conflict, Invalid, TooLarge) as problem:
        return _list_page(error=sentence(problem)), problem.status
    return go("imports.show_import", number=job["number"])


@blueprint.get("/template")
@requires(Permission.CLAIM_SUBMIT)
def download_template() -> AnyResponse:
    """Download an empty sheet with every column."""
    wanted, errors = load_form(TemplateArgs(), request.args)
    return template("csv" if errors else wanted["format"])


@blueprint.get("/<number>")
@requires(Permission.CLAIM_SUBMIT)
def show_import(number: str) -> str:
    """Show how an import stands; htmx asks again until it is done."""
    actor = current_actor()
    job = imports.find_import(number, by=actor)
    running = job["state"] in OPEN
    faults = [] if running else imports.list_faults(number, by=actor, limit=FAULTS_SHOWN)
    return render(
        "imports/import.html",
        "imports/_progress.html",
        job=job,
        running=running,
        detail=say(job["detail"]) if job["detail"] else None,
        faults=[row | {"errors": [_said(one) for one in row["errors"]]} for row in faults],
    )


@blueprint.get("/<number>/result")
@requires(Permission.CLAIM_SUBMIT)
def download_result(number: str) -> AnyResponse:
    """Download what became of each row."""
    wanted, errors = load_form(ResultArgs(), request.args)
    return result_file(number, "csv" if errors else wanted["format"], by=current_actor())


def _said(fault: dict[str, Any]) -> dict[str, Any]:
    return {"column": fault["column"], "message": say(fault["message"])}


def _list_page(*, error: str | None = None) -> str:
    key = read_cursor(request.args.get("cursor"))
    after = key[0] if key and isinstance(key[0], int) else None
    rows = imports.list_imports(by=current_actor(), limit=PAGE_ROWS + 1, after=after)
    more = make_cursor([rows[PAGE_ROWS - 1][0]]) if len(rows) > PAGE_ROWS else None
    return render(
        "imports/list.html",
        jobs=[job for _key, job in rows[:PAGE_ROWS]],
        cursor=more,
        error=error,
        columns=COLUMNS,
        required=REQUIRED,
        column_help=COLUMN_HELP,
    )
