"""The guards of the house style: what a review would otherwise have to look for each time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("config", "auth", "gateway", "claims")
FOUND = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MODULES = [*(p for p in FOUND if "migrations/versions" not in p.as_posix()), ROOT / "wsgi.py"]
COMMITTERS = {"config/db.py"}
# Imports are a bulk load on the owner's own driver connection; migrations run the same way.
OWN_CONNECTIONS = re.compile(r"gateway/registry/|config/postgres|config/launch")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Parse a module when it is first asked for: not every process of a run looks at them."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree_of(path)))


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{name(path)}:{node.lineno} {node.name}", node


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in nodes_of(path) if isinstance(node, ast.Call))


def test_every_module_opens_with_a_docstring() -> None:
    assert [name(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_no_module_grows_over_300_lines() -> None:
    long = {name(p): len(p.read_text(encoding="utf-8").splitlines()) for p in MODULES}
    assert {path: lines for path, lines in long.items() if lines > 300} == {}


def test_no_function_grows_over_45_lines() -> None:
    assert [w for w, f in functions() if (f.end_lineno or 0) - f.lineno + 1 > 45] == []


def test_only_the_transaction_commits_and_rolls_back() -> None:
    found = {
        name(path)
        for path in MODULES
        for call in calls(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "rollback")
    }
    assert {path for path in found - COMMITTERS if not OWN_CONNECTIONS.search(path)} == set()


def test_no_import_hides_inside_a_function() -> None:
    hidden = [
        where
        for where, function in functions()
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert hidden == []


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    asked = {
        name(path)
        for path in MODULES
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("now", "today", "utcnow")
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("date", "datetime")
    }
    assert asked == {"config/clock.py"}


def test_money_never_passes_through_a_float() -> None:
    floats = [
        f"{name(path)}:{call.lineno}"
        for path in MODULES
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "float"
        and path.parent.name in ("ledger", "reimbursement", "adjudication", "review", "submission")
    ]  # fmt: skip
    assert floats == []


@pytest.mark.parametrize("forbidden", ["utils", "helpers", "common", "managers", "constants"])
def test_no_module_has_a_name_that_says_nothing(forbidden: str) -> None:
    assert [name(path) for path in MODULES if path.stem == forbidden] == []


def test_nothing_swallows_every_error() -> None:
    broad = [
        f"{name(path)}:{node.lineno}"
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
        and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]
    assert broad == []
