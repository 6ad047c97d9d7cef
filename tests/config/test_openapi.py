"""The API keeps to its own description, whatever it is sent: a bounded fuzz of every operation."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from auth.clients import FACILITY_SCOPES
from auth.permissions import SEPARATED
from tests.factories import HOSPITAL, make_client_token
from tests.journeys.conftest import world  # noqa: F401

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 4
# Runs on the whole file at once, so it has the registry import's own tests.
LEFT_OUT = r"/registry/imports$"


def test_every_operation_declares_its_refusals_as_problems(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json

    for path, item in document["paths"].items():
        for method in {"get", "post", "put", "delete"} & item.keys():
            answers = item[method]["responses"]
            assert {"400", "401", "403", "429", "503", "default"} <= answers.keys(), path
            assert ("422" in answers) >= ("requestBody" in item[method]), path
            if method == "put":
                assert {"412", "428"} <= answers.keys(), path
            for status in answers:
                if status >= "4":
                    name = answers[status]["$ref"].rsplit("/", 1)[1]
                    content = document["components"]["responses"][name]["content"]
                    assert list(content) == ["application/problem+json"], (path, status)


def test_every_operation_names_the_scopes_that_open_it(client: FlaskClient) -> None:
    paths = client.get("/api/v1/openapi.json").json["paths"]

    assert paths["/api/v1/visits"]["post"]["security"] == [{"oauth2": ["visit.manage"]}]
    assert paths["/api/v1/codes/provinces"]["get"]["security"] == [{"oauth2": []}]
    assert paths["/api/v1/audit"]["get"]["security"] == [{"oauth2": ["audit.read"]}]


@pytest.mark.parametrize("query", ["limt=5", "limit=5&statu=waiting", "x"])
def test_an_unknown_query_argument_is_a_bad_field(client: FlaskClient, query: str) -> None:
    token = make_client_token(client, scopes="visit.manage")

    answer = client.get(f"/api/v1/visits?{query}", headers={"Authorization": token})

    name = query.rpartition("&")[2].partition("=")[0]
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [f"/{name}"]


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
def test_no_input_of_the_described_kind_breaks_the_api_for_a_facility_or_nssf(
    app: Flask, client: FlaskClient, world: None  # noqa: F811
) -> None:  # fmt: skip
    allowed = [str(one) for one in sorted(FACILITY_SCOPES - SEPARATED)]
    kept = "claim.read claim.review claim.approve batch.manage registry.import policy.manage"
    # Making an input up costs more than sending it: each is sent by both.
    tokens = (
        make_client_token(client, scopes=allowed, facility=HOSPITAL),
        make_client_token(client, scopes=kept.split(), facility=None),
    )
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    faults: list[str] = []
    for found in schema.exclude(path_regex=LEFT_OUT).get_all_operations():
        operation: Any = found.ok()
        strategy = operation.as_strategy()

        @schemathesis_settings
        def tries(case: Any) -> None:
            case.headers = dict(case.headers or {})
            case.headers.pop("X-Facility", None)
            for token in tokens:
                case.headers["Authorization"] = token
                case.call_and_validate(checks=CHECKS)

        try:
            _given(strategy)(tries)()
        except Exception as fault:  # collected, so that one run names them all
            inner = getattr(fault, "exceptions", [fault])
            where = f"{operation.method.upper()} {operation.path}"
            faults += [f"{where}: {one!r} {str(one)[:600]}" for one in inner]

    assert faults == []


schemathesis_settings = settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def _given(strategy: Any) -> Any:
    from hypothesis import given

    return given(case=strategy)
