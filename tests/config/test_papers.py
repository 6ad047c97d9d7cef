"""What leaves as paper or sheet: printed from our own files only, and written by the one safe writer."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import typst

from gateway.eligibility.slip_paper import DATA

ROOT = Path(__file__).parents[2]
MODULES = [p for d in ("auth", "claims", "config", "gateway") for p in (ROOT / d).rglob("*.py")]
PAPERS = sorted(p for d in ("claims", "config", "gateway") for p in (ROOT / d).rglob("*.typ"))
# A synthetic registry is written as NSSF writes its feed, for our own importer.
FEED_WRITERS = {"claims/demo/world.py", "gateway/registry/generator/output.py"}
CONFINED = {"root", "font_paths", "ignore_system_fonts"}


def calls(path: Path, *names: str) -> list[ast.Call]:
    """Return the calls a module makes of these dotted names."""
    text = path.read_text(encoding="utf-8")
    if not any(name in text for name in names):
        return []
    tree = ast.parse(text)
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return [call for call in found if ast.unparse(call.func) in names]


def test_every_paper_is_printed_from_a_folder_of_ours_with_our_own_fonts() -> None:
    printed = {path: call for path in MODULES for call in calls(path, "typst.compile")}

    assert len(printed) >= 1
    for path, call in printed.items():
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.keys() >= CONFINED, path
        assert given["ignore_system_fonts"] == "True", path


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_no_paper_takes_anything_from_the_network_or_from_outside_its_folder(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")

    assert not re.search(r"@\w+/|https?:|plugin\(", text)
    assert re.findall(r'(?:read|image|include|import)\s*\(?\s*"([^"]+)"', text) == []


@pytest.mark.parametrize(
    "place", ["/etc/hostname", "../../../etc/hostname", "../../pyproject.toml"]
)
def test_a_paper_cannot_read_a_file_outside_its_folder(tmp_path: Path, place: str) -> None:
    paper = tmp_path / "paper.typ"
    paper.write_text(f'#read("{place}")', encoding="utf-8")

    with pytest.raises(typst.TypstError):
        typst.compile(paper, root=tmp_path, font_paths=[DATA / "fonts"], ignore_system_fonts=True)


def test_one_module_writes_every_sheet_people_open() -> None:
    writers = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        if calls(path, "csv.writer", "csv.DictWriter", "xlsxwriter.Workbook")
    }

    assert writers - FEED_WRITERS == {"config/sheets.py"}
