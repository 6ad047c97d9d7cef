"""Documents that describe the code are compared with it: settings, addresses, decisions, words."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_explained_to_operators() -> None:
    names = set(re.findall(r'(?:environ\.get\(|environ, )"([A-Z_]+)"', read("config/settings.py")))

    assert {"DATA_DIR", "PORT", "DEMO"} <= names
    assert [name for name in sorted(names) if f"`{name}`" not in read("docs/operations.md")] == []


def test_the_committed_description_of_the_api_is_the_one_served(client: FlaskClient) -> None:
    served = client.get("/api/v1/openapi.json").json

    assert orjson.loads((DOCS / "openapi.json").read_bytes()) == served, "run: make docs"


def test_every_command_group_stands_in_the_operators_manual(app_for_all: Flask) -> None:
    manual = read("docs/operations.md")
    own = set(app_for_all.cli.commands) - {"db", "openapi", "routes", "run", "shell"}

    assert [name for name in sorted(own) if f"`{name}" not in manual] == []


def test_decisions_are_numbered_in_order_and_have_their_three_parts() -> None:
    files = sorted((DOCS / "adr").glob("*.md"))

    assert [int(f.name[:4]) for f in files] == list(range(1, len(files) + 1))
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert all(part in text for part in ("**Context", "**Decision", "**Consequences")), file


@pytest.mark.parametrize("name", ["README.md", "docs/architecture.md", "docs/operations.md"])
def test_every_file_a_document_points_at_exists(name: str) -> None:
    base = (ROOT / name).parent
    links = re.findall(r"\]\((?!http|#)([^)#]+)", read(name))

    assert [link for link in links if not (base / link).exists()] == []
