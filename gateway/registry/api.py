"""The import door: `/api/v1/registry/…`: offer a file, follow its import, confirm bank accounts.

The web process only keeps the file; the worker loads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any

from flask import Response, request, send_file, url_for

from auth.guard import current_actor, requires
from auth.permissions import Permission
from config.api import ApiBlueprint
from config.errors import NotFound
from config.settings import settings
from gateway.facilities import service as facilities
from gateway.registry import service as registry
from gateway.registry.models import ImportFault, ImportJob
from gateway.registry.schemas import HeldAccountList, ImportAnswer, ImportFiles, ImportForm

blp = ApiBlueprint("registry", __name__, url_prefix="/api/v1/registry")
SHOWN_FAULTS = 100


def takes_feed_files(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let a body be as large as a national file; only for callers already let in."""

    @wraps(view)
    def wider(*args: Any, **kwargs: Any) -> Any:
        request.max_content_length = settings().registry_upload_bytes
        return view(*args, **kwargs)

    return wider


@blp.route("/imports", methods=["POST"])
@requires(Permission.REGISTRY_IMPORT)
@takes_feed_files
@blp.arguments(ImportForm, location="form")
@blp.arguments(ImportFiles, location="files")
@blp.response(202, ImportAnswer)
def request_import(form: dict[str, Any], files: dict[str, Any]) -> Any:
    """Offer a feed file; it is loaded by the worker."""
    manifest = files["manifest"]
    job = registry.request_import(
        files["file"].stream,
        files["file"].filename or "",
        registry.Options(**form),
        by=current_actor(),
        manifest=manifest.read() if manifest is not None else None,
    )
    found = registry.find_import(job.number)
    return _to_answer(found), 202, {"Location": url_for(".find_import", number=job.number)}


@blp.route("/imports/<number>", methods=["GET"])
@requires(Permission.REGISTRY_IMPORT)
@blp.response(200, ImportAnswer)
def find_import(number: str) -> Any:
    """Show how an import stands, with the first bad values."""
    return _to_answer(registry.find_import(number))


@blp.route("/imports/<number>/errors", methods=["GET"])
@requires(Permission.REGISTRY_IMPORT)
@blp.response(200, content_type="text/csv")
def download_errors(number: str) -> Response:
    """Download every bad value of an import: row, column, value, reason."""
    report = registry.fault_report(number)
    if report is None:
        raise NotFound("no_errors", detail="This import has no bad rows.")
    answer = send_file(
        report, mimetype="text/csv", as_attachment=True, download_name=f"{number}-errors.csv"
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blp.route("/bank-accounts", methods=["GET"])
@requires(Permission.REGISTRY_IMPORT)
@blp.response(200, HeldAccountList)
def list_held_accounts() -> Any:
    """List the changed bank accounts that wait for a second person."""
    return {
        "items": [asdict(held) for held in facilities.list_held_accounts()],
        "next_cursor": None,
    }


@blp.route("/bank-accounts/<facility>/confirm", methods=["POST"])
@requires(Permission.REGISTRY_IMPORT)
@blp.response(204)
def confirm_account(facility: str) -> None:
    """Confirm a facility's changed bank account; never by who brought it in."""
    facilities.confirm_account(facility, by=current_actor())


@blp.route("/bank-accounts/<facility>/refuse", methods=["POST"])
@requires(Permission.REGISTRY_IMPORT)
@blp.response(204)
def refuse_account(facility: str) -> None:
    """Refuse a facility's changed bank account; the confirmed one stays."""
    facilities.refuse_account(facility, by=current_actor())


def _to_answer(job: ImportJob) -> dict[str, Any]:
    faults = registry.list_faults(job.number, limit=SHOWN_FAULTS)
    return {name: getattr(job, name) for name in ImportAnswer().fields if name != "faults"} | {
        "faults": [_to_fault(fault) for fault in faults]
    }


def _to_fault(fault: ImportFault) -> dict[str, Any]:
    return {
        "row": fault.row_number,
        "column": fault.column_name,
        "value": fault.value,
        "reason": fault.reason,
    }
